"""A plot of two columns: what can be chosen, the points, and the picture of them as paths of an SVG."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from math import cos, radians
from typing import Any

from . import sky
from .cells import number
from .limits import PLOTTED_ROWS
from .ticks import Axis, axis, widened
from .values import Column, Wish

#: The picture, and the room for marks beside it, in units of the SVG.
WIDTH, HEIGHT = 640, 420
LEFT, RIGHT, TOP, BOTTOM = 72, 16, 12, 52

#: A map of the whole sky: its height, and where its lines are, in degrees.
SKY_HEIGHT = 344
_MERIDIANS = range(-180, 181, 30)
_PARALLELS = range(-60, 61, 30)

#: The most columns that can be chosen.
_CHOICES = 200


@dataclass(frozen=True)
class Choice:
    """What is plotted: the columns, by their places, and whether they are positions."""

    x: int
    y: int
    is_sky: bool


def numbered(columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> list[Column]:
    """Return the columns with what these rows tell of which hold numbers, where that is not known."""
    return [
        column if column.is_number is not None else replace(column, is_number=_are_numbers(rows, index))
        for index, column in enumerate(columns)
    ]


def _are_numbers(rows: Sequence[Sequence[Any]], index: int) -> bool:
    values = [row[index] for row in rows if index < len(row) and row[index] is not None and row[index] != ""]
    return bool(values) and all(_is_number(value) for value in values)


def _is_number(value: Any) -> bool:
    return number(value) is not None or (
        isinstance(value, str) and value.strip().lower() in {"nan", "inf", "-inf"}
    )


def choose(columns: Sequence[Column], wish: Wish) -> Choice | None:
    """Return what is plotted: as wished, else positions, else two columns of numbers; None if nothing can be."""
    places = {column.name: index for index, column in reversed(list(enumerate(columns))) if column.is_number}
    found = sky.pairs(columns)
    if wish.x in places and wish.y in places:
        pair = (places[wish.x], places[wish.y])
        return Choice(*pair, is_sky=pair in {(one.longitude, one.latitude) for one in found})
    if found:
        return Choice(found[0].longitude, found[0].latitude, is_sky=True)
    values = [index for index in places.values() if not columns[index].ucd.startswith("meta.")]
    two = sorted(values)[:2]
    return Choice(two[0], two[1], is_sky=False) if len(two) == 2 else None


def plot(
    columns: Sequence[Column], choice: Choice, rows: Iterable[Sequence[Any]], *, is_spread: bool = False
) -> dict[str, Any]:
    """Return the plot of these rows: choices, axes, points, and paths."""
    points = _Points.of(choice, rows)
    x, y = columns[choice.x], columns[choice.y]
    told = {
        "x": {"name": x.name, "unit": x.unit or ("deg" if choice.is_sky else "")},
        "y": {"name": y.name, "unit": y.unit or ("deg" if choice.is_sky else "")},
        "is_sky": choice.is_sky,
        "rows": points.rows,
        "is_spread": is_spread,
        "numbers": [column.name for column in columns if column.is_number][:_CHOICES],
        "pairs": [
            {"x": columns[pair.longitude].name, "y": columns[pair.latitude].name} for pair in sky.pairs(columns)
        ],
    }
    if not points.x:
        return told | {"kind": "empty", "points": {"row": [], "x": [], "y": []}}
    if choice.is_sky and sky.is_wide(points.x, points.y):
        return told | _whole_sky(points)
    return told | _flat(points, is_sky=choice.is_sky)


@dataclass
class _Points:
    """Points of rows that have both numbers; ``rows`` counts those that were looked at."""

    row: list[int]
    x: list[float]
    y: list[float]
    rows: int

    @classmethod
    def of(cls, choice: Choice, rows: Iterable[Sequence[Any]]) -> "_Points":
        points = cls([], [], [], 0)
        for index, row in enumerate(rows):
            points.rows = index + 1
            x, y = (number(row[place]) if place < len(row) else None for place in (choice.x, choice.y))
            if x is not None and y is not None and (not choice.is_sky or (abs(y) <= 90 and -360 <= x <= 720)):
                points.row.append(index + 1)
                points.x.append(x)
                points.y.append(y)
            if points.rows >= PLOTTED_ROWS:
                break
        if choice.is_sky and points.x:
            points.x = sky.unwrapped(points.x)
        return points

    @property
    def told(self) -> dict[str, Any]:
        """The points with as many digits as a plot can show."""
        return {
            "row": self.row,
            "x": [_short(value) for value in self.x],
            "y": [_short(value) for value in self.y],
        }


def _short(value: float) -> float:
    return float(f"{value:.10g}")


def _flat(points: _Points, *, is_sky: bool) -> dict[str, Any]:
    """Return a plot with straight axes; on the sky of one scale for both, with longitudes growing to the left."""
    (low_x, high_x), (low_y, high_y) = widened(points.x), widened(points.y)
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    if is_sky:
        shrink = max(cos(radians((low_y + high_y) / 2)), 0.05)
        scale = max((high_x - low_x) * shrink / wide, (high_y - low_y) / high)
        low_x, high_x = _around(low_x, high_x, scale * wide / shrink)
        low_y, high_y = _around(low_y, high_y, scale * high)
    axes = axis(low_x, high_x, turn=360.0 if is_sky else 0.0), axis(low_y, high_y, 6)
    frame = _Frame(*axes, is_reversed=is_sky)
    dots = frame.places(points.x, points.y)
    return {
        "kind": "flat",
        "axes": {
            "x": _marks(axes[0], [frame.left(value) for value in axes[0].ticks]),
            "y": _marks(axes[1], [frame.top(value) for value in axes[1].ticks]),
        },
        "box": {"left": LEFT, "top": TOP, "right": WIDTH - RIGHT, "bottom": HEIGHT - BOTTOM},
        "size": {"width": WIDTH, "height": HEIGHT},
        "path": _path(dots),
        "dot": _dot(len(points.x)),
        "points": points.told,
    }


def _around(low: float, high: float, length: float) -> tuple[float, float]:
    middle = (low + high) / 2
    return middle - length / 2, middle + length / 2


def _marks(one: Axis, places: list[float]) -> dict[str, Any]:
    pairs = zip(places, one.labels, strict=True)
    return {"low": one.low, "high": one.high, "ticks": [{"at": round(at, 1), "text": text} for at, text in pairs]}


@dataclass(frozen=True)
class _Frame:
    """Where values are in the picture."""

    x: Axis
    y: Axis
    is_reversed: bool

    def left(self, value: float) -> float:
        """Return where a value of x is."""
        part = (value - self.x.low) / (self.x.high - self.x.low)
        return LEFT + (1 - part if self.is_reversed else part) * (WIDTH - LEFT - RIGHT)

    def top(self, value: float) -> float:
        """Return where a value of y is."""
        part = (value - self.y.low) / (self.y.high - self.y.low)
        return TOP + (1 - part) * (HEIGHT - TOP - BOTTOM)

    def places(self, xs: list[float], ys: list[float]) -> Iterator[tuple[float, float]]:
        """Yield where points are."""
        return ((self.left(x), self.top(y)) for x, y in zip(xs, ys, strict=True))


def _whole_sky(points: _Points) -> dict[str, Any]:
    """Return a map of the whole sky, 0 in the middle."""
    lines = chain(
        ([(longitude, latitude) for latitude in range(-90, 91, 5)] for longitude in _MERIDIANS),
        ([(longitude, latitude) for longitude in range(-180, 181, 5)] for latitude in _PARALLELS),
    )
    (low_x, high_x), (low_y, high_y) = widened(points.x), widened(points.y)
    return {
        "kind": "sky",
        "size": {"width": WIDTH, "height": SKY_HEIGHT},
        "grid": " ".join(_line(line) for line in lines),
        "meridians": [_mark(*_on_sky(longitude, 0), f"{longitude % 360}°") for longitude in range(-150, 151, 30)],
        "parallels": [
            _mark(*_on_sky(179.99, latitude), f"{latitude:+d}°".replace("-", "\N{MINUS SIGN}"))
            for latitude in _PARALLELS
            if latitude
        ],
        "axes": {
            "x": {"low": max(low_x, -180.0), "high": min(high_x, 360.0)},
            "y": {"low": max(low_y, -90.0), "high": min(high_y, 90.0)},
        },
        "path": _path(_on_sky(x, y) for x, y in zip(points.x, points.y, strict=True)),
        "dot": _dot(len(points.x)),
        "points": points.told,
    }


def _on_sky(longitude: float, latitude: float) -> tuple[float, float]:
    if abs(longitude) == 180:  # the edges, which are one place
        longitude *= 0.99999
    x, y = sky.hammer(longitude, latitude)
    radius = (SKY_HEIGHT - 32) / 2
    return WIDTH / 2 + 2 * radius * x, SKY_HEIGHT / 2 - radius * y


def _mark(x: float, y: float, text: str) -> dict[str, Any]:
    return {"x": round(x, 1), "y": round(y, 1), "text": text}


def _line(places: list[tuple[int, int]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in (_on_sky(*place) for place in places))


def _path(places: Iterable[tuple[float, float]]) -> str:
    """Return points as a path whose lines have no length; with round ends each is a dot."""
    return "".join(f"M{x:.1f} {y:.1f}h0" for x, y in places)


def _dot(points: int) -> float:
    """Return the diameter of dots: the more there are, the smaller."""
    return 5.0 if points < 200 else 3.5 if points < 2000 else 2.2
