"""Files on their way from a request to the store."""

import io
from types import SimpleNamespace

import pytest

from pyramid_uws.exceptions import TooLarge
from pyramid_uws.execution.quotas import Allowance
from pyramid_uws.execution.store import ResultStore
from pyramid_uws.uws.ids import new_id
from pyramid_uws.uws.limits import Limits
from pyramid_uws.views import incoming
from pyramid_uws.views.forms import CHUNK
from pyramid_uws.views.incoming import incoming_form, incoming_value

SIZE = 10 * CHUNK
CONTENT = bytes(SIZE)
FORM = b'--b\r\nContent-Disposition: form-data; name="p"; filename="f"\r\n\r\n%s\r\n--b--\r\n' % CONTENT


@pytest.fixture(autouse=True)
def no_quotas(monkeypatch):
    monkeypatch.setattr(incoming, "allowance_of", lambda *_: Allowance())


@pytest.fixture
def system(tmp_path):
    """Return a function that makes the worker system of a service that takes files up to a size."""

    def system(most):
        definition = None if most is None else SimpleNamespace(limits=Limits(max_upload=most))
        return SimpleNamespace(service="mine", store=ResultStore(tmp_path), definition=definition)

    return system


def request(body, media_type):
    site = SimpleNamespace(settings=SimpleNamespace(max_body=10**9))
    return SimpleNamespace(
        environ={"wsgi.input": io.BytesIO(body), "CONTENT_TYPE": media_type, "QUERY_STRING": ""},
        content_length=len(body),
        registry=SimpleNamespace(uws=site),
    )


def put(system):
    asked = request(CONTENT, "image/x")
    return asked, incoming_value(asked, system, new_id(1), "p", "image/x")


def post(system):
    asked = request(FORM, "multipart/form-data; boundary=b")
    return asked, incoming_form(asked, system, new_id(1))


@pytest.mark.parametrize("send", [put, post])
class TestSizes:
    @pytest.mark.spec("D-37")
    def test_a_file_that_is_too_large_is_given_up_while_it_comes(self, system, tmp_path, send):
        asked, incoming = send(system(3 * CHUNK))

        with pytest.raises(TooLarge, match=f"file p has more than {3 * CHUNK} bytes, the most that mine takes"):
            incoming.__enter__()

        assert asked.environ["wsgi.input"].tell() <= 5 * CHUNK
        assert not [path for path in tmp_path.rglob("*") if path.is_file()]

    @pytest.mark.parametrize("most", [SIZE, 0, None])
    def test_one_that_is_not_is_taken(self, system, send, most):
        _, incoming = send(system(most))

        with incoming as sent:
            ((name, _, size, _),) = sent.references

        assert (name, size) == ("p", SIZE)
