"""A job and its single values (UWS 1.1, section 2.2)."""

from typing import Any

from pyramid.httpexceptions import HTTPForbidden
from pyramid.request import Request
from pyramid.response import Response

from pyramid_uws import interfaces
from pyramid_uws.documents import error_votable, job_document, job_json
from pyramid_uws.exceptions import BadRequest, BadValue
from pyramid_uws.interfaces import IAsyncRenderer
from pyramid_uws.pages.joblists import Done
from pyramid_uws.tree import Attribute, Job
from pyramid_uws.tree.rights import DELETE
from pyramid_uws.uws.control import Pairs, given, read_destruction, read_duration, read_wait, single
from pyramid_uws.uws.instants import format_instant, now

from . import job_page
from .done import tell_there
from .foreseen import foreseen
from .forms import read_query
from .incoming import Incoming, incoming_form, worker_system_of
from .payers import payer_of
from .resources import add_resource_views
from .respond import document, plain, see_other, wants_page
from .waiting import wait_for_change, wait_for_end

#: How long the answer to ABORT may wait for the work to be ended, in seconds.
ABORT_PATIENCE = 3.0


def show(context: Job, request: Request) -> Response:
    """GET: the job; with WAIT, once it has changed its phase."""
    job = context
    if request.method == "GET" and (wait := read_wait(read_query(request))) is not None:
        job = wait_for_change(request, job, wait)
    if wants_page(request):
        return job_page.answer(job, request)
    url = request.resource_url(job)
    shown = foreseen(request, job)
    return document(
        request,
        lambda as_json: (job_json if as_json else job_document)(shown, url),
        (job._p_serial, shown.prospect),  # noqa: SLF001 - serials are persistent's public identity of a state
    )


def act(context: Job, request: Request) -> Response:
    """POST: ACTION=DELETE, or PHASE as at ``phase``; parameters belong elsewhere (DALI 1.1, section 2.1)."""
    system = worker_system_of(request, context.__parent__.__parent__)
    with incoming_form(request, system, context.job_id) as incoming:
        action = single(incoming.control, "ACTION")
        phase = single(incoming.control, "PHASE")
        if incoming.others or incoming.references or (action is None) == (phase is None):
            raise BadRequest(
                "A job takes ACTION=DELETE, PHASE=RUN or PHASE=ABORT here; "
                "parameters are posted to its child 'parameters'."
            )
        if action is not None and action != "DELETE":
            raise BadValue("ACTION", action, "expected DELETE")
    if not action:
        return _change_phase(context, request, phase)
    if not request.has_permission(DELETE, context):
        raise HTTPForbidden
    return delete(context, request)


def delete(context: Job, request: Request) -> Response:
    """DELETE: stop the job and remove all of it."""
    renderer = context.__parent__.__parent__
    worker_system_of(request, renderer).delete(context.job_id)
    # At a synchronous renderer a client that follows the redirect would begin another job.
    has_list = IAsyncRenderer.providedBy(renderer)
    if has_list and wants_page(request):
        return tell_there(request, request.resource_url(renderer), Done("DELETE", 1))
    return see_other(request.resource_url(renderer if has_list else renderer.__parent__))


def change_phase(context: Attribute, request: Request) -> Response:
    """POST to ``phase``: PHASE=RUN or PHASE=ABORT."""
    return _change_phase(context.job, request, single(_control(context, request), "PHASE"))


def _change_phase(job: Job, request: Request, phase: str | None) -> Response:
    system = worker_system_of(request, job.__parent__.__parent__)
    url = request.resource_url(job)
    if phase == "RUN":
        system.run(job.job_id, payer_of(request))
    elif phase == "ABORT":
        system.abort(job.job_id)
        wait_for_end(request, job, ABORT_PATIENCE)
    else:
        raise BadValue("PHASE", phase or "", "expected RUN or ABORT")
    return see_other(url)


def change_duration(context: Attribute, request: Request) -> Response:
    """POST to ``executionduration``."""
    text = _required(_control(context, request), "EXECUTIONDURATION")
    system = worker_system_of(request, context.job.__parent__.__parent__)
    system.set_execution_duration(context.job.job_id, read_duration(text))
    return see_other(request.resource_url(context.job))


def change_destruction(context: Attribute, request: Request) -> Response:
    """POST to ``destruction``."""
    text = _required(_control(context, request), "DESTRUCTION")
    system = worker_system_of(request, context.job.__parent__.__parent__)
    system.set_destruction(context.job.job_id, read_destruction(text, now()))
    return see_other(request.resource_url(context.job))


def _control(context: Attribute, request: Request) -> Pairs:
    """Read the control parameters of a POST to a single value; files that came along are dropped."""
    incoming: Incoming
    job = context.job
    system = worker_system_of(request, job.__parent__.__parent__)
    with incoming_form(request, system, job.job_id) as incoming:
        if incoming.references:
            raise BadRequest(f"{context.__name__!r} takes no files.")
    return incoming.control


def _required(pairs: Pairs, name: str) -> str:
    if not given(pairs, name):
        raise BadValue(name, "", "a value is needed")
    return single(pairs, name) or ""


def _instant(instant: int | None) -> str:
    return "" if instant is None else format_instant(instant)


def show_error(context: Attribute, _request: Request) -> Response:
    """GET ``error``: a VOTable that tells why the job failed (DALI 1.1, section 5.2)."""
    text = error_votable(context.job.failure_text)
    return Response(text=text, content_type="application/x-votable+xml", charset="UTF-8")


def includeme(config: Any) -> None:
    """Register the views of jobs and their single values."""
    add_resource_views(config, interfaces.IJob, {"GET": show, "POST": act, "DELETE": delete})
    add_resource_views(
        config,
        interfaces.IPhase,
        {"GET": lambda context, _request: plain(context.job.phase), "POST": change_phase},
    )
    add_resource_views(
        config,
        interfaces.IExecutionDuration,
        {
            "GET": lambda context, _request: plain(str(context.job.execution_duration)),
            "POST": change_duration,
        },
    )
    add_resource_views(
        config,
        interfaces.IDestruction,
        {
            "GET": lambda context, _request: plain(_instant(context.job.destruction)),
            "POST": change_destruction,
        },
    )
    add_resource_views(
        config,
        interfaces.IQuote,
        {"GET": lambda context, request: plain(_instant(foreseen(request, context.job).quote))},
    )
    add_resource_views(
        config, interfaces.IOwner, {"GET": lambda context, _request: plain(context.job.owner or "")}
    )
    add_resource_views(config, interfaces.IError, {"GET": show_error})
