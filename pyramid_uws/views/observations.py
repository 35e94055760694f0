"""The table of all observations of a datalink service, from which clients go on to links; no jobs are made."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from math import isfinite
from typing import Any, Final

from pyramid.request import Request
from pyramid.response import Response

from pyramid_uws.datalink.offer import url
from pyramid_uws.datalink.pieces import Pieces
from pyramid_uws.documents.datalink import LINKS_TYPE
from pyramid_uws.documents.observations import COLUMNS, observations_document
from pyramid_uws.exceptions import BadValue, NoSuchThing, UWSError
from pyramid_uws.interfaces import ILinksRenderer
from pyramid_uws.parameters.formats import VOTABLE
from pyramid_uws.tree.datalink import LinksRenderer
from pyramid_uws.tree.rights import READ
from pyramid_uws.uws.control import single
from pyramid_uws.uws.users import User

from .data import no_files, pieces_of, table_type
from .forms import read_form
from .payers import user_of
from .resources import add_resource_views

log = logging.getLogger(__name__)

#: Rows of a table for those who did not say MAXREC, and rows at most.
USUAL: Final = 1000
MOST: Final = 4000


def show_observations(context: LinksRenderer, request: Request) -> Response:
    """GET and POST ``list``: the observations that the caller may have, up to MAXREC."""
    pairs = read_form(request, no_files)
    media_type = table_type(single(pairs, "RESPONSEFORMAT"), VOTABLE)
    most = _most(single(pairs, "MAXREC"))
    rows = _Rows(pieces_of(context, request), request.resource_url(context), context.__parent__.__name__)
    found = list(islice(rows.of(user_of(request)), most + 1))
    overflow = f"There are more than these {most} observations." if len(found) > most else ""
    text = observations_document(found[:most], rows.links, overflow)
    return Response(text.encode(), headerlist=[("Content-Type", media_type)])


def _most(wish: str | None) -> int:
    if wish is None:
        return USUAL
    if not (wish.isascii() and wish.isdigit()) or len(wish) > len(str(2**63)):
        raise BadValue("MAXREC", wish, "expected a number of rows")
    return min(int(wish), MOST)


@dataclass(frozen=True)
class _Rows:
    """What rows are made of: the pieces of the service, the URL of its links, and its name."""

    pieces: Pieces
    links: str
    service: str

    def of(self, user: User | None) -> Iterator[tuple[Any, ...]]:
        """Yield a row for each observation that can be read and is for this user."""
        generator = self.pieces.generator
        if not isinstance(generator, Iterable):
            raise NoSuchThing(
                f"The observations of {self.service} cannot be listed: their source does not name ids."
            )
        for name in generator:
            row = self._row_of(name, user)
            if row is not None:
                yield row

    def _row_of(self, name: str, user: User | None) -> tuple[Any, ...] | None:
        try:
            observation = self.pieces.find(name)
            return self._row(observation) if self.pieces.permits(observation, user) else None
        except Exception as problem:  # the edge of an id: the others go on, and its links say why
            told = None if isinstance(problem, UWSError) else problem
            log.warning("%r cannot be listed among those of %s: %s", name, self.service, problem, exc_info=told)
            return None

    def _row(self, observation: Any) -> tuple[Any, ...]:
        told = {
            "obs_publisher_did": observation.id,
            "obs_id": observation.id,
            "obs_collection": self.service,
            "obs_title": observation.title or observation.id,
            "dataproduct_type": observation.kind,
            "access_url": url(self.links, ID=observation.id),
            "access_format": LINKS_TYPE,
            "access_estsize": -(-observation.size // 1000),
            "target_name": getattr(observation, "target", None),
            "t_exptime": getattr(observation, "exposure", None),
            "pol_states": f"/{'/'.join(observation.pol)}/" if observation.pol else None,
            "facility_name": getattr(observation, "facility", None),
            "instrument_name": getattr(observation, "instrument", None),
        }
        return tuple(
            _finite(told[name] if name in told else getattr(observation, name, None))
            for name in (column.name for column in COLUMNS)
        )


def _finite(value: Any) -> Any:
    """Return a number as Python's own; open ends are not told."""
    if value is None or isinstance(value, str | int):
        return value
    return float(value) if isfinite(value) else None


def includeme(config: Any) -> None:
    """Register the view."""
    views = {"GET": show_observations, "POST": show_observations}
    add_resource_views(config, ILinksRenderer, views, name="list", permission=READ)
