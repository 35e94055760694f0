"""How pages write instants, sizes and durations: for the eye, with the exact value beside it."""

import math
from itertools import pairwise

from pyramid_uws.documents.joblist import quick_instant
from pyramid_uws.uws.instants import now
from pyramid_uws.uws.limits import SECOND

#: Seconds and name of what durations are told in, the longest first.
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))

#: Each of them with the next smaller one.
_STEPS = tuple(pairwise(_UNITS))

_SIZES = ("kB", "MB", "GB", "TB", "PB")

#: Less than this from now, in seconds, is "now".
_NOW = 1


def clock(instant: int) -> str:
    """Write µs as ``2026-01-02 03:04:05 UTC``."""
    return clock_of(quick_instant(instant))


def clock_of(text: str) -> str:
    """Write an instant in the form of UWS likewise."""
    return f"{text[:10]} {text[11:19]} UTC"


def hint(instant: int, at: int | None = None) -> str:
    """Say how far an instant is from another one, or from now: ``3 min ago``, ``in 2 d``."""
    seconds = (instant - (now() if at is None else at)) / SECOND
    if abs(seconds) < _NOW:
        return "now"
    return f"in {roughly(seconds)}" if seconds > 0 else f"{roughly(-seconds)} ago"


def roughly(seconds: float) -> str:
    """Write a duration as a whole number of the largest unit of which there are two: ``47 h``, ``2 d``.

    It is off by a fifth at most. ``site.js`` does the same.
    """
    for (length, unit), (smaller, _) in _STEPS:
        if seconds >= length and _nearest(seconds / smaller) * smaller >= 2 * length:
            return f"{_nearest(seconds / length)} {unit}"
    return f"{_nearest(seconds)} s"


def _nearest(number: float) -> int:
    return math.floor(number + 0.5)


def duration(seconds: float) -> str:
    """Write a duration in its two largest units: ``1 h 5 min``; short ones to 0.1 s, or in ms."""
    if 0 < seconds < 0.1:
        return f"{max(seconds, 0.001) * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    for (length, unit), (smaller, its_unit) in _STEPS:
        if seconds >= length:
            rest = int(seconds % length // smaller)
            return f"{int(seconds // length)} {unit}" + (f" {rest} {its_unit}" if rest else "")
    raise AssertionError(seconds)


def size(count: int) -> str:
    """Write a number of bytes: ``24.4 MB``."""
    if count < 1000:
        return f"{count} B"
    power = min(len(_SIZES), (len(str(count)) - 1) // 3)
    if power < len(_SIZES) and count >= 999.95 * 1000**power:
        power += 1
    return f"{count / 1000**power:.1f} {_SIZES[power - 1]}"
