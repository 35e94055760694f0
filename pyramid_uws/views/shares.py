"""Sharing a job: ways to read it for whoever knows them, which its owner makes and ends."""

import json
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from pyramid_uws import interfaces
from pyramid_uws.tree import Attribute
from pyramid_uws.tree.rights import SHARE
from pyramid_uws.tree.shares import MARK

from .incoming import worker_system_of
from .resources import add_resource_views
from .respond import plain, see_other


def show_shares(context: Attribute, _request: Request) -> Response:
    """GET ``shares``: their ids; the links themselves are not known any more."""
    told = json.dumps([share_id for share_id, _ in context.job.shares])
    return Response(text=told, content_type="application/json", charset="UTF-8")


def add_share(context: Attribute, request: Request) -> Response:
    """POST to ``shares``: another link, which is told this once."""
    job = context.job
    secret = worker_system_of(request, job.__parent__.__parent__).share(job.job_id)
    return plain(f"{request.resource_url(job)}{MARK}{secret}")


def end_share(context: Attribute, request: Request) -> Response:
    """DELETE ``shares/ID``: the link leads nowhere from now on."""
    job = context.job
    worker_system_of(request, job.__parent__.__parent__).end_share(job.job_id, context.__name__)
    return see_other(request.resource_url(context.__parent__))


def includeme(config: Any) -> None:
    """Register the views of shares."""
    views = {"GET": show_shares, "POST": add_share}
    add_resource_views(config, interfaces.IShares, views, permission=SHARE)
    add_resource_views(config, interfaces.IShare, {"DELETE": end_share}, permission=SHARE)
