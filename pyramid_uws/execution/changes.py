"""The changes a dispatcher hands to the writer: claim, progress, finish."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from pyramid_uws.exceptions import NotAllowedNow, Overloaded
from pyramid_uws.observing.activity import Subject
from pyramid_uws.tree import Job, Root
from pyramid_uws.uws import phases
from pyramid_uws.uws.instants import now
from pyramid_uws.uws.limits import SECOND, Limits

from .endings import ABANDONED, ABORTED, Ending
from .limiting import Limiter
from .moving import latest_end, move
from .retrying import NEVER, Retries
from .runs import Address, Harvest
from .writer import Change, Journal, Writer

T = TypeVar("T")


@dataclass(frozen=True)
class Claimed:
    """A job taken from the queue: what its attempt needs to know.

    ``duration`` in seconds; ``style`` is how conditions are written; ``failures`` counts earlier attempts;
    ``groups`` are those of the owner; ``base`` is the URL of the site; ``value_labels`` are what messages of bad
    values begin with; ``limits`` are the service's, and no more than whoever pays for the job may have.
    """

    address: Address
    attempt: int
    owner: str | None
    groups: tuple[str, ...]
    runid: str | None
    parameters: tuple[tuple[str, str], ...]
    references: tuple[tuple[str, str, int, str], ...]
    duration: int
    style: str
    failures: int
    base: str
    value_labels: Mapping[str, str]
    limits: Limits

    @property
    def subject(self) -> Subject:
        """What the log tells of the job."""
        return Subject(self.address.service, self.address.job_id, self.owner, self.runid)

    @property
    def url(self) -> str:
        """Where the job is found; "" if nobody has told."""
        address = self.address
        return f"{self.base}/{address.service}/{address.renderer}/{address.job_id}" if self.base else ""


def hand_over(writer: Writer, change: Change[T]) -> Future[T]:
    """Hand a change to the writer; a refusal is in the future, too."""
    try:
        return writer.submit(change)
    except Overloaded as problem:
        future: Future[T] = Future()
        future.set_exception(problem)
        return future


def claim(address: Address, worker: str, limiter: Limiter) -> Callable[[Root, Journal], Claimed]:
    """QUEUED to EXECUTING in the hands of a worker.

    Raises when the job has moved or gone meanwhile, or its owner has as many jobs running by now as allowed.
    """

    def change(root: Root, journal: Journal) -> Claimed:
        joblist = address.joblist(root)
        job = joblist.get(address.job_id)
        if limiter.counts_owners(root):
            root.pass_gate()
            if limiter.room_for_owners(root).full(address.service, job.payer) is not None:
                raise NotAllowedNow(f"Job {job.job_id} has to wait: others of its owner have been started.")
        instant = now()
        facts = {"started": instant, "quote": latest_end(job, instant), "reason": None, "worker": worker}
        facts["attempt"] = job.attempt + 1
        move(journal, joblist, job, phases.EXECUTING, **facts)
        return Claimed(
            address,
            job.attempt,
            job.owner,
            job.groups,
            job.runid,
            job.parameters,
            job.references,
            job.execution_duration,
            joblist.__parent__.parameter_style,
            job.failures,
            job.base,
            joblist.__parent__.value_labels,
            limiter.limits(root, address.service, job),
        )

    return change


def call_up(address: Address, instant: int) -> Callable[[Root, Journal], None]:
    """Have a QUEUED job that was not to be started before an instant (µs) wait for a slot like the others."""

    def change(root: Root, _journal: Journal) -> None:
        joblist = address.joblist(root)
        job = joblist.get(address.job_id)
        if job.not_before is not None and job.not_before <= instant:
            joblist.update(job, not_before=None)

    return change


def refuse(address: Address, sentence: str) -> Callable[[Root, Journal], None]:
    """QUEUED or HELD to ERROR, for a job that can never be started."""

    def change(root: Root, journal: Journal) -> None:
        joblist = address.joblist(root)
        job = joblist.get(address.job_id)
        if job.phase in {phases.QUEUED, phases.HELD}:
            move(journal, joblist, job, phases.ERROR, ended=now(), quote=None, failure=("fatal", sentence, ""))

    return change


def report(address: Address, progress: tuple[float, str]) -> Callable[[Root, Journal], None]:
    """Note the progress (fraction, text) of a job at work."""

    def change(root: Root, _journal: Journal) -> None:
        joblist = address.joblist(root)
        if address.job_id in joblist and joblist[address.job_id].phase in phases.AT_WORK:
            joblist.update(joblist[address.job_id], progress=progress)

    return change


def finish(harvest: Harvest, retries: Retries = NEVER) -> Callable[[Root, Journal], None]:
    """Enter the ending's phase with results, times and error in one stroke.

    If it is one after which the job is run again, the job is queued instead, to be started after a pause.
    Nothing happens if the job is in a final phase or in the hands of another attempt by now. It is an error if
    the job was deleted or archived meanwhile: nobody wants the files then.
    """

    def change(root: Root, journal: Journal) -> None:
        joblist = harvest.address.joblist(root)
        job = joblist.get(harvest.address.job_id)
        if job.phase == phases.ARCHIVED:
            raise NotAllowedNow(f"Job {job.job_id} is ARCHIVED; it has no results any more.")
        if job.attempt != harvest.attempt or job.phase not in phases.AT_WORK:
            return
        end = harvest.ending
        if job.abort_requested is not None:
            end = ABANDONED if job.abandoned else ABORTED
        if end.phase == phases.QUEUED:
            move(journal, joblist, job, end.phase, started=None, quote=None, progress=None, reason=end.reason)
            return
        if retries.applies(end, job.failures):
            move(journal, joblist, job, phases.QUEUED, **_for_later(job, end, retries))
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
            **({"blames_client": True} if end.blames_client else {}),
        )
        if end.phase == phases.COMPLETED and job.started is not None:
            root.learn(harvest.address.service, job.started, job.ended or now())

    return change


def _for_later(job: Job, end: Ending, retries: Retries) -> dict[str, object]:
    """Return the facts of a job that is to be run again after a pause."""
    failures = job.failures + 1
    return {
        "started": None,
        "quote": None,
        "progress": None,
        "failures": failures,
        "last_failure": end.failure and end.failure[1],
        "not_before": now() + round(retries.pause_after(failures) * SECOND),
        "reason": f"Attempt {failures} of {retries.limit + 1} failed for a reason that may pass.",
    }
