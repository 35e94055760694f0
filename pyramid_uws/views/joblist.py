"""The job list, shown at its renderer's URL (UWS 1.1, sections 2.2.2.1 and 2.2.3.1)."""

from typing import TYPE_CHECKING, Any

from pyramid.request import Request
from pyramid.response import Response

from pyramid_uws.documents import joblist_document, joblist_json
from pyramid_uws.interfaces import IAsyncRenderer
from pyramid_uws.tree import AsyncRenderer, JobRow
from pyramid_uws.tree.rights import CREATE, LIST, OVERSEE
from pyramid_uws.uws.control import read_control, read_filter

from . import joblist_page
from .errors import ask_if_wanted
from .forms import read_query
from .incoming import make_job
from .resources import add_resource_views
from .respond import long_document, see_other, wants_page

if TYPE_CHECKING:
    from collections.abc import Iterable


def show(context: AsyncRenderer, request: Request) -> Response:
    """GET: the caller's jobs, or those of all whose business that is, newest first."""
    pairs = read_query(request)
    ask_if_wanted(request, pairs)
    if wants_page(request):
        return joblist_page.answer(context, request)
    wanted = read_filter(pairs)
    owner = request.authenticated_userid
    rows: Iterable[JobRow] = ()
    if request.has_permission(OVERSEE, context):
        rows = context.joblist.select_all(wanted)
    elif owner is not None or request.registry.uws.settings.list_anonymous:
        rows = context.joblist.select(wanted, owner)
    url = request.resource_url(context)
    return long_document(request, lambda as_json: (joblist_json if as_json else joblist_document)(rows, url))


def create(context: AsyncRenderer, request: Request) -> Response:
    """POST: a new job; nothing of it is kept if that fails."""
    ask_if_wanted(request, read_query(request))
    return see_other(f"{request.resource_url(context)}/{make_job(request, context, read_control)}")


def includeme(config: Any) -> None:
    """Register the views of job lists."""
    permissions = {"GET": LIST, "POST": CREATE}
    # They are asked in this order whether it is their method; who makes jobs makes many.
    add_resource_views(config, IAsyncRenderer, {"POST": create, "GET": show}, permission=permissions)
