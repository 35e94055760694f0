"""Where a request comes from: the connection, and the client behind the proxies that are believed."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from .keys import UNIX, Networks

#: Where the connection comes from, by the word of our own server; ``REMOTE_ADDR`` may be what a proxy has said.
PEER = "pyramid_uws.peer"

FORWARDED = "HTTP_X_FORWARDED_FOR"


def peer_of(environ: Mapping[str, Any]) -> str:
    """Return the address of the connection."""
    return str(environ.get(PEER) or environ.get("REMOTE_ADDR") or "")


def client_of(environ: Mapping[str, Any], proxies: Networks) -> str:
    """Return the address of the client.

    A server that knows its proxies (waitress: ``trusted_proxy``) has put it into ``REMOTE_ADDR``. If it has not,
    and the connection is from one of ours, it is the last address that our proxies were told by somebody else.
    """
    address, told = str(environ.get("REMOTE_ADDR") or ""), environ.get(FORWARDED, "").split(",")
    if address == peer_of(environ):
        while is_among(address, proxies) and told and _is_address(told[-1].strip()):
            address = told.pop().strip()
    return address


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_among(address: str, networks: Networks) -> bool:
    """Tell whether an address is in one of the networks."""
    if not networks:
        return False
    try:
        found = ip_address(address)
    except ValueError:  # what waitress calls the other end of a Unix socket
        return address == "localhost" and UNIX in networks
    found = getattr(found, "ipv4_mapped", None) or found
    return any(not isinstance(network, str) and found in network for network in networks)
