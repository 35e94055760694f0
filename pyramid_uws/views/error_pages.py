"""Errors for people: the same sentence and status as for programs, on a page, with what can be done about it."""

import logging
from collections.abc import Callable
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from pyramid_uws.pages import page

from .errors import FORBIDDEN, without_dialog
from .respond import wants_page

log = logging.getLogger(__name__)

Handle = Callable[[Request], Response]

#: Headers that belong to the text, for which the page has its own.
_OF_THE_TEXT = frozenset({"content-type", "content-length", "vary"})


def error_pages_tween(handle: Handle, _registry: Any) -> Handle:
    """Show browsers an error as a page, and tell caches that others are shown something else."""

    def handled(request: Request) -> Response:
        response = handle(request)
        if response.status_code < 400:
            return response
        response.vary = ("Accept",)
        is_sentence = response.content_type == "text/plain"
        return _as_page(request, response) if is_sentence and wants_page(request) else response

    return handled


def _as_page(request: Request, response: Response) -> Response:
    """Return the page of an error; what was to be answered without it, should there be none."""
    try:
        shown = page(
            request,
            "error.html",
            status=response.status_code,
            code=response.status_code,
            reason=response.status.partition(" ")[2],
            message=response.text.strip(),
            is_who=FORBIDDEN in request.environ,
            retry_after=response.headers.get("Retry-After", ""),
        )
    except Exception:
        log.exception("There is no page for the error %s at %s", response.status, request.environ.get("PATH_INFO"))
        return response
    kept = [(name, value) for name, value in response.headerlist if name.lower() not in _OF_THE_TEXT]
    shown.headerlist.extend(without_dialog(kept))
    return shown
