"""Marks of axes: a few round numbers between two others."""

from dataclasses import dataclass
from math import ceil, floor, log10


@dataclass(frozen=True)
class Axis:
    """An axis from one value to another, with the values that are marked and what is written there."""

    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]


def axis(low: float, high: float, most: int = 7, turn: float = 0.0) -> Axis:
    """Return an axis between two values; labels are modulo ``turn``, if that is not 0."""
    step = _step((high - low) / most)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    values = [round(number * step, 12 - floor(log10(step))) for number in range(first, last + 1)]
    digits = max(0, -floor(log10(step) + 1e-9))
    return Axis(
        low, high, tuple(values), tuple(_label(value % turn if turn else value, step, digits) for value in values)
    )


def widened(values: list[float]) -> tuple[float, float]:
    """Return the least and the greatest value with some room beside them."""
    low, high = min(values), max(values)
    room = (high - low) * 0.05 or abs(high) * 1e-3 or 1.0
    return low - room, high + room


def _step(rough: float) -> float:
    """Return a round number that is no smaller: 1, 2 or 5 times a power of ten."""
    power = 10.0 ** floor(log10(rough))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= rough * (1 - 1e-9))


def _label(value: float, step: float, digits: int) -> str:
    if digits > 9 or abs(value) >= 1e7 or step >= 1e7:
        return f"{value:.6g}".replace("-", "\N{MINUS SIGN}")
    return f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")
