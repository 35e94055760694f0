"""Moves of jobs that are noted in the journal, from which whoever listens is told after the commit."""

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
    journal.append(PhaseChanged(renderer.__parent__.__name__, renderer.__name__, job.job_id, before, after))


def latest_end(job: Job, start: int) -> int | None:
    """Return when the job will have ended at the latest if it starts at an instant (µs); None: nobody knows."""
    return start + job.execution_duration * SECOND if job.execution_duration else None
