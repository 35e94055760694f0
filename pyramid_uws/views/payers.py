"""Who asks, and who pays for that: the user, or the address that the request comes from."""

from typing import Any

from pyramid.interfaces import ISecurityPolicy
from pyramid.request import Request

from pyramid_uws.auth.addresses import client_of
from pyramid_uws.auth.stacked import StackedPolicy
from pyramid_uws.uws.quotas import ADDRESS, Payer, network_of
from pyramid_uws.uws.users import User


def user_of(request: Request) -> User | None:
    """Return who asks; None is somebody who has not logged in."""
    name = request.authenticated_userid
    return None if name is None else User(name, groups_of(request))


def payer_of(request: Request) -> Payer:
    """Return who pays."""
    owner = request.authenticated_userid
    return nobody_at(request) if owner is None else Payer(owner, groups_of(request))


def groups_of(request: Request) -> tuple[str, ...]:
    """Return the groups of who has logged in, as far as the security policy tells them."""
    return tuple(sorted(getattr(request.identity, "groups", ())))


def nobody_at(request: Request) -> Payer:
    """Return who pays for a request of somebody who has not logged in."""
    policy: Any = request.registry.queryUtility(ISecurityPolicy)
    proxies = policy.proxies if isinstance(policy, StackedPolicy) else ()
    return Payer(ADDRESS + network_of(client_of(request.environ, proxies)))
