"""What a client sends to a job: control parameters, parameters, files; and what becomes of the files."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

from pyramid.request import Request

from pyramid_uws.exceptions import TooLarge
from pyramid_uws.execution.arriving import Reference, Sent
from pyramid_uws.execution.worker_system import WorkerSystem
from pyramid_uws.tree import JobRenderer
from pyramid_uws.uws.control import Control, Pairs, split
from pyramid_uws.uws.ids import new_id
from pyramid_uws.uws.instants import now

from .forms import body_chunks, read_form

log = logging.getLogger(__name__)


@dataclass
class Incoming:
    """A request that was read: control parameters, others, and files already in the result store.

    ``too_large`` has what is said of files that are larger than they may be, where that is not raised.
    """

    control: Pairs = ()
    others: Pairs = ()
    references: list[Reference] = field(default_factory=list)
    too_large: dict[str, TooLarge] = field(default_factory=dict)

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
        system = worker_system_of(request, renderer)
        with (reading or incoming_form)(request, system, job_id) as incoming:
            asked = control(incoming.control, created)
            if examine is not None:
                examine(incoming.sent)
            owner, base = request.authenticated_userid, request.application_url
            system.create(job_id, created, owner, asked, incoming.sent, base)
        if asked.runid is not None:
            log.info("job %s of %s has RUNID=%r", job_id, system.service, asked.runid)
    except BaseException:
        request.registry.uws.store.remove(job_id)
        raise
    return job_id


@contextmanager
def incoming_form(
    request: Request, system: WorkerSystem, job_id: str, *, patient: bool = False
) -> Iterator[Incoming]:
    """Read query and body; if the block ends with an error, no file that came with them is kept.

    With ``patient``, a file that is too large is noted, and what comes after it is read.
    """
    incoming = Incoming()
    with _keeping(system, job_id, incoming, patient=patient) as keep:
        pairs = read_form(request, keep)
        incoming.control, incoming.others = split(pairs)
        yield incoming


@contextmanager
def incoming_value(
    request: Request, system: WorkerSystem, job_id: str, name: str, media_type: str
) -> Iterator[Incoming]:
    """Take the body as the file of one parameter, likewise."""
    incoming = Incoming()
    with _keeping(system, job_id, incoming) as keep:
        with keep(name, media_type) as file:
            for chunk in body_chunks(request):
                file.write(chunk)
        yield incoming


#: How a request is read: called with it, the worker system and the id of the job.
Reading = Callable[[Request, WorkerSystem, str], AbstractContextManager[Incoming]]


@contextmanager
def _keeping(system: WorkerSystem, job_id: str, incoming: Incoming, *, patient: bool = False) -> Iterator["_Keep"]:
    keep = _Keep(system, job_id, incoming, patient=patient)
    try:
        yield keep
    except BaseException:
        keep.discard()
        raise


class _Keep:
    """Files on their way into the store."""

    def __init__(self, system: WorkerSystem, job_id: str, incoming: Incoming, *, patient: bool) -> None:
        self._system = system
        self._job_id = job_id
        self._incoming = incoming
        self._patient = patient
        self._files: list[str] = []

    @contextmanager
    def __call__(self, name: str, media_type: str) -> Iterator["_Bounded"]:
        with self._system.store.new_reference(self._job_id) as (file_name, file):
            self._files.append(file_name)
            bounded = _Bounded(file, name, self._system, patient=self._patient)
            yield bounded
            size = file.tell()
        if bounded.problem is not None:
            self._incoming.too_large[name] = bounded.problem
        self._incoming.references.append((name, media_type, size, file_name))

    def discard(self) -> None:
        for file_name in self._files:
            self._system.store.remove_reference(self._job_id, file_name)


class _Bounded:
    """A file that takes no more than its service does; a patient one drops the rest, and notes the problem."""

    def __init__(self, file: BinaryIO, name: str, system: WorkerSystem, *, patient: bool) -> None:
        self.problem: TooLarge | None = None
        self._file = file
        self._name = name
        self._patient = patient
        self._service = system.service
        self._left = self._limit = system.definition.limits.max_upload if system.definition else 0

    def write(self, chunk: bytes | bytearray) -> None:
        self._left -= len(chunk)
        if self._limit and self._left < 0:
            self.problem = TooLarge(
                f"The file {self._name} has more than {self._limit} bytes, the most that {self._service} takes."
            )
            if not self._patient:
                raise self.problem
            return
        self._file.write(chunk)
