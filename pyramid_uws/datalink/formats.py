"""Formats of products, and who may have them: the two smallest pieces of a datalink service."""

from types import MappingProxyType
from typing import Any

from pyramid_uws.parameters.formats import MEDIA_TYPES, read_format
from pyramid_uws.uws.users import User

from .estimating import PNG, formats
from .problems import CannotCut

_PICTURES = MappingProxyType({"png": PNG, PNG: PNG})


def anybody(_observation: Any, _user: User | None) -> bool:
    """Let everybody have all observations."""
    return True


def media_type(observation: Any, _cut: Any, wish: str | None) -> str:
    """Return the media type for what RESPONSEFORMAT wishes; :class:`CannotCut` if there is no such product."""
    offered = formats(observation)
    if wish is None or not wish.strip():
        return offered[0]
    found = _read(wish)
    if found is None or MEDIA_TYPES.get(found.partition(";")[0], found) not in offered:
        raise CannotCut(f"RESPONSEFORMAT={wish[:200]!r}: {observation.id} comes as {', '.join(offered)}.")
    return found


def _read(wish: str) -> str | None:
    picture = _PICTURES.get(wish.strip().lower())
    if picture is not None:
        return picture
    try:
        return read_format(wish)
    except ValueError:
        return None
