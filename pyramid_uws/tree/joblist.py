"""The job list: all jobs of a renderer, the indexes beside them, and the only door to changing them.

Every index follows the newest-first order of job ids, so that lists cost what they return:

- ``jobs``: id -> :class:`Job`;
- ``refs``: owner ("" for nobody) -> id -> (phase, run id), which is what a list shows;
- ``active``: phase -> ids, for phases in which something may still happen;
- ``queue``: :class:`Lines` of those that wait for a slot;
- ``held``: likewise, of those that wait for a place in the queue;
- ``later``: (instant, id) of those that are not to be started before that, earliest first;
- ``destructions``: (instant, id), earliest first.
"""

import heapq
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from persistent import Persistent
from zope.interface import implementer

from pyramid_uws.exceptions import NoSuchJob, NotAllowedNow
from pyramid_uws.interfaces import IJoblist
from pyramid_uws.uws.ids import created_at, time_prefix
from pyramid_uws.uws.jobfilter import JobFilter
from pyramid_uws.uws.phases import ACTIVE, ARCHIVED, EXECUTING, HELD, MOVES, QUEUED

from .indexes import IndexSet, IndexTree
from .job import Job
from .lines import Lines, Mark

if TYPE_CHECKING:
    from .renderer import AsyncRenderer


class JobRow(NamedTuple):
    """What a list shows of a job; ``created`` in µs."""

    job_id: str
    phase: str
    runid: str | None
    owner: str | None
    created: int


@implementer(IJoblist)
class Joblist(Persistent):
    """All jobs of one renderer (UWS 1.1, section 2.2.2.1)."""

    __name__ = ""

    def __init__(self, renderer: "AsyncRenderer") -> None:
        self.__parent__ = renderer
        self.jobs = IndexTree()
        self.refs = IndexTree()
        self.active = IndexTree({phase: IndexSet() for phase in ACTIVE})
        self.queue = Lines()
        self.held = Lines()
        self.later = IndexSet()
        self.destructions = IndexSet()

    def renew(self) -> None:
        """Bring a list that was stored when there were no lines yet up to date."""
        if not isinstance(self.queue, Lines):
            self.queue, self.held, self.later = Lines(), Lines(), IndexSet()
            for job in self.in_phase(QUEUED):
                self.queue.add(_mark(job, job.queued))

    def __getitem__(self, job_id: str) -> Job:
        job: Job = self.jobs[job_id]
        return job

    def __contains__(self, job_id: str) -> bool:
        return job_id in self.jobs

    def get(self, job_id: str) -> Job:
        """Return the job, or raise :class:`NoSuchJob`."""
        job: Job | None = self.jobs.get(job_id)
        if job is None:
            raise NoSuchJob(job_id)
        return job

    # Reading

    def select(self, wanted: JobFilter, owner: str | None) -> Iterator[JobRow]:
        """Yield the owner's jobs (None: nobody's) that the filter lets through, newest first."""
        refs = self.refs.get(owner or "")
        if refs is None:
            return
        found = 0
        for job_id, (phase, runid) in self._candidates(refs, wanted):
            if phase in wanted.shown:
                yield JobRow(job_id, phase, runid, owner, created_at(job_id))
                found += 1
                if found == wanted.last:
                    return

    def select_all(self, wanted: JobFilter) -> Iterator[JobRow]:
        """Yield everybody's jobs that the filter lets through, newest first."""
        return islice(heapq.merge(*(self.select(wanted, owner or None) for owner in self.refs)), wanted.last)

    def _candidates(self, refs: IndexTree, wanted: JobFilter) -> Iterator[tuple[str, tuple[str, str | None]]]:
        """Yield what may pass, from the smallest index that holds all of it."""
        # Ids of jobs created later than an instant sort before the bare prefix of that instant.
        until = None if wanted.after is None else time_prefix(wanted.after)
        if wanted.phases and wanted.phases <= ACTIVE:
            ids = heapq.merge(*(self.active[phase].keys(None, until) for phase in wanted.phases))
            return ((job_id, refs[job_id]) for job_id in ids if job_id in refs)
        items: Iterator[tuple[str, tuple[str, str | None]]] = iter(refs.items(None, until))
        return items

    def in_phase(self, phase: str) -> Iterator[Job]:
        """Yield the jobs of an active phase, newest first."""
        for job_id in self.active[phase]:
            yield self.jobs[job_id]

    def count_in(self, phase: str) -> int:
        """Return how many jobs are in an active phase."""
        return len(self.active[phase])

    def queued(self) -> Iterator[tuple[int, str]]:
        """Yield (instant queued, id) of those that wait for a slot, oldest first."""
        yield from self.queue

    def due(self, instant: int) -> Iterator[str]:
        """Yield the ids of those that were to be started no earlier than an instant (µs) which has come."""
        for when, job_id in self.later:
            if when > instant:
                return
            yield job_id

    def next_due(self) -> int | None:
        """Return the earliest instant (µs) before which a job is not to be started."""
        return int(self.later.minKey()[0]) if self.later else None

    def expired(self, instant: int) -> Iterator[str]:
        """Yield the ids of the jobs whose destruction time is not after the instant (µs), earliest first."""
        for when, job_id in self.destructions:
            if when > instant:
                return
            yield job_id

    def next_destruction(self, after: int) -> int | None:
        """Return the earliest destruction instant (µs) later than this one."""
        for when, _ in self.destructions.keys((after + 1, "")):
            return int(when)
        return None

    # Changing

    def add(self, job: Job) -> None:
        """Take in a new job."""
        job.__parent__ = self
        self.jobs[job.job_id] = job
        self._show(job)
        self._note(job, set())

    def remove(self, job_id: str) -> Job:
        """Take the job out, whatever its phase, and return it."""
        job = self.get(job_id)
        for name, mark in self._marks(job):
            self._set(name).remove(mark)
        refs = self.refs[job.owner or ""]
        del refs[job_id]
        if not refs:
            del self.refs[job.owner or ""]
        del self.jobs[job_id]
        # Whoever waits for the job is told of changes of its object only, and is to look again.
        job._p_changed = True  # noqa: SLF001 - persistent's public name for it
        return job

    def move(self, job: Job, expected: str, to: str, **facts: Any) -> None:
        """Move the job from the phase the caller believes in to another, setting facts in the same stroke.

        :class:`NotAllowedNow` if the job is elsewhere by now, or the table of moves has no such move.
        """
        if job.phase != expected or to not in MOVES[expected]:
            raise NotAllowedNow(f"Job {job.job_id} is {job.phase}; it cannot go from {expected} to {to}.")
        self._change(job, phase=to, **facts)
        if (expected, to) == (QUEUED, EXECUTING):
            self.queue.pass_turn(job.owner or "", job.lowered, job.started or 0)
        if (expected, to) == (HELD, QUEUED):
            self.held.pass_turn(job.owner or "", job.lowered, job.queued or 0)

    def update(self, job: Job, **facts: Any) -> None:
        """Set facts of the job other than its phase."""
        if "phase" in facts:
            raise ValueError("a phase changes by move() only")
        self._change(job, **facts)

    def _change(self, job: Job, **facts: Any) -> None:
        before = self._marks(job)
        for name, value in facts.items():
            setattr(job, name, value)
        self._note(job, before)
        if not facts.keys().isdisjoint({"phase", "runid"}):
            self._show(job)

    def _show(self, job: Job) -> None:
        """Have lists show the job as it is."""
        owner = job.owner or ""
        if owner not in self.refs:
            self.refs[owner] = IndexTree()
        self.refs[owner][job.job_id] = (job.phase, job.runid)

    def _marks(self, job: Job) -> set[tuple[str, Any]]:
        """Return the sets the job belongs to, and as what it stands there."""
        marks: set[tuple[str, Any]] = set()
        if job.phase in ACTIVE:
            marks.add((job.phase, job.job_id))
        if job.phase == QUEUED and job.not_before is None:
            marks.add(("queue", _mark(job, job.queued)))
        if job.phase == QUEUED and job.not_before is not None:
            marks.add(("later", (job.not_before, job.job_id)))
        if job.phase == HELD and job.held is not None:
            marks.add(("held", _mark(job, job.held)))
        if job.destruction is not None and job.phase != ARCHIVED:
            marks.add(("destructions", (job.destruction, job.job_id)))
        return marks

    def _note(self, job: Job, before: set[tuple[str, Any]]) -> None:
        """Move the job to the sets it belongs to now; a set that has it already is left alone."""
        after = self._marks(job)
        for name, mark in before - after:
            self._set(name).remove(mark)
        for name, mark in after - before:
            self._set(name).add(mark)

    def _set(self, name: str) -> IndexSet | Lines:
        found: IndexSet | Lines = self.active[name] if name in ACTIVE else getattr(self, name)
        return found


def _mark(job: Job, moment: int | None) -> Mark:
    return Mark(job.lowered, job.owner or "", moment or 0, job.job_id)
