"""The life of a job as a list of steps: what has happened, what happens now, and what is to be expected."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from pyramid_uws.documents.state import ErrorEntry, error_entry
from pyramid_uws.documents.xml import replace_illegal
from pyramid_uws.uws import phases
from pyramid_uws.uws.instants import parse_instant
from pyramid_uws.uws.limits import SECOND

#: What the last step is called, by phase.
_ENDS = {
    phases.COMPLETED: "Completed",
    phases.ERROR: "Failed",
    phases.ABORTED: "Aborted",
    phases.ARCHIVED: "Ended",
}

#: Less than this, in seconds, is not told.
NOTICED = 0.1


@dataclass(frozen=True)
class Failure:
    """What went wrong, and what can be done about it. ``progress`` tells how far the job had come."""

    message: str
    has_detail: bool
    advice: str
    progress: str


@dataclass(frozen=True)
class Step:
    """One step. ``state`` is ``done``, ``now``, ``ahead``, ``failed`` or ``skipped``.

    ``instant`` is when it was, ``expected`` when it is to be (µs), ``hedge`` how sure that is; ``took`` is how
    long it has been since the step before (s); ``notes`` are sentences.
    """

    name: str
    label: str
    state: str
    instant: int | None = None
    expected: int | None = None
    hedge: str = ""
    took: float | None = None
    notes: tuple[str, ...] = ()
    failure: Failure | None = None


def timeline(job: Any, on_destruction: str = "remove") -> list[Step]:
    """Return the steps of a job, a :class:`~pyramid_uws.tree.Job` with what is foreseen of it."""
    told = dict(job.info)
    steps = [_created(job), _queued(job, told), _started(job, told), _ended(job)]
    last = _destroyed(job, on_destruction)
    return [*_with_durations(steps), *([] if last is None else [last])]


def _created(job: Any) -> Step:
    notes = ("It waits for somebody to run it.",) if job.phase == phases.PENDING else ()
    return Step("created", "Created", "now" if notes else "done", job.created, notes=notes)


def _queued(job: Any, told: dict[str, str]) -> Step:
    if job.phase == phases.PENDING:
        return Step("queued", "Queued", "ahead")
    if job.phase == phases.HELD:
        why = "The queue is full; the job goes there by itself as soon as there is a place."
        return Step("queued", "Held", "now", job.held, notes=(why,))
    notes = tuple(_about_queue(job, told)) if job.phase == phases.QUEUED else ()
    state = "now" if job.phase == phases.QUEUED else ("done" if job.queued else "skipped")
    return Step("queued", "Queued", state, job.queued, notes=notes)


def _about_queue(job: Any, told: dict[str, str]) -> list[str]:
    notes = []
    if "queuePosition" in told:
        notes.append(f"Position in the queue: {told['queuePosition']}.")
    notes += _about_failures(job)
    if job.reason:
        notes.append(job.reason)
    return notes


def _started(job: Any, told: dict[str, str]) -> Step:
    if job.phase in {phases.PENDING, phases.HELD, phases.QUEUED}:
        expected = job.not_before if job.phase == phases.QUEUED else None
        if expected is None and "expectedStart" in told:
            expected = parse_instant(told["expectedStart"])
        hedge = "likely" if job.not_before is None else ""
        return Step("started", "Start", "ahead", expected=expected, hedge=hedge)
    if job.started is None:
        return Step("started", "Started", "skipped")
    state = "now" if job.phase in phases.AT_WORK else "done"
    return Step("started", "Started", state, job.started, notes=tuple(_about_work(job)))


def _about_work(job: Any) -> list[str]:
    notes = _about_failures(job)
    if job.phase == phases.SUSPENDED:
        notes.append("It is suspended, and goes on later.")
    if job.phase == phases.UNKNOWN:
        notes.append("Its worker is not heard of at the moment.")
    if job.phase in phases.AT_WORK and job.abort_requested is not None:
        notes.append("It is being aborted: the phase changes as soon as its processes have ended.")
    return notes


def _about_failures(job: Any) -> list[str]:
    """Say which attempt this is, if it is not the first."""
    if not job.failures:
        return []
    return [f"Attempt {job.failures + 1}. The one before failed: {replace_illegal(job.last_failure or '')}"]


def _ended(job: Any) -> Step:
    label = _ENDS.get(job.phase)
    if label is None:
        return Step("ended", "End", "ahead", expected=job.quote, hedge=_hedge(job))
    error = error_entry(job)
    reason = replace_illegal(job.reason) if job.reason else ""
    notes = (reason,) if reason and (error is None or reason != error.message) else ()
    if error is None:
        return Step("ended", label, "done", job.ended, notes=notes)
    return Step("ended", label, "failed", job.ended, notes=notes, failure=_failure(job, error))


def _hedge(job: Any) -> str:
    """Say how sure the end is that is foreseen: by experience, or by the execution duration alone."""
    latest = None if job.started is None else job.started + job.execution_duration * SECOND
    return "at the latest" if latest is not None and job.execution_duration and job.quote == latest else "likely"


def _failure(job: Any, error: ErrorEntry) -> Failure:
    progress = ""
    if job.progress is not None:
        fraction, text = job.progress
        progress = f"{fraction:.0%}" + (f", {replace_illegal(text)}" if text else "")
    return Failure(replace_illegal(error.message), error.has_detail, _advice(job, error), progress)


def _advice(job: Any, error: ErrorEntry) -> str:
    """Say what to do next."""
    if job.phase == phases.ABORTED:
        return "Run it again with a longer execution duration, or with less to do."
    if job.blames_client:
        return "Correct what is wrong with the parameters, and run it again with these changes."
    if error.kind == "transient":
        return "This is likely to pass: run it again as it is, now or later."
    log = "" if job.phase == phases.ARCHIVED else " The log below may tell more."
    return (
        f"Run as it is, it would fail again.{log} If nothing in the parameters is to blame, "
        "tell the operator the id of the job."
    )


def _destroyed(job: Any, on_destruction: str) -> Step | None:
    if job.phase == phases.ARCHIVED:
        note = "Its results and files are gone; what it was is kept."
        return Step("destroyed", "Archived", "done", job.destruction, notes=(note,))
    if job.destruction is None:
        return None
    label = "Will be archived" if on_destruction == "archive" else "Will be deleted"
    return Step("destroyed", label, "ahead", expected=job.destruction)


def _with_durations(steps: list[Step]) -> list[Step]:
    """Say how long each step has taken to come after the one before, if one could notice that."""
    known = [(step.name, step.instant) for step in steps if step.instant is not None]
    took = {name: (instant - before) / SECOND for (_, before), (name, instant) in pairwise(known)}
    noticed = {name: seconds for name, seconds in took.items() if seconds >= NOTICED}
    return [replace(step, took=noticed[step.name]) if step.name in noticed else step for step in steps]
