"""What the site and each service say of themselves to programs: capabilities and availability (VOSI 1.1)."""

from datetime import UTC, datetime
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from ZODB.POSException import POSError

from pyramid_uws import interfaces
from pyramid_uws.documents import availability_document, capabilities_document
from pyramid_uws.documents.vosi import Capability, endpoints_of, self_description, service_capabilities
from pyramid_uws.tree import Root, Service

from .credentials import ways_in
from .health import complaints
from .resources import add_resource_views
from .respond import XML, plain

#: Seconds after which a client may ask again that has met a database out of reach.
RETRY_AFTER = 30


def site_capabilities(context: Root, request: Request) -> Response:
    """GET /capabilities: of the site as a whole."""
    has_examples = any(definition.examples for definition in request.registry.uws.definitions.values())
    return _capabilities(context, request, list(self_description(request.application_url, examples=has_examples)))


def capabilities(context: Service, request: Request) -> Response:
    """GET /SERVICE/capabilities (VOSI 1.1, section 3.1); a service that is gone has no endpoints for new jobs.

    Parameters are left to registry records: pyvo warns of each that it meets here.
    """
    url = request.resource_url(context)
    definition = request.registry.uws.definitions.get(context.__name__)
    if definition is None:
        return _capabilities(context, request, list(self_description(url, examples=False)))
    endpoints = endpoints_of({name: context[name] for name in definition.renderers})
    found = service_capabilities(url, endpoints, examples=bool(definition.examples))
    return _capabilities(context, request, found)


def _capabilities(context: Any, request: Request, found: list[Capability]) -> Response:
    """Answer; what capabilities say changes when the server is started."""
    text = capabilities_document(found, ways_in(request, context))
    response = Response(text=text, content_type=XML, charset="UTF-8")
    response.last_modified = datetime.fromtimestamp(request.registry.uws.started // 1_000_000, UTC)
    return response


def availability(context: Any, request: Request) -> Response:
    """GET availability (VOSI 1.1): whether jobs can be taken and run at this moment, and if not, why."""
    return _availability(request, complaints(request.registry.uws, context))


def _availability(request: Request, notes: list[str]) -> Response:
    text = availability_document(not notes, request.registry.uws.started, notes)
    return Response(text=text, content_type=XML, charset="UTF-8")


def out_of_reach(_error: POSError, request: Request) -> Response:
    """Answer that the database cannot be read; who asks for availability is told in its own form."""
    sentence = "The database cannot be read at present."
    if request.path_info.rstrip("/").endswith("/availability") and request.method in {"GET", "HEAD"}:
        return _availability(request, [sentence])
    response = plain(f"{sentence[:-1]}; try again in a moment.", 503)
    response.retry_after = RETRY_AFTER
    return response


def includeme(config: Any) -> None:
    """Register the views.

    They are open to everybody (VOSI 1.1, section 2); whether one must log in for the rest is said beside them.
    """
    for place, name, view in (
        (interfaces.IRoot, "capabilities", site_capabilities),
        (interfaces.IService, "capabilities", capabilities),
        (interfaces.IRoot, "availability", availability),
        (interfaces.IService, "availability", availability),
    ):
        add_resource_views(config, place, {"GET": view}, name=name, permission=NO_PERMISSION_REQUIRED)
    config.add_exception_view(out_of_reach, context=POSError)
