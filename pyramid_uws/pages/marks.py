"""Phases, sizes and durations as markup, with the exact value when they are pointed at; and what a page loads."""

from functools import lru_cache

from markupsafe import Markup, escape

from . import wording
from .files import statics

#: What stands where nothing is known.
NOTHING = Markup("–")  # noqa: RUF001 - a dash


@lru_cache(maxsize=32)
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


@lru_cache(maxsize=64)
def stylesheet(name: str, root: str) -> Markup:
    """Write what loads a stylesheet of the site whose path is ``root``."""
    return Markup('<link rel="stylesheet" href="{}">').format(f"{root}/{statics().path(name)}")


@lru_cache(maxsize=64)
def script(name: str, root: str) -> Markup:
    """Write what loads a script of the site whose path is ``root``.

    Ours are modules; those of others are run in the order in which they stand, before the page is ready.
    """
    how = "defer" if name.startswith("vendor/") else 'type="module"'
    return Markup(f'<script {how} src="{{}}"></script>').format(  # nosec B704  # noqa: S704 - one of two texts
        f"{root}/{statics().path(name)}"
    )
