"""Blanking what a cut does not want of the box that it comes in: NaN, or the BLANK of integers."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .layout import Extension, stored
from .planning import Plan
from .sphere import Booleans

Pixels = NDArray[Any]


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


class Blanks:
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
