"""What pages tell of services, as plain values."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.interfaces import IAsyncRenderer, ILinksRenderer, ISyncRenderer
from pyramid_uws.parameters import Example
from pyramid_uws.tree import Renderer, Service

from .declared import TABLES, limit_rows, parameter_rows, upload_rows
from .snippets import Call, Calls, Pairs, snippets

#: Returns the URL of a node, or its path, which is what a browser needs and is right behind any proxy.
UrlOf = Callable[[Any], str]

#: The view of a service that is the form of a new job.
FORM = "form"

#: The parameter that names observations, and what stands for a value that nobody knows.
_ID, _VALUE = "ID", "VALUE"

#: What an endpoint is for, by the name of its renderer.
_ENDPOINTS = {
    "async": "jobs (UWS)",
    "sync": "answers at once",
    "links": "what there is of an observation (DataLink)",
    "soda": "pieces cut out at once (SODA)",
    "dlasync": "pieces cut out as jobs (SODA)",
}

#: What is below the table of links.
_LIST = "all observations, if their source can tell"


@dataclass(frozen=True)
class Entry:
    """A service among others; ``links`` are names and URLs of pages of it."""

    title: str
    about: str
    url: str
    offered: bool
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Trial:
    """An example that can be tried: what to send where, and how; ``form`` is where it can be changed first.

    ``makes_job`` tells whether a job is to be seen then, or the answer itself.
    """

    id: str
    name: str
    about: str
    pairs: Pairs
    url: str
    makes_job: bool
    form: str | None


@dataclass(frozen=True)
class Endpoint:
    """A renderer: its URL, and what it is for."""

    name: str
    url: str
    about: str


def service_model(
    service: Service, definition: ServiceDefinition | None, url_of: UrlOf, path_of: UrlOf
) -> dict[str, Any]:
    """Return what ``service.html`` shows; of a service that is no longer offered, that there are jobs."""
    told = definition and {
        "title": definition.title or definition.name,
        "description": definition.description,
        "credits": definition.credits,
        "parameters": parameter_rows(definition),
        "uploads": upload_rows(definition),
        "limits": tuple(limit_rows(service, definition)),
        "endpoints": endpoints(service, definition, url_of),
        "trials": tuple(trials(service, definition, path_of)),
        "snippets": snippets(calls(service, definition, url_of)),
    }
    return {
        **dict.fromkeys(("description", "credits", "parameters", "uploads", "trials"), ()),
        "title": service.__name__,
        "offered": definition is not None,
        "form": form_path(service, definition, path_of),
        "job_lists": job_lists(service, path_of),
        **(told or {}),
    }


def entry(service: Service, definition: ServiceDefinition | None, path_of: UrlOf) -> Entry:
    """Return what the site's page has of a service; ``definition`` is None if it is no longer offered."""
    form = form_path(service, definition, path_of)
    return Entry(
        title=(definition and definition.title) or service.__name__,
        about=definition.description if definition else "",
        url=path_of(service),
        offered=definition is not None,
        links=(*([("New job", form)] if form else []), *job_lists(service, path_of)),
    )


def job_lists(service: Service, path_of: UrlOf) -> tuple[tuple[str, str], ...]:
    """Return the job lists of a service: what to call each, and its path."""
    lists = [renderer for renderer in service if IAsyncRenderer.providedBy(renderer)]
    if len(lists) == 1:
        return (("Jobs", path_of(lists[0])),)
    return tuple((f"Jobs ({renderer.__name__})", path_of(renderer)) for renderer in lists)


def form_path(service: Service, definition: ServiceDefinition | None, path_of: UrlOf) -> str | None:
    """Return where a job is made by a form; None if the service has no jobs, or is no longer offered."""
    if definition is None or not any(IAsyncRenderer.providedBy(service[name]) for name in definition.renderers):
        return None
    return f"{path_of(service)}/{FORM}"


def endpoints(service: Service, definition: ServiceDefinition, url_of: UrlOf) -> list[Endpoint]:
    """Return the endpoints of a service that is offered, in its own order."""
    found = []
    for name in definition.renderers:
        renderer: Renderer = service[name]
        about = _ENDPOINTS.get(name) or (renderer.standard_id or "")
        found.append(Endpoint(name, url_of(renderer), about))
        if ILinksRenderer.providedBy(renderer):
            found.append(Endpoint("links/list", f"{url_of(renderer)}/list", _LIST))
    return found


def trials(service: Service, definition: ServiceDefinition, path_of: UrlOf) -> Iterator[Trial]:
    """Yield the examples of a service, each for the endpoint at which most is seen of it."""
    form = form_path(service, definition, path_of)
    for example in definition.examples:
        renderer = _renderer_of(service, definition, example)
        makes_job = IAsyncRenderer.providedBy(renderer)
        yield Trial(
            id=example.id,
            name=example.name,
            about=example.description,
            pairs=example.pairs,
            url=path_of(renderer),
            makes_job=makes_job,
            form=f"{form}?{urlencode(example.pairs)}" if form and makes_job else None,
        )


def _renderer_of(service: Service, definition: ServiceDefinition, example: Example) -> Renderer:
    if example.renderer is not None:
        found: Renderer = service[example.renderer]
        return found
    all_of_them = [service[name] for name in definition.renderers]
    return next((each for each in all_of_them if IAsyncRenderer.providedBy(each)), all_of_them[0])


def calls(service: Service, definition: ServiceDefinition, url_of: UrlOf) -> Calls:
    """Return how the service is called: its endpoints, with what its examples have sent there."""

    def call(interface: Any) -> Call | None:
        for name in definition.renderers:
            if interface.providedBy(service[name]):
                return Call(url_of(service[name]), _sample(definition, name))
        return None

    links = call(ILinksRenderer)
    return Calls(
        job=call(IAsyncRenderer),
        once=call(ISyncRenderer),
        links=links and Call(links.url, (_observation(definition),)),
        tables=definition.datalink is None and any(each.key == TABLES for each in definition.parameters),
    )


def _sample(definition: ServiceDefinition, renderer: str) -> Pairs:
    """Return the parameters of an example for the renderer; what is required, if there is none."""
    for example in definition.examples:
        if example.renderer in {None, renderer}:
            return example.pairs
    return tuple((each.name, _VALUE) for each in definition.parameters if each.required)


def _observation(definition: ServiceDefinition) -> tuple[str, str]:
    """Return an ID that an example names."""
    named = (pair for example in definition.examples for pair in example.pairs if pair[0].upper() == _ID)
    return next(named, (_ID, _VALUE))
