"""Pages for people: who gets them, what browsers let them do, and the files that belong to them."""

import re

import pytest
from lxml import html

from tests.support.http import http

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
JAVA = "text/html, image/gif, image/jpeg, */*; q=0.2"
OLD_JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"
PAGE = "text/html; charset=UTF-8"


def look(url, method="GET", **headers):
    """Ask as a browser does."""
    return http.request(method, url, headers={"Accept": BROWSER, **headers})


def tree_of(answer):
    """Return a page that was answered, as a tree with absolute links."""
    assert answer.headers["Content-Type"] == PAGE
    tree = html.document_fromstring(answer.text)
    tree.make_links_absolute(answer.url)
    return tree


class TestSite:
    @pytest.mark.spec("U-14")
    def test_a_browser_sees_the_services_and_links_to_them(self, server):
        tree = tree_of(look(f"{server.url}/"))

        links = {link.get("href"): link.text_content() for link in tree.iter("a")}
        assert links[f"{server.url}/quick"] == "The quick core"
        assert f"{server.url}/quick/async" in links

    @pytest.mark.spec("U-12", "U-13", "U-16", "C-32")
    @pytest.mark.parametrize("accept", [None, "*/*", "text/plain", "image/png", JAVA, OLD_JAVA])
    def test_programs_get_what_they_always_got(self, accept, server):
        answer = http.get(f"{server.url}/", headers={"Accept": accept})

        assert answer.headers["Content-Type"] == "text/plain; charset=UTF-8"

    @pytest.mark.parametrize("accept", [BROWSER, "application/json", "*/*"])
    def test_caches_are_told_what_the_answer_depends_on(self, accept, server):
        assert http.get(f"{server.url}/", headers={"Accept": accept}).headers["Vary"] == "Accept"

    def test_who_has_the_page_is_told_so_and_nobody_else(self, server):
        etag = look(f"{server.url}/").headers["ETag"]

        again = look(f"{server.url}/", **{"If-None-Match": etag})
        as_text = http.get(f"{server.url}/", headers={"If-None-Match": etag})

        assert (again.status_code, again.content, again.headers["Vary"]) == (304, b"", "Accept")
        assert as_text.status_code == 200


class TestGuards:
    def test_a_page_may_run_what_comes_with_it_and_nothing_else(self, server):
        answer = look(f"{server.url}/")

        policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
        assert policy == {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": "'self'",
            "img-src": "'self' data: blob:",
            "connect-src": "'self'",
            "form-action": "'self'",
            "base-uri": "'none'",
            "frame-ancestors": "'none'",
        }
        assert answer.headers["X-Content-Type-Options"] == "nosniff"

    def test_forms_of_a_page_say_where_they_come_from(self, server):
        """Without a referrer browsers send ``Origin: null``, and that is what forms of other sites are told by."""
        assert look(f"{server.url}/").headers["Referrer-Policy"] == "same-origin"

    def test_all_that_a_page_asks_for_is_there(self, server):
        tree = tree_of(look(f"{server.url}/"))

        files = [*tree.xpath("//link/@href"), *tree.xpath("//script/@src")]
        assert len(files) >= 3
        for url in files:
            assert url.startswith(f"{server.url}/static/")
            assert http.get(url).status_code == 200


class TestFiles:
    @pytest.fixture
    def style(self, server):
        return tree_of(look(f"{server.url}/")).xpath("string(//link[@rel='stylesheet']/@href)")

    def test_a_browser_keeps_them_for_good(self, style):
        answer = http.get(style)

        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Type"] == "text/css; charset=UTF-8"

    def test_those_of_another_version_are_not_kept(self, style):
        answer = http.get(re.sub(r"/static/\w+/", "/static/0000/", style))

        assert (answer.status_code, "no-cache" in answer.headers["Cache-Control"]) == (200, True)

    @pytest.mark.parametrize(
        "path",
        [
            "",
            "/",
            "/x",
            "/x/nonesuch.css",
            "/x/..%2F__init__.py",
            "/x/%2E%2E/%2E%2E/setup.py",
            "/x/..%2F..%2F..%2F..%2Fetc%2Fpasswd",
            "/x//etc/passwd",
            "/x/vendor",
        ],
    )
    def test_nothing_else_is_there(self, path, server):
        assert http.get(f"{server.url}/static{path}").status_code == 404

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
    def test_they_are_only_read(self, method, style):
        assert http.request(method, style).status_code == 405


class TestErrors:
    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/nonesuch", 404),
            ("GET", "/quick/async/nonesuch", 404),
            ("GET", "/quick/async?LAST=x", 400),
            ("GET", "/quick/async/%FF", 400),
            ("PUT", "/", 405),
            ("POST", "/static/x/style.css", 405),
        ],
    )
    def test_a_browser_is_shown_the_sentence_on_a_page(self, method, path, status, server):
        as_text = http.request(method, server.url + path)
        answer = look(server.url + path, method)

        assert (as_text.status_code, answer.status_code) == (status, status)
        assert as_text.headers["Content-Type"] == "text/plain; charset=UTF-8"
        assert as_text.text.strip() in " ".join(tree_of(answer).text_content().split())
        assert as_text.headers["Vary"] == answer.headers["Vary"] == "Accept"
        assert as_text.headers.get("Allow") == answer.headers.get("Allow")

    def test_a_host_that_is_none_is_told_on_a_page_too(self, server):
        answer = look(f"{server.url}/", Host="no host")

        assert (answer.status_code, answer.headers["Content-Type"]) == (400, PAGE)

    def test_markup_in_an_error_is_text(self, server):
        answer = look(f"{server.url}/%3Cscript%3Ealert(1)%3C%2Fscript%3E")

        assert "<script>alert" not in answer.text
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]

    @pytest.mark.spec("U-09")
    def test_single_values_are_no_pages(self, server):
        job = http.post(server.joblist("quick")).headers["Location"]

        assert look(f"{job}/phase").headers["Content-Type"] == "text/plain; charset=UTF-8"

    @pytest.mark.parametrize("accept", [None, "*/*", "text/plain", JAVA, OLD_JAVA, "application/json"])
    def test_programs_get_the_bare_sentence(self, accept, server):
        answer = http.get(f"{server.url}/nonesuch", headers={"Accept": accept})

        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/plain; charset=UTF-8")
