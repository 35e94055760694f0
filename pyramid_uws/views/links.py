"""The table of links of a datalink service (DataLink 1.1), and the files that it leads to; no jobs are made."""

import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pyramid.httpexceptions import HTTPForbidden
from pyramid.request import Request
from pyramid.response import Response

from pyramid_uws.datalink import NotFound
from pyramid_uws.datalink.declarations import ID, RESPONSEFORMAT, as_input
from pyramid_uws.datalink.offer import Offer
from pyramid_uws.datalink.pieces import Pieces
from pyramid_uws.documents.datalink import (
    DATALINK,
    LINKS_TYPE,
    SODA_ASYNC,
    SODA_SYNC,
    THIS,
    Descriptor,
    Link,
    links_document,
)
from pyramid_uws.exceptions import BadRequest, BadValue, NoSuchThing, UWSError
from pyramid_uws.interfaces import ILinksRenderer
from pyramid_uws.tree.datalink import LinksRenderer
from pyramid_uws.tree.rights import READ
from pyramid_uws.uws.control import given, single
from pyramid_uws.uws.users import User

from .contents import stream
from .data import FORMATS, endpoints_of, no_files, pieces_of, table_type
from .exchange import Exchange
from .forms import read_form
from .payers import user_of
from .resources import add_resource_views

log = logging.getLogger(__name__)


def show_links(context: LinksRenderer, request: Request) -> Response:
    """GET and POST: the links of some ids, in the order in which they were asked for."""
    pairs = read_form(request, no_files)
    media_type = table_type(single(pairs, "RESPONSEFORMAT"), LINKS_TYPE)
    pieces = pieces_of(context, request)
    ids, user = given(pairs, "ID"), user_of(request)
    answered = ids[: pieces.datalink.max_ids]
    found: list[Link | Descriptor] = [_this_service(context, request)]
    for number, each in enumerate(answered, 1):
        found += _links(each, _offer(context, request, number, pieces), user)
    left = f"This service answers {len(answered)} ids in a request; {len(ids) - len(answered)} are left out."
    text = links_document(
        [each for each in found if isinstance(each, Link)],
        [each for each in found if isinstance(each, Descriptor)],
        left if len(answered) < len(ids) else "",
    )
    return Response(text.encode(), headerlist=[("Content-Type", media_type)])


def show_file(context: LinksRenderer, request: Request) -> Response:
    """GET ``file``: the file of an observation, whole or by Range."""
    name = single(read_form(request, no_files), "ID")
    if name is None:
        raise BadRequest("The file of which observation? ID is missing.")
    observation = _may_have(pieces_of(context, request), name, request)
    try:
        file = observation.path.open("rb")
    except OSError:
        raise NoSuchThing(f"The file of ID={name!r} is gone.") from None
    response = stream(request, file, observation.media_type)
    status = os.fstat(file.fileno())
    response.etag = f"{status.st_mtime_ns:x}-{status.st_size:x}"
    response.last_modified = int(status.st_mtime)
    response.content_disposition = f'attachment; filename="{_plain_name(observation.path.name)}"'
    return response


def _may_have(pieces: Pieces, name: str, request: Request) -> Any:
    """Return the observation; an error if there is none, or the caller may not have it."""
    try:
        observation = pieces.find(name)
    except NotFound as problem:
        raise NoSuchThing(str(problem)) from problem
    if not pieces.permits(observation, user_of(request)):
        raise HTTPForbidden
    return observation


def _plain_name(name: str) -> str:
    """Return a name that may stand in a header."""
    return "".join(mark if mark.isascii() and (mark.isalnum() or mark in "._+-") else "_" for mark in name)


# Rows


def _links(name: str, offer: Offer, user: User | None) -> Iterator[Link | Descriptor]:
    """Yield what there is of an id; a row that says so if that is nothing."""
    found: list[Link | Descriptor] = []
    try:
        observation = offer.pieces.find(name)
        permits = offer.pieces.permits
        offer = replace(offer, closed=not permits(observation, None), authorized=permits(observation, user))
        for maker in offer.pieces.links:
            found += maker(observation, offer)
    except (Exception, SystemExit) as problem:  # noqa: BLE001 - the edge of an id: the others go on
        return iter([_fault(name, problem)])
    return iter(found)


def _fault(name: str, problem: BaseException) -> Link:
    """Return the row of an id that has no links (DataLink 1.1, section 3.4)."""
    if isinstance(problem, NotFound):
        label = "NotFoundFault"
    elif isinstance(problem, BadValue | BadRequest):
        label = "UsageFault"
    elif isinstance(problem, OSError):
        label = "TransientFault"
    else:
        label = "FatalFault"
    if not isinstance(problem, UWSError):
        log.error("the links of ID=%r could not be made", name, exc_info=problem)
    told = str(problem) if isinstance(problem, UWSError) else "The server failed over this id."
    return Link(id=name, error_message=f"{label}: {told}", description="There is no link.", semantics="#this")


def _offer(context: LinksRenderer, request: Request, number: int, pieces: Pieces) -> Offer:
    url = request.resource_url(context)
    endpoints = endpoints_of(context, request)
    return Offer(
        number=number,
        pieces=pieces,
        links=url,
        file=f"{url}/file",
        soda=endpoints.get(SODA_SYNC),
        dlasync=endpoints.get(SODA_ASYNC),
    )


def _this_service(context: LinksRenderer, request: Request) -> Descriptor:
    """Return what this service says of itself."""
    formats = as_input(RESPONSEFORMAT, description="The format of the table.", options=FORMATS)
    return Descriptor(
        id="this",
        name="links",
        description="Gives links to observations, and services for them, by their ids.",
        utype=THIS,
        access_url=request.resource_url(context),
        standard_id=DATALINK,
        content_type=LINKS_TYPE,
        inputs=(as_input(ID, description="The id of an observation; may be repeated."), formats),
    )


def includeme(config: Any) -> None:
    """Register the views of the table of links; errors of the endpoint as a whole are VOTables (section 3.4)."""
    config.add_uws_exchange(ILinksRenderer, Exchange)
    add_resource_views(config, ILinksRenderer, {"GET": show_links, "POST": show_links}, permission=READ)
    add_resource_views(config, ILinksRenderer, {"GET": show_file}, name="file")
