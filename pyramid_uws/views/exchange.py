"""What a synchronous request and its answer are made of, in steps that another renderer may replace.

A class derived from :class:`Exchange` is named for a kind of renderer by ``config.add_uws_exchange``. Views ask
:func:`exchange_of` for the one that fits, and so do the views of errors.
"""

from typing import Any

from pyramid.interfaces import IRequest
from pyramid.request import Request
from pyramid.response import Response
from zope.interface import implementedBy, implementer
from zope.interface.interfaces import IInterface

from pyramid_uws.documents import error_votable
from pyramid_uws.execution.arriving import Sent
from pyramid_uws.execution.worker_system import WorkerSystem
from pyramid_uws.interfaces import IExchange
from pyramid_uws.tree import Job, SyncRenderer
from pyramid_uws.tree.attributes import Result
from pyramid_uws.uws import phases
from pyramid_uws.uws.control import Control, Pairs, read_runid, single, split
from pyramid_uws.uws.limits import SECOND, Limits

from .contents import show_result
from .forms import read_query
from .incoming import make_job, worker_system_of
from .respond import plain, see_other, wants_page

#: When to try again what has failed for a reason that may pass, in seconds.
LATER = 30

#: The id of the result that is the answer, if a job has more than one; without it, the first is.
PRIMARY = "result"


@implementer(IExchange)
class Exchange:
    """One request to a synchronous renderer, from its parameters to its answer."""

    def __init__(self, renderer: SyncRenderer, request: Request) -> None:
        self.renderer = renderer
        self.request = request

    @property
    def worker_system(self) -> WorkerSystem:
        """The worker system of the renderer's service."""
        return worker_system_of(self.request, self.renderer)

    # From parameters to a job

    def begin(self) -> str:
        """Make a job of what was sent, run it, and return its id; nothing is kept if that fails."""
        return make_job(self.request, self.renderer, self.control)

    def check(self) -> None:
        """Raise what :meth:`begin` would raise for the query, without making a job."""
        control, others = split(read_query(self.request))
        self.control(control, 0)
        self.worker_system.check(Sent(tuple(others)))

    def control(self, pairs: Pairs, created: int) -> Control:
        """Return what is asked of UWS: to run at once, and to be destroyed soon (``created`` in µs).

        Of what a client may ask for, only RUNID has a meaning here.
        """
        definition = self.worker_system.definition
        limits = definition.limits if definition else Limits()
        runid = single(pairs, "RUNID")
        return Control(
            phase="RUN",
            destruction=created + (limits.sync_limit + limits.sync_lifetime) * SECOND,
            runid=None if runid is None else read_runid(runid),
        )

    # From a job to the answer

    def answer(self, job: Job) -> Response:
        """Answer with what the job, which has ended, has brought about."""
        if job.phase == phases.COMPLETED:
            result = self.primary(job)
            return plain("") if result is None else self.deliver(result)
        message, status = _failure_of(job)
        response = self.tell(message, status)
        if status == 503:
            response.retry_after = LATER
        return response

    def primary(self, job: Job) -> Result | None:
        """Return the result that is the answer; None if there is no result at all."""
        ids = [result[0] for result in job.results]
        if not ids:
            return None
        found: Result = job["results"][PRIMARY if PRIMARY in ids else ids[0]]
        return found

    def deliver(self, result: Result) -> Response:
        """Answer with a result as it is; ``Content-Location`` tells where it is, and so of which job.

        It was made for this request: there is nothing that it could be compared with, or continued.
        """
        response = show_result(result, self.request)
        response.conditional_response = False
        response.accept_ranges = response.etag = None
        response.content_location = self.request.resource_url(result)
        return response

    def redirect(self, job: Job) -> Response:
        """Send the client to the job, which takes longer than the service lets a client wait here."""
        response = see_other(self.request.resource_url(job))
        response.text = f"This takes longer than a client can wait here. Job {job.job_id} goes on without it.\n"
        return response

    def tell(self, message: str, status: int) -> Response:
        """Write an error: its sentence as a VOTable (DALI 1.2, section 5.2), as a text for pages of people."""
        if wants_page(self.request):
            return plain(message, status)
        return Response(
            text=error_votable(message), status=status, content_type="application/x-votable+xml", charset="UTF-8"
        )


def _failure_of(job: Job) -> tuple[str, int]:
    """Return what who waits for a job that has failed is told, and the status."""
    if job.failure is None:
        return f"The job was {job.phase.lower()}.", 500
    kind, message, _ = job.failure
    if job.blames_client:
        return message, 400
    return job.failure_text, 503 if kind == "transient" else 500


def exchange_of(context: Any, request: Request) -> Any:
    """Return the :class:`Exchange` of a request to a synchronous renderer; None if it is to anything else."""
    return request.registry.queryMultiAdapter((context, request), IExchange)


def register_exchange(registry: Any, renderer: Any, exchange: type[Exchange]) -> None:
    """Have requests to a kind of renderer (a class or an interface) be answered by a kind of exchange."""
    kind = renderer if IInterface.providedBy(renderer) else implementedBy(renderer)
    registry.registerAdapter(exchange, (kind, IRequest), IExchange)
