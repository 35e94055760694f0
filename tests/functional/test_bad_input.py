"""What no well-behaved client sends: it is refused, changes nothing, and never makes the server fail or hang."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import wire
from tests.support.examples import examples
from tests.support.http import create, http, job_document, parse, phase, xpath
from tests.support.traces import below, stored

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=B"
FORM = b'--B\r\nContent-Disposition: form-data; name="PHASE"\r\n\r\nABORT\r\n--B--\r\n'
FILE = b'--B\r\nContent-Disposition: form-data; name="X"; filename="x"\r\n\r\n%b\r\n--B--\r\n'
TEN_MB = b"x" * 10_000_000

#: What is wrong -> (media type, body). Each would abort a job if it were read with too much good will.
BROKEN = {
    "no boundary": ("multipart/form-data", FORM),
    "empty boundary": ('multipart/form-data; boundary=""', FORM),
    "another boundary": ("multipart/form-data; boundary=C", FORM),
    "long boundary": ("multipart/form-data; boundary=" + "B" * 5000, FORM),
    "boundary beyond ASCII": ("multipart/form-data; boundary=\xe9", FORM),
    "boundary with a control character": ("multipart/form-data; boundary=B\x01", FORM),
    "another multipart": ("multipart/mixed; boundary=B", FORM),
    "nothing at all": (MULTIPART, b""),
    "no end": (MULTIPART, FORM.removesuffix(b"--B--\r\n")),
    "cut in the last boundary": (MULTIPART, FORM[:-4]),
    "cut in a header": (MULTIPART, FORM[:30]),
    "line feeds only": (MULTIPART, FORM.replace(b"\r\n", b"\n")),
    "part without name": (MULTIPART, FORM.replace(b'; name="PHASE"', b"")),
    "part without disposition": (MULTIPART, FORM.replace(b"Content-Disposition", b"Content-Type")),
    "part without headers": (MULTIPART, b"--B\r\n\r\nABORT\r\n--B--\r\n"),
    "attachment": (MULTIPART, FORM.replace(b"form-data", b"attachment")),
    "value not UTF-8": (MULTIPART, FORM.replace(b"ABORT", b"ABORT\xff")),
    "name not UTF-8": (MULTIPART, FORM.replace(b"PHASE", b"PHASE\xff")),
    "base64": (
        MULTIPART,
        FORM.replace(b"\r\n\r\nABORT", b"\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJPUlQ="),
    ),
    "long header": (MULTIPART, FORM.replace(b"\r\n\r\nABORT", b"\r\nX: " + b"y" * 10_000 + b"\r\n\r\nABORT")),
    "many headers": (MULTIPART, FORM.replace(b"\r\n\r\nABORT", b"\r\nX: y" * 100 + b"\r\n\r\nABORT")),
    "many parts": (MULTIPART, FORM[:-7].join([b""] * 2000) + FORM),
    "a file for a text": (MULTIPART, FORM.replace(b'"PHASE"', b'"PHASE"; filename="x"')),
    "10 MB of text": (MULTIPART, FORM.replace(b"ABORT", TEN_MB)),
    "10 MB of form": (URLENCODED, b"PHASE=ABORT&X=" + TEN_MB),
    "10 MB of blanks": (URLENCODED, b"PHASE=ABORT" + b" " * 10_000_000),
    "10,000 parameters": (URLENCODED, b"PHASE=ABORT" + b"&a=b" * 10_000),
    "form not UTF-8": (URLENCODED, b"PHASE=ABORT&a=\xff"),
    "escapes not UTF-8": (URLENCODED, b"PHASE=ABORT&a=%ff%fe"),
    "surrogates": (URLENCODED, b"PHASE=ABORT&a=%ed%a0%80"),
    "NUL": (URLENCODED, b"PHASE=ABORT%00"),
    "line end": (URLENCODED, b"PHASE=ABORT\r\n"),
    "semicolons": (URLENCODED, b"a=b;PHASE=ABORT"),
    "gzip": (URLENCODED, b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"),
    "JSON": ("application/json", b'{"PHASE": "ABORT"}'),
    "XML": ("text/xml", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><PHASE>&e;</PHASE>'),
    "octets": ("application/octet-stream", b"PHASE=ABORT"),
}
broken = pytest.mark.parametrize(("media_type", "body"), BROKEN.values(), ids=BROKEN)


@pytest.fixture
def job(server):
    return create(server.joblist("echo"))


@pytest.fixture
def uploads(server):
    """Return the files that were sent with jobs and are kept."""
    return lambda: {path for path in stored(server) if path.parent.name == "references"}


class TestBodies:
    @pytest.mark.spec("U-23")
    @broken
    def test_a_broken_form_changes_no_phase(self, media_type, body, job):
        before = http.get(job).content

        answer = wire.request("POST", f"{job}/phase", [("Content-Type", media_type)], body)

        assert wire.status(answer) in {400, 413}
        assert wire.header(answer, "Content-Type").startswith("text/plain")
        assert http.get(job).content == before

    @pytest.mark.spec("U-101")
    @broken
    def test_a_broken_form_makes_no_job(self, media_type, body, server, uploads):
        before = http.get(server.joblist("stubborn")).content, uploads()

        answer = wire.request("POST", server.joblist("stubborn"), [("Content-Type", media_type)], body)

        assert wire.status(answer) in {303, 400, 413}
        if wire.status(answer) == 303:  # what is no phase may still be a parameter nobody knows
            assert phase(wire.header(answer, "Location")) == "PENDING"
            http.delete(wire.header(answer, "Location"))
        assert (http.get(server.joblist("stubborn")).content, uploads()) == before

    @pytest.mark.spec("U-101")
    @pytest.mark.parametrize(
        "spoiler",
        [
            b'--B\r\nContent-Disposition: form-data; name="COUNT"\r\n\r\nmany\r\n--B--\r\n',
            b'--B\r\nContent-Disposition: form-data; name="PHASE"\r\n\r\nnonsense\r\n--B--\r\n',
            b'--B\r\nContent-Disposition: form-data; name="a/b"; filename="x"\r\n\r\n\r\n--B--\r\n',
            b"--B\r\n",
            b"",
        ],
    )
    def test_a_file_before_an_error_is_not_kept(self, spoiler, server, uploads):
        before = http.get(server.joblist("echo")).content, uploads()
        body = FILE % b"1,2,3"

        answer = wire.request(
            "POST",
            server.joblist("echo"),
            [("Content-Type", MULTIPART)],
            body.removesuffix(b"--B--\r\n") + spoiler,
        )

        assert wire.status(answer) == 400
        assert (http.get(server.joblist("echo")).content, uploads()) == before

    @pytest.mark.parametrize("child", ["/phase", "/destruction", "/executionduration"])
    def test_a_file_where_none_is_taken_is_refused_and_not_kept(self, child, job, uploads):
        before = http.get(job).content, uploads()

        answer = wire.request("POST", job + child, [("Content-Type", MULTIPART)], FILE % TEN_MB)

        assert wire.status(answer) == 400
        assert (http.get(job).content, uploads()) == before

    @pytest.mark.parametrize(
        ("media_type", "body", "expected"),
        [("text/plain", b"\xff", 400), ("text/plain", TEN_MB, 413), (None, b"\xff", 400)],
    )
    def test_a_parameter_is_not_put_as_what_is_no_text(self, media_type, body, expected, server):
        job = create(server.joblist("echo"), TEXT="before")

        answer = http.put(f"{job}/parameters/TEXT", data=body, headers={"Content-Type": media_type})

        assert answer.status_code == expected
        assert http.get(f"{job}/parameters/TEXT").text == "before"

    @pytest.mark.parametrize(
        "headers",
        [
            [("Content-Length", "-1")],
            [("Content-Length", "abc")],
            [("Content-Length", "11"), ("Content-Length", "3")],
            [("Content-Length", "11, 11")],
            [("Content-Length", "1" * 30)],
            [("Transfer-Encoding", "gzip")],
            [("Transfer-Encoding", "chunked")],
            [("Transfer-Encoding", "chunked, identity")],
        ],
    )
    def test_a_body_of_unclear_length_is_refused(self, headers, job):
        answer = wire.request(
            "POST", f"{job}/phase", [("Content-Type", URLENCODED), *headers], b"PHASE=ABORT\r\n\r\n"
        )

        assert wire.status(answer) in {400, 413, 501}
        assert phase(job) == "PENDING"

    def test_a_body_to_something_that_reads_none_is_left_alone(self, server, job):
        answers = wire.send(
            server.url,
            b"GET /echo/async HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nPHASE"
            b"DELETE /echo/async HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nGET / HTT"
            b"GET /echo/async/nonesuch HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        )

        assert re.findall(rb"HTTP/1.1 (\d{3}) ", answers) == [b"200", b"405", b"404"]


class TestPaths:
    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ("/%ff", 400),
            ("/echo/async/%ff/phase", 400),
            ("/echo/async/%c0%ae%c0%ae", 400),
            ("/echo/async/%00", 404),
            ("/echo/async/a%00b", 404),
            ("/echo/async/" + "a" * 100_000, 404),
            ("/echo/async/" + "a/" * 50_000, 404),
            ("/echo/async/%0d%0aX-Evil:%201", 404),
            ("/../../../etc/passwd", 404),
            ("/echo/%2e%2e/%2e%2e/%2e%2e/etc/passwd", 404),
            ("/echo/async/..%2f..%2f..%2fetc%2fpasswd", 404),
            ("/echo/async/..%5c..%5cetc%5cpasswd", 404),
            ("/static/../../etc/passwd", 404),
            ("/@@", 200),
            ("/@@nonesuch", 404),
            ("/echo/@@async", 404),
            ("/echo/async/@@phase", 404),
            ("/echo/async/@@/phase", 404),
            ("/echo/@@capabilities/x", 404),
            ("/echo/async/__parent__", 404),
            ("/echo/async/__class__", 404),
            ("/echo/async/joblist", 404),
            ("/echo/async/*", 404),
            ("/echo/async/'%20or%201=1", 404),
        ],
    )
    def test_a_path_leads_nowhere_it_should_not(self, path, expected, server):
        answer = wire.request("GET", server.url + path)

        assert wire.status(answer) == expected
        assert b"root:" not in answer
        assert wire.header(answer, "X-Evil") is None

    @pytest.mark.parametrize(
        "way", ["//phase", "/./phase", "/owner/../phase", "/%70hase", "%2fphase", "/@@/../phase"]
    )
    def test_detours_lead_to_the_same_place(self, way, job):
        answer = wire.request("GET", job + way)

        assert answer.endswith(b"\r\n\r\nPENDING")

    def test_a_path_starts_at_the_root_whatever_a_header_says(self, job, server):
        answer = wire.request("GET", server.url + "/phase", [("X-Vhm-Root", job.removeprefix(server.url))])

        assert wire.status(answer) == 404

    @pytest.mark.parametrize(
        "path", ["/results/../../../../etc/passwd", "/results/..%2fjob.json", "/parameters/..%2f1"]
    )
    def test_a_file_is_found_by_its_id_only(self, path, in_every_phase):
        assert wire.status(wire.request("GET", in_every_phase["COMPLETED"] + path)) == 404

    @pytest.mark.parametrize(
        "start",
        [
            b"GET /\xff HTTP/1.1",
            b"GET",
            b"get / HTTP/1.1",
            b"G\x00T / HTTP/1.1",
            b"GET / extra HTTP/1.1",
            b"\x16\x03\x01\x02",
        ],
    )
    def test_a_start_that_is_none_is_refused(self, start, server):
        answer = wire.send(server.url, start + b"\r\nHost: x\r\nConnection: close\r\n\r\n")

        assert wire.status(answer) in {400, 404, 505}


class TestQueries:
    @pytest.mark.parametrize(
        "query",
        [
            "PHASE=%ff",
            "%ff=1",
            "LAST=%ff",
            "AFTER=%ed%a0%80",
            "&".join(["a=b"] * 10_000),
            "PHASE=" + "x" * 100_000,
        ],
    )
    @pytest.mark.parametrize("place", ["/echo/async", "{job}"])
    def test_one_that_cannot_be_read_is_refused_or_ignored(self, place, query, server, job):
        url = server.url + place.format(job=job.removeprefix(server.url))

        answer = wire.request("GET", f"{url}?{query}")

        assert wire.status(answer) in ({200, 400} if "job" in place else {400})
        assert len(answer) < 2000

    @pytest.mark.parametrize("text", ["<script>alert(1)</script>", "\r\nSet-Cookie: a=b", "\x00", "é\u2028"])
    def test_what_is_repeated_is_plain_text(self, text, server):
        answer = http.get(server.joblist("echo"), params={"PHASE": text})

        assert answer.status_code == 400
        assert answer.headers["Content-Type"] == "text/plain; charset=UTF-8"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers
        assert "\n" not in answer.text


class TestHeaders:
    @pytest.mark.parametrize("headers", [[("X", "y" * 300_000)], [(f"X-{n}", "y") for n in range(50_000)]])
    def test_too_many_are_refused(self, headers, server):
        assert wire.status(wire.request("GET", server.joblist("echo"), headers)) == 431

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("Accept", "\xff"),
            ("Accept", "application/json;q=abc"),
            ("Accept", "json," * 10_000),
            ("Content-Type", "\xff"),
            ("Content-Type", "a/b; c"),
            ("Cookie", "\xff=\xff;;="),
            ("Authorization", "\xff"),
            ("If-None-Match", "\xff"),
            ("If-None-Match", '"' * 10_000),
            ("If-Match", '"x"'),
            ("If-Modified-Since", "yesterday"),
            ("If-Unmodified-Since", "yesterday"),
            ("If-Range", "\xff"),
            ("Range", "bytes=9-1,-,x"),
            ("Accept-Encoding", "gzip, \xff"),
            ("Expect", "nonsense"),
            ("Upgrade", "websocket"),
            ("User-Agent", "tool/1.0 (IVOA-test; a@b.example)"),
            ("User-Agent", "(IVOA-copy) \xff"),
        ],
    )
    @pytest.mark.spec("C-39")
    def test_one_that_cannot_be_read_is_ignored(self, name, value, job):
        answer = wire.request("GET", job, [(name, value)])

        assert wire.status(answer) == 200
        assert wire.header(answer, "Content-Type") == "text/xml; charset=UTF-8"

    @pytest.mark.spec("C-37")
    def test_nothing_is_encoded_without_saying_so(self, job):
        answer = wire.request("GET", job, [("Accept-Encoding", "gzip, deflate, br")])

        assert wire.header(answer, "Content-Encoding") is None
        assert parse(answer.partition(b"\r\n\r\n")[2]) is not None

    @pytest.mark.parametrize(
        "media_type",
        [
            "text/html",
            "image/svg+xml",
            "text/html; charset=utf-7",
            "None",
            "",
            "text/html,x",
            "a/b\x0bX: y",
            "a" * 5000,
        ],
    )
    def test_a_file_is_given_back_as_nothing_that_a_browser_runs(self, media_type, server):
        part = b'--B\r\nContent-Disposition: form-data; name="X"; filename="x"\r\nContent-Type: %b\r\n\r\n'
        body = part % media_type.encode() + b"<script>alert(1)</script>\r\n--B--\r\n"
        created = wire.request("POST", server.joblist("echo"), [("Content-Type", MULTIPART)], body)
        if wire.status(created) != 303:
            assert wire.status(created) in {400, 413}
            return

        (url,) = xpath(job_document(wire.header(created, "Location")), "uws:parameters/uws:parameter/text()")

        answer = http.get(url)
        assert answer.headers["Content-Type"] in {media_type.partition(";")[0], "application/octet-stream"}
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.content == b"<script>alert(1)</script>"


class TestXml:
    """No XML of clients is read by the server, so there is nothing to expand."""

    @pytest.mark.spec("U-150")
    def test_a_document_of_a_client_is_given_back_as_it_came(self, server):
        bomb = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
        job = create(server.joblist("echo"), TEXT=bomb.decode(), files={"DOC": ("../../x.xml", bomb, "text/xml")})

        assert http.get(f"{job}/parameters/TEXT").content == bomb
        assert http.get(f"{job}/parameters/DOC").content == bomb
        assert "root:" not in http.get(job).text

    @pytest.mark.spec("U-150")
    @pytest.mark.parametrize("name", ["../../../evil", "/etc/evil", "..\\evil", "a\x00b", "x" * 300, ""])
    def test_the_name_of_a_file_never_becomes_a_path(self, name, server):
        job = create(server.joblist("echo"), files={"DOC": (name or " ", b"content", "text/plain")})

        assert http.get(f"{job}/parameters/DOC").content == b"content"
        assert not [path for path in below(server.folder) if "evil" in path.name]


PLACES = ["echo", "quick", "async", "uws.xml", "capabilities", "availability", "phase", "parameters", "results"]
DETOURS = ["", ".", "..", "@@", "@@phase", "%00", "%ff", "%2f", "%2e%2e", "é", "*", ";a=b", "~", "a" * 300]
SEGMENTS = [*PLACES, *DETOURS, "{job}", "error", "TEXT"]
NAMES = ["PHASE", "phase", "LAST", "AFTER", "ACTION", "DESTRUCTION", "TEXT", "COUNT", "RUNID", "%", ""]
VALUES = ["RUN", "ABORT", "DELETE", "1", "-1", "0", "2040", "%00", "%ff", "é", "<&>", "x" * 300, ""]
PAIRS = st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)).map("=".join)


@pytest.fixture(scope="module")
def spare(server):
    """A job that may be treated badly."""
    return create(server.joblist("echo"), TEXT="x").rpartition("/")[2]


@examples(60)
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]),
    path=st.lists(st.sampled_from(SEGMENTS), max_size=6),
    query=st.lists(PAIRS, max_size=3),
    media_type=st.sampled_from([URLENCODED, MULTIPART, "text/plain", "", "\xff"]),
    body=st.lists(PAIRS, max_size=3).map("&".join) | st.just(FORM.decode()) | st.text(max_size=20),
)
def test_no_request_makes_the_server_fail(method, path, query, media_type, body, server, spare):
    target = "/".join(["", *path]).replace("{job}", spare) + "?" + "&".join(query)

    answer = wire.request(
        method, server.url + target.encode().decode("latin-1"), [("Content-Type", media_type)], body.encode()
    )

    assert wire.status(answer) in {200, 303, 400, 403, 404, 405, 413}
