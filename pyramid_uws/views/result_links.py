"""Links to a result for programs and people who need not log in, good for a while."""

import time
from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.interfaces import ISecurityPolicy
from pyramid.request import Request
from pyramid.response import Response

from pyramid_uws.auth.stacked import StackedPolicy
from pyramid_uws.exceptions import BadValue
from pyramid_uws.interfaces import IResult
from pyramid_uws.tree.attributes import Result
from pyramid_uws.tree.rights import SHARE
from pyramid_uws.uws.control import single

from .forms import read_query
from .resources import add_resource_views
from .respond import plain

#: How long links are good whose maker has not said so, in seconds.
USUAL = 3600


def show_link(context: Result, request: Request) -> Response:
    """GET ``results/ID/link``: a URL of the result that is good for LIFETIME seconds."""
    policy = request.registry.queryUtility(ISecurityPolicy)
    if not isinstance(policy, StackedPolicy):
        raise HTTPNotFound
    longest = policy.keeper.links.longest
    text = single(read_query(request), "LIFETIME") or str(min(USUAL, longest))
    if not (text.isascii() and text.isdigit() and 0 < int(text[:12]) <= longest):
        raise BadValue("LIFETIME", text, f"expected a whole number of seconds from 1 to {longest}")
    return plain(policy.keeper.links.sign(request, context, int(time.time()) + int(text)))


def includeme(config: Any) -> None:
    """Register the view."""
    add_resource_views(config, IResult, {"GET": show_link}, name="link", permission=SHARE)
