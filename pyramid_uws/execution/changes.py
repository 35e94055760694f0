"""The changes a dispatcher hands to the writer: claim, progress, finish, reap."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.exceptions import NotAllowedNow, Overloaded
from pyramid_uws.tree import AsyncRenderer, Root
from pyramid_uws.uws import phases
from pyramid_uws.uws.instants import now
from pyramid_uws.uws.limits import SECOND

from .endings import ABORTED
from .runs import Address, Harvest
from .worker_system import move
from .writer import Change, Journal, PhaseChanged, Writer

T = TypeVar("T")

#: Phases in which an attempt may report its end.
_AT_WORK = frozenset({phases.EXECUTING, phases.SUSPENDED, phases.UNKNOWN})


@dataclass(frozen=True)
class Claimed:
    """A job taken from the queue: what its attempt needs to know.

    ``duration`` in seconds; ``style`` is how conditions are written.
    """

    address: Address
    attempt: int
    owner: str | None
    runid: str | None
    parameters: tuple[tuple[str, str], ...]
    references: tuple[tuple[str, str, int, str], ...]
    duration: int
    style: str


def async_renderers(root: Root) -> Iterator[AsyncRenderer]:
    """Yield every renderer that has a job list."""
    for service in root:
        for renderer in service:
            if isinstance(renderer, AsyncRenderer):
                yield renderer


def hand_over(writer: Writer, change: Change[T]) -> Future[T]:
    """Hand a change to the writer; a refusal is in the future, too."""
    try:
        return writer.submit(change)
    except Overloaded as problem:
        future: Future[T] = Future()
        future.set_exception(problem)
        return future


def claim(address: Address, worker: str) -> Callable[[Root, Journal], Claimed]:
    """QUEUED to EXECUTING in the hands of a worker; raises when the job has moved or gone meanwhile."""

    def change(root: Root, journal: Journal) -> Claimed:
        joblist = address.joblist(root)
        job = joblist.get(address.job_id)
        instant = now()
        quote = instant + job.execution_duration * SECOND if job.execution_duration else None
        facts = {"started": instant, "attempt": job.attempt + 1, "quote": quote, "reason": None, "worker": worker}
        move(journal, joblist, job, phases.EXECUTING, **facts)
        return Claimed(
            address,
            job.attempt,
            job.owner,
            job.runid,
            job.parameters,
            job.references,
            job.execution_duration,
            joblist.__parent__.parameter_style,
        )

    return change


def refuse(address: Address, sentence: str) -> Callable[[Root, Journal], None]:
    """QUEUED to ERROR, for a job that can never be started."""

    def change(root: Root, journal: Journal) -> None:
        joblist = address.joblist(root)
        job = joblist.get(address.job_id)
        if job.phase == phases.QUEUED:
            move(journal, joblist, job, phases.ERROR, ended=now(), quote=None, failure=("fatal", sentence, ""))

    return change


def report(address: Address, progress: tuple[float, str]) -> Callable[[Root, Journal], None]:
    """Note the progress (fraction, text) of a job at work."""

    def change(root: Root, _journal: Journal) -> None:
        joblist = address.joblist(root)
        if address.job_id in joblist and joblist[address.job_id].phase in _AT_WORK:
            joblist.update(joblist[address.job_id], progress=progress)

    return change


def finish(harvest: Harvest) -> Callable[[Root, Journal], None]:
    """Enter the ending's phase with results, times and error in one stroke.

    Nothing happens if the job is in a final phase or in the hands of another attempt by now. It is an error if
    the job was deleted or archived meanwhile: nobody wants the files then.
    """

    def change(root: Root, journal: Journal) -> None:
        joblist = harvest.address.joblist(root)
        job = joblist.get(harvest.address.job_id)
        if job.phase == phases.ARCHIVED:
            raise NotAllowedNow(f"Job {job.job_id} is ARCHIVED; it has no results any more.")
        if job.attempt != harvest.attempt or job.phase not in _AT_WORK:
            return
        end = harvest.ending
        if job.abort_requested is not None:
            end = ABORTED
        if end.phase == phases.QUEUED:
            move(journal, joblist, job, end.phase, started=None, quote=None, progress=None, reason=end.reason)
            return
        move(
            journal,
            joblist,
            job,
            end.phase,
            ended=now(),
            quote=None,
            results=harvest.results,
            failure=end.failure,
            reason=end.reason,
            progress=harvest.progress or job.progress,
        )

    return change


def reap(address: Address, definition: ServiceDefinition | None, instant: int) -> Callable[[Root, Journal], bool]:
    """Destroy a job whose time is up, or archive it if its service says so; tells whether it did.

    The files go afterwards: a job that is not named any more, or names none of them.
    """

    def change(root: Root, journal: Journal) -> bool:
        joblist = address.joblist(root)
        job = joblist.get(address.job_id)
        if job.destruction is None or job.destruction > instant or job.phase == phases.ARCHIVED:
            return False
        if definition is not None and definition.on_destruction == "archive":
            if job.phase not in phases.FINAL:
                move(journal, joblist, job, phases.ABORTED, ended=now(), quote=None)
            move(journal, joblist, job, phases.ARCHIVED, former=job.results, results=(), references=())
        else:
            joblist.remove(address.job_id)
            journal.append(PhaseChanged(address.service, address.renderer, address.job_id, job.phase, None))
        return True

    return change
