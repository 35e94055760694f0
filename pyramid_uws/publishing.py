"""Datalink services: the keys by which an ini file publishes data, and what such a service has by itself."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from pyramid_uws.datalink.declarations import SODA_PARAMETERS
from pyramid_uws.datalink.pieces import Datalink
from pyramid_uws.settings.converters import read_count, read_names, read_size
from pyramid_uws.settings.keys import Key

PREFIX: Final = "datalink_"

_KEYS: tuple[Key, ...] = (
    Key(
        "folder",
        str,
        "",
        "Makes this a [datalink service](howto-datalink.md): the folder whose FITS files it offers.",
    ),
    Key(
        "descriptor",
        str,
        Datalink.descriptor,
        "Dotted name of what gives the function that turns ids into observations; called once, with the folder if "
        "there is one.",
    ),
    Key(
        "access",
        str,
        Datalink.access,
        "Dotted name of what tells whether a user, of whom it knows name and groups, "
        "[may have](howto-datalink.md#who-may-have-what) an observation.",
    ),
    Key("links", read_names, " ".join(Datalink.links), "Dotted names of the link makers, separated by blanks."),
    Key("parameters", str, Datalink.parameters, "Dotted name of what tells by which parameters data can be cut."),
    Key("format", str, Datalink.format, "Dotted name of what chooses the media type of a product."),
    Key("estimate", str, Datalink.estimate, "Dotted name of what tells beforehand how large a product becomes."),
    Key("function", str, Datalink.function, "Dotted name of what makes a product."),
    Key("max_sync", read_size, "100M", "The largest product made while the client waits (`soda`), in bytes."),
    Key("max_ids", read_count, "100", "Ids in a request to `links`; more are not answered (OVERFLOW)."),
    Key("max_results", read_count, "1000", "Products of a job at most."),
)

#: The keys as they stand in a section.
DATALINK_TABLE: tuple[Key, ...] = tuple(key._replace(name=PREFIX + key.name) for key in _KEYS)

#: What a datalink service has, unless it is told otherwise.
CORE: Final = "pyramid_uws.datalink.core:core"
FACTS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "parameters": SODA_PARAMETERS,
        "renderers": ("links", "soda", "dlasync"),
        "preload": "pyramid_uws.datalink:preload",
    }
)


def take_datalink(facts: dict[str, Any], own: Mapping[str, str]) -> Datalink | None:
    """Take the keys of datalink out of the facts of a section; None if the section itself has none of them."""
    pieces = {key.name: facts.pop(PREFIX + key.name) for key in _KEYS}
    return Datalink(**pieces) if any(key.startswith(PREFIX) for key in own) else None


def check_folder(datalink: Datalink) -> None:
    """Raise ``ValueError`` if the data cannot be where they are said to be."""
    if datalink.folder and not Path(datalink.folder).is_dir():
        raise ValueError(f"{PREFIX}folder = {datalink.folder}: there is no such folder")
    if datalink.descriptor == Datalink.descriptor and not datalink.folder:
        raise ValueError(f"{PREFIX}folder is missing; only another {PREFIX}descriptor can do without")
