"""Rows from places all over a long file, so that its plot shows more than its beginning."""

import csv
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, BinaryIO, Literal

from .limits import PLOTTED_ROWS

#: So many places, in an order that is all over the file from the start; at each, so many bytes are read.
_PLACES = 5000
_STRIDE = 1913
_READ = 16 * 1024

Row = list[Any]

_CELL = re.compile(rb"<TD[^>]*?(?:/>|>(.*?)</TD>)", re.DOTALL)


def rows(file: BinaryIO, start: int, find: Callable[[bytes], Iterator[Row]]) -> Iterator[Row]:
    """Yield rows that ``find`` finds in pieces of a file from a place on."""
    length = file.seek(0, 2) - start
    for number in range(_PLACES):
        file.seek(start + length * (number * _STRIDE % _PLACES) // _PLACES)
        yield from islice(find(file.read(_READ)), PLOTTED_ROWS // _PLACES)


def tabledata(width: int) -> Callable[[bytes], Iterator[Row]]:
    """Return a function that finds the rows of VOTable's TABLEDATA; only their numbers can be relied on."""

    def find(piece: bytes) -> Iterator[Row]:
        for part in piece.partition(b"</TABLEDATA>")[0].split(b"</TR>")[:-1]:
            row = part[part.rfind(b"<TR") :]
            if row.count(b"<TD") == width:
                yield [cell.decode("utf-8", "replace") for cell in _CELL.findall(row)]

    return find


def quoting(delimiter: str) -> Literal[0, 3]:
    """Return how fields are quoted: not at all between tabs, where a quotation mark stands for itself."""
    return csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL


def lines(width: int, delimiter: str) -> Callable[[bytes], Iterator[Row]]:
    """Return a function that finds the rows of CSV in which no line end is quoted."""

    def find(piece: bytes) -> Iterator[Row]:
        text = piece[piece.find(b"\n") + 1 : piece.rfind(b"\n") + 1].decode("utf-8", "replace")
        rows = csv.reader(text.splitlines(), delimiter=delimiter, quoting=quoting(delimiter))
        return (row for row in rows if len(row) == width)

    return find
