"""Literals of positions and regions on the sky (DALI 1.1, section 3.3; DALI 1.2, sections 3.7 to 3.12).

Degrees throughout. Longitudes are reduced to 0 … 360; latitudes lie between -90 and 90.
"""

import math
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from .numbers import read_double, write_numbers

Point = tuple[float, float]

_MOC_ORDER = re.compile(r"\d{1,2}/", re.ASCII)
_MOC_CELLS = re.compile(r"(\d{1,19})(?:-(\d{1,19}))?", re.ASCII)
_DEEPEST = 29
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_:.-]{0,39}", re.ASCII)


class UnsupportedXtype(ValueError):
    """A value is of a kind that is not known here; ``label`` is what the message begins with (DALI 1.2, 3.17)."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.label = f"unsupported-xtype: {kind}"


def _finite(text: str, what: str) -> list[float]:
    numbers = [read_double(part) for part in text.split()]
    if not numbers or not all(map(math.isfinite, numbers)):
        raise ValueError(f"expected {what}")
    return numbers


def _latitude(value: float) -> float:
    if abs(value) > 90:
        raise ValueError("the declination must lie between -90 and 90 degrees")
    return value


def read_point(text: str) -> Point:
    """Read ``ra dec``."""
    what = "two numbers: right ascension and declination in degrees"
    numbers = _finite(text, what)
    if len(numbers) != 2:
        raise ValueError(f"expected {what}")
    return numbers[0] % 360, _latitude(numbers[1])


def read_circle(text: str) -> tuple[float, float, float]:
    """Read ``ra dec radius``."""
    what = "three numbers: right ascension, declination and radius in degrees"
    numbers = _finite(text, what)
    if len(numbers) != 3:
        raise ValueError(f"expected {what}")
    longitude, latitude, radius = numbers
    if not 0 <= radius <= 180:
        raise ValueError("the radius must lie between 0 and 180 degrees")
    return longitude % 360, _latitude(latitude), radius


def read_range(text: str) -> tuple[float, float, float, float]:
    """Read ``ra1 ra2 dec1 dec2``, a box that may span longitude 0; infinite ends are those of the sky."""
    numbers = [read_double(part) for part in text.split()]
    if len(numbers) != 4 or any(map(math.isnan, numbers)):
        raise ValueError("expected four numbers: two right ascensions and two declinations in degrees")
    west, east, south, north = numbers
    whole_turn = math.isinf(west) or math.isinf(east) or east - west >= 360
    west, east = (0.0, 360.0) if whole_turn else (west % 360, east % 360)
    south, north = (
        max(south, -90.0) if math.isinf(south) else south,
        min(north, 90.0) if math.isinf(north) else north,
    )
    if _latitude(south) > _latitude(north):
        raise ValueError("the first declination must not be greater than the second")
    return west, east, south, north


def read_polygon(text: str) -> tuple[Point, ...]:
    """Read ``ra1 dec1 ra2 dec2 …``: three corners or more, counter-clockwise, closed by itself."""
    what = "three or more pairs of right ascension and declination in degrees"
    numbers = _finite(text, what)
    if len(numbers) < 6 or len(numbers) % 2:
        raise ValueError(f"expected {what}")
    return tuple(
        (longitude % 360, _latitude(latitude))
        for longitude, latitude in zip(numbers[::2], numbers[1::2], strict=True)
    )


_SHAPES: Mapping[str, Callable[[str], Any]] = MappingProxyType(
    {"circle": read_circle, "range": read_range, "polygon": read_polygon}
)


def read_shape(text: str) -> tuple[str, Any]:
    """Read ``circle …``, ``range …`` or ``polygon …`` into the kind and what the reader of that kind returns."""
    kind, _, numbers = text.strip().partition(" ")
    reader = _SHAPES.get(kind.lower())
    if reader is None:
        reason = f"expected one of {', '.join(_SHAPES)}, and its numbers"
        raise UnsupportedXtype(kind, reason) if _WORD.fullmatch(kind) else ValueError(reason)
    return kind.lower(), reader(numbers)


def read_moc(text: str) -> tuple[tuple[int, int, int], ...]:
    """Read an ASCII MOC, ``6/1-3 5 7/24``, into cells: order, first and last HEALPix index (nested)."""
    cells: list[tuple[int, int, int]] = []
    order = -1
    for word in text.replace(",", " ").replace("/", "/ ").split():
        if _MOC_ORDER.fullmatch(word) and int(word[:-1]) <= _DEEPEST:
            order = int(word[:-1])
            continue
        found = _MOC_CELLS.fullmatch(word)
        if found is None or order < 0:
            raise ValueError("expected a MOC in ASCII, such as 6/1-3 5 7/24")
        first, last = int(found[1]), int(found[2] or found[1])
        if not first <= last < 12 * 4**order:
            raise ValueError(f"order {order} of a MOC has cells 0-{12 * 4**order - 1}, in ascending ranges")
        cells.append((order, first, last))
    if order < 0:
        raise ValueError("expected a MOC in ASCII, such as 6/1-3 5 7/24")
    return tuple(cells)


# Writing, so that reading gives the value again


def write_polygon(corners: tuple[Point, ...]) -> str:
    """Write a polygon."""
    return write_numbers(tuple(number for corner in corners for number in corner))


def write_shape(shape: tuple[str, Any]) -> str:
    """Write a shape."""
    kind, value = shape
    return f"{kind} {write_polygon(value) if kind == 'polygon' else write_numbers(value)}"


def write_moc(cells: tuple[tuple[int, int, int], ...]) -> str:
    """Write a MOC."""
    return " ".join(f"{order}/{first}" + (f"-{last}" if last > first else "") for order, first, last in cells)
