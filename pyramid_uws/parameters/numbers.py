"""Literals of numbers and intervals of them (DALI 1.1, sections 3.1 and 3.3.3)."""

import math
import re
from types import MappingProxyType

_INTEGER = re.compile(r"[+-]?\d+|0[xX][0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_SPECIAL_FLOATS = MappingProxyType({"NaN": math.nan, "+Inf": math.inf, "Inf": math.inf, "-Inf": -math.inf})


def read_integer(text: str) -> int:
    """Read a decimal or hexadecimal integer of at most 64 bits."""
    text = text.strip()
    if _INTEGER.fullmatch(text) is None or len(text) > 20:
        raise ValueError("expected an integer")
    number = int(text, 16 if text[:2].lower() == "0x" else 10)
    if not -(2**63) <= number < 2**63:
        raise ValueError("expected an integer of at most 64 bits")
    return number


def read_double(text: str) -> float:
    """Read a floating point number as VOTable writes it; NaN and the infinities included."""
    text = text.strip()
    if text in _SPECIAL_FLOATS:
        return _SPECIAL_FLOATS[text]
    if _FLOAT.fullmatch(text) is None:
        raise ValueError("expected a number")
    number = float(text)
    if math.isinf(number):
        raise ValueError("expected a number that a double can hold, up to 1.8e308; what has no end is +Inf")
    return number


def read_interval(text: str) -> tuple[float, float]:
    """Read ``lower upper``, both included; ``-Inf`` and ``+Inf`` leave an end open."""
    parts = text.split()
    if len(parts) != 2:
        raise ValueError("expected two numbers, the lower and the upper end of an interval")
    lower, upper = map(read_double, parts)
    if math.isnan(lower) or math.isnan(upper):
        raise ValueError("expected numbers: NaN is no end of an interval, and -Inf or +Inf leaves one open")
    if lower > upper:
        raise ValueError("the lower end of an interval must not be greater than the upper one")
    return lower, upper


def write_numbers(numbers: tuple[float, ...]) -> str:
    """Write numbers as DALI does, blanks between them."""
    return " ".join(map(repr, numbers)).replace("inf", "Inf").replace("nan", "NaN")
