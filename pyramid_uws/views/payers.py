"""Who pays for a request: the user, or the address that it comes from."""

from typing import Any

from pyramid.interfaces import ISecurityPolicy
from pyramid.request import Request

from pyramid_uws.auth.addresses import client_of
from pyramid_uws.auth.stacked import StackedPolicy
from pyramid_uws.uws.quotas import ADDRESS, Payer, network_of


def payer_of(request: Request) -> Payer:
    """Return who pays; groups are known of those whose security policy tells them."""
    owner = request.authenticated_userid
    if owner is not None:
        return Payer(owner, tuple(sorted(getattr(request.identity, "groups", ()))))
    return nobody_at(request)


def nobody_at(request: Request) -> Payer:
    """Return who pays for a request of somebody who has not logged in."""
    policy: Any = request.registry.queryUtility(ISecurityPolicy)
    proxies = policy.proxies if isinstance(policy, StackedPolicy) else ()
    return Payer(ADDRESS + network_of(client_of(request.environ, proxies)))
