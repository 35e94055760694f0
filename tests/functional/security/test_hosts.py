"""Names that somebody has made up for the site, in Host: no URL begins with them."""

import pytest

from tests.support import wire
from tests.support.http import create, http


@pytest.mark.parametrize(
    "host",
    [
        "evil.example/path",
        "user@evil.example",
        "evil.example?x",
        "evil.example#x",
        "evil.example:port",
        "evil.example:80:80",
        "a b",
        "[::1",
        "-]x",
        "\\\\x",
        "x" * 300,
        "<script>",
        "%0d%0a",
    ],
)
def test_what_cannot_be_a_host_is_refused(host, fortress):
    before = http.get(f"{fortress.url}/quick").text
    start = f"POST /quick/async HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

    answer = wire.send(fortress.url, start.encode())

    assert wire.status(answer) == 400
    assert b"Location" not in answer
    assert host.encode() not in answer
    assert http.get(f"{fortress.url}/quick").text == before


@pytest.mark.parametrize(
    "target", ["//evil.example/quick/async", "http://evil.example/quick/async", "/\\evil.example"]
)
def test_a_target_with_a_host_in_it_leads_nowhere_else(target, fortress):
    start = f"POST {target} HTTP/1.1\r\nHost: x.example\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

    answer = wire.send(fortress.url, start.encode())

    location = wire.header(answer, "Location")
    assert location is None or location.startswith("http://x.example/")


def test_a_site_may_say_what_it_is_called(make_server):
    server = make_server(settings={"uws.hosts": "127.0.0.1 data.Example.org"}, services=["quick"])

    assert create(server.joblist("quick")).startswith(server.joblist("quick"))
    for host, status in [("data.example.org", 200), ("DATA.example.org:99", 200), ("evil.example", 400)]:
        assert http.get(f"{server.url}/quick", headers={"Host": host}).status_code == status
