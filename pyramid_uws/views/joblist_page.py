"""The page of a job list."""

from dataclasses import replace
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from pyramid_uws.interfaces import IAsyncRenderer
from pyramid_uws.pages import page
from pyramid_uws.pages.joblists import JobListPage, filters_of, wanted_at_once
from pyramid_uws.pages.jobrows import job_line
from pyramid_uws.tree import AsyncRenderer, Job
from pyramid_uws.tree.pages import Page, page_of_all, page_of_owner
from pyramid_uws.tree.rights import CHANGE, DELETE, LIST, OVERSEE
from pyramid_uws.uws.control import read_filter
from pyramid_uws.uws.ids import created_at
from pyramid_uws.uws.instants import now

from .done import done_before, forget
from .forms import read_query
from .resources import add_resource_views


def answer(context: AsyncRenderer, request: Request) -> Response:
    """Answer with the page of the jobs that the filters let through, so many at once."""
    listing = replace(describe(context, request), done=done_before(request))
    response = page(request, "joblist.html", listing=listing)
    return response if listing.done is None else forget(response, listing.url)


def show_rows(context: AsyncRenderer, request: Request) -> Response:
    """GET ``rows``: the part of the page with the jobs, for the script that puts it in its place."""
    return page(request, "joblist_rows.html", listing=describe(context, request))


def describe(context: AsyncRenderer, request: Request) -> JobListPage:
    """Return what the page shows."""
    pairs = read_query(request)
    wanted = read_filter(pairs)
    owner = request.authenticated_userid
    oversees = bool(request.has_permission(OVERSEE, context))
    is_hidden = not oversees and owner is None and not request.registry.uws.settings.list_anonymous
    most = wanted_at_once(wanted.last)
    found = Page((), None)
    if oversees:
        found = page_of_all(context.joblist, wanted, most)
    elif not is_hidden:
        found = page_of_owner(context.joblist, wanted, owner, most)
    url, service = request.resource_url(context), context.__parent__
    definition = request.registry.uws.definitions.get(service.__name__)
    is_offered = definition is not None and context.__name__ in definition.renderers
    filters = filters_of(pairs)
    return JobListPage(
        url=url,
        title=title_of(context, request),
        service_url=request.resource_url(service),
        form=f"{request.resource_url(service)}/form" if is_offered else None,
        filters=filters,
        lines=[job_line(job, url, can_act=_can_act(request, job, owner)) for job in found.jobs],
        older=None if found.older is None else f"{url}?{filters.query(OLDER=found.older)}",
        looked_back_to=created_at(found.older) if found.is_cut and found.older else None,
        is_first=wanted.older is None,
        shows_owners=oversees,
        is_hidden=is_hidden,
        now=now(),
    )


def title_of(context: AsyncRenderer, request: Request) -> str:
    """Return what the service of a list is called; its name, if it has no title or is not offered any more."""
    name: str = context.__parent__.__name__
    definition = request.registry.uws.definitions.get(name)
    return (definition.title if definition else "") or name


def _can_act(request: Request, job: Job, owner: str | None) -> bool:
    """Tell whether the caller may do something with the job; owners may, and everybody with nobody's."""
    if job.owner is None or job.owner == owner:
        return True
    return any(request.has_permission(right, job) for right in (CHANGE, DELETE))


def includeme(config: Any) -> None:
    """Register the view."""
    add_resource_views(config, IAsyncRenderer, {"GET": show_rows}, name="rows", permission=LIST)
