"""Positions on the sky: which columns hold them, and where they are in a map of the whole sky.

Right ascension grows to the left, as one sees the sky from inside.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, radians, sin, sqrt
from types import MappingProxyType

from .values import Column

#: UCDs of longitudes with those of the latitudes that belong to them; the old ones of SIA and cone search, too.
_UCDS: Mapping[str, str] = MappingProxyType(
    {
        "pos.eq.ra": "pos.eq.dec",
        "pos_eq_ra_main": "pos_eq_dec_main",
        "pos_eq_ra": "pos_eq_dec",
        "pos.galactic.lon": "pos.galactic.lat",
        "pos.ecliptic.lon": "pos.ecliptic.lat",
    }
)
_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "right_ascension": ("declination",),
        "ra": ("dec", "de", "decl"),
        "raj2000": ("dej2000", "decj2000"),
        "alpha": ("delta",),
        "lon": ("lat",),
        "glon": ("glat",),
    }
)
_DEGREES = frozenset({"deg", "degree", "degrees", "", "°"})


@dataclass(frozen=True)
class Pair:
    """Two columns with positions, by their places in the table."""

    longitude: int
    latitude: int


def pairs(columns: Sequence[Column]) -> list[Pair]:
    """Return the pairs of columns with positions in degrees, those that are said to be the main ones first."""
    found: list[tuple[int, Pair]] = []
    for index, column in enumerate(columns):
        if not _can_be(column):
            continue
        other, rank = _partner(columns, index)
        if other is not None:
            found.append((rank, Pair(index, other)))
    return [pair for _, pair in sorted(found, key=lambda ranked: ranked[0])]


def _can_be(column: Column) -> bool:
    return bool(column.is_number) and column.unit.strip().lower() in _DEGREES


def _partner(columns: Sequence[Column], index: int) -> tuple[int | None, int]:
    """Return the column of latitudes for one of longitudes, and how sure that is (0 is surest)."""
    column = columns[index]
    words = column.ucd.lower().split(";")
    wanted = _UCDS.get(words[0].strip())
    if wanted is not None:
        rest = words[1:]
        candidates = [
            (
                _distance(rest, other) + (_name_of_partner(column.name) != other.name.lower()),
                abs(place - index),
                place,
            )
            for place, other in enumerate(columns)
            if _can_be(other) and other.ucd.lower().split(";")[0].strip() == wanted
        ]
        if candidates:
            return min(candidates)[2], 0 if "meta.main" in rest or words[0].endswith("_main") else 1
    if column.ucd and wanted is None:
        return None, 0
    names = {other.name.lower(): place for place, other in enumerate(columns) if _can_be(other)}
    for name in _partner_names(column.name):
        if name in names:
            return names[name], 2
    return None, 0


def _distance(rest: list[str], other: Column) -> int:
    return 0 if other.ucd.lower().split(";")[1:] == rest else 2


def _name_of_partner(name: str) -> str:
    return next(iter(_partner_names(name)), "")


def _partner_names(name: str) -> list[str]:
    """Return how the column of latitudes would be called: the same, but for the one word."""
    folded = name.lower()
    found = []
    for longitude, latitudes in _NAMES.items():
        match = re.fullmatch(rf"(|.*[_.\s-]){longitude}(|[_.\s-].*|[0-9]+|icrs|j2000|deg)", folded)
        if match is not None:
            found += [f"{match[1]}{latitude}{match[2]}" for latitude in latitudes]
    return found


def hammer(longitude: float, latitude: float) -> tuple[float, float]:
    """Return the place in Hammer's projection (equal areas), each from -1 to 1; longitudes grow to the left."""
    half = radians((longitude + 180.0) % 360.0 - 180.0) / 2.0
    high = radians(latitude)
    scale = 1.0 / sqrt(1.0 + cos(high) * cos(half))
    return -cos(high) * sin(half) * scale, sin(high) * scale


def is_wide(longitudes: Sequence[float], latitudes: Sequence[float]) -> bool:
    """Tell whether positions are so far apart that a map of the whole sky is the right one."""
    middle = (min(latitudes) + max(latitudes)) / 2
    if max(latitudes) - min(latitudes) > 45 or max(map(abs, latitudes)) > 85:
        return True
    return (max(longitudes) - min(longitudes)) * cos(radians(middle)) > 60


def unwrapped(longitudes: Sequence[float]) -> list[float]:
    """Return longitudes without the step at 0, as far as there is a gap elsewhere; some may be negative then."""
    folded = [value % 360.0 for value in longitudes]
    distinct = sorted(set(folded))
    gaps = [(after - before, after) for before, after in pairwise(distinct)]
    gap, start = max(gaps, default=(0.0, 0.0))
    if gap <= 360.0 - distinct[-1] + distinct[0]:
        return folded
    return [value - 360.0 if value >= start else value for value in folded]
