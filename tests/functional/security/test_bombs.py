"""More than anybody needs: bodies, XML that grows or reaches out, clients that take their time."""

import socket
import time
from urllib.parse import urlsplit

import pytest

from tests.support import wire
from tests.support.http import create, http

LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]><l>&d;</l>"""
REACHING_OUT = b"""<?xml version="1.0"?><!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><l>&x;</l>"""
XML = [LAUGHS, REACHING_OUT]


@pytest.mark.spec("U-150")
@pytest.mark.parametrize("body", XML, ids=["grows", "reaches out"])
@pytest.mark.parametrize("media_type", ["text/xml", "application/xml", "application/soap+xml"])
def test_a_body_of_xml_is_not_read(media_type, body, fortress):
    job = create(fortress.joblist("echo"))
    for url in (fortress.joblist("echo"), job, f"{job}/phase", f"{job}/parameters", f"{fortress.url}/login"):
        answer = http.post(url, data=body, headers={"Content-Type": media_type})

        assert answer.status_code == 400, url
        assert "root:" not in answer.text


@pytest.mark.spec("U-150")
@pytest.mark.parametrize("body", XML, ids=["grows", "reaches out"])
def test_xml_as_a_value_stays_as_it_came(body, fortress):
    job = create(fortress.joblist("echo"), TEXT=body.decode())
    file = create(fortress.joblist("echo"), files={"TEXT": ("x.xml", body, "text/xml")})

    assert http.get(f"{job}/parameters/TEXT").content == body
    assert http.get(f"{file}/parameters/TEXT").content == body
    assert "hahaha" not in http.get(job).text
    assert "root:" not in http.get(job).text


def test_a_body_that_is_too_large_is_refused_before_it_has_come(fortress):
    start = b"POST /quick/async HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"
    began = time.monotonic()

    answer = wire.send(fortress.url, start + b"a" * 1000)

    assert wire.status(answer) == 413
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"GE",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: ",
        b"POST /quick/async HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nPHA",
    ],
    ids=["nothing", "a word", "headers", "a body"],
)
def test_clients_that_take_their_time_hold_nobody_up(beginning, fortress):
    address = urlsplit(fortress.url)
    lines = [socket.create_connection((address.hostname, address.port)) for _ in range(200)]
    try:
        for line in lines:
            line.sendall(beginning)

        for _ in range(5):
            began = time.monotonic()
            assert http.get(f"{fortress.url}/quick").status_code == 200
            assert time.monotonic() - began < 5
    finally:
        for line in lines:
            line.close()


@pytest.mark.parametrize(
    "path",
    [
        "/quick/async/..~x",
        "/quick/async/~",
        "/quick/async/~~~~",
        "/quick/async/%2e%2e%2f%2e%2e%2fsecret",
        "/..%2f..%2fsecret",
        "/secret",
        "/users",
        "/tokens/../secret",
        "/login/../../var/secret",
        "/quick/async/%00",
    ],
)
def test_no_path_leads_to_a_file_of_the_site(path, fortress):
    answer = wire.request("GET", fortress.url + path)

    assert wire.status(answer) in {400, 401, 404}
    assert (fortress.var / "secret").read_bytes() not in answer
    assert b"argon2" not in answer


def test_a_job_does_not_grow_request_by_request(fortress):
    job = create(fortress.joblist("quick"))
    children = f"{job}/parameters"
    large = [{f"X{n}": "x" * 900_000} for n in range(4)]
    many = [{f"P{n}_{m}": "1" for m in range(1000)} for n in range(11)]

    def send(form):
        return http.post(children, data=form, allow_redirects=False).status_code

    assert [send(form) for form in large] == [303, 303, 413, 413]
    assert [send(form) for form in many] == [303] * 9 + [413] * 2
