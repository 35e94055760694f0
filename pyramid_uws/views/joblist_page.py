"""The page of a job list, and what is done with several jobs that were selected there."""

from dataclasses import replace
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from pyramid_uws.documents.xml import replace_illegal
from pyramid_uws.exceptions import BadRequest, BadValue, UWSError
from pyramid_uws.interfaces import IAsyncRenderer
from pyramid_uws.pages import page
from pyramid_uws.pages.joblists import (
    MOST,
    Chosen,
    Filters,
    JobListPage,
    filters_of,
    wanted_at_once,
)
from pyramid_uws.pages.jobrows import job_line
from pyramid_uws.tree import AsyncRenderer, Job
from pyramid_uws.tree.pages import Page, page_of_all, page_of_owner
from pyramid_uws.tree.rights import CHANGE, DELETE, LIST, OVERSEE
from pyramid_uws.uws.control import given, read_filter, single
from pyramid_uws.uws.ids import created_at, is_id
from pyramid_uws.uws.instants import now

from .data import no_files
from .forms import read_form, read_query
from .incoming import worker_system_of
from .resources import add_resource_views
from .respond import see_other

#: What can be done with several jobs, and the right that each of them needs.
ACTIONS = {"ABORT": CHANGE, "DELETE": DELETE}


def answer(context: AsyncRenderer, request: Request) -> Response:
    """Answer with the page of the jobs that the filters let through, so many at once."""
    return page(request, "joblist.html", listing=describe(context, request))


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
        title=(definition.title if definition else "") or service.__name__,
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


def _can_act(request: Request, job: Job, owner: str | None) -> bool:
    """Tell whether the caller may do something with the job; owners may, and everybody with nobody's."""
    if job.owner is None or job.owner == owner:
        return True
    return any(request.has_permission(right, job) for right in (CHANGE, DELETE))


def act(context: AsyncRenderer, request: Request) -> Response:
    """POST to ``selected``: ACTION on each JOB, once that is confirmed; what could not be done is told."""
    pairs = read_form(request, no_files)
    action = single(pairs, "ACTION")
    if action not in ACTIONS:
        raise BadValue("ACTION", action or "", f"expected one of {', '.join(ACTIONS)}")
    ids = given(pairs, "JOB")
    if len(ids) > MOST:
        raise BadRequest(f"{len(ids)} jobs were selected; at most {MOST} can be acted on at once.")
    filters = filters_of(pairs)
    is_confirmed = single(pairs, "CONFIRM") is not None
    if not is_confirmed or not ids:
        chosen = [_chosen(context, request, job_id, ACTIONS[action]) for job_id in ids]
        return _asked(context, request, action, chosen, filters, is_done=False)
    chosen = [_done(context, request, job_id, action) for job_id in ids]
    if any(each.problem for each in chosen):
        return _asked(context, request, action, chosen, filters, is_done=True)
    return see_other(_back(context, request, filters))


def _asked(
    context: AsyncRenderer, request: Request, action: str, chosen: list[Chosen], filters: Filters, *, is_done: bool
) -> Response:
    return page(
        request,
        "joblist_selected.html",
        action=action,
        chosen=chosen,
        is_done=is_done,
        filters=filters,
        url=request.resource_url(context),
        back=_back(context, request, filters),
    )


def _back(context: AsyncRenderer, request: Request, filters: Filters) -> str:
    query = filters.query()
    return f"{request.resource_url(context)}{query and '?'}{query}"


def _chosen(context: AsyncRenderer, request: Request, job_id: str, right: str) -> Chosen:
    """Return a job that was selected, with the reason if it may not be acted on."""
    joblist = context.joblist
    job = joblist[job_id] if is_id(job_id) and job_id in joblist else None
    if job is None:
        return Chosen(replace_illegal(job_id), None, None, None, "It is not there any more.")
    if not request.has_permission(right, job):
        return Chosen(job_id, None, None, None, "You may not do this with it.")
    runid = None if job.runid is None else replace_illegal(job.runid)
    return Chosen(job_id, request.resource_url(job), job.phase, runid)


def _done(context: AsyncRenderer, request: Request, job_id: str, action: str) -> Chosen:
    """Act on the job, as its own resources do; return what became of it."""
    chosen = _chosen(context, request, job_id, ACTIONS[action])
    if chosen.problem:
        return chosen
    system = worker_system_of(request, context)
    try:
        if action == "DELETE":
            system.delete(job_id)
        else:
            system.abort(job_id)
    except UWSError as problem:
        return replace(chosen, problem=problem.message)
    return chosen


def includeme(config: Any) -> None:
    """Register the views."""
    add_resource_views(config, IAsyncRenderer, {"GET": show_rows}, name="rows", permission=LIST)
    add_resource_views(config, IAsyncRenderer, {"POST": act}, name="selected", permission=LIST)
