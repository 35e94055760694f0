"""What a client sends to a job: control parameters, parameters, files; and what becomes of the files."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

from pyramid.request import Request

from pyramid_uws.exceptions import TooLarge, UWSError
from pyramid_uws.execution.arriving import Reference, Sent
from pyramid_uws.execution.quotas import Allowance, known_payer
from pyramid_uws.execution.worker_system import WorkerSystem
from pyramid_uws.observing.activity import Subject, about
from pyramid_uws.tree import JobRenderer, find_joblist
from pyramid_uws.uws.control import Control, Pairs, split
from pyramid_uws.uws.ids import new_id
from pyramid_uws.uws.instants import now

from .forms import FileSink, body_chunks, read_form
from .payers import payer_of

log = logging.getLogger(__name__)


@dataclass
class Incoming:
    """A request that was read: control parameters, others, and files already in the result store.

    ``too_large`` has what is said of files that are larger than they may be, where that is not raised. ``keep``
    takes files from elsewhere, within the same bounds.
    """

    control: Pairs = ()
    others: Pairs = ()
    references: list[Reference] = field(default_factory=list)
    too_large: dict[str, UWSError] = field(default_factory=dict)
    keep: FileSink | None = None

    @property
    def sent(self) -> Sent:
        """What is to be kept with the job."""
        return Sent(tuple(self.others), tuple(self.references))


def worker_system_of(request: Request, renderer: JobRenderer) -> WorkerSystem:
    """Return the worker system of the renderer's service."""
    system: WorkerSystem = request.registry.uws.worker_system(renderer.__parent__.__name__, renderer.__name__)
    return system


def make_job(
    request: Request,
    renderer: JobRenderer,
    control: Callable[[Pairs, int], Control],
    examine: Callable[[Sent], None] | None = None,
    reading: "Reading | None" = None,
) -> str:
    """Make a job of a request and return its id; nothing of it is kept if that fails.

    ``control`` reads the control parameters, given the instant (µs) of the creation; ``examine`` raises what is
    wrong with what else was sent. ``reading`` reads the request in another way than :func:`incoming_form`.
    """
    created = now()
    job_id = new_id(created)
    try:
        system, payer = worker_system_of(request, renderer), payer_of(request)
        if reading is None:  # whoever mends a form is to have it again; when it is made, all are looked at
            system.limiter.quotas.admit(request.root, payer, 0)
        with (reading or incoming_form)(request, system, job_id) as incoming:
            asked = control(incoming.control, created)
            if examine is not None:
                examine(incoming.sent)
            owner, base = request.authenticated_userid, request.application_url
            with about(Subject(system.service, job_id, owner, asked.runid)):
                system.create(job_id, created, owner, asked, incoming.sent, base=base, payer=payer)
                if asked.runid is not None:
                    log.info("job %s of %s has RUNID=%r", job_id, system.service, asked.runid)
    except BaseException:
        request.registry.uws.store.remove(job_id)
        raise
    return job_id


def allowance_of(request: Request, system: WorkerSystem, job_id: str) -> Allowance:
    """Return what files may have that are sent to a job, or for one that is going to be made."""
    joblist = find_joblist(request.root, system.service, system.renderer)
    there = job_id in joblist
    payer = known_payer(request.root, joblist[job_id].payer) if there else payer_of(request)
    return system.limiter.quotas.allowance(request.root, payer)


@contextmanager
def incoming_form(
    request: Request, system: WorkerSystem, job_id: str, *, patient: bool = False
) -> Iterator[Incoming]:
    """Read query and body; if the block ends with an error, no file that came with them is kept.

    With ``patient``, a file that is too large is noted, and what comes after it is read.
    """
    incoming = Incoming()
    with _keeping(request, system, job_id, incoming, patient=patient) as keep:
        pairs = read_form(request, keep)
        incoming.control, incoming.others = split(pairs)
        incoming.keep = keep
        yield incoming


@contextmanager
def incoming_value(
    request: Request, system: WorkerSystem, job_id: str, name: str, media_type: str
) -> Iterator[Incoming]:
    """Take the body as the file of one parameter, likewise."""
    incoming = Incoming()
    with _keeping(request, system, job_id, incoming) as keep:
        with keep(name, media_type) as file:
            for chunk in body_chunks(request):
                file.write(chunk)
        yield incoming


#: How a request is read: called with it, the worker system and the id of the job.
Reading = Callable[[Request, WorkerSystem, str], AbstractContextManager[Incoming]]


@contextmanager
def _keeping(
    request: Request, system: WorkerSystem, job_id: str, incoming: Incoming, *, patient: bool = False
) -> Iterator["_Keep"]:
    keep = _Keep(request, system, job_id, incoming, patient=patient)
    try:
        yield keep
    except BaseException:
        keep.discard()
        raise


class _Keep:
    """Files on their way into the store."""

    def __init__(
        self, request: Request, system: WorkerSystem, job_id: str, incoming: Incoming, *, patient: bool
    ) -> None:
        self._request = request
        self._system = system
        self._job_id = job_id
        self._incoming = incoming
        self._patient = patient
        self._files: list[str] = []
        self._allowance: Allowance | None = None
        self._together: list[_Bound] = []

    @contextmanager
    def __call__(self, name: str, media_type: str) -> Iterator["_Bounded"]:
        bounds = self._bounds(name)
        with self._system.store.new_reference(self._job_id) as (file_name, file):
            self._files.append(file_name)
            bounded = _Bounded(file, bounds, patient=self._patient)
            yield bounded
            size = file.tell()
        if bounded.problem is not None:
            self._incoming.too_large[name] = bounded.problem
        self._incoming.references.append((name, media_type, size, file_name))

    def _bounds(self, name: str) -> list["_Bound"]:
        """Return what holds for one file: what its service takes, and the quotas of whoever pays for it."""
        if self._allowance is None:
            self._allowance = allowance_of(self._request, self._system, self._job_id)
            self._together = [] if self._allowance.together is None else [_Bound(*self._allowance.together)]
        definition, service = self._system.definition, self._system.service
        most = definition.limits.max_upload if definition else 0
        limits = ((most, f"the most that {service} takes"), (self._allowance.each, "the quota upload"))
        each = [
            _Bound(limit, TooLarge(f"The file {name} has more than {limit} bytes, {whose}."))
            for limit, whose in limits
            if limit
        ]
        return [*each, *self._together]

    def discard(self) -> None:
        for file_name in self._files:
            self._system.store.remove_reference(self._job_id, file_name)


@dataclass
class _Bound:
    """How many bytes may still come, and what is said of more."""

    left: int
    refusal: UWSError


class _Bounded:
    """A file that takes no more than its bounds let through, which other files may share.

    A patient one drops the rest of what is too large, and notes the problem.
    """

    def __init__(self, file: BinaryIO, bounds: Sequence[_Bound], *, patient: bool) -> None:
        self.problem: UWSError | None = None
        self._file = file
        self._bounds = bounds
        self._patient = patient

    def write(self, chunk: bytes | bytearray) -> None:
        for bound in self._bounds:
            bound.left -= len(chunk)
            if bound.left < 0:
                self._refuse(bound.refusal)
                return
        self._file.write(chunk)

    def _refuse(self, refusal: UWSError) -> None:
        if not self._patient:
            raise refusal
        self.problem = refusal
