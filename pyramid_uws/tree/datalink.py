"""The renderers of datalink services: the table of links, and pieces of data as jobs."""

from types import MappingProxyType
from typing import ClassVar, Final

from zope.interface import implementer

from pyramid_uws.interfaces import ILinksRenderer

from .renderer import AsyncRenderer, Renderer, SyncRenderer

#: What messages of bad values begin with (SODA 1.0, section 5.2).
SODA_LABELS: Final = MappingProxyType({"BadValue": "UsageError", "TooManyValues": "MultiValuedParamNotSupported"})


@implementer(ILinksRenderer)
class LinksRenderer(Renderer):
    """DaCHS' ``dlmeta``: what there is of an observation (DataLink 1.1). It has no jobs, nor any state."""

    access = "full"
    standard_id = "ivo://ivoa.net/std/DataLink#links-1.1"
    takes = ("ID", "RESPONSEFORMAT")


class DlasyncRenderer(AsyncRenderer):
    """DaCHS' ``dlasync``: SODA as jobs, whose parameters are those of SODA."""

    aliases: ClassVar[tuple[str, ...]] = ()
    parameter_style = "dali"
    access = "full"
    standard_id = "ivo://ivoa.net/std/SODA#async-1.0"
    standard_version = None
    value_labels = SODA_LABELS


class SodaRenderer(SyncRenderer):
    """DaCHS' ``dlget``: SODA while the client waits, one product in a request."""

    access = "full"
    standard_id = "ivo://ivoa.net/std/SODA#sync-1.0"
    value_labels = SODA_LABELS
