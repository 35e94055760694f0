"""Reading the pixels of a cut, so that the memory used follows the cut and not the file.

Plain pixels come from small windows of the file that are mapped one after the other: neither the address space nor
what is resident grows with the file, and a window costs some microseconds. Compressed ones come by astropy's
sections, which unpack only the tiles that are needed.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .layout import Extension, opened, stored
from .planning import Plan
from .sphere import Booleans

Pixels = NDArray[Any]

#: Bytes of a file that are mapped at a time, and of a cut that are in memory at a time.
WINDOW = 16 * 1024 * 1024


@dataclass(frozen=True)
class Piece:
    """Pixels of a cut, in the order of the file: planes, rows, columns.

    ``outer`` are the pixels of the axes beyond the third one, ``first`` the first plane, ``bottom`` the first row,
    all of them counted in the observation.
    """

    outer: tuple[int, ...]
    first: int
    bottom: int
    pixels: Pixels


def pieces(plan: Plan, extension: Extension) -> Iterator[Piece]:
    """Yield the pixels of a cut as they are stored, with blanks where it is to have them."""
    with ExitStack() as stack:
        if extension.data_at is None:
            hdus = stack.enter_context(opened(plan.layout.path))
            read: _Sections | _Windows = _Sections(hdus[extension.index].section, extension)
        else:
            read = _Windows(plan.layout.path, extension)
        blank = _Blanks(plan, extension)
        for piece in _split(plan, read):
            yield blank(piece)


class _Windows:
    """Parts of a file, mapped."""

    def __init__(self, path: Path, extension: Extension) -> None:
        self._path = path
        self._extension = extension
        self._lengths = _three(extension.lengths)
        self.row = self._lengths[0] * extension.dtype.itemsize
        self.plane = self.row * self._lengths[1]

    def __call__(self, outer: tuple[int, ...], planes: range, rows: range, columns: range) -> Pixels:
        """Return pixels; several planes are mapped as a whole, of one plane the rows only."""
        width, height, depth = self._lengths[:3]
        index = 0
        for place, length in zip(reversed(outer), reversed(self._lengths[3:]), strict=True):
            index = index * length + place
        bottom, top = (0, height) if len(planes) > 1 else (rows[0], rows[-1] + 1)
        start = (index * depth + planes[0]) * self.plane + bottom * self.row
        mapped = np.memmap(
            self._path,
            self._extension.dtype,
            "r",
            (self._extension.data_at or 0) + start,
            (planes[-1] + 1 - planes[0], top - bottom, width),
        )
        return np.array(mapped[:: planes.step, _slice(rows, bottom), _slice(columns)])


class _Sections:
    """Parts of a compressed image, unpacked."""

    def __init__(self, section: Any, extension: Extension) -> None:
        self._section = section
        self._count = len(extension.lengths)
        lengths = _three(extension.lengths)
        self.row = lengths[0] * extension.dtype.itemsize
        self.plane = self.row * lengths[1]
        self._dtype = extension.dtype

    def __call__(self, outer: tuple[int, ...], planes: range, rows: range, columns: range) -> Pixels:
        """Return pixels."""
        wanted = (*reversed(outer), _slice(planes), _slice(rows), _slice(columns))
        found = np.asarray(self._section[wanted[len(wanted) - self._count :]])
        return np.asarray(found.reshape(len(planes), len(rows), len(columns)), self._dtype)


def _split(plan: Plan, read: _Windows | _Sections) -> Iterator[Piece]:
    """Yield pieces that are small enough: several planes, or else some rows of one."""
    columns, rows, planes, *outer = _parts(plan)
    many = max(1, WINDOW // read.plane)
    few = max(1, WINDOW // read.row)
    for place in product(*(list(axis) for axis in reversed(outer))):
        where = tuple(reversed(place))
        for start in range(0, len(planes), many):
            some = planes[start : start + many]
            step = len(rows) if many > 1 else few
            for low in range(0, len(rows), step):
                band = rows[low : low + step]
                yield Piece(where, some.start, band.start, read(where, some, band, columns))


def _slice(places: range, start: int = 0) -> slice:
    return slice(places[0] - start, places[-1] + 1 - start, places.step)


def _parts(plan: Plan) -> list[range]:
    """Return the pixels of each axis of the cut, of three axes at least."""
    found = [range(part.start, part.stop, part.step or 1) for part in plan.parts]
    return [*found, *[range(1)] * (3 - len(found))]


def _three(lengths: tuple[int, ...]) -> tuple[int, ...]:
    return (*lengths, *[1] * (3 - len(lengths)))


class _Blanks:
    """Blanks what a cut does not want of the box that it comes in."""

    def __init__(self, plan: Plan, extension: Extension) -> None:
        self._plan = plan
        self._dtype = stored(plan.bitpix(extension))
        self._value = np.asarray(blank_of(plan, extension) if plan.blanks else 0, self._dtype)
        self._outline: Booleans | None = None

    def __call__(self, piece: Piece) -> Piece:
        """Return a piece with its blanks, and as wide as the cut's pixels are."""
        pixels = piece.pixels.astype(self._dtype, copy=False)
        if self._plan.region is not None:
            np.copyto(pixels, self._value, where=~self._kept(piece))
        self._leave_out(piece, pixels)
        return Piece(piece.outer, piece.first, piece.bottom, pixels)

    def _kept(self, piece: Piece) -> Booleans:
        """Return which pixels of a piece are wanted, whichever two axes are those of the sky."""
        region, plane = self._plan.region, self._plan.layout.plane
        assert region is not None
        assert plane is not None
        starts = self._starts(piece)
        sizes = (*reversed(piece.pixels.shape), *[1] * len(piece.outer))
        columns, rows = plane
        left = starts[columns] - region.box.left
        kept = self._rows(starts[rows], starts[rows] + sizes[rows])[:, left : left + sizes[columns]]
        return kept.reshape([sizes[axis] if axis in plane else 1 for axis in (2, 1, 0)])

    def _starts(self, piece: Piece) -> tuple[int, ...]:
        """Return the first pixel of a piece along each axis."""
        return (self._plan.parts[0].start, piece.bottom, piece.first, *piece.outer)

    def _rows(self, bottom: int, top: int) -> Booleans:
        """Return which pixels of rows of the sky are wanted; kept for the other planes, if there are any."""
        region = self._plan.region
        assert region is not None
        if prod(self._plan.lengths) == region.box.width * region.box.height:
            return region.mask(bottom, top)
        if self._outline is None:
            self._outline = region.mask(region.box.bottom, region.box.top)
        return self._outline[bottom - region.box.bottom : top - region.box.bottom]

    def _leave_out(self, piece: Piece, pixels: Pixels) -> None:
        """Blank the states of polarization that lie between those that are wanted."""
        axis = self._plan.layout.stokes
        if not self._plan.unwanted or axis is None:
            return
        start = self._starts(piece)[axis]
        along = np.moveaxis(pixels, 2 - axis, 0) if axis < 3 else pixels[np.newaxis]
        for number in self._plan.unwanted:
            if start <= number < start + len(along):
                along[number - start] = self._value


def blank_of(plan: Plan, extension: Extension) -> float | int:
    """Return what stands for no pixel: NaN, or BLANK, or the least number that is left for it."""
    if not extension.is_integer:
        return float("nan")
    if "BLANK" in extension.header:
        return int(extension.header["BLANK"])
    return int(np.iinfo(stored(plan.bitpix(extension))).min)
