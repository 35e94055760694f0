"""Tables as CSV and TSV: the first line names the columns."""

import csv
import io
import time
from collections.abc import Iterator
from typing import Any, BinaryIO

from . import spread
from .cells import number, shortened
from .limits import COLUMNS, COUNTING, PARSED
from .values import Column, NoPreview, Source

#: The longest cell that is read.
_LONGEST = 1024 * 1024
_COUNTED = 4 * 1024 * 1024
_DELIMITERS = ",;|\t"


class Beginning(io.RawIOBase):
    """The beginning of a file, as a file of its own."""

    def __init__(self, file: BinaryIO, length: int = PARSED) -> None:
        self._file = file
        self._left = length

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Read on."""
        data = self._file.read(min(len(buffer), self._left))
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)


def read(file: BinaryIO, delimiter: str = ",") -> Source:
    """Return a table; the delimiter is another one if the first line says so."""
    csv.field_size_limit(_LONGEST)
    text = io.TextIOWrapper(io.BufferedReader(Beginning(file)), "utf-8-sig", "replace", newline="")
    first = _first_line(text)
    delimiter = delimiter if delimiter in first else max(_DELIMITERS, key=first.count)
    names = next(_rows(iter([first]), delimiter), [])
    if not names:
        raise NoPreview("The file is empty.")
    if len(names) > COLUMNS:
        raise NoPreview(f"The table has more than {COLUMNS} columns.")
    rows = _rows(text, delimiter)
    source = Source([Column(shortened(name.strip()) or "?") for name in names], rows)
    if all(number(name) is not None for name in names):  # no names, but the first row
        source.columns = [Column(f"column {index}") for index in range(1, len(names) + 1)]
        source.rows = _with(names, rows)
    named = source.columns[0].name == names[0].strip()
    source.total = lambda: _counted(file, source, header=named)
    source.spread = lambda: spread.rows(file, 0, spread.lines(len(names), delimiter)) if source.is_exact else None
    return source


def _first_line(text: io.TextIOWrapper) -> str:
    """Return the first line that is neither empty nor a comment."""
    while line := text.readline(_LONGEST):
        if line.strip() and not line.startswith("#"):
            return line
    return ""


def _rows(lines: Iterator[str] | io.TextIOWrapper, delimiter: str) -> Iterator[list[str]]:
    try:
        for row in csv.reader(lines, delimiter=delimiter, quoting=spread.quoting(delimiter)):
            if row:
                yield row
    except csv.Error as problem:
        raise NoPreview(f"The table cannot be read: {problem}.") from problem


def _with(first: list[str], rows: Iterator[list[str]]) -> Iterator[list[str]]:
    yield first
    yield from rows


def _counted(file: BinaryIO, source: Source, *, header: bool) -> int | None:
    """Return the number of lines; where texts are quoted a row may have several of them."""
    deadline = time.monotonic() + COUNTING
    file.seek(0)
    lines, last = 0, b"\n"
    while chunk := file.read(_COUNTED):
        lines += chunk.count(b"\n")
        last = chunk[-1:]
        source.is_exact = source.is_exact and b'"' not in chunk
        if time.monotonic() > deadline:
            return None
    return max(0, lines + (last != b"\n") - header)
