"""When jobs that wait are likely to start and to end: the queue played forward. Pure, as :mod:`.queue` is."""

import heapq
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from typing import TypeVar

from .queue import Scope, scopes

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Expected:
    """The place in the order, from 1; likely start and end (µs), infinity if nobody can tell."""

    position: int
    start: float
    end: float


class Lanes:
    """When slots become free. ``limit`` returns how many there are for a scope, None if that is not limited."""

    def __init__(self, limit: Callable[[Scope], int | None]) -> None:
        self._limit = lru_cache(None)(limit)
        self._ends: dict[Scope, list[float]] = {}

    def free_at(self, service: str, owner: str) -> float:
        """Return when a job of that owner can start at the earliest."""
        return max((self._free(scope) for scope in scopes(service, owner)), default=0.0)

    def _free(self, scope: Scope) -> float:
        limit = self._limit(scope)
        ends = self._ends.get(scope, [])
        if limit is None or len(ends) < limit:
            return 0.0
        return ends[0] if ends else inf

    def occupy(self, service: str, owner: str, end: float) -> None:
        """Have a job take the slots that are free first, until it ends."""
        for scope in scopes(service, owner):
            limit = self._limit(scope)
            if limit is not None:
                ends = self._ends.setdefault(scope, [])
                heapq.heappush(ends, end)
                while len(ends) > limit:
                    heapq.heappop(ends)


def foresee(
    order: Iterable[tuple[K, str, str]], lanes: Lanes, duration: Callable[[str], float], instant: int
) -> dict[K, Expected]:
    """Return what is to be expected of jobs (key, service, owner) that wait, given in order.

    ``lanes`` knows the running ones; ``duration`` returns how long (µs) jobs of a service run, infinity if that
    is not known; it is now ``instant``.
    """
    expected = {}
    for position, (key, service, owner) in enumerate(order, 1):
        start = max(instant, lanes.free_at(service, owner))
        end = start + duration(service)
        lanes.occupy(service, owner, end)
        expected[key] = Expected(position, start, end)
    return expected
