"""What holds for every request and every answer: a host of the site's, and headers that keep browsers on guard."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from .respond import plain

Handle = Callable[[Request], Response]

#: A host name or address, with or without a port (RFC 9110, section 7.2); wider than what DNS knows.
_HOST = re.compile(r"([A-Za-z0-9_-][A-Za-z0-9._-]{0,254}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?", re.ASCII)

#: Cores write what they like, and clients choose what is in it: no browser runs any of it in our name. A page that
#: needs more says so itself.
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Cache-Control": "private, no-cache",
        "Content-Security-Policy": (
            "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
        ),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
)

_BY_NAME = tuple((name.lower(), (name, value)) for name, value in HEADERS.items())


def headers_tween(handle: Handle, _registry: Any) -> Handle:
    """Let no cache keep what may change (U-27), and no browser run, guess or frame what it is given."""

    def handled(request: Request) -> Response:
        response = handle(request)
        given = {name.lower() for name, _ in response.headerlist}
        response.headerlist.extend([header for name, header in _BY_NAME if name not in given])
        return response

    return handled


def host_tween(handle: Handle, registry: Any) -> Handle:
    """Refuse a Host that cannot be one, or is none of this site's: URLs that clients are given begin with it."""

    def handled(request: Request) -> Response:
        found = _HOST.fullmatch(request.host)
        hosts = registry.uws.settings.hosts
        if found is None or (hosts and found[1].lower() not in hosts):
            return plain("The header Host of the request names no host of this site.", 400)
        return handle(request)

    return handled
