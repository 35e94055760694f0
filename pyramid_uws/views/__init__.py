"""The verbs: one view per kind of node and method, short; they read the request and call what is below."""

from collections.abc import Callable
from typing import Any

from pyramid.request import Request
from pyramid.response import Response


def headers_tween(handle: Callable[[Request], Response], _registry: Any) -> Callable[[Request], Response]:
    """Let no cache keep what may change, and no browser guess types (U-27)."""

    def handled(request: Request) -> Response:
        response = handle(request)
        response.headers.setdefault("Cache-Control", "private, no-cache")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        return response

    return handled


def includeme(config: Any) -> None:
    """Register all views."""
    config.add_tween(f"{__name__}.credentials.credentials_tween")
    config.add_tween(f"{__name__}.headers_tween")
    for module in (
        "contents",
        "errors",
        "examples",
        "job",
        "joblist",
        "links",
        "log",
        "openapi",
        "shares",
        "site",
        "soda",
        "sync",
        "vosi",
    ):
        config.include(f"{__name__}.{module}")
