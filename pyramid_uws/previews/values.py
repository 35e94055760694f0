"""What previews are made of, as values."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any


class NoPreview(Exception):
    """There is no preview; the text is a sentence that says why."""


@dataclass(frozen=True)
class Column:
    """A column of a table; ``is_number`` is None as long as it is not known."""

    name: str
    unit: str = ""
    ucd: str = ""
    datatype: str = ""
    description: str = ""
    is_number: bool | None = None


def _unknown() -> int | None:
    return None


def _nowhere() -> Iterator[Sequence[Any]] | None:
    return None


@dataclass
class Source:
    """A table as it is read: its columns, its rows one by one, and, when some were read, how many there are.

    ``is_exact`` tells whether that number can be trusted; ``notes`` are sentences about the table. ``spread`` has
    rows from all over a long table, if that can be done, to be called after the number.
    """

    columns: list[Column]
    rows: Iterator[Sequence[Any]]
    total: Callable[[], int | None] = _unknown
    is_exact: bool = True
    notes: list[str] = field(default_factory=list)
    spread: Callable[[], Iterator[Sequence[Any]] | None] = _nowhere


@dataclass(frozen=True)
class Wish:
    """What is wanted of a preview: names of the columns that are plotted, if any were chosen."""

    x: str = ""
    y: str = ""
