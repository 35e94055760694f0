"""Sharing a job: ways to read it for whoever knows them, which its owner makes and ends."""

import json
from collections.abc import Sequence
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from pyramid_uws import interfaces
from pyramid_uws.exceptions import BadValue
from pyramid_uws.pages import page
from pyramid_uws.tree import Attribute
from pyramid_uws.tree.rights import SHARE
from pyramid_uws.tree.shares import MARK
from pyramid_uws.uws.control import single

from .data import no_files
from .forms import read_form
from .incoming import worker_system_of
from .resources import add_resource_views
from .respond import plain, see_other, wants_page


def show_shares(context: Attribute, request: Request) -> Response:
    """GET ``shares``: their ids; the links themselves are not known any more."""
    shares = [share_id for share_id, _ in context.job.shares]
    if wants_page(request):
        return _page(context, request, shares=shares)
    told = json.dumps(shares)
    return Response(text=told, content_type="application/json", charset="UTF-8")


def add_share(context: Attribute, request: Request) -> Response:
    """POST to ``shares``: another link, which is told this once."""
    job = context.job
    secret = worker_system_of(request, job.__parent__.__parent__).share(job.job_id)
    link = f"{request.resource_url(job)}{MARK}{secret}"
    return _page(context, request, link=link) if wants_page(request) else plain(link)


def act(context: Attribute, request: Request) -> Response:
    """POST to ``shares/ID``: ACTION=DELETE does what DELETE does, for forms."""
    action = single(read_form(request, no_files), "ACTION")
    if action != "DELETE":
        raise BadValue("ACTION", action or "", "expected DELETE")
    return end_share(context, request)


def end_share(context: Attribute, request: Request) -> Response:
    """DELETE ``shares/ID``: the link leads nowhere from now on."""
    job = context.job
    worker_system_of(request, job.__parent__.__parent__).end_share(job.job_id, context.__name__)
    return see_other(request.resource_url(context.__parent__))


def _page(context: Attribute, request: Request, *, shares: Sequence[str] = (), link: str = "") -> Response:
    """Answer with the page of the shares, or with one that has just been made, which no browser is to keep."""
    job = context.job
    told = {"job_id": job.job_id, "url": request.resource_url(job), "shares": shares, "link": link}
    return page(request, "job_shares.html", private=bool(link), is_nobodys=job.owner is None, **told)


def includeme(config: Any) -> None:
    """Register the views of shares."""
    views = {"GET": show_shares, "POST": add_share}
    add_resource_views(config, interfaces.IShares, views, permission=SHARE)
    add_resource_views(config, interfaces.IShare, {"DELETE": end_share, "POST": act}, permission=SHARE)
