"""Values of cells: as texts that are short, and as numbers."""

import math
import re
from collections.abc import Sequence
from typing import Any

from .limits import CELL, ITEMS

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def shown(value: Any) -> str:
    """Return a value as a short text without characters that would change how others are read."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        return shortened(value.strip())
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(value)
    if isinstance(value, dict):
        return shortened(", ".join(f"{key}: {shown(item)}" for key, item in list(value.items())[:ITEMS]))
    if isinstance(value, Sequence):
        items = [shown(item) for item in value[:ITEMS]]
        return shortened(" ".join([*items, "…"] if len(value) > ITEMS else items))
    return shortened(str(value))


def shortened(text: str) -> str:
    """Return the beginning of a text that is longer than a cell is to be."""
    cut = text if len(text) <= CELL else f"{text[: CELL - 1]}…"
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", cut)


def number(value: Any) -> float | None:
    """Return a value as a finite number; None if it is none."""
    if value is None or isinstance(value, bool | list | tuple | dict):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None
