"""The types a parameter may have: how its literal is read (DALI 1.1, section 3)."""

import math
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pyramid_uws.uws.instants import parse_instant

_INTEGER = re.compile(r"[+-]?\d+|0[xX][0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_SPECIAL_FLOATS = MappingProxyType({"NaN": math.nan, "+Inf": math.inf, "Inf": math.inf, "-Inf": -math.inf})
_BOOLEANS = MappingProxyType({"t": True, "true": True, "1": True, "f": False, "false": False, "0": False})


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
    return float(text)


def read_boolean(text: str) -> bool:
    """Read T, F, 1, 0, true or false in any case."""
    try:
        return _BOOLEANS[text.strip().lower()]
    except KeyError:
        raise ValueError("expected true or false") from None


def read_circle(text: str) -> tuple[float, float, float]:
    """Read ``ra dec radius`` in degrees: finite, latitude within ±90, radius not negative."""
    parts = text.split()
    if len(parts) != 3:
        raise ValueError("expected three numbers: right ascension, declination and radius in degrees")
    longitude, latitude, radius = (read_double(part) for part in parts)
    if not all(map(math.isfinite, (longitude, latitude, radius))):
        raise ValueError("expected three finite numbers")
    if abs(latitude) > 90:
        raise ValueError("the declination must lie between -90 and 90 degrees")
    if not 0 <= radius <= 180:
        raise ValueError("the radius must lie between 0 and 180 degrees")
    return longitude % 360, latitude, radius


#: Type name -> function that reads a literal or raises ``ValueError`` with what was expected.
READERS: Mapping[str, Callable[[str], Any]] = MappingProxyType(
    {
        "string": str,
        "int": read_integer,
        "double": read_double,
        "boolean": read_boolean,
        "circle": read_circle,
        "timestamp": parse_instant,
    }
)

#: Types for which an empty value means "not given".
EMPTY_IS_ABSENT = frozenset(READERS) - {"string"}

#: Types whose values can be held to a minimum and a maximum.
ORDERED = frozenset({"int", "double", "timestamp"})
