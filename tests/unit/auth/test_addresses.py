"""Where a request comes from, as far as somebody is believed."""

from ipaddress import ip_network

import pytest

from pyramid_uws.auth.addresses import FORWARDED, PEER, client_of

PROXIES = (ip_network("10.0.0.0/8"), "unix")


@pytest.mark.parametrize(
    ("connection", "forwarded", "client"),
    [
        ("192.0.2.1", "198.51.100.9", "192.0.2.1"),  # no proxy of ours: nothing is believed
        ("10.0.0.1", "198.51.100.9", "198.51.100.9"),
        (
            "10.0.0.1",
            "203.0.113.5, 198.51.100.9",
            "198.51.100.9",
        ),  # what the client says of itself counts for nothing
        ("10.0.0.1", "203.0.113.5, 198.51.100.9, 10.0.0.2", "198.51.100.9"),
        ("::ffff:10.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("localhost", "198.51.100.9", "198.51.100.9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.2", "10.0.0.2"),
    ],
)
def test_the_client_is_the_last_that_is_no_proxy_of_ours(connection, forwarded, client):
    assert client_of({"REMOTE_ADDR": connection, FORWARDED: forwarded}, PROXIES) == client


def test_a_server_that_has_looked_itself_is_believed():
    environ = {"REMOTE_ADDR": "10.1.1.1", PEER: "10.0.0.1", FORWARDED: "203.0.113.5, 10.1.1.1"}

    assert client_of(environ, PROXIES) == "10.1.1.1"


def test_without_proxies_nothing_is_forwarded():
    assert client_of({"REMOTE_ADDR": "127.0.0.1", FORWARDED: "203.0.113.5"}, ()) == "127.0.0.1"
