"""Forms for people: ``SERVICE/form`` makes a job, ``JOB/edit`` changes a draft, a job that is PENDING.

What is sent is checked by the same code as what programs send, field by field. If anything is wrong the form comes
back with what was typed.
"""

from dataclasses import replace
from typing import Any

from pyramid.httpexceptions import HTTPForbidden
from pyramid.request import Request
from pyramid.response import Response

from pyramid_uws import interfaces
from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.exceptions import NoSuchJob, NoSuchThing, NotAllowedNow, Overloaded, Rejected, TooMany, UWSError
from pyramid_uws.execution.arriving import Sent
from pyramid_uws.execution.worker_system import WorkerSystem
from pyramid_uws.pages import page
from pyramid_uws.pages.fields import Held
from pyramid_uws.pages.filled import BY, FROM, LIMITS, Filled, keep_of, linked
from pyramid_uws.pages.forms import Around, form_of
from pyramid_uws.tree import AsyncRenderer, Job, Service
from pyramid_uws.tree.rights import CHANGE, CREATE, READ
from pyramid_uws.uws import phases
from pyramid_uws.uws.control import read_control, read_destruction, read_duration
from pyramid_uws.uws.instants import format_instant, now
from pyramid_uws.uws.limits import SECOND

from .errors import status_of
from .forms import read_query
from .incoming import make_job, worker_system_of
from .payers import payer_of
from .resources import add_resource_views
from .respond import see_other
from .submission import Submission, held_by, in_words_of_the_api

# A new job


def show_form(context: Service, request: Request) -> Response:
    """GET /SERVICE/form: empty, or filled with what a link says or, with ``from=ID``, another job had."""
    renderer, definition = _offered(context, request)
    query = read_query(request)
    earlier = next((find_job(context, request, text) for name, text in query if name == FROM and text), None)
    said = [pair for pair in query if pair[0] != FROM]
    if earlier is not None:
        names = {name.upper() for name, _ in said}
        said += [pair for pair in in_words_of_the_api(earlier) if pair[0].upper() not in names]
    filled = linked(definition, said)
    held = _held(request, definition, filled, earlier, earlier=True)
    return _new(context, request, renderer, Around(held=held), filled, earlier)


def submit_form(context: Service, request: Request) -> Response:
    """POST /SERVICE/form: make a job, and run it with PHASE=RUN; the form again if anything is wrong."""
    renderer, definition = _offered(context, request)
    submission = Submission(definition, find=lambda text: find_job(context, request, text))

    def examine(_sent: Sent) -> None:
        _demand_the_same(request, submission.filled.first(BY))

    try:
        job_id = make_job(request, renderer, read_control, examine, submission.reading)
    except UWSError as problem:
        around = _mended(request, submission, problem)
        return _new(context, request, renderer, around, submission.filled, submission.earlier, problem)
    return see_other(f"{request.resource_url(renderer)}/{job_id}")


def _demand_the_same(request: Request, name: str) -> None:
    """Raise if the form was filled in by somebody who is somebody else by now: most likely a login has run out."""
    user = request.authenticated_userid
    if name and name != user:
        now_is = "nobody is" if user is None else f"{user} is"
        raise NotAllowedNow(
            f"You were logged in as {name} when this form was opened, and {now_is} now; no job was made."
            " To make it as before, log in again in another tab and come back to this one;"
            " otherwise send the form once more."
        )


def _new(
    service: Service,
    request: Request,
    renderer: AsyncRenderer,
    around: Around,
    filled: Filled,
    earlier: Job | None,
    problem: UWSError | None = None,
) -> Response:
    """Show the form of a new job."""
    return _page(
        request,
        worker_system_of(request, renderer),
        around,
        filled,
        problem,
        action=f"{request.resource_path(service)}/form",
        back=request.resource_path(service),
        service=request.resource_path(service),
        earlier=None if earlier is None else earlier.__name__,
        draft=None,
    )


def _offered(service: Service, request: Request) -> tuple[AsyncRenderer, ServiceDefinition]:
    """Return the renderer of the jobs that a form makes, and what the service is."""
    definition = request.registry.uws.definitions.get(service.__name__)
    if definition is None:
        raise Rejected(f"The service {service.__name__!r} is no longer offered; its jobs can be read and deleted.")
    for name in definition.renderers:
        if interfaces.IAsyncRenderer.providedBy(service[name]):
            return service[name], definition
    raise NoSuchThing(f"The service {service.__name__!r} has no jobs that a form could make.")


def find_job(service: Service, request: Request, job_id: str) -> Job:
    """Return the job of a service that is run again, if the caller may read it."""
    for renderer in service:
        try:
            job: Job = renderer[job_id]
        except KeyError:
            continue
        if not interfaces.IJob.providedBy(job):
            continue
        if not request.has_permission(READ, job):
            raise HTTPForbidden
        return job
    raise NoSuchJob(job_id)


# A draft


def show_draft(context: Job, request: Request) -> Response:
    """GET JOB/edit: the form with what the job has."""
    system, definition = _editable(context, request)
    filled = linked(definition, [*in_words_of_the_api(context), *_limits_of(context)])
    held = _held(request, definition, filled, context, earlier=False)
    return _draft(context, request, system, Around(held=held), filled)


def save_draft(context: Job, request: Request) -> Response:
    """POST JOB/edit: change the job, and run it with PHASE=RUN; the form again if anything is wrong."""
    system, definition = _editable(context, request)
    submission = Submission(definition, draft=context)
    try:
        _save(context, request, system, submission)
    except UWSError as problem:
        around = _mended(request, submission, problem)
        return _draft(context, request, system, around, submission.filled, problem)
    return see_other(request.resource_url(context))


def _save(job: Job, request: Request, system: WorkerSystem, submission: Submission) -> None:
    with submission.reading(request, system, job.job_id) as incoming:
        control = read_control(incoming.control, now())
        if control.phase == "RUN":
            system.check(incoming.sent, submission.before)
        system.set_parameters(job.job_id, incoming.sent, submission.runid, without=submission.without)
    duration, destruction = (submission.filled.first(name) for name in LIMITS)
    if duration and duration != str(job.execution_duration):
        system.set_execution_duration(job.job_id, read_duration(duration))
    if destruction and read_destruction(destruction, now()) != _in_seconds(job.destruction):
        system.set_destruction(job.job_id, read_destruction(destruction, now()))
    if control.phase == "RUN":
        system.run(job.job_id, payer_of(request))


def _editable(job: Job, request: Request) -> tuple[WorkerSystem, ServiceDefinition]:
    system = worker_system_of(request, job.__parent__.__parent__)
    if system.definition is None:
        raise Rejected(f"The service {system.service!r} is no longer offered; its jobs can be read and deleted.")
    if job.phase != phases.PENDING:
        raise NotAllowedNow(
            f"The job is {job.phase}; it can be changed while it is PENDING. Run it again instead."
        )
    return system, system.definition


def _draft(
    job: Job,
    request: Request,
    system: WorkerSystem,
    around: Around,
    filled: Filled,
    problem: UWSError | None = None,
) -> Response:
    """Show the form of a draft."""
    url = request.resource_path(job)
    return _page(
        request,
        system,
        around,
        filled,
        problem,
        action=f"{url}/edit",
        back=url,
        service=request.resource_path(job.__parent__.__parent__.__parent__),
        jobs=request.resource_path(job.__parent__.__parent__),
        earlier=None,
        draft=job,
    )


def _limits_of(job: Job) -> list[tuple[str, str]]:
    """Return the limits of a job as they stand in a form, to the second."""
    kept = [] if job.destruction is None else [(LIMITS[1], format_instant(job.destruction)[:19])]
    return [(LIMITS[0], str(job.execution_duration)), *kept]


def _in_seconds(instant: int | None) -> int | None:
    return None if instant is None else instant // SECOND * SECOND


# Both


def _held(
    request: Request, definition: ServiceDefinition, filled: Filled, job: Job | None, *, earlier: bool
) -> dict[str, Held]:
    """Return the files that a job has, by the names of their fields; the job may be an ``earlier`` one."""
    if job is None:
        return {}
    url = f"{request.resource_path(job)}/parameters"
    return {
        (prefix if name == prefix else f"{prefix}:").upper(): Held(
            url=f"{url}/{reference[0]}",
            size=reference[2],
            earlier=earlier,
            wanted=not filled.as_typed or bool(filled.first(keep_of(prefix))),
        )
        for prefix, name, reference in held_by(definition, filled, job)
    }


def _mended(request: Request, submission: Submission, problem: UWSError) -> Around:
    """Return what is said around a form that comes back; raise what was wrong before anything was read."""
    if not submission.filled.as_typed:
        raise problem
    job = submission.draft or submission.earlier
    return Around(
        message=submission.locate(problem),
        errors=submission.errors,
        lost=submission.lost,
        held=_held(request, submission.definition, submission.filled, job, earlier=submission.draft is None),
    )


def _page(
    request: Request,
    system: WorkerSystem,
    around: Around,
    filled: Filled,
    problem: UWSError | None,
    **model: Any,
) -> Response:
    """Show a form; ``problem`` is why it comes back."""
    definition = system.definition
    assert definition is not None, "its form was asked for"
    around = replace(
        around, style=system.style, fetches=system.fetching.enabled, is_draft=model["draft"] is not None
    )
    model |= {"form": form_of(definition, filled, around), "title": definition.title or definition.name}
    status = 200 if problem is None else status_of(problem)
    response: Response = page(request, "form.html", status=status, **model)
    if isinstance(problem, Overloaded | TooMany):
        response.retry_after = problem.retry_after
    return response


def includeme(config: Any) -> None:
    """Register the views of forms."""
    for_new = {"GET": CREATE, "POST": CREATE}
    add_resource_views(
        config, interfaces.IService, {"GET": show_form, "POST": submit_form}, name="form", permission=for_new
    )
    add_resource_views(
        config, interfaces.IJob, {"GET": show_draft, "POST": save_draft}, name="edit", permission={"GET": CHANGE}
    )
