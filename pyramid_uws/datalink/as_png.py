"""Cuts of images and cubes as PNG: the mean of all planes, with an asinh stretch, as large as a screen at most."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from .as_fits import Progress
from .planning import Plan
from .problems import CannotCut
from .stretch import limits, stretched
from .values import scaled

#: The most pixels of a side; of a larger image, squares of pixels are one.
SIDE = 2048


def write(plan: Plan, file: BinaryIO, history: Sequence[str], progress: Progress) -> None:
    """Write a picture; blanks are transparent, and what is up in the image is up."""
    mean = _Mean(plan, _plane(plan))
    whole, done = prod(plan.lengths), 0
    for piece, values in scaled(plan, plan.layout.data):
        mean.add((plan.parts[0].start, piece.bottom, piece.first), values)
        done += values.size
        progress(done / whole)
    notes = PngInfo()
    for line in history:
        notes.add_itxt("Comment", line)
    Image.fromarray(stretched(mean.values, *limits(mean.values))[::-1]).save(file, "PNG", pnginfo=notes)


def _plane(plan: Plan) -> tuple[int, int]:
    lengths = plan.layout.lengths
    plane = plan.layout.plane or ((0, 1) if len(lengths) > 1 else None)
    if plane is None or plane[1] > 2:
        raise CannotCut(f"{plan.layout.path.name} is no image, so there is no PNG of it.")
    return plane


@dataclass
class _Sums:
    values: NDArray[np.float64]
    counts: NDArray[np.int64]


class _Mean:
    """The mean along all axes but two, of squares of pixels if there are many."""

    def __init__(self, plan: Plan, plane: tuple[int, int]) -> None:
        self._plane = plane
        self._starts = tuple(plan.parts[axis].start for axis in plane)
        width, height = (plan.lengths[axis] for axis in plane)
        self._square = -(-max(width, height) // SIDE)
        shape = (-(-height // self._square), -(-width // self._square))
        self._sums = _Sums(np.zeros(shape), np.zeros(shape, dtype=np.int64))

    def add(self, starts: tuple[int, int, int], values: NDArray[np.float64]) -> None:
        """Take in a piece, which begins at these pixels of the first three axes."""
        along = tuple(2 - axis for axis in range(3) if axis not in self._plane)
        known = np.isfinite(values)
        rows, columns = (
            (np.arange(values.shape[2 - axis]) + starts[axis] - start) // self._square
            for axis, start in reversed(list(zip(self._plane, self._starts, strict=True)))
        )
        for total, part in (
            (self._sums.values, np.where(known, values, 0.0).sum(axis=along)),
            (self._sums.counts, known.sum(axis=along)),
        ):
            _add(total, rows, columns, np.asarray(part))

    @property
    def values(self) -> NDArray[np.float64]:
        """The mean, NaN where there is nothing."""
        with np.errstate(invalid="ignore"):
            return self._sums.values / self._sums.counts


def _add(total: NDArray[Any], rows: NDArray[Any], columns: NDArray[Any], part: NDArray[Any]) -> None:
    """Add pixels to those of a smaller picture."""
    for axis, numbers in ((0, rows), (1, columns)):
        part = np.add.reduceat(part, np.flatnonzero(np.diff(numbers, prepend=-1)), axis=axis)
    total[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] += part
