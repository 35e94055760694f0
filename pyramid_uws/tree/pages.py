"""A job list page by page: the next jobs of it, at a cost that does not grow with what is stored.

What cannot be looked up in an index is looked for along the order of the list, so far and no farther; a page tells
where the next one goes on.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyramid_uws.uws.jobfilter import JobFilter
from pyramid_uws.uws.phases import ACTIVE, ARCHIVED

from .rows import span

if TYPE_CHECKING:
    from .job import Job
    from .joblist import Joblist

#: A job that is looked at: its id; phase and run id, or None if it is not among those who may be shown.
Candidate = tuple[str, tuple[str, str | None] | None]

#: How many jobs are looked at for a page: rows of an index, or the jobs themselves, which takes longer.
ROWS_LOOKED_AT = 10_000
JOBS_LOOKED_AT = 1_000


@dataclass(frozen=True)
class Page:
    """Some jobs, newest first; ``older`` is the id behind which the next page begins, None if there is none.

    ``is_cut`` tells that enough was looked at before enough was found.
    """

    jobs: tuple["Job", ...]
    older: str | None
    is_cut: bool = False


def page_of_owner(joblist: "Joblist", wanted: JobFilter, owner: str | None, most: int) -> Page:
    """Return the next jobs of an owner (None: nobody's)."""
    sources = [_of_owner(joblist, wanted, owner or "")]
    if ARCHIVED in wanted.shown and (shelf := joblist.shelf) is not None and (owner or "") in shelf.refs:
        sources.append(shelf.refs[owner or ""].items(*span(wanted)))
    return _page(joblist, wanted, sources, most, ROWS_LOOKED_AT)


def page_of_all(joblist: "Joblist", wanted: JobFilter, most: int) -> Page:
    """Return the next jobs of everybody."""
    sources = [_of_all(joblist, wanted)]
    if ARCHIVED in wanted.shown and (shelf := joblist.shelf) is not None:
        sources.append(_facts(shelf.jobs.items(*span(wanted))))
    return _page(joblist, wanted, sources, most, JOBS_LOOKED_AT)


def _of_owner(joblist: "Joblist", wanted: JobFilter, owner: str) -> Iterable[Candidate]:
    refs = joblist.refs.get(owner)
    if refs is None:
        return ()
    if _is_active(wanted):
        return ((job_id, refs.get(job_id)) for job_id in _active(joblist, wanted))
    found: Iterable[Candidate] = refs.items(*span(wanted))
    return found


def _of_all(joblist: "Joblist", wanted: JobFilter) -> Iterable[Candidate]:
    if _is_active(wanted):
        return _facts((job_id, joblist.jobs[job_id]) for job_id in _active(joblist, wanted))
    return _facts(joblist.jobs.items(*span(wanted)))


def _is_active(wanted: JobFilter) -> bool:
    return bool(wanted.phases) and wanted.phases <= ACTIVE


def _active(joblist: "Joblist", wanted: JobFilter) -> Iterator[str]:
    return heapq.merge(*(joblist.active[phase].keys(*span(wanted)) for phase in wanted.phases))


def _facts(jobs: Iterable[tuple[str, "Job"]]) -> Iterator[Candidate]:
    return ((job_id, (job.phase, job.runid)) for job_id, job in jobs)


def _page(
    joblist: "Joblist", wanted: JobFilter, sources: Iterable[Iterable[Candidate]], most: int, looks: int
) -> Page:
    """Take the first that pass, and look for one more, so that no page is empty but the first."""
    shown, sought = wanted.shown, wanted.sought
    found: list[str] = []
    for number, (job_id, facts) in enumerate(heapq.merge(*sources, key=lambda candidate: candidate[0]), 1):
        passes = facts is not None and facts[0] in shown and sought in (facts[1] or "").casefold()
        if passes and job_id not in found[-1:]:
            if len(found) == most:
                return Page(_load(joblist, found), found[-1])
            found.append(job_id)
        if number == looks:
            return Page(_load(joblist, found), job_id, is_cut=True)
    return Page(_load(joblist, found), None)


def _load(joblist: "Joblist", ids: list[str]) -> tuple["Job", ...]:
    return tuple(map(joblist.get, ids))
