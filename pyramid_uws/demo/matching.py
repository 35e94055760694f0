"""Geometry on the sphere: proper motion, and pairs of points close to each other.

Points are unit vectors, so that neither the poles nor the wrap of right ascension is anything special.
Angles are degrees unless the name says otherwise. Knows no catalogues.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

ARCSEC_PER_DEGREE = 3600.0
MAS_PER_DEGREE = 3.6e6

#: Height of the bands of declination that are worked off one after the other.
BAND = 10

#: What is added to a band's margin, in degrees, against rounding.
SLACK = 1e-6


@dataclass(frozen=True)
class Pairs:
    """Indices into the left and the right points, and how far apart they are in arcsec."""

    left: Indices
    right: Indices
    separation: Floats

    def __len__(self) -> int:
        return len(self.left)

    def part(self, start: int, stop: int) -> Self:
        """Return a range of the pairs."""
        left, right = self.left[start:stop], self.right[start:stop]
        return replace(self, left=left, right=right, separation=self.separation[start:stop])


@dataclass(frozen=True)
class Band:
    """What one band of declination gave: points looked at on both sides, and the pairs."""

    low: int
    high: int
    lefts: int
    rights: int
    pairs: Pairs

    def relating(self, lefts: Indices) -> Self:
        """Return the band with its left indices looked up in ``lefts``."""
        return replace(self, pairs=replace(self.pairs, left=lefts[self.pairs.left]))


def unit_vectors(ra: Floats, dec: Floats) -> Floats:
    """Return the points as rows x, y, z."""
    longitude, latitude = np.radians(ra), np.radians(dec)
    x, y = np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude)
    return np.stack([x, y, np.sin(latitude)], axis=1)


def coordinates(points: Floats) -> tuple[Floats, Floats]:
    """Return right ascension in [0, 360) and declination."""
    x, y, z = points.T
    ra = np.degrees(np.arctan2(y, x)) % 360.0
    return np.where(ra == 360.0, 0.0, ra), np.degrees(np.arctan2(z, np.hypot(x, y)))


def moved(ra: Floats, dec: Floats, motion: tuple[Floats, Floats], years: float) -> Floats:
    """Return the points after so many years of uniform straight motion, radial velocity unknown.

    ``motion`` is in mas/yr, first right ascension (times cos(dec), as catalogues have it), then declination.
    """
    longitude, latitude = np.radians(ra), np.radians(dec)
    east = np.stack([-np.sin(longitude), np.cos(longitude), np.zeros_like(longitude)], axis=1)
    north = np.stack(
        [
            -np.sin(latitude) * np.cos(longitude),
            -np.sin(latitude) * np.sin(longitude),
            np.cos(latitude),
        ],
        axis=1,
    )
    along_east, along_north = (np.radians(years * rate / MAS_PER_DEGREE)[:, None] for rate in motion)
    points = unit_vectors(ra, dec) + along_east * east + along_north * north
    result: Floats = points / np.linalg.norm(points, axis=1, keepdims=True)
    return result


def within_circle(points: Floats, circle: tuple[float, float, float]) -> NDArray[np.bool_]:
    """Tell which points lie within ``(ra, dec, radius)``."""
    ra, dec, radius = circle
    centre = unit_vectors(np.array([ra]), np.array([dec]))
    inside: NDArray[np.bool_] = np.linalg.norm(points - centre, axis=1) <= _chord(radius)
    return inside


def match(left: Floats, right: Floats, radius: float) -> Pairs:
    """Return all pairs no more than ``radius`` apart, ordered by left point and separation."""
    if not len(left) or not len(right):
        return Pairs(np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0))
    found = cKDTree(left).sparse_distance_matrix(cKDTree(right), _chord(radius), output_type="ndarray")
    found = found[np.lexsort((found["j"], found["v"], found["i"]))]
    arcsec = np.degrees(2 * np.arcsin(np.minimum(found["v"] / 2, 1.0))) * ARCSEC_PER_DEGREE
    return Pairs(found["i"].astype(np.intp), found["j"].astype(np.intp), arcsec)


def match_in_bands(left: Floats, right: Floats, radius: float) -> Iterator[Band]:
    """Yield the same pairs as :func:`match`, band by band from south to north.

    Each left point belongs to one band; the right ones may lie outside by the radius.
    """
    left_dec, right_dec = coordinates(left)[1], coordinates(right)[1]
    margin = radius + SLACK
    for low in range(-90, 90, BAND):
        high = low + BAND
        top = high if high < 90 else np.inf
        lefts = np.flatnonzero((left_dec >= low) & (left_dec < top))
        rights = np.flatnonzero((right_dec >= low - margin) & (right_dec <= high + margin))
        pairs = match(left[lefts], right[rights], radius)
        pairs = Pairs(lefts[pairs.left], rights[pairs.right], pairs.separation)
        yield Band(low, high, len(lefts), len(rights), pairs)


def joined(parts: list[Pairs]) -> Pairs:
    """Return the pairs of all parts, in order."""
    return Pairs(
        np.concatenate([part.left for part in parts]),
        np.concatenate([part.right for part in parts]),
        np.concatenate([part.separation for part in parts]),
    )


def _chord(angle: float) -> float:
    return float(2 * np.sin(np.radians(angle) / 2))
