"""Links to a result for programs and people who need not log in, good for a while."""

import time
from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.interfaces import ISecurityPolicy
from pyramid.request import Request
from pyramid.response import Response

from pyramid_uws.auth.stacked import StackedPolicy
from pyramid_uws.interfaces import IResult
from pyramid_uws.pages import page
from pyramid_uws.tree.attributes import Result
from pyramid_uws.tree.rights import SHARE
from pyramid_uws.uws.control import read_whole, single
from pyramid_uws.uws.instants import format_instant
from pyramid_uws.uws.limits import SECOND

from .forms import read_query
from .resources import add_resource_views
from .respond import plain, wants_page

#: How long links are good whose maker has not said so, in seconds.
USUAL = 3600

#: What the page offers, in seconds, as far as the site allows it.
LIFETIMES = (600, 3600, 86400, 7 * 86400)


def show_link(context: Result, request: Request) -> Response:
    """GET ``results/ID/link``: a URL of the result that is good for LIFETIME seconds."""
    policy = request.registry.queryUtility(ISecurityPolicy)
    if not isinstance(policy, StackedPolicy):
        raise HTTPNotFound
    longest = policy.keeper.links.longest
    wish = single(read_query(request), "LIFETIME") or str(min(USUAL, longest))
    lifetime = read_whole("LIFETIME", wish, longest, "seconds")
    until = int(time.time()) + lifetime
    link = policy.keeper.links.sign(request, context, until)
    request.registry.uws.audit.note("link_made", result=context.__name__, until=format_instant(until * SECOND))
    return _page(context, request, link, lifetime, until, longest) if wants_page(request) else plain(link)


def _page(context: Result, request: Request, link: str, lifetime: int, until: int, longest: int) -> Response:
    """Answer with the page of a link, which no browser is to keep."""
    lifetimes = sorted({lifetime, *(seconds for seconds in LIFETIMES if seconds < longest), longest})
    return page(
        request,
        "result_link.html",
        private=True,
        result=context.__name__,
        job_id=context.job.job_id,
        url=request.resource_url(context.job),
        here=f"{request.resource_url(context)}/link",
        link=link,
        lifetime=lifetime,
        lifetimes=lifetimes,
        until=until * SECOND,
    )


def includeme(config: Any) -> None:
    """Register the view."""
    add_resource_views(config, IResult, {"GET": show_link}, name="link", permission=SHARE)
