"""Errors on pages: the same status, sentence and headers, and what can be done about it."""

from types import SimpleNamespace

import pytest
from lxml import html
from pyramid.request import Request
from pyramid.response import Response
from pyramid.testing import setUp, tearDown

from pyramid_uws.views import error_pages
from pyramid_uws.views.errors import without_dialog
from pyramid_uws.views.respond import plain

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
STATUSES = (400, 401, 403, 404, 405, 409, 413, 429, 500, 501, 503, 507)


@pytest.fixture
def ask():
    """Return a function that has a browser, or somebody else, be given an answer."""
    config = setUp()
    config.registry.uws = SimpleNamespace(settings=SimpleNamespace(title="Site"))

    def ask(response, accept=BROWSER):
        request = Request.blank("/x", headers={"Accept": accept})
        request.registry = config.registry
        return error_pages.error_pages_tween(lambda _request: response, config.registry)(request)

    yield ask
    tearDown()


def said(answer):
    return " ".join(html.document_fromstring(answer.text).get_element_by_id("content").text_content().split())


@pytest.mark.parametrize("status", STATUSES)
def test_every_error_is_a_page_of_the_same_status(status, ask):
    answer = ask(plain("It cannot be <b>done</b>.", status))

    assert (answer.status_code, answer.content_type) == (status, "text/html")
    assert "It cannot be <b>done</b>." in said(answer)


@pytest.mark.parametrize("status", STATUSES)
def test_programs_are_given_the_sentence(status, ask):
    answer = ask(plain("No.", status), "*/*")

    assert (answer.status_code, answer.content_type, answer.text, answer.vary) == (
        status,
        "text/plain",
        "No.",
        ("Accept",),
    )


def test_headers_stay(ask):
    response = plain("No.", 405)
    response.headers.update({"Allow": "GET", "X-Other": "1"})
    response.set_cookie("a", "b")

    answer = ask(response)

    assert (answer.headers["Allow"], answer.headers["X-Other"]) == ("GET", "1")
    assert answer.headers["Set-Cookie"].startswith("a=b")
    assert len(answer.headers.getall("Content-Type")) == len(answer.headers.getall("Content-Length")) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_who_has_to_wait_is_told_how_long(status, ask):
    response = plain("Too much.", status)
    response.retry_after = 90

    answer = ask(response)

    assert "try again in 1 min 30 s" in said(answer)
    assert answer.headers["Retry-After"] == "90"


@pytest.mark.parametrize("status", [200, 204, 303, 304])
def test_what_is_no_error_is_left_alone(status, ask):
    response = plain("x", status)

    assert ask(response) is response


def test_an_error_that_is_a_document_is_left_alone(ask):
    response = Response(b"<VOTABLE/>", 400, content_type="application/x-votable+xml")

    assert ask(response).body == b"<VOTABLE/>"


def test_an_error_is_told_even_if_its_page_cannot_be_made(ask, monkeypatch, caplog):
    monkeypatch.setattr(error_pages, "page", lambda *_args, **_options: 1 / 0)

    answer = ask(plain("No.", 503))

    assert (answer.status_code, answer.text) == (503, "No.")
    assert "no page for the error 503" in caplog.text


def test_a_browser_asks_by_a_dialog_only_where_the_page_cannot_ask():
    basic, cookie = ("WWW-Authenticate", 'Basic realm="x"'), ("WWW-Authenticate", "ivoa_cookie a=b")

    assert without_dialog([basic, cookie]) == [cookie]
    assert without_dialog([basic]) == [basic]
