"""Errors as answers: a status, one sentence, and what else helps."""

import pytest
from pyramid.registry import Registry
from pyramid.request import Request

from pyramid_uws import exceptions
from pyramid_uws.views import errors


@pytest.fixture
def request_to():
    def request_to(path):
        request = Request.blank(path)
        request.registry = Registry()
        return request

    return request_to


@pytest.mark.spec("C-41", "C-54")
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (exceptions.BadValue("PHASE", "x", "expected RUN"), 400),
        (exceptions.BadRequest("No."), 400),
        (exceptions.NotAllowedNow("Not now."), 403),
        (exceptions.Rejected("Not here."), 403),
        (exceptions.NoSuchJob("0h3k"), 404),
        (exceptions.NoSuchThing("Nothing."), 404),
        (exceptions.TooLarge("Too much."), 413),
        (exceptions.Overloaded("Too busy."), 503),
        (exceptions.UWSError("Whatever."), 500),
    ],
)
def test_each_has_its_status_and_says_its_sentence(error, status, request_to):
    answer = errors.uws_error(error, request_to("/"))

    assert (answer.status_code, answer.text) == (status, error.message)
    assert answer.headers["Content-Type"] == "text/plain; charset=UTF-8"


@pytest.mark.spec("C-42")
def test_one_that_passes_says_when(request_to):
    answer = errors.uws_error(exceptions.Overloaded("Too busy.", retry_after=7), request_to("/"))

    assert answer.headers["Retry-After"] == "7"


def test_every_error_of_the_family_has_a_status():
    family = [kind for kind in vars(exceptions).values() if isinstance(kind, type)]

    assert all(any(issubclass(kind, known) for known, _ in errors.STATUSES) for kind in family)


@pytest.mark.parametrize("path", ["/%00", "/a%0d%0aX:y", "/<script>", "/%C3%A9"])
def test_what_is_not_there_is_repeated_in_escapes_only(path, request_to):
    answer = errors.not_found(None, request_to(path))

    assert answer.status_code == 404
    assert not {"\x00", "\r", "\n", "<"} & set(answer.text)


def test_a_failure_tells_the_log_and_nobody_else(request_to, caplog):
    answer = errors.failure(RuntimeError("secret"), request_to("/a"))

    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "RuntimeError: secret" in caplog.text


def test_the_log_of_a_failure_tells_no_secret_of_a_share(request_to, caplog):
    errors.failure(RuntimeError("broken"), request_to("/sky/async/0h3k~c2VjcmV0/results"))

    assert "/sky/async/0h3k~…/results failed" in caplog.text
    assert "c2VjcmV0" not in caplog.text
