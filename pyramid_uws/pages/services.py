"""What pages tell of services, as plain values."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.interfaces import IAsyncRenderer
from pyramid_uws.tree import Service

#: Returns the URL of a node.
UrlOf = Callable[[Any], str]


@dataclass(frozen=True)
class Entry:
    """A service among others; ``links`` are names and URLs of pages of it."""

    title: str
    about: str
    url: str
    offered: bool
    links: tuple[tuple[str, str], ...]


def entry(service: Service, definition: ServiceDefinition | None, url_of: UrlOf) -> Entry:
    """Return what the site's page has of a service; ``definition`` is None if it is no longer offered."""
    return Entry(
        title=(definition and definition.title) or service.__name__,
        about=definition.description if definition else "",
        url=url_of(service),
        offered=definition is not None,
        links=job_lists(service, url_of),
    )


def job_lists(service: Service, url_of: UrlOf) -> tuple[tuple[str, str], ...]:
    """Return the job lists of a service: what to call each, and its URL."""
    lists = [renderer for renderer in service if IAsyncRenderer.providedBy(renderer)]
    if len(lists) == 1:
        return (("Jobs", url_of(lists[0])),)
    return tuple((f"Jobs ({renderer.__name__})", url_of(renderer)) for renderer in lists)
