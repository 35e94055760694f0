"""Finding jobs: by what an operator types of an id, by filters, in all job lists."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from pyramid_uws.exceptions import NoSuchThing, UWSError
from pyramid_uws.execution.runs import Address
from pyramid_uws.tree import Job, JobRenderer, JobRow, Root, job_renderers
from pyramid_uws.uws.ids import is_id
from pyramid_uws.uws.jobfilter import JobFilter

#: The fewest characters by which a job is looked for.
SHORTEST = 6


@dataclass(frozen=True)
class Choice:
    """Which jobs: of a service or any, of an owner ("" for nobody's) or any's, made before an instant (µs)."""

    filter: JobFilter
    service: str | None = None
    owner: str | None = None
    before: int | None = None


class Unclear(UWSError):
    """No job, or more than one, is meant by what was typed."""


def find_one(root: Root, text: str) -> Address:
    """Return the one job of this id, or whose id begins or ends so; :class:`Unclear` names the candidates."""
    found = find_by_text(root, text)
    if not found:
        raise Unclear(f"There is no job {text!r} in any job list.")
    if len(found) > 1:
        raise Unclear(f"{text!r} may be any of these {len(found)} jobs:\n" + "\n".join(map(_candidate, found)))
    return found[0]


def find_by_text(root: Root, text: str) -> list[Address]:
    """Return the jobs whose id is this, or else begins or ends so."""
    return [Address.of(renderer, job_id) for renderer in job_renderers(root) for job_id in _ids(renderer, text)]


def _ids(renderer: JobRenderer, text: str) -> Iterable[str]:
    joblist = renderer.joblist
    if is_id(text):
        return [text] if text in joblist else []
    return sorted(joblist.ids(text))


def _candidate(address: Address) -> str:
    return f"  {address.job_id}  {address.service}"


def choose(root: Root, choice: Choice) -> Iterator[tuple[JobRenderer, JobRow]]:
    """Yield the chosen jobs of all job lists, newest first."""
    renderers = _renderers(root, choice.service)
    merged = heapq.merge(*(_rows(renderer, choice) for renderer in renderers), key=lambda found: found[1].job_id)
    return islice(merged, choice.filter.last)


def _renderers(root: Root, service: str | None) -> Sequence[JobRenderer]:
    found = list(job_renderers(root))
    if service is None:
        return found
    names = sorted({renderer.__parent__.__name__ for renderer in found})
    if service not in names:
        raise NoSuchThing(f"There is no service {service!r}; there are {', '.join(names) or 'none'}.")
    return [renderer for renderer in found if renderer.__parent__.__name__ == service]


def _rows(renderer: JobRenderer, choice: Choice) -> Iterator[tuple[JobRenderer, JobRow]]:
    wanted = replace(choice.filter, last=None)  # they are counted when all conditions have been looked at
    joblist = renderer.joblist
    rows = joblist.select_all(wanted) if choice.owner is None else joblist.select(wanted, choice.owner or None)
    return ((renderer, row) for row in rows if choice.before is None or row.created < choice.before)


def job_at(root: Root, address: Address) -> Job:
    """Return the job at the address."""
    return address.joblist(root).get(address.job_id)
