"""The OpenAPI document of a service, for tools that make clients and forms of it."""

from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from pyramid_uws import interfaces
from pyramid_uws.datalink.declarations import LINKS_PARAMETERS, LIST_PARAMETERS
from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.documents.openapi import Api, openapi_document
from pyramid_uws.exceptions import NoSuchThing
from pyramid_uws.parameters import Parameter
from pyramid_uws.parameters.uploads import UPLOAD, described
from pyramid_uws.tree import Service
from pyramid_uws.version import __version__

from .resources import add_resource_views
from .respond import JSON


def openapi(context: Service, request: Request) -> Response:
    """GET /SERVICE/openapi.json; 404 if the service is no longer offered."""
    definition = request.registry.uws.definitions.get(context.__name__)
    if definition is None:
        raise NoSuchThing(f"The service {context.__name__!r} is no longer offered.")
    renderers = [renderer for renderer in context if renderer.__name__ in definition.renderers]

    def names(kind: Any) -> tuple[str, ...]:
        return tuple(each.__name__ for each in renderers if kind.providedBy(each))

    api = Api(
        title=definition.title or definition.name,
        description=definition.description,
        version=__version__,
        parameters=(*definition.parameters, *_upload(definition)),
        lists=names(interfaces.IAsyncRenderer),
        syncs=names(interfaces.ISyncRenderer),
        links=names(interfaces.ILinksRenderer),
        link_parameters=LINKS_PARAMETERS,
        list_parameters=LIST_PARAMETERS,
        examples=bool(definition.examples),
    )
    return Response(text=openapi_document(api, request.resource_url(context)), content_type=JSON, charset="UTF-8")


def _upload(definition: ServiceDefinition) -> tuple[Parameter, ...]:
    """Return UPLOAD as a parameter, if the service takes uploads."""
    about = described(definition.uploads)
    return (Parameter(name=UPLOAD, multiple=True, description=about),) if definition.uploads else ()


def includeme(config: Any) -> None:
    """Register the view."""
    add_resource_views(config, interfaces.IService, {"GET": openapi}, name="openapi.json")
