"""Where a datalink service has what: what link makers make links of."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from .pieces import Pieces


@dataclass(frozen=True, kw_only=True)
class Offer:
    """Where a service has what; None where it has no such endpoint.

    ``number`` is that of the observation in its request, for XML ids; ``file`` is where files are, ``soda`` and
    ``dlasync`` where cuts are made. ``authorized`` tells whether the caller may have the data, ``closed`` whether
    there are some who may not.
    """

    number: int
    pieces: Pieces
    links: str
    file: str
    soda: str | None = None
    dlasync: str | None = None
    authorized: bool = True
    closed: bool = False

    @property
    def rights(self) -> dict[str, Any]:
        """What links to the data say of rights (DataLink 1.1, section 3.2.12)."""
        if not self.closed:
            return {}
        return {"link_auth": "true", "link_authorized": self.authorized}


def url(base: str, **parameters: str) -> str:
    """Return the URL of an endpoint with parameters."""
    return f"{base}?{urlencode(parameters)}"
