"""Instants as markup, written quickly: a list has two in each row."""

from functools import lru_cache

from markupsafe import Markup

from pyramid_uws.documents.joblist import quick_instant
from pyramid_uws.uws.instants import now

from .marks import NOTHING
from .wording import clock_of, hint

#: For what is now: it is the same in all rows of a list.
_same = lru_cache(maxsize=4)(quick_instant)


def span_until(instant: int | None, at: int) -> Markup:
    """Write how far an instant (µs) is from now, which is ``at``; it is shown itself when it is pointed at."""
    if instant is None:
        return NOTHING
    text = quick_instant(instant)
    return Markup(  # nosec B704  # noqa: S704 - as below
        f'<time datetime="{text}" title="{clock_of(text)}">{hint(instant, at)}</time>'
    )


def moment(instant: int | None, at: int) -> Markup:
    """Write an instant (µs) with a hint how far it is from another, which is now; script keeps the hint true."""
    if instant is None:
        return NOTHING
    text = quick_instant(instant)
    return Markup(  # nosec B704  # noqa: S704 - nothing in it comes from outside
        f'<time datetime="{text}">{clock_of(text)}</time> '
        f'<span class="hint" data-hint="{text}" data-now="{_same(at)}">({hint(instant, at)})</span>'
    )


def when(instant: int | None) -> Markup:
    """Write an instant (µs) with a hint how far it is from now."""
    return moment(instant, now())
