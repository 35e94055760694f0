"""The job list: all jobs of a renderer, the indexes beside them, and the only door to changing them.

Every index follows the newest-first order of job ids, so that lists cost what they return:

- ``jobs``: id -> :class:`Job`;
- ``refs``: owner ("" for nobody) -> id -> (phase, run id), which is what a list shows;
- ``active``: phase -> ids, for phases in which something may still happen;
- ``queue``: :class:`Lines` of those that wait for a slot;
- ``held``: likewise, of those that wait for a place in the queue;
- ``later``: (instant, id) of those that are not to be started before that, earliest first;
- ``destructions``: (instant, id), earliest first.

What its jobs come to is counted in the accounts of those who pay for them, at the root.
"""

import heapq
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from persistent import Persistent
from zope.interface import implementer

from pyramid_uws.exceptions import NoSuchJob, NotAllowedNow
from pyramid_uws.interfaces import IJoblist
from pyramid_uws.uws.jobfilter import JobFilter
from pyramid_uws.uws.phases import ACTIVE, ARCHIVED, EXECUTING, HELD, MOVES, QUEUED

from .accounts import WEIGHTLESS, Weight, weight_of
from .indexes import IndexSet, IndexTree
from .job import Job
from .lines import Lines, Mark
from .rows import JobRow, Refs, merge, rows, span, walk
from .shelf import Shelf, find_shelf, make_shelf

if TYPE_CHECKING:
    from .renderer import JobRenderer


@implementer(IJoblist)
class Joblist(Persistent):
    """All jobs of one renderer (UWS 1.1, section 2.2.2.1)."""

    __name__ = ""

    def __init__(self, renderer: "JobRenderer") -> None:
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
        job = self._find(job_id)
        if job is None:
            raise KeyError(job_id)
        return job

    def __contains__(self, job_id: str) -> bool:
        return self._find(job_id) is not None

    def get(self, job_id: str) -> Job:
        """Return the job, or raise :class:`NoSuchJob`."""
        job = self._find(job_id)
        if job is None:
            raise NoSuchJob(job_id)
        return job

    def _find(self, job_id: str) -> Job | None:
        job: Job | None = self.jobs.get(job_id)
        if job is None and (shelf := self.shelf) is not None:
            job = shelf.jobs.get(job_id)
        return job

    @property
    def shelf(self) -> Shelf | None:
        """The archived jobs that are in a database of their own, if there are such."""
        return find_shelf(self)

    # Reading

    def select(self, wanted: JobFilter, owner: str | None) -> Iterator[JobRow]:
        """Yield the owner's jobs (None: nobody's) that the filter lets through, newest first."""
        return merge(self._sources(wanted, owner or ""), wanted.last)

    def select_all(self, wanted: JobFilter) -> Iterator[JobRow]:
        """Yield everybody's jobs that the filter lets through, newest first."""
        shelf = self.shelf
        owners = {*self.refs, *(() if shelf is None else shelf.refs)}
        return merge((source for owner in owners for source in self._sources(wanted, owner)), wanted.last)

    def _sources(self, wanted: JobFilter, owner: str) -> Iterator[Iterator[JobRow]]:
        """Yield the rows of an owner ("": nobody), from the list and from the shelf."""
        refs = self.refs.get(owner)
        if refs is not None:
            yield rows(self._candidates(refs, wanted), wanted, owner or None)
        if ARCHIVED in wanted.shown and (shelf := self.shelf) is not None:
            yield rows(walk(shelf.refs.get(owner), wanted), wanted, owner or None)

    def _candidates(self, refs: IndexTree, wanted: JobFilter) -> Refs:
        """Return what may pass, from the smallest index that holds all of it."""
        if wanted.phases and wanted.phases <= ACTIVE:
            ids = heapq.merge(*(self.active[phase].keys(*span(wanted)) for phase in wanted.phases))
            return ((job_id, refs[job_id]) for job_id in ids if job_id in refs)
        return walk(refs, wanted)

    def ids(self, beginning: str) -> set[str]:
        """Return the ids that begin so, or end so."""
        trees = [self.jobs, *(() if (shelf := self.shelf) is None else (shelf.jobs,))]
        begun = {job_id for tree in trees for job_id in tree.keys(beginning, beginning + _BEHIND)}
        return begun | {job_id for tree in trees for job_id in tree if job_id.endswith(beginning)}

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
        self._count(job, WEIGHTLESS)

    def remove(self, job_id: str) -> Job:
        """Take the job out, whatever its phase and wherever it is, and return it."""
        job = self.get(job_id)
        self.unshelve(job)
        return self.let_go(job_id) if job_id in self.jobs else job

    def shelve(self, job: Job, **facts: Any) -> None:
        """Put a copy of the job, with other facts, into the database of those that are archived."""
        make_shelf(self).put(job, phase=ARCHIVED, **facts)

    def is_shelved(self, job_id: str) -> bool:
        """Tell whether the job is in the database of those that are archived."""
        shelf = self.shelf
        return shelf is not None and job_id in shelf.jobs

    def unshelve(self, job: Job) -> None:
        """Take the job from there, if it is there."""
        shelf = self.shelf
        if shelf is not None and job.job_id in shelf.jobs:
            shelf.remove(job)

    def let_go(self, job_id: str) -> Job:
        """Take the job out of the list, not from the shelf, and return it."""
        job: Job | None = self.jobs.get(job_id)
        if job is None:
            raise NoSuchJob(job_id)
        for name, mark in self._marks(job):
            self._set(name).remove(mark)
        jobs, octets = weight_of(job)
        self._root.count(job.payer, -jobs, -octets)
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
            self.queue.pass_turn(job.payer, job.lowered, job.started or 0)
        if (expected, to) == (HELD, QUEUED):
            self.held.pass_turn(job.payer, job.lowered, job.queued or 0)

    def update(self, job: Job, **facts: Any) -> None:
        """Set facts of the job other than its phase."""
        if "phase" in facts:
            raise ValueError("a phase changes by move() only")
        self._change(job, **facts)

    def _change(self, job: Job, **facts: Any) -> None:
        before, weight = self._marks(job), weight_of(job)
        for name, value in facts.items():
            setattr(job, name, value)
        self._note(job, before)
        self._count(job, weight)
        if not facts.keys().isdisjoint({"phase", "runid"}):
            self._show(job)

    def _show(self, job: Job) -> None:
        """Have lists show the job as it is."""
        owner = job.owner or ""
        if owner not in self.refs:
            self.refs[owner] = IndexTree()
        self.refs[owner][job.job_id] = (job.phase, job.runid)

    def _count(self, job: Job, before: Weight) -> None:
        """Have the account of whoever pays for the job show what the job counts, which was so much."""
        jobs, octets = weight_of(job)
        self._root.count(job.payer, jobs - before.jobs, octets - before.octets)

    @property
    def _root(self) -> Any:
        return self.__parent__.__parent__.__parent__

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


#: Sorts behind every character of a job id.
_BEHIND = "\x7f"


def _mark(job: Job, moment: int | None) -> Mark:
    return Mark(job.lowered, job.payer, moment or 0, job.job_id)
