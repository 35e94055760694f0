"""What can be said of a job that has not ended: its place in the queue, its likely start, its likely end.

It is said when somebody asks, and stored nowhere, for it changes without the job. The queue is played forward for
the first of those who wait, and what comes of it holds for a while: twenty times as long as it took. So looking at
jobs costs the same however many wait, and at most a twentieth of the time goes into it.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from math import inf, isfinite

from pyramid_uws.tree import Job, Root
from pyramid_uws.uws import phases
from pyramid_uws.uws.instants import clamp_instant, format_instant, now
from pyramid_uws.uws.limits import SECOND

from .choosing import Chooser
from .forecast import Expected, Lanes, foresee
from .limiting import Limiter, running
from .moving import latest_end
from .queue import Scope

#: For how many jobs the queue is played forward.
MOST = 1000

#: How long it holds what was found, in times of what finding it took.
SHARE = 20


@dataclass(frozen=True)
class Prospect:
    """When the job is likely to end (UWS 1.1, section 2.1.6; µs), and names and texts for jobInfo."""

    quote: int | None
    info: tuple[tuple[str, str], ...] = ()


class Outlook:
    """What a web process says of jobs; ``slots`` of its own it has if it runs jobs, besides those of workers."""

    def __init__(self, chooser: Chooser, limiter: Limiter, slots: int) -> None:
        self._chooser = chooser
        self._limiter = limiter
        self._slots = slots
        self._lock = threading.Lock()
        self._holds_until = 0.0
        self._expected: Mapping[str, Expected] = {}

    def of(self, job: Job) -> Prospect | None:
        """Return what is to be expected of the job; None if there is no more to say than it says itself."""
        if job.phase == phases.EXECUTING:
            return Prospect(self._likely_end(job))
        if job.phase == phases.QUEUED and job.not_before is None:
            return self._in_queue(job)
        return None

    def _likely_end(self, job: Job) -> int | None:
        """Return when a running job will have ended, by experience; once that is over, at the latest."""
        likely = (job.started or 0) + _root(job).mean_duration(_service(job))
        is_over = likely < now()
        return job.quote if is_over else _earlier(likely, job.quote)

    def _in_queue(self, job: Job) -> Prospect:
        every = self._all(_root(job))
        found = every.get(job.job_id)
        if found is None:
            return Prospect(None, (("queuePosition", f"more than {MOST}"),) if len(every) >= MOST else ())
        info = [("queuePosition", str(found.position))]
        if not isfinite(found.start):
            return Prospect(None, tuple(info))
        info.append(("expectedStart", format_instant(_rounded(found.start))))
        return Prospect(_earlier(found.end, latest_end(job, int(found.start))), tuple(info))

    def _all(self, root: Root) -> Mapping[str, Expected]:
        """Return what is to be expected of the first of those who wait, by id."""
        with self._lock:
            began = time.monotonic()
            if began >= self._holds_until:
                self._expected = self._look(root)
                ended = time.monotonic()
                self._holds_until = ended + SHARE * (ended - began)
            return self._expected

    def _look(self, root: Root) -> Mapping[str, Expected]:
        instant = now()
        lanes = Lanes(self._lanes(root))
        for service, job in running(root):
            likely = (job.started or 0) + self._duration(root, service)
            end = likely if job.quote is None else min(likely, job.quote)
            lanes.occupy(service, job.payer, max(end, instant))
        order = ((address.job_id, address.service, owner) for address, owner in self._chooser.order(root))
        duration = lru_cache(None)(lambda service: self._duration(root, service))
        return foresee(islice(order, MOST), lanes, duration, instant)

    def _duration(self, root: Root, service: str) -> float:
        """Return how long a job of the service is going to run (µs): by experience, or at the longest."""
        mean = root.mean_duration(service)
        return mean if isfinite(mean) else self._limiter.execution_duration(service) * SECOND or inf

    def _lanes(self, root: Root) -> Callable[[Scope], int | None]:
        """Return the function that tells how many slots there are for a scope, on all hosts together."""
        alive = [heart for heart in root.heartbeats() if not heart.gone]
        hosts = len(alive) + bool(self._slots)
        slots = sum(heart.slots for heart in alive) + self._slots
        running_limit = self._limiter.running_limit(root)

        def limit(scope: Scope) -> int | None:
            if scope == (None, None):
                return slots
            at_most = running_limit(scope)
            return at_most * hosts if at_most is not None and scope[1] is None else at_most

        return limit


def _earlier(likely: float, latest: int | None) -> int | None:
    if latest is not None and latest <= likely:
        return latest
    return _rounded(likely) if isfinite(likely) else None


def _rounded(instant: float) -> int:
    """Return the end of the second, so that documents do not change all the time."""
    return clamp_instant(int(-(-instant // SECOND)) * SECOND)


def _service(job: Job) -> str:
    name: str = job.__parent__.__parent__.__parent__.__name__
    return name


def _root(job: Job) -> Root:
    root: Root = job.__parent__.__parent__.__parent__.__parent__
    return root
