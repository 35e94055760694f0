"""Reading parts of the pixels of an HDU: plain ones and compressed ones."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .layout import Extension, Layout, opened, state_of
from .problems import Unreadable

Pixels = NDArray[Any]

#: What is not wanted of a row is read over, unless it is more bytes than this: then it is passed over.
_GAP = 64 * 1024


class Reader(Protocol):
    """Reads pixels: one of each outer axis, and some of the planes, rows and columns."""

    def __call__(self, outer: tuple[int, ...], planes: range, rows: range, columns: range) -> Pixels:
        """Return pixels as they are stored."""


@contextmanager
def reader(layout: Layout, extension: Extension) -> Iterator[Reader]:
    """Open what reads the pixels of an HDU; the file is still the one whose headers were read."""
    path = layout.path
    if state_of(path) != layout.state:
        raise Unreadable(f"{path.name} has been replaced while it was read; please try again.")
    if extension.data_at is None:
        with opened(path) as hdus:
            yield _Compressed(hdus[extension.index].section, extension)
        return
    try:
        with path.open("rb", buffering=0) as file:
            yield _Plain(file.fileno(), path, extension)
    except OSError as problem:
        raise Unreadable(f"{path.name} cannot be read: {problem.strerror}.") from problem


class _Plain:
    """Reads from the file itself, what lies together of a plane at a time.

    A map of the file would be as quick once the file is in memory, but counts in full against a limit of address
    space, reads more from a disk, and a file that becomes shorter meanwhile would kill the process.
    """

    def __init__(self, descriptor: int, path: Path, extension: Extension) -> None:
        self._descriptor = descriptor
        self._path = path
        self._at = extension.data_at or 0
        self._dtype = extension.dtype
        self._lengths = three(extension.lengths)

    def __call__(self, outer: tuple[int, ...], planes: range, rows: range, columns: range) -> Pixels:
        """Return pixels."""
        found = np.empty((len(planes), len(rows), len(columns)), self._dtype)
        first = 0
        for place, length in zip(reversed(outer), reversed(self._lengths[3:]), strict=True):
            first = first * length + place
        width, height, depth = self._lengths[:3]
        whole = len(columns) == width and rows.step == 1
        for number, plane in enumerate(planes):
            start = (first * depth + plane) * height * width
            if whole:
                self._fill(found[number], start + rows[0] * width)
            else:
                found[number] = self._some(start, rows, columns)
        return found

    def _some(self, start: int, rows: range, columns: range) -> Pixels:
        """Return pixels of a plane that begins there."""
        width = self._lengths[0]
        if len(rows) == 1 or (width - len(columns)) * self._dtype.itemsize > _GAP:
            count = columns[-1] + 1 - columns[0]
            runs = [self._run(start + row * width + columns[0], count) for row in rows]
            return np.stack(runs)[:, :: columns.step]
        whole = self._run(start + rows[0] * width, (rows[-1] + 1 - rows[0]) * width)
        return whole.reshape(-1, width)[:: rows.step, part_of(columns)]

    def _run(self, start: int, count: int) -> Pixels:
        """Return pixels that lie one after the other."""
        found = np.empty(count, self._dtype)
        self._fill(found, start)
        return found

    def _fill(self, pixels: Pixels, start: int) -> None:
        """Read pixels that lie one after the other."""
        content = pixels.reshape(-1).view(np.uint8).data
        if os.preadv(self._descriptor, [content], self._at + start * self._dtype.itemsize) < len(content):
            raise Unreadable(f"{self._path.name} has become shorter while it was read.")


class _Compressed:
    """Reads by astropy's sections, which unpack only the tiles that are needed."""

    def __init__(self, section: Any, extension: Extension) -> None:
        self._section = section
        self._count = len(extension.lengths)
        self._dtype = extension.dtype

    def __call__(self, outer: tuple[int, ...], planes: range, rows: range, columns: range) -> Pixels:
        """Return pixels."""
        wanted = (*reversed(outer), part_of(planes), part_of(rows), part_of(columns))
        found = np.asarray(self._section[wanted[len(wanted) - self._count :]])
        return np.asarray(found.reshape(len(planes), len(rows), len(columns)), self._dtype)


def three(lengths: tuple[int, ...]) -> tuple[int, ...]:
    """Return lengths of three axes at least."""
    return (*lengths, *[1] * (3 - len(lengths)))


def part_of(places: range) -> slice:
    """Return the slice that has these places."""
    return slice(places[0], places[-1] + 1, places.step)
