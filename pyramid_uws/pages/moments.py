"""Instants as markup, written quickly: a list has two in each row."""

from markupsafe import Markup

from pyramid_uws.documents.joblist import quick_instant

from .wording import clock, hint


def span_until(instant: int | None, at: int) -> Markup:
    """Write how far an instant (µs) is from now, which is ``at``; it is shown itself when it is pointed at."""
    if instant is None:
        return Markup("–")  # noqa: RUF001 - a dash
    text = quick_instant(instant)
    return Markup(  # nosec B704  # noqa: S704 - as below
        f'<time datetime="{text}" title="{clock(instant)}">{hint(instant, at)}</time>'
    )


def moment(instant: int | None, at: int) -> Markup:
    """Write an instant (µs) with a hint how far it is from another, which is now; script keeps the hint true."""
    if instant is None:
        return Markup("–")  # noqa: RUF001 - a dash
    text = quick_instant(instant)
    return Markup(  # nosec B704  # noqa: S704 - nothing in it comes from outside
        f'<time datetime="{text}">{clock(instant)}</time> '
        f'<span class="hint" data-hint="{text}" data-now="{quick_instant(at)}">({hint(instant, at)})</span>'
    )
