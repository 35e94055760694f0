"""Instants: integers of microseconds since 1970-01-01T00:00:00 UTC, read from and written as ISO 8601."""

import re
import time
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LATEST = datetime.max.replace(tzinfo=UTC)

_DATE = r"(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2}))?|(?P<bmonth>\d{2})(?P<bday>\d{2}))?"
_TIME = r"(?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:\.(?P<fraction>\d+))?)?"
_INSTANT = re.compile(rf"{_DATE}(?:[T ]{_TIME})?Z?", re.ASCII)


def now() -> int:
    """Return the present instant in µs."""
    return time.time_ns() // 1000


def format_instant(instant: int) -> str:
    """Write µs as ``2026-01-02T03:04:05.678901Z`` (UWS 1.1, section 2.2.1)."""
    moment = _EPOCH + timedelta(microseconds=instant)
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_instant(text: str) -> int:
    """Read an ISO 8601 instant, which is UTC with or without ``Z``, into µs.

    Blank instead of ``T``, a missing time, day or month, the basic form ``YYYYMMDD`` and any number of
    fraction digits are accepted. ``ValueError`` tells of anything else, other zones included.
    """
    match = _INSTANT.fullmatch(text.strip())
    if match is None:
        raise ValueError("expected a UTC instant such as 2026-01-31T12:00:00Z")
    part = match.groupdict()
    fraction = int((part["fraction"] or "0")[:6].ljust(6, "0"))
    try:
        moment = datetime(
            int(part["year"]),
            int(part["month"] or part["bmonth"] or 1),
            int(part["day"] or part["bday"] or 1),
            int(part["hour"] or 0),
            int(part["minute"] or 0),
            int(part["second"] or 0),
            fraction,
            tzinfo=UTC,
        )
    except ValueError as problem:
        raise ValueError(f"no such date or time ({problem})") from problem
    return (moment - _EPOCH) // _MICROSECOND


def clamp_instant(instant: int) -> int:
    """Return the instant, or the last one that can be written if it lies beyond."""
    return min(instant, (_LATEST - _EPOCH) // _MICROSECOND)
