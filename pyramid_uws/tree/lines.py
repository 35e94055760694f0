"""Lines: those who wait, in lines that take turns.

A job stands in the line of its owner, or of the address from which it was made ("" if nobody knows), and of its
priority, behind those who came earlier. When a
line has had its turn, it goes behind all others of its priority. So whoever has a thousand jobs here does not
keep him waiting who has one, and whose turn is next is read off, however many wait.
"""

import heapq
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from BTrees.Length import Length
from persistent import Persistent

from pyramid_uws.uws.quotas import ADDRESS

from .indexes import IndexSet, IndexTree


class Mark(NamedTuple):
    """Where a job stands: by how much its priority was lowered, whose it is, since when (µs), its id."""

    lowered: int
    owner: str
    moment: int
    job_id: str


class Turn(NamedTuple):
    """A line whose turn it is after those before it; ``since`` (µs): when it had the last one, or began."""

    lowered: int
    since: int
    owner: str
    job_ids: Iterator[str]


class Line(Persistent):
    """The jobs of one owner, or from one address, and of one priority: (since when, id)."""

    def __init__(self, since: int) -> None:
        self.since = since
        self.jobs = IndexSet()
        self.length = Length()


class Lines(Persistent):
    """Lines, and the order in which they have their turns.

    ``lines``: (owner, lowered) -> :class:`Line`; ``turns``: (lowered, since, owner). Lengths are counters whose
    conflicts the database resolves, so workers that take from lines do not hinder those who add to them.
    """

    def __init__(self) -> None:
        self.lines = IndexTree()
        self.turns = IndexSet()
        self.length = Length()

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """Yield (since when, id) of all, those who came first first."""
        return heapq.merge(*(line.jobs for line in self.lines.values()))

    def size(self) -> int:
        """Return how many wait."""
        return int(self.length())

    def size_of(self, owner: str) -> int:
        """Return how many of an owner wait, or from an address; "": of all that nobody owns."""
        lines = self.lines.values((owner,), (owner, float("inf")))
        anonymous = () if owner else self.lines.values((ADDRESS,), (ADDRESS + _BEHIND,))
        return sum(line.length() for line in chain(lines, anonymous))

    def in_turn(self) -> Iterator[Turn]:
        """Yield the lines, the one whose turn it is first."""
        for lowered, since, owner in self.turns:
            line = self.lines[owner, lowered]
            yield Turn(lowered, since, owner, map(_job_id, line.jobs))

    def add(self, mark: Mark) -> None:
        """Have a job stand in line."""
        key = mark.owner, mark.lowered
        line = self.lines.get(key)
        if line is None:
            line = self.lines[key] = Line(mark.moment)
            self.turns.add((mark.lowered, mark.moment, mark.owner))
        line.jobs.add((mark.moment, mark.job_id))
        line.length.change(1)
        self.length.change(1)

    def remove(self, mark: Mark) -> None:
        """Take a job out of its line; the turn stays."""
        key = mark.owner, mark.lowered
        line = self.lines[key]
        line.jobs.remove((mark.moment, mark.job_id))
        line.length.change(-1)
        self.length.change(-1)
        if not line.jobs:
            self.turns.remove((mark.lowered, line.since, mark.owner))
            del self.lines[key]

    def pass_turn(self, owner: str, lowered: int, moment: int) -> None:
        """Have a line that had its turn at an instant (µs) go behind the others; one that is empty is gone."""
        line = self.lines.get((owner, lowered))
        if line is not None and moment > line.since:
            self.turns.remove((lowered, line.since, owner))
            self.turns.add((lowered, moment, owner))
            line.since = moment


#: Sorts behind every character of an address.
_BEHIND = "\x7f"


def _job_id(place: tuple[int, str]) -> str:
    return place[1]
