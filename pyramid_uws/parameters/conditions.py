"""Conditions: parameters whose value is a set of values (PQL, and the intervals of DALI 1.1, section 3.3.3).

In the style ``pql`` a set is written ``1/5,7``: items separated by commas, each a value, a range ``a/b`` with both
ends in, half open ``/b`` or ``a/``, or a range with a step, ``a/b/s``; a qualifier may follow a semicolon, and
``%2C`` and the like stand for the separators themselves. In the style ``dali`` it is written ``1 5``.
"""

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any
from urllib.parse import quote, unquote

from pyramid_uws.uws.instants import parse_instant

from .numbers import read_double, read_integer, read_interval, write_numbers

#: So many items may a condition have, and so many values a range with a step; a finer step is none.
MOST_ITEMS = 1000
MOST_STEPS = 2000

#: The Unix epoch as a Modified Julian Date, and a day in µs.
_EPOCH_MJD = 40587
_DAY = 86_400_000_000


@dataclass(frozen=True)
class Values:
    """A range, both ends in; None where it is open. With a ``step``, of these every step-th value.

    A single value is both ends.
    """

    lower: Any
    upper: Any
    step: Any = None

    def __contains__(self, value: Any) -> bool:
        return bool(self.test(value))

    def __str__(self) -> str:
        if self.lower == self.upper:
            return _written(self.lower)
        ends = [self.lower, self.upper] + ([] if self.step is None else [self.step])
        return "/".join("" if end is None else _written(end) for end in ends)

    def test(self, value: Any) -> Any:
        """Tell whether a value lies within; or for each of an array's, as an array."""
        if self.lower == self.upper:
            return value == self.lower
        tests = [] if self.lower is None else [value >= self.lower]
        if self.upper is not None:
            tests.append(value <= self.upper)
        if self.step is not None:
            tests.append((value - self.lower) % self.step == 0)
        return reduce(operator.and_, tests)

    def sql(self, column: str) -> tuple[str, tuple[Any, ...]]:
        """Return an SQL fragment with a ``?`` for each bound value, and these."""
        if self.lower == self.upper:
            return f"{column} = ?", (self.lower,)
        if self.step is not None:
            return f"({column} BETWEEN ? AND ? AND ({column} - ?) % ? = 0)", (
                self.lower,
                self.upper,
                self.lower,
                self.step,
            )
        if self.lower is None:
            return f"{column} <= ?", (self.upper,)
        if self.upper is None:
            return f"{column} >= ?", (self.lower,)
        return f"{column} BETWEEN ? AND ?", (self.lower, self.upper)


@dataclass(frozen=True)
class Condition:
    """What a value has to meet: it lies in one of the items; whatever does, if there are none."""

    items: tuple[Values, ...] = ()
    qualifier: str = ""

    def __bool__(self) -> bool:
        return bool(self.items)

    def __str__(self) -> str:
        """Write it as the style ``pql`` does; instants are in µs since 1970."""
        text = ",".join(map(str, self.items))
        return f"{text};{quote(self.qualifier)}" if self.qualifier else text

    def test(self, value: Any) -> Any:
        """Tell whether a value is meant; given a numpy column, return a boolean array."""
        if not self.items:
            return (value == value) | True  # noqa: PLR0124 - True, in the shape of the value
        return reduce(operator.or_, [item.test(value) for item in self.items])

    def sql(self, column: str) -> tuple[str, tuple[Any, ...]]:
        """Return an SQL fragment for a column, whose name is the caller's own, and the values for its ``?``."""
        parts = [item.sql(column) for item in self.items]
        if not parts:
            return "1 = 1", ()
        values = tuple(value for _, bound in parts for value in bound)
        return f"({' OR '.join(text for text, _ in parts)})", values

    def __or__(self, other: "Condition") -> "Condition":
        """Return what is met where one of the two is: repeated parameters add up."""
        items = tuple(dict.fromkeys(self.items + other.items))
        _check_count(len(items))
        return Condition(items, other.qualifier or self.qualifier)


def _written(value: Any) -> str:
    if isinstance(value, str):
        return quote(value, safe=" ")
    return write_numbers((value,)).removesuffix(".0")


def _read_number(text: str) -> float:
    """Read a number that others can be compared with."""
    number = read_double(text)
    if math.isnan(number):
        raise ValueError("NaN is equal to nothing, and neither more nor less than anything")
    return number


#: Type -> how an item's value, and how a step is read; types that are not here have no ranges.
_RANGED: dict[str, tuple[Callable[[str], Any], Callable[[str], Any] | None]] = {
    "int": (read_integer, read_integer),
    "double": (_read_number, None),
    "timestamp": (parse_instant, lambda text: round(read_double(text) * _DAY)),
    "string": (str, None),
}

#: The types of which there are conditions.
CONDITIONED = frozenset(_RANGED)


def read_condition(kind: str, text: str, style: str) -> Condition:
    """Read a condition on values of a type, written in a style; ``ValueError`` says what was expected."""
    return read_pql(kind, text) if style == "pql" else read_dali(kind, text)


def read_dali(kind: str, text: str) -> Condition:
    """Read one value, or two: the ends of an interval. Instants may be written as Modified Julian Dates."""
    if not text.strip():
        return Condition()
    if kind == "string":
        return Condition((Values(text, text),))
    ends: list[Any]
    if kind == "timestamp":
        ends = [_read_moment(part) for part in _instants(text)]
    elif kind == "int":
        ends = [read_integer(part) for part in text.split()]
    elif len(text.split()) == 2:
        ends = [*read_interval(text)]
    else:
        ends = [_read_number(text)]
    if len(ends) not in {1, 2} or ends[0] > ends[-1]:
        raise ValueError("expected a value, or the lower and the upper end of an interval")
    return Condition((Values(ends[0], ends[-1]),))


def _instants(text: str) -> list[str]:
    """Part two instants, in which there may be blanks: ``2026-01-01 12:00:00 2026-01-02``."""
    parts = text.split()
    joined: list[str] = []
    for part in parts:
        if ":" in part and "-" not in part and joined and ":" not in joined[-1]:
            joined[-1] += f"T{part}"
        else:
            joined.append(part)
    return joined


def _read_moment(text: str) -> int:
    try:
        days = read_double(text)
    except ValueError:
        return parse_instant(text)
    if not 0 < days < 3_000_000:
        raise ValueError("expected an instant such as 2026-01-31T12:00:00Z, or a Modified Julian Date")
    return round((days - _EPOCH_MJD) * _DAY)


def _decoded(text: str) -> str:
    """Decode what is percent-encoded once more, so that it may hold separators."""
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise ValueError("expected UTF-8 behind the percent signs") from None


def read_pql(kind: str, text: str) -> Condition:
    """Read what the style ``pql`` writes."""
    if not text.strip():
        return Condition()
    literal, *qualifiers = text.split(";")
    if len(qualifiers) > 1:
        raise ValueError("expected at most one semicolon, which begins the qualifier")
    parts = literal.split(",")
    _check_count(len(parts))
    return Condition(tuple(_read_item(kind, part) for part in parts), _decoded("".join(qualifiers)).strip())


def _check_count(count: int) -> None:
    if count > MOST_ITEMS:
        raise ValueError(f"expected at most {MOST_ITEMS} values and ranges")


def _read_item(kind: str, text: str) -> Values:
    read, read_step = _RANGED[kind]
    ends = [_decoded(part) for part in text.split("/")]
    if kind != "string":
        ends = [end.strip() for end in ends]
    if len(ends) == 1:
        value = read(ends[0])
        return Values(value, value)
    if len(ends) > 3:
        raise ValueError("expected a value, a range a/b, or a range with a step, a/b/s")
    lower, upper = (read(end) if end else None for end in ends[:2])
    if lower is None and upper is None:
        raise ValueError("a range cannot be open at both ends")
    if len(ends) == 2:
        return Values(lower, upper)
    if read_step is None:
        raise ValueError(f"a range of type {kind} has no step")
    if lower is None or upper is None:
        raise ValueError("a range with a step has two ends")
    step = read_step(ends[2])
    if step <= 0:
        raise ValueError("the step of a range is greater than 0")
    return Values(lower, upper, step if (upper - lower) / step <= MOST_STEPS else None)
