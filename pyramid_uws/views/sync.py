"""Synchronous requests (DALI 1.2, section 2.2): each makes a job and is answered with its result.

What is peculiar to a kind of renderer is in its :class:`~.exchange.Exchange`. Here is the waiting: a request that
is parked comes in again from the start, so the job is made in the first run, and noted in the request's place.
"""

import logging
import time
from functools import partial
from typing import Any, NamedTuple

from pyramid.request import Request
from pyramid.response import Response

from pyramid_uws.exceptions import NoSuchJob, UWSError
from pyramid_uws.execution.worker_system import WorkerSystem
from pyramid_uws.interfaces import ISyncRenderer
from pyramid_uws.observing.activity import Subject, about
from pyramid_uws.tree import SyncRenderer
from pyramid_uws.tree.rights import CREATE
from pyramid_uws.uws.limits import Limits
from pyramid_uws.uws.phases import ACTIVE

from .errors import ask_if_wanted
from .exchange import Exchange, exchange_of
from .forms import read_query
from .parked import PARK
from .resources import add_resource_views
from .waiting import has_hung_up, wait_for_answer

log = logging.getLogger(__name__)


class Begun(NamedTuple):
    """The job of a request, and until when (``time.monotonic()``) its end is waited for."""

    job_id: str
    until: float


def ask(context: SyncRenderer, request: Request) -> Response:
    """GET or POST: what the service makes of the parameters. HEAD checks them, and does no work."""
    ask_if_wanted(request, read_query(request))
    exchange: Exchange = exchange_of(context, request)
    if request.method == "HEAD":
        exchange.check()
        return Response(headerlist=[])
    return _answer(exchange, request, _begun(exchange, request))


def _begun(exchange: Exchange, request: Request) -> Begun:
    """Return what was begun in the first run of the request, which may be this one."""
    place: Any = request.environ.get(PARK)
    if place is not None and place.memory is not None:
        noted: Begun = place.memory
        return noted
    system = exchange.worker_system
    limits = system.definition.limits if system.definition else Limits()
    until = time.monotonic() + limits.sync_limit
    begun = Begun(exchange.begin(), until)
    if place is not None:
        place.memory = begun
        place.if_lost = partial(_abandon, system, begun.job_id)
    return begun


def _answer(exchange: Exchange, request: Request, begun: Begun) -> Response:
    system = exchange.worker_system
    try:
        job = wait_for_answer(request, (system.service, system.renderer, begun.job_id), begun.until)
    except NoSuchJob as problem:
        return exchange.tell(problem.message, 500)
    if job.phase not in ACTIVE:
        return exchange.answer(job)
    if has_hung_up(request):
        _abandon(system, begun.job_id)
    else:
        system.keep(begun.job_id)
    return exchange.redirect(job)


def _abandon(system: WorkerSystem, job_id: str) -> None:
    """Abort the job of a client that has gone."""
    with about(Subject(system.service, job_id)):
        log.info("the client of job %s of %s has gone; the job is aborted", job_id, system.service)
        try:
            system.abandon(job_id)
        except UWSError as problem:  # it has ended meanwhile
            log.info("job %s: %s", job_id, problem)


def includeme(config: Any) -> None:
    """Register the views of synchronous renderers. Whoever asks makes a job, so all need the right to that."""
    add_resource_views(config, ISyncRenderer, {"GET": ask, "POST": ask}, permission=CREATE)
