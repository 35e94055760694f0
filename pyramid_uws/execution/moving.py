"""Moves of jobs that are noted in the journal, from which whoever listens is told after the commit."""

from typing import Any

from pyramid_uws.observing.activity import Actor, Subject
from pyramid_uws.observing.audit import Act
from pyramid_uws.tree import Job, Joblist
from pyramid_uws.uws.limits import SECOND

from .writer import Journal, PhaseChanged


def move(journal: Journal, joblist: Joblist, job: Job, to: str, **facts: object) -> None:
    """Move the job from its present phase, and note that."""
    before = job.phase
    joblist.move(job, before, to, **facts)
    note(journal, joblist, job, before, to)


def note(journal: Journal, joblist: Joblist, job: Job, before: str | None, after: str | None) -> None:
    """Note that the job has left a phase (None: it was made) and entered another (None: it was deleted)."""
    renderer = joblist.__parent__
    journal.append(
        PhaseChanged(
            renderer.__parent__.__name__,
            renderer.__name__,
            job.job_id,
            before,
            after,
            owner=job.owner,
            runid=job.runid,
            waited=_between(job.queued, job.started) if job.attempt == 1 else None,
            ran=_between(job.started, job.ended),
            failure=_failure(job),
        )
    )


def note_act(journal: Journal, joblist: Joblist, job: Job, event: str, by: Actor, **facts: Any) -> None:
    """Note that somebody has done something to the job, for the audit log."""
    service = joblist.__parent__.__parent__.__name__
    journal.append(Act(event, Subject(service, job.job_id, job.owner, job.runid), by, facts))


def _between(begin: int | None, end: int | None) -> int | None:
    return None if begin is None or end is None else max(end - begin, 0)


def _failure(job: Job) -> str | None:
    """Return of what kind the job's error is: ``client`` if it is in what was sent."""
    if job.failure is None:
        return None
    return "client" if job.blames_client else job.failure[0]


def latest_end(job: Job, start: int) -> int | None:
    """Return when the job will have ended at the latest if it starts at an instant (µs); None: nobody knows."""
    return start + job.execution_duration * SECOND if job.execution_duration else None
