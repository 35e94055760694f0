"""Who may read ``/metrics``: those who have its token, come from certain addresses, or are named."""

import hmac
from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

from pyramid.exceptions import ConfigurationError
from pyramid.interfaces import ISecurityPolicy
from pyramid.request import Request

from pyramid_uws.auth.addresses import PEER
from pyramid_uws.auth.schemes import credentials
from pyramid_uws.auth.stacked import StackedPolicy
from pyramid_uws.tree.rights import ADMINS

#: Where they are read.
PATH = "/metrics"

#: What ``uws.metrics`` calls those who may do everything.
_ADMINS = "admins"

#: The shortest token that will do.
SHORTEST_TOKEN = 16

#: Headers by which proxies tell for whom they ask.
_FORWARDED = ("HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP")


def may_read(request: Request) -> bool:
    """Tell whether whoever asks may read the numbers."""
    return is_by_token(request) or _is_by_address(request) or _is_by_name(request)


def is_by_token(request: Request) -> bool:
    """Tell whether the request has the token for this."""
    path = request.registry.uws.settings.metrics_token
    said = credentials(request, "bearer")
    return path is not None and said is not None and hmac.compare_digest(said.encode(), read_token(path))


def read_token(path: Path) -> bytes:
    """Return the token in a file."""
    try:
        token = path.read_bytes().strip()
    except OSError as problem:
        raise ConfigurationError(f"setting uws.metrics.token = {path}: {problem.strerror}") from problem
    if len(token) < SHORTEST_TOKEN:
        raise ConfigurationError(
            f"setting uws.metrics.token = {path}: expected a token of at least {SHORTEST_TOKEN} characters"
        )
    return token


def _is_by_address(request: Request) -> bool:
    """Tell whether it comes from one of the addresses, and not through a proxy of which nobody knows.

    A proxy that the site trusts has its client's address put in the place of its own.
    """
    environ = request.environ
    address = environ.get("REMOTE_ADDR", "")
    is_forwarded = any(header in environ for header in _FORWARDED)
    if is_forwarded and environ.get(PEER, address) == address:
        return False
    try:
        found = ip_address(address)
    except ValueError:  # the other end of a Unix socket
        return False
    return any(found in network for network in _networks(request.registry.uws.settings.metrics))


def _networks(words: Iterable[str]) -> Iterator[Any]:
    for word in words:
        try:
            yield ip_network(word)
        except ValueError:  # the name of somebody
            continue


def _is_by_name(request: Request) -> bool:
    names = {ADMINS if word == _ADMINS else word for word in request.registry.uws.settings.metrics}
    policy = request.registry.queryUtility(ISecurityPolicy)
    if isinstance(policy, StackedPolicy):
        return not names.isdisjoint(policy.principals(request)[1:])
    return request.authenticated_userid in names
