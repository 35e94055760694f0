"""What a list shows of a job, and the walk through an index of such rows."""

import heapq
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from pyramid_uws.uws.ids import created_at, time_prefix
from pyramid_uws.uws.jobfilter import JobFilter

Refs = Iterable[tuple[str, tuple[str, str | None]]]


class JobRow(NamedTuple):
    """What a list shows of a job; ``created`` in µs."""

    job_id: str
    phase: str
    runid: str | None
    owner: str | None
    created: int


def until(wanted: JobFilter) -> str | None:
    """Return the id behind which nothing of a newest-first index passes the filter.

    Ids of jobs created later than an instant sort before the bare prefix of that instant.
    """
    return None if wanted.after is None else time_prefix(wanted.after)


def span(wanted: JobFilter) -> tuple[str | None, str | None, bool]:
    """Return between which ids lies what passes the filter, and whether the first of them does not."""
    return wanted.older, until(wanted), wanted.older is not None


def walk(refs: Any, wanted: JobFilter) -> Refs:
    """Return what may pass of an index: id -> (phase, run id)."""
    return () if refs is None else refs.items(*span(wanted))


def rows(refs: Refs, wanted: JobFilter, owner: str | None) -> Iterator[JobRow]:
    """Yield those that the filter lets through, but for ``last``."""
    shown, sought = wanted.shown, wanted.sought
    for job_id, (phase, runid) in refs:
        if phase in shown and (not sought or sought in (runid or "").casefold()):
            yield JobRow(job_id, phase, runid, owner, created_at(job_id))


def merge(sources: Iterable[Iterator[JobRow]], last: int | None) -> Iterator[JobRow]:
    """Merge newest-first rows; a job that is in two of them, on its way from one to the other, is shown once."""
    return islice(_each_once(heapq.merge(*sources)), None if last is None else min(last, sys.maxsize))


def _each_once(found: Iterator[JobRow]) -> Iterator[JobRow]:
    before = None
    for row in found:
        if row.job_id != before:
            yield row
        before = row.job_id
