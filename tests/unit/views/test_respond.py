"""Documents as answers: written once, told apart, and never more kept than there is room for."""

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from pyramid.request import Request

from pyramid_uws.views.respond import DocumentCache, document, wants_page

SERIAL = b"\x00" * 7 + b"\x01"


@pytest.fixture
def registry():
    return SimpleNamespace(uws=SimpleNamespace(documents=DocumentCache(limit=10_000, largest=4_000)))


@pytest.fixture
def ask(registry):
    """Ask for a document at a path; return the answer and how often it had to be written."""

    def ask(path="/j/1", *, serial=SERIAL, text="<x/>", **headers):
        request = Request.blank(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        request.registry = registry
        written = []

        def render(as_json):
            written.append(as_json)
            return text

        return document(request, render, serial), written

    return ask


def test_a_document_is_written_once(ask):
    first, written_first = ask()
    second, written_again = ask()

    assert (written_first, written_again) == ([False], [])
    assert first.body == second.body == b"<x/>"


def test_a_document_that_the_client_knows_is_not_written_at_all(ask):
    etag = ask()[0].headers["ETag"]

    answer, written = ask(If_None_Match=etag)

    assert (answer.status_code, answer.body, written) == (304, b"", [])


@pytest.mark.parametrize(
    "difference",
    [{"path": "/j/2"}, {"path": "http://other/j/1"}, {"serial": SERIAL[::-1]}, {"Accept": "application/json"}],
)
def test_another_document_is_another(difference, ask):
    etag = ask()[0].headers["ETag"]

    answer, written = ask(**difference, text="{}", If_None_Match=etag)

    assert (answer.status_code, answer.body) == (200, b"{}")
    assert written == ["Accept" in difference]
    assert answer.headers["ETag"] != etag


@pytest.mark.parametrize("text", ["<y/>", ""])
def test_without_a_serial_the_text_decides(text, ask):
    etag = ask(serial=None)[0].headers["ETag"]

    assert ask(serial=None, If_None_Match=etag)[0].status_code == 304
    assert ask(serial=None, text=text, If_None_Match=etag)[0].status_code == 200


class TestCache:
    def test_the_oldest_documents_make_room(self):
        cache = DocumentCache(limit=10, largest=5)
        for number in range(4):
            cache.put(str(number), b"xxxx")

        assert [cache.get(str(number)) for number in range(4)] == [None, None, b"xxxx", b"xxxx"]

    def test_it_knows_what_it_holds_however_many_fill_it_at_once(self):
        cache = DocumentCache(limit=1_000, largest=500)

        def fill(seed):
            for number in range(3_000):
                cache.put(str((number * seed) % 37), b"x" * (number % 50))

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(fill, range(1, 9)))

        assert cache._size == sum(map(len, cache._bodies.values())) <= 1_000

    def test_a_document_that_would_push_out_many_is_not_kept(self):
        cache = DocumentCache(limit=10, largest=5)
        cache.put("large", b"x" * 6)

        assert cache.get("large") is None

    def test_what_is_kept_takes_no_room_for_long_addresses(self, ask, registry):
        for number in range(20):
            ask("/j/1" + "/" * (number + 50_000))

        assert sum(len(repr(key)) + len(body) for key, body in registry.uws.documents._bodies.items()) < 1_000


BROWSERS = [
    # Firefox, Chromium, Safari, and one that takes nothing else
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8,x/y;v=b3;q=0.7",
    "text/html,application/xhtml+xml,application/xml;q=0.9",
    "TEXT/HTML, APPLICATION/XHTML+XML, */*;q=0.1",
    "text/html",
]
PROGRAMS = [
    None,
    "",
    "*/*",
    "*",
    "text/*",
    "text/xml",
    "application/xml,text/plain",
    "application/xhtml+xml",
    "text/html, image/gif, image/jpeg, */*; q=0.2",
    "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
    "text/html, */*",
    "text/html, */*;q=0.1",
    "text/html;q=0, application/xhtml+xml",
    "text/html;level=1",
    "application/xml,application/xhtml+xml,text/html;q=0.9,text/plain;q=0.8,*/*;q=0.5",
    "application/json, text/html",
    "application/json, text/html, application/xhtml+xml",
    "é, text/html",
]


def accepting(accept):
    return Request.blank("/", headers={} if accept is None else {"Accept": accept})


@pytest.mark.spec("U-14")
@pytest.mark.parametrize("accept", BROWSERS)
def test_a_browser_gets_pages(accept):
    assert wants_page(accepting(accept))


@pytest.mark.spec("U-12", "U-13", "U-16", "C-32")
@pytest.mark.parametrize("accept", PROGRAMS)
def test_a_program_gets_documents(accept):
    assert not wants_page(accepting(accept))
