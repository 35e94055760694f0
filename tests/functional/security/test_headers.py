"""Headers: every answer has those that keep browsers on guard, and nothing that was sent can make another one."""

import pytest

from tests.support import wire
from tests.support.http import create, http

ON_GUARD = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",
}
REQUESTS = [
    ("GET", "/", 200),
    ("GET", "/quick", 200),
    ("GET", "/quick/capabilities", 200),
    ("GET", "/quick/availability", 200),
    ("GET", "/quick/async", 200),
    ("GET", "/quick/async?LAST=x", 400),
    ("GET", "/tokens", 401),
    ("GET", "/nonesuch", 404),
    ("GET", "/%FF", 400),
    ("PUT", "/quick/async", 405),
    ("POST", "/quick/async", 303),
    ("GET", "/quick/async/0/../../../etc/passwd", 404),
]
INJECTION = "x\r\nSet-Cookie: a=b\r\n\r\n<script>"


@pytest.mark.parametrize(("method", "path", "status"), REQUESTS)
def test_every_answer_keeps_browsers_on_guard(method, path, status, fortress):
    answer = http.request(method, fortress.url + path)

    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in ON_GUARD} == ON_GUARD
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 300_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"a" * 300_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        (b"POST /quick/async HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"POST /quick/async HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: foo\r\n\r\n", 501),
        (b"G ET / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ],
    ids=["headers", "target", "body", "encoding", "method"],
)
def test_so_do_answers_to_what_never_becomes_a_request(data, status, fortress):
    answer = wire.send(fortress.url, data)

    assert wire.status(answer) == status
    assert {name: wire.header(answer, name) for name in ON_GUARD} == ON_GUARD
    assert "default-src 'none'" in wire.header(answer, "Content-Security-Policy")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/login", 200), *(request for request in REQUESTS if request[2] != 303)]
)
def test_every_page_does_too_and_may_run_what_comes_with_the_site(method, path, status, fortress):
    """Pages tell their own site where a form comes from, and no other site anything."""
    answer = http.request(method, fortress.url + path, headers={"Accept": "text/html"})

    guards = ON_GUARD | {"Referrer-Policy": answer.headers["Referrer-Policy"]}
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in ON_GUARD} == guards
    assert guards["Referrer-Policy"] in {"no-referrer", "same-origin"}
    policy = set(answer.headers["Content-Security-Policy"].split("; "))
    assert {"default-src 'none'", "frame-ancestors 'none'"} <= policy
    assert "sandbox" in policy or {"script-src 'self'", "style-src 'self'", "form-action 'self'"} <= policy


@pytest.mark.parametrize("child", ["", "/phase", "/results", "/results/partial", "/log", "/error", "/parameters"])
def test_those_of_jobs_do_too(child, ended, alice):
    for session in (alice, http):
        answer = session.get(ended + child)

        assert {name: answer.headers.get(name) for name in ON_GUARD} == ON_GUARD
        assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_a_known_document_and_a_failed_login_do_too(ended, alice):
    etag = alice.get(ended).headers["ETag"]

    unchanged = alice.get(ended, headers={"If-None-Match": etag})
    wrong = http.get(ended, headers={"Authorization": "Bearer x"})

    assert [unchanged.status_code, wrong.status_code] == [304, 401]
    assert all(ON_GUARD.items() <= dict(answer.headers).items() for answer in (unchanged, wrong))


@pytest.mark.parametrize(
    ("method", "path", "form"),
    [
        ("POST", "/quick/async", {"RUNID": INJECTION}),
        ("POST", "/quick/async", {"TEXT": INJECTION}),
        ("POST", "/quick/async", {"DESTRUCTION": INJECTION}),
        ("POST", "/quick/async", {INJECTION: "x"}),
        ("POST", "/login", {"username": INJECTION, "password": "x"}),
        ("POST", "/tokens", {"NOTE": INJECTION}),
        ("GET", "/quick/async/%0D%0ASet-Cookie:%20a=b", None),
        ("GET", "/quick/async?PHASE=%0D%0ASet-Cookie:%20a=b", None),
        ("GET", "/%0D%0ASet-Cookie:%20a=b", None),
    ],
)
def test_nothing_that_is_sent_makes_a_header(method, path, form, fortress, alice):
    answer = alice.request(method, fortress.url + path, data=form)

    assert answer.status_code in {303, 400, 401, 404}
    assert "Set-Cookie" not in answer.headers


def test_a_job_with_such_values_makes_none_either(fortress):
    job = create(fortress.joblist("quick"), TEXT=INJECTION)

    for child in ("", "/parameters", "/parameters/TEXT"):
        assert "Set-Cookie" not in http.get(job + child).headers


@pytest.mark.parametrize(
    "header",
    [
        b"X: " + b"a" * 1_000_000,
        b"\r\n".join(b"X-%d: a" % number for number in range(100_000)),
        b"X" * 1_000_000 + b": a",
        b"Cookie: " + b"; ".join(b"c%d=1" % number for number in range(60_000)),
    ],
    ids=["long", "many", "name", "cookies"],
)
def test_bombs_of_headers_are_refused(header, fortress):
    answer = wire.send(fortress.url, b"GET / HTTP/1.1\r\nHost: x\r\n" + header + b"\r\n\r\n")

    assert not answer or wire.status(answer) in {400, 431}
    assert http.get(f"{fortress.url}/").status_code == 200
