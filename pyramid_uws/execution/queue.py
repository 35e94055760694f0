"""Who is next: the order in which jobs are let in, and how many. Pure: it knows neither database nor clock.

Jobs stand in lines, one for each owner or address in each service (see :mod:`pyramid_uws.tree.lines`). Those of
a higher priority go first. Among those of one priority the lines take turns, one job a turn; whose last turn was
earliest is first, and a new line is behind those that are there. Within a line, the oldest goes first.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from math import inf
from typing import Generic, TypeVar

from pyramid_uws.uws.quotas import ADDRESS

T = TypeVar("T")

#: What a limit holds for: a service, an owner (or an address), both or (None, None) everything.
Scope = tuple[str | None, str | None]


@dataclass(frozen=True, order=True)
class Line(Generic[T]):
    """A line whose turn it is: of a lower ``rank`` first, then of an earlier ``since`` (µs).

    ``jobs`` yields what stands in it, the oldest first.
    """

    rank: int
    since: int
    service: str
    owner: str
    jobs: Iterator[T] = field(compare=False)


def scopes(service: str, owner: str) -> tuple[Scope, ...]:
    """Return what limits a job may meet; the widest first.

    All that nobody owns has one owner, "", from whatever address it comes; the address is a scope of its own.
    """
    if owner.startswith(ADDRESS):
        return (None, None), (service, None), (None, ""), (service, ""), (None, owner)
    return (None, None), (service, None), (None, owner), (service, owner)


class Room:
    """How many more may come in, for each scope.

    ``limit`` returns how many of a scope there may be at most (None: any number), ``count`` how many there are;
    it is asked only where there is a limit.
    """

    def __init__(self, limit: Callable[[Scope], int | None], count: Callable[[Scope], int]) -> None:
        self._limit = limit
        self._count = count
        self._left: dict[Scope, float] = {}

    def left(self, scope: Scope) -> float:
        """Return how many more there may be of a scope; infinity if it has no limit."""
        if scope not in self._left:
            limit = self._limit(scope)
            self._left[scope] = inf if limit is None else limit - self._count(scope)
        return self._left[scope]

    def full(self, service: str, owner: str) -> Scope | None:
        """Return the widest scope that lets no job of that owner in; None if there is room."""
        return next((scope for scope in scopes(service, owner) if self.left(scope) <= 0), None)

    def is_open(self, service: str) -> bool:
        """Tell whether a job of the service might be let in, if its owner may."""
        return self.left((None, None)) > 0 and self.left((service, None)) > 0

    def enter(self, service: str, owner: str) -> None:
        """Count one more."""
        for scope in scopes(service, owner):
            self._left[scope] = self.left(scope) - 1


def let_in(lines: Iterable[Iterable[Line[T]]], room: Room) -> Iterator[T]:
    """Yield the jobs for which there is room, in order; each takes its room.

    ``lines`` are those of one service each, in order. What it costs goes with how many are let in, and with how
    many lines there are whose owner is at a limit, but not with how many jobs there are.
    """
    in_order = heapq.merge(*(_while_open(of_service, room) for of_service in lines))
    for _, of_rank in groupby(in_order, key=lambda line: line.rank):
        again: deque[Line[T]] = deque()
        for line in _round(of_rank, again):
            if room.full(line.service, line.owner) is None and (job := next(line.jobs, None)) is not None:
                room.enter(line.service, line.owner)
                again.append(line)
                yield job


def _while_open(lines: Iterable[Line[T]], room: Room) -> Iterator[Line[T]]:
    for line in lines:
        if not room.is_open(line.service):
            return
        yield line


def _round(lines: Iterable[Line[T]], again: deque[Line[T]]) -> Iterator[Line[T]]:
    """Yield all lines, then those that have been put there to be asked again, until there are none."""
    yield from lines
    while again:
        yield again.popleft()
