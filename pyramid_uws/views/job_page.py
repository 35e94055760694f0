"""The page of a job, and the part of it that is fetched again while the job is active.

A page is made of what the document is made of, the end of the log, and the caller's rights.
"""

from typing import Any

from pyramid.interfaces import ISecurityPolicy
from pyramid.request import Request
from pyramid.response import Response

from pyramid_uws import interfaces
from pyramid_uws.auth.stacked import StackedPolicy
from pyramid_uws.pages import page
from pyramid_uws.pages.jobs import JobPage, LogTail, May, Offer, job_page
from pyramid_uws.tree import Job
from pyramid_uws.tree.rights import CHANGE, DELETE, SHARE
from pyramid_uws.uws import phases

from .foreseen import foreseen
from .log import tail
from .resources import add_resource_views

#: How much of the log a page shows.
LINES = 200
BYTES = 32 * 1024


def answer(job: Job, request: Request) -> Response:
    """Answer with the page."""
    return page(request, "job.html", job=describe(job, request))


def show_live(context: Job, request: Request) -> Response:
    """GET ``live``: what of the page changes by itself, for the script that puts it in its place."""
    return page(request, "job_live.html", job=describe(context, request))


def describe(job: Job, request: Request) -> JobPage:
    """Return what the page shows."""
    may = May(*(bool(request.has_permission(right, job)) for right in (CHANGE, DELETE, SHARE)))
    shown = foreseen(request, job)
    return job_page(shown, request.resource_url(job), _offer(job, request), may, _log(job, request))


def _offer(job: Job, request: Request) -> Offer:
    """Return what the service of the job is."""
    renderer = job.__parent__.__parent__
    service = renderer.__parent__
    url = request.resource_url(service)
    list_url = f"{url}/{renderer.__name__}" if interfaces.IAsyncRenderer.providedBy(renderer) else None
    definition = request.registry.uws.definitions.get(service.__name__)
    if definition is None or renderer.__name__ not in definition.renderers:
        return Offer(service.__name__, url, list_url)
    return Offer(
        title=definition.title or service.__name__,
        url=url,
        list_url=list_url,
        form=f"{url}/form",
        limits=definition.limits,
        on_destruction=definition.on_destruction,
        has_links=isinstance(request.registry.queryUtility(ISecurityPolicy), StackedPolicy),
    )


def _log(job: Job, request: Request) -> LogTail | None:
    if job.phase in {phases.PENDING, phases.HELD} or not job.attempt:
        return None
    found = tail(job, request, LINES, BYTES)
    return None if found is None or not found[0] else LogTail(*found)


def includeme(config: Any) -> None:
    """Register the view of what changes."""
    add_resource_views(config, interfaces.IJob, {"GET": show_live}, name="live")
