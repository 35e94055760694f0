"""Phases, sizes and durations as markup; what they stand for exactly is shown when they are pointed at."""

from markupsafe import Markup, escape

from . import wording

#: What stands where nothing is known.
NOTHING = Markup("–")  # noqa: RUF001 - a dash


def badge(phase: str) -> Markup:
    """Write a phase in its colour."""
    text = escape(phase)
    return Markup(f'<span class="badge {text.lower()}">{text}</span>')  # nosec B704  # noqa: S704 - it is escaped


def sized(octets: int | None) -> Markup:
    """Write a number of bytes."""
    if octets is None:
        return NOTHING
    return Markup(f'<span title="{octets} bytes">{wording.size(octets)}</span>')  # nosec B704  # noqa: S704 - numbers


def lasting(seconds: float | None) -> Markup:
    """Write a duration."""
    if seconds is None:
        return NOTHING
    return Markup(  # nosec B704  # noqa: S704 - numbers
        f'<span title="{seconds} s">{wording.duration(seconds)}</span>'
    )
