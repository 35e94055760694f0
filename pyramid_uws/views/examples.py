"""Examples of requests, of a service or of all (DALI 1.2, section 2.3)."""

from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from pyramid_uws import interfaces
from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.documents.examples import ExampleEntry, examples_document
from pyramid_uws.exceptions import NoSuchThing
from pyramid_uws.parameters import Example
from pyramid_uws.tree import Root, Service
from pyramid_uws.tree.rights import READ

from .resources import add_resource_views

XHTML = "application/xhtml+xml"


def service_examples(context: Service, request: Request) -> Response:
    """GET /SERVICE/examples; 404 if there are none."""
    definition = request.registry.uws.definitions.get(context.__name__)
    if definition is None or not definition.examples:
        raise NoSuchThing(f"The service {context.__name__!r} has no examples.")
    entries = [_entry(example, definition, context, request) for example in definition.examples]
    return _xhtml(examples_document(f"Examples: {definition.title or definition.name}", entries))


def site_examples(context: Root, request: Request) -> Response:
    """GET /examples: the way to those of the services; 404 if there are none."""
    more = [
        (definition.title or definition.name, f"{request.resource_url(service)}/examples")
        for service in context
        if request.has_permission(READ, service)
        and (definition := request.registry.uws.definitions.get(service.__name__))
        and definition.examples
    ]
    if not more:
        raise NoSuchThing("No service of this site has examples.")
    return _xhtml(examples_document(f"Examples: {request.registry.uws.settings.title}", (), more))


def _entry(example: Example, definition: ServiceDefinition, service: Service, request: Request) -> ExampleEntry:
    renderer = service[example.renderer or definition.renderers[0]]
    return ExampleEntry(
        example.id,
        example.name,
        example.description,
        example.pairs,
        request.resource_url(renderer),
        renderer.standard_id if example.renderer else None,
    )


def _xhtml(text: str) -> Response:
    return Response(text=text, content_type=XHTML, charset="UTF-8")


def includeme(config: Any) -> None:
    """Register the views."""
    add_resource_views(config, interfaces.IRoot, {"GET": site_examples}, name="examples")
    add_resource_views(config, interfaces.IService, {"GET": service_examples}, name="examples")
