"""What the renderers of a datalink service have in common: its pieces, where it can be asked for what, and how."""

from contextlib import AbstractContextManager
from typing import IO, Final

from pyramid.request import Request

from pyramid_uws.datalink.pieces import Pieces, assemble
from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.exceptions import BadRequest, BadValue, Rejected
from pyramid_uws.parameters.formats import VOTABLE
from pyramid_uws.tree import Renderer

_XML: Final = ("text/xml", "application/xml")

#: What RESPONSEFORMAT of tables may say, in lower case.
FORMATS: Final = ("votable", VOTABLE, *_XML)


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


def table_type(wish: str | None, usual: str) -> str:
    """Return the Content-Type of a table for RESPONSEFORMAT; ``usual`` is what VOTables have here."""
    if wish is None:
        return usual
    asked = wish.partition(";")[0].strip().lower().replace(" ", "+")
    if asked not in FORMATS:
        raise BadValue("RESPONSEFORMAT", wish, f"this table comes as {', '.join(FORMATS)}")
    return asked if asked in _XML else usual


def no_files(name: str, _media_type: str) -> AbstractContextManager[IO[bytes]]:
    """Refuse a file in a form."""
    raise BadRequest(f"{name} was sent as a file; there are no files to be sent here.")
