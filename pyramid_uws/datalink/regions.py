"""Which pixels of an image a shape on the sky means.

Those whose centre is within it; or, if there are none, those that its outline touches: so a circle that is smaller
than a pixel gives the one that it lies in. What is done follows the size of the shape in pixels, not of the image.
"""

from dataclasses import dataclass

import numpy as np

from .sky import Sky
from .sphere import Booleans, Floats, Shape, separations

#: Pixels whose positions are worked out at a time.
_AT_ONCE = 1 << 17

#: A part of the outline near the image is short enough if it is this part of the image's radius.
_FINE = 1 / 64
_PARTS = 512


@dataclass(frozen=True)
class Box:
    """Columns and rows, the last ones not included."""

    left: int
    right: int
    bottom: int
    top: int

    @property
    def width(self) -> int:
        """How many columns there are."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """How many rows there are."""
        return self.top - self.bottom


@dataclass(frozen=True, eq=False)
class Region:
    """Pixels of an image: a box, and which of it are meant."""

    box: Box
    sky: Sky
    shape: Shape
    touched: frozenset[tuple[int, int]] = frozenset()

    def mask(self, bottom: int, top: int) -> Booleans:
        """Tell for rows of the image which pixels of the box are meant."""
        if self.touched:
            rows = [[(x, y) in self.touched for x in self._columns] for y in range(bottom, top)]
            return np.array(rows, dtype=bool)
        return _held(self.sky, self.shape, self._columns, range(bottom, top))

    @property
    def _columns(self) -> range:
        return range(self.box.left, self.box.right)


def region_of(sky: Sky, shape: Shape, *, exact: bool = True) -> Region | None:
    """Return the pixels of an image that a shape means, None if it does not meet the image.

    Unless it has to be exact, the box of a costly shape may be somewhat too large, and nothing in it be meant.
    """
    outline, gap = _near(sky, shape)
    x, y = sky.pixels(outline)
    rough = _rough(sky, shape, x, y, gap / sky.scale + 1)
    if rough is not None and shape.is_costly and not exact:
        return Region(rough, sky, shape)
    box = None if rough is None else _shrunk(sky, shape, rough)
    if box is not None:
        return Region(box, sky, shape)
    inside = sky.has(x, y)
    touched = frozenset(zip(_rounded(x[inside]), _rounded(y[inside]), strict=True))
    if not touched:
        return None
    columns, rows = zip(*touched, strict=True)
    return Region(Box(min(columns), max(columns) + 1, min(rows), max(rows) + 1), sky, shape, touched)


def _rounded(places: Floats) -> list[int]:
    return [int(place) for place in np.floor(places + 0.5)]


def _near(sky: Sky, shape: Shape) -> tuple[Floats, float]:
    """Return points of the outline that are near the image, and how far at most they are from the next ones."""
    turns = np.linspace(0, 1, _PARTS + 1)
    while True:
        points = shape.outline(turns)
        steps = separations(points[1:], points[:-1]) if points.ndim == 2 else np.zeros(0)
        starts, ends = turns[:-1], turns[1:]
        ways = separations(points, sky.centre)
        near = np.minimum(ways[1:], ways[:-1]) - steps <= sky.radius
        if not near.any():
            return points[:0], 0.0
        gap = float(steps[near].max())
        coarse = near & (steps > max(sky.radius * _FINE, sky.scale / 4))
        if not coarse.any():
            chosen = np.unique(np.concatenate([turns[:-1][near], turns[1:][near]]))
            return shape.outline(chosen), gap
        turns = _finer(starts, ends, coarse)


def _finer(starts: Floats, ends: Floats, coarse: Booleans) -> Floats:
    """Return the turns, with eight parts of each that is too coarse; what is far away is left as it is."""
    firsts, lengths = starts[coarse, np.newaxis], (ends - starts)[coarse, np.newaxis]
    splits = firsts + lengths * np.linspace(0, 1, 8, endpoint=False)
    return np.unique(np.concatenate([starts, ends[-1:], splits.ravel()]))


def _rough(sky: Sky, shape: Shape, x: Floats, y: Floats, margin: float) -> Box | None:
    """Return a box that is not too small: it has what is near the outline, and the corners that are within.

    Images of half of the sky and more have places where their coordinates break off; there, one cannot tell.
    """
    if sky.radius > np.pi / 2:
        return Box(0, sky.width, 0, sky.height)
    with np.errstate(invalid="ignore"):
        near = (
            (x > -0.5 - margin)
            & (x < sky.width - 0.5 + margin)
            & (y > -0.5 - margin)
            & (y < sky.height - 0.5 + margin)
        )
    xs, ys = _within(sky, shape)
    xs, ys = np.concatenate([x[near], xs]), np.concatenate([y[near], ys])
    if not xs.size:
        return None
    left, right = np.clip([xs.min() - margin, xs.max() + margin + 1], 0, sky.width).astype(int)
    bottom, top = np.clip([ys.min() - margin, ys.max() + margin + 1], 0, sky.height).astype(int)
    return Box(int(left), int(right), int(bottom), int(top)) if left < right and bottom < top else None


def _within(sky: Sky, shape: Shape) -> tuple[Floats, Floats]:
    """Return corners and others of some pixels that are within a shape."""
    columns, rows = (np.linspace(0, size - 1, min(size, 33)) for size in (sky.width, sky.height))
    x, y = (places.ravel() for places in np.meshgrid(columns, rows))
    held = shape.holds(sky.grid)
    return x[held], y[held]


def _shrunk(sky: Sky, shape: Shape, rough: Box) -> Box | None:
    """Return the smallest box that holds what is meant within a rough one, looking from its sides inwards."""
    columns, rows = range(rough.left, rough.right), range(rough.bottom, rough.top)
    bottom = _first(sky, shape, columns, rows, by_rows=True)
    if bottom is None:
        return None
    top = _first(sky, shape, columns, rows[::-1], by_rows=True)
    assert top is not None
    rows = range(bottom, top + 1)
    left = _first(sky, shape, columns, rows, by_rows=False)
    right = _first(sky, shape, columns[::-1], rows, by_rows=False)
    assert left is not None
    assert right is not None
    return Box(left, right + 1, bottom, top + 1)


def _first(sky: Sky, shape: Shape, columns: range, rows: range, *, by_rows: bool) -> int | None:
    """Return the first row, or column, with a pixel that is meant."""
    lines, across = (rows, columns) if by_rows else (columns, rows)
    count = max(1, _AT_ONCE // len(across) // 8)
    for start in range(0, len(lines), count):
        some = lines[start : start + count]
        held = _held(sky, shape, columns, some) if by_rows else _held(sky, shape, some, rows).T
        hits = np.flatnonzero(held.any(axis=1))
        if hits.size:
            return some[int(hits[0])]
    return None


def _held(sky: Sky, shape: Shape, columns: range, rows: range) -> Booleans:
    """Tell which pixels have their centre within a shape, working on some of them at a time."""
    held = np.empty((len(rows), len(columns)), dtype=bool)
    count = max(1, _AT_ONCE // len(columns))
    for start in range(0, len(rows), count):
        some = np.asarray(rows[start : start + count])
        held[start : start + count] = shape.holds(
            sky.positions(np.asarray(columns)[np.newaxis, :], some[:, np.newaxis])
        )
    return held
