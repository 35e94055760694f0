"""What the renderers of a datalink service have in common: its pieces, and where it can be asked for what."""

from pyramid.request import Request

from pyramid_uws.datalink.pieces import Pieces, assemble
from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.exceptions import Rejected
from pyramid_uws.tree import Renderer


def pieces_of(context: Renderer, request: Request) -> Pieces:
    """Return the pieces of the datalink service that a renderer belongs to."""
    definition = _definition(context, request)
    if definition is None or definition.datalink is None or context.__name__ not in definition.renderers:
        raise Rejected(f"The service {context.__parent__.__name__!r} no longer offers data here.")
    return assemble(definition.datalink)


def endpoints_of(context: Renderer, request: Request) -> dict[str | None, str]:
    """Return the URLs of a renderer and those beside it, by the standards that they follow."""
    definition = _definition(context, request)
    offered = () if definition is None else definition.renderers
    return {
        renderer.standard_id: request.resource_url(renderer)
        for renderer in context.__parent__
        if renderer.__name__ in offered
    }


def _definition(context: Renderer, request: Request) -> ServiceDefinition | None:
    definition: ServiceDefinition | None = request.registry.uws.definitions.get(context.__parent__.__name__)
    return definition
