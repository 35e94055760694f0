"""The verbs: one view per kind of node and method, short; they read the request and call what is below."""

from typing import Any


def includeme(config: Any) -> None:
    """Register all views."""
    # The last comes first: whatever the others answer has its headers.
    for tween in (
        "credentials.credentials_tween",
        "outermost.host_tween",
        "error_pages.error_pages_tween",
        "outermost.headers_tween",
        "observed.observed_tween",
    ):
        config.add_tween(f"{__name__}.{tween}")
    for module in (
        "contents",
        "errors",
        "examples",
        "form",
        "job",
        "job_page",
        "joblist",
        "joblist_page",
        "links",
        "log",
        "observations",
        "openapi",
        "operator",
        "previews",
        "selected",
        "shares",
        "site",
        "soda",
        "static",
        "sync",
        "vosi",
        "whoami",
    ):
        config.include(f"{__name__}.{module}")
