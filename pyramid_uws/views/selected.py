"""What is done with several jobs that were selected in a list, once that is confirmed; and what is said of it."""

from dataclasses import replace
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from pyramid_uws.documents.xml import replace_illegal
from pyramid_uws.exceptions import BadRequest, BadValue
from pyramid_uws.interfaces import IAsyncRenderer
from pyramid_uws.pages import page
from pyramid_uws.pages.joblists import MOST_SELECTED, Chosen, Done, Filters, filters_of
from pyramid_uws.tree import AsyncRenderer
from pyramid_uws.tree.rights import CHANGE, DELETE, LIST
from pyramid_uws.uws.control import given, single
from pyramid_uws.uws.ids import is_id
from pyramid_uws.uws.phases import ABORTABLE, AT_WORK

from .data import no_files
from .done import tell_there
from .forms import read_form
from .incoming import worker_system_of
from .joblist_page import title_of
from .resources import add_resource_views

#: What can be done with several jobs, and the right that each of them needs.
ACTIONS = {"ABORT": CHANGE, "DELETE": DELETE}

#: A form may have so many fields; whoever has selected too many jobs is told how many these are.
MOST_FIELDS = 4 * MOST_SELECTED


def act(context: AsyncRenderer, request: Request) -> Response:
    """POST to ``selected``: ACTION on each JOB, once that is confirmed; what could not be done is told."""
    pairs = read_form(request, no_files, MOST_FIELDS)
    action = single(pairs, "ACTION")
    if action not in ACTIONS:
        raise BadValue("ACTION", action or "", f"expected one of {', '.join(ACTIONS)}")
    ids = list(dict.fromkeys(given(pairs, "JOB")))
    if len(ids) > MOST_SELECTED:
        raise BadRequest(f"{len(ids)} jobs were selected; at most {MOST_SELECTED} can be acted on at once.")
    filters = filters_of(pairs)
    chosen = [_chosen(context, request, job_id, ACTIONS[action]) for job_id in ids]
    if single(pairs, "CONFIRM") is None or not ids:
        foreseen = [_foreseen(each) for each in chosen] if action == "ABORT" else chosen
        return _asked(context, request, action, foreseen, filters, is_done=False)
    chosen = _done(context, request, chosen, action)
    if any(each.problem for each in chosen):
        return _asked(context, request, action, chosen, filters, is_done=True)
    done = Done(action, len(chosen), sum(each.phase in AT_WORK for each in chosen))
    return tell_there(request, request.resource_url(context), done, filters.query())


def _asked(
    context: AsyncRenderer, request: Request, action: str, chosen: list[Chosen], filters: Filters, *, is_done: bool
) -> Response:
    url, query = request.resource_url(context), filters.query()
    return page(
        request,
        "joblist_selected.html",
        action=action,
        chosen=chosen,
        is_done=is_done,
        filters=filters,
        title=title_of(context, request),
        service_url=request.resource_url(context.__parent__),
        url=url,
        back=f"{url}{query and '?'}{query}",
    )


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


def _foreseen(chosen: Chosen) -> Chosen:
    """Return a job that is to be aborted, with the reason if it has ended, so that nobody is asked about it."""
    if chosen.phase is None or chosen.phase in ABORTABLE:
        return chosen
    return replace(chosen, problem=f"It is {chosen.phase}; there is nothing left to abort.")


def _done(context: AsyncRenderer, request: Request, chosen: list[Chosen], action: str) -> list[Chosen]:
    """Act on the jobs, as their own resources do; return what became of each."""
    system = worker_system_of(request, context)
    act_on = system.delete_all if action == "DELETE" else system.abort_all
    problems = act_on(each.job_id for each in chosen if each.problem is None)
    return [
        replace(each, problem=problems[each.job_id].message) if each.job_id in problems else each
        for each in chosen
    ]


def includeme(config: Any) -> None:
    """Register the view."""
    add_resource_views(config, IAsyncRenderer, {"POST": act}, name="selected", permission=LIST)
