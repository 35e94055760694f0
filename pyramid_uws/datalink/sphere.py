"""Shapes on the sphere: what is within them, and where their outline runs.

Positions are unit vectors, the last axis of an array having their three parts; NaN is a position nowhere.
"""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .problems import CannotCut

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

#: Parts of right angles that are none, by the errors of rounding: a thousandth of a microarcsecond.
_TINY = 1e-14

#: The most corners of a polygon.
MOST_CORNERS = 10_000

#: With more corners than this, many positions take long to be told apart.
_FEW_CORNERS = 100


def vectors(lon: Any, lat: Any) -> Floats:
    """Return the unit vectors of positions in degrees."""
    lon, lat = np.radians(lon), np.radians(lat)
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


def degrees(positions: Floats) -> tuple[Floats, Floats]:
    """Return the longitudes, 0 to 360, and latitudes of unit vectors."""
    lon = np.degrees(np.arctan2(positions[..., 1], positions[..., 0])) % 360.0
    return lon, np.degrees(np.arctan2(positions[..., 2], np.hypot(positions[..., 0], positions[..., 1])))


def separations(positions: Floats, centre: Floats) -> Floats:
    """Return the angles (radians) between positions and one of them, exact for small ones, too."""
    return np.asarray(2 * np.arcsin(np.minimum(np.linalg.norm(positions - centre, axis=-1) / 2, 1.0)))


def normalised(positions: Floats) -> Floats:
    """Return vectors of length 1."""
    return np.asarray(positions / np.linalg.norm(positions, axis=-1, keepdims=True))


class Shape(ABC):
    """A region of the sky; whether a position is within one that ``is_costly`` takes long to be told."""

    is_costly = False

    @abstractmethod
    def holds(self, positions: Floats) -> Booleans:
        """Tell which positions are within the region or on its outline; those nowhere are not."""

    @abstractmethod
    def outline(self, turns: Floats) -> Floats:
        """Return the positions along the outline, which is run through as turns go from 0 to 1."""


class Circle(Shape):
    """All within a radius."""

    def __init__(self, lon: float, lat: float, radius: float) -> None:
        self.centre = vectors(lon, lat)
        self.radius = np.radians(radius)
        lon, lat = np.radians(lon), np.radians(lat)
        self._east = np.array([-np.sin(lon), np.cos(lon), 0.0])
        self._north = np.cross(self.centre, self._east)

    def holds(self, positions: Floats) -> Booleans:
        """Tell which positions are within."""
        return np.asarray(separations(positions, self.centre) <= self.radius + _TINY)

    def outline(self, turns: Floats) -> Floats:
        """Return positions along the outline."""
        angles = 2 * np.pi * turns[..., np.newaxis]
        around = np.cos(angles) * self._north + np.sin(angles) * self._east
        return np.asarray(np.cos(self.radius) * self.centre + np.sin(self.radius) * around)


class Range(Shape):
    """All between two longitudes, eastwards from the first one, and two latitudes."""

    def __init__(self, west: float, east: float, south: float, north: float) -> None:
        self._west, self._south, self._north = west, south, north
        self._width = 360.0 if east - west >= 360 else (east - west) % 360.0

    def holds(self, positions: Floats) -> Booleans:
        """Tell which positions are within."""
        lon, lat = degrees(positions)
        tiny = np.degrees(_TINY)
        inside = (lon - self._west + tiny) % 360.0 <= self._width + 2 * tiny
        return np.asarray(inside & (lat >= self._south - tiny) & (lat <= self._north + tiny))

    def outline(self, turns: Floats) -> Floats:
        """Return positions along the outline."""
        corners = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
        east = self._west + self._width
        lon = np.interp(turns, corners, [self._west, east, east, self._west, self._west])
        lat = np.interp(turns, corners, [self._south, self._south, self._north, self._north, self._south])
        return vectors(lon, lat)


class Polygon(Shape):
    """All within corners that arcs of great circles join, in either direction.

    The smaller of the two parts of the sky is meant; it has to lie within half of the sky.
    """

    def __init__(self, corners: tuple[tuple[float, float], ...]) -> None:
        if len(corners) > MOST_CORNERS:
            raise CannotCut(f"The polygon has {len(corners)} corners; at most {MOST_CORNERS} are taken.")
        self.is_costly = len(corners) > _FEW_CORNERS
        self._corners = vectors(*np.asarray(corners, dtype=float).T)
        middle = self._corners.sum(axis=0)
        if np.linalg.norm(middle) < _TINY or (self._corners @ middle <= 0).any():
            raise CannotCut("The polygon is too large: its corners do not lie within half of the sky.")
        self._middle = normalised(middle)
        axis = np.eye(3)[np.argmin(np.abs(self._middle))]
        self._right = normalised(np.cross(axis, self._middle))
        self._up = np.cross(self._middle, self._right)

    def holds(self, positions: Floats) -> Booleans:
        """Count sides to the right: seen from the middle of the sphere, great circles are straight lines."""
        depth = positions @ self._middle
        with np.errstate(divide="ignore", invalid="ignore"):
            x, y = self._flat(positions, depth)
        return np.asarray(self._encloses(x.ravel(), y.ravel()).reshape(depth.shape) & (depth > 0))

    def _encloses(self, x: Floats, y: Floats) -> Booleans:
        """Tell which places are enclosed; each side is compared with those that are as high as it is."""
        order = np.argsort(y)  # NaN comes last, above all sides
        x, y = x[order], y[order]
        inside = np.zeros(x.shape, dtype=bool)
        x1, y1 = self._flat(self._corners, self._corners @ self._middle)
        x2, y2 = np.roll(x1, -1), np.roll(y1, -1)
        firsts, lasts = np.searchsorted(y, np.minimum(y1, y2)), np.searchsorted(y, np.maximum(y1, y2))
        for side in np.flatnonzero(firsts < lasts):
            some = slice(firsts[side], lasts[side])
            slope = (x2[side] - x1[side]) / (y2[side] - y1[side])
            inside[some] ^= x[some] < x1[side] + (y[some] - y1[side]) * slope
        found = np.empty_like(inside)
        found[order] = inside
        return found

    def outline(self, turns: Floats) -> Floats:
        """Return positions along the outline."""
        count = len(self._corners)
        places = np.minimum(turns * count, np.nextafter(count, 0))
        side = places.astype(int)
        part = (places - side)[..., np.newaxis]
        return normalised(self._corners[side] * (1 - part) + self._corners[(side + 1) % count] * part)

    def _flat(self, positions: Floats, depth: Floats) -> tuple[Floats, Floats]:
        return positions @ self._right / depth, positions @ self._up / depth


def shape_of(shape: tuple[str, Any]) -> Shape:
    """Return the shape for what :func:`pyramid_uws.parameters.geometry.read_shape` gives."""
    kind, numbers = shape
    if kind == "polygon":
        return Polygon(numbers)
    return Circle(*numbers) if kind == "circle" else Range(*numbers)
