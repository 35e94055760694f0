"""The verbs: one view per kind of node and method, short; they read the request and call what is below."""

from typing import Any

from pyramid.events import NewResponse


def add_headers(event: NewResponse) -> None:
    """Let no cache keep what may change, and no browser guess types (U-27)."""
    headers = event.response.headers
    headers.setdefault("Cache-Control", "private, no-cache")
    headers.setdefault("X-Content-Type-Options", "nosniff")


def includeme(config: Any) -> None:
    """Register all views."""
    config.add_subscriber(add_headers, NewResponse)
    for module in ("contents", "errors", "job", "joblist", "site"):
        config.include(f"{__name__}.{module}")
