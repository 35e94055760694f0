"""The documents in which a service describes itself (VOSI 1.1): capabilities and availability."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from pyramid_uws.uws.instants import format_instant

from .xml import document, element, parent

UWS: Final = "ivo://ivoa.net/std/UWS#rest-1.1"
EXAMPLES: Final = "ivo://ivoa.net/std/DALI#examples"
VOSI_CAPABILITIES: Final = "ivo://ivoa.net/std/VOSI#capabilities"
VOSI_AVAILABILITY: Final = "ivo://ivoa.net/std/VOSI#availability"
VOSI_TABLES: Final = "ivo://ivoa.net/std/VOSI#tables"
VOSI_TABLES_1_1: Final = "ivo://ivoa.net/std/VOSI#tables-1.1"

_VOSI = "ivo://ivoa.net/std/VOSI#"
_CAPABILITIES_NAMESPACES = {
    "xmlns:vosi": "http://www.ivoa.net/xml/VOSICapabilities/v1.0",
    "xmlns:vr": "http://www.ivoa.net/xml/VOResource/v1.0",
    "xmlns:vs": "http://www.ivoa.net/xml/VODataService/v1.1",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
_AVAILABILITY_NAMESPACES = {"xmlns:vosi": "http://www.ivoa.net/xml/VOSIAvailability/v1.0"}


@dataclass(frozen=True, kw_only=True)
class Capability:
    """One thing a service can do: the standard it follows and where.

    ``use`` tells whether the URL is complete or wants something appended; ``version`` is that of the
    interface, where one standardID covers several.
    """

    standard_id: str
    access_url: str
    use: Literal["full", "base"] = "full"
    version: str | None = None

    def __post_init__(self) -> None:
        """Refuse what VOSI 1.1, section 4, does not allow."""
        if self.standard_id.startswith(_VOSI) and self.use != "full":
            raise ValueError(f"{self.standard_id}: the access URL of a VOSI endpoint has use='full'")


def capabilities_document(capabilities: Iterable[Capability]) -> str:
    """Write the capabilities of a service (VOSI 1.1, section 3.1).

    Children carry no prefix and ``xsi:type`` is written literally, since clients match just that.
    """
    return document("vosi:capabilities", map(_capability, capabilities), _CAPABILITIES_NAMESPACES)


def _capability(capability: Capability) -> str:
    interface = {"xsi:type": "vs:ParamHTTP", "role": "std"}
    if capability.version is not None:
        interface["version"] = capability.version
    access = element("accessURL", capability.access_url, {"use": capability.use})
    return parent("capability", [parent("interface", [access], interface)], {"standardID": capability.standard_id})


def availability_document(available: bool, up_since: int | None, notes: Iterable[str] = ()) -> str:
    """Write whether the service is available, since when (µs since 1970 UTC), and what else there is to say.

    What is not available says so (VOSI 1.1, availability metadata), with status 200 as ever.
    """
    return document("vosi:availability", _availability(available, up_since, notes), _AVAILABILITY_NAMESPACES)


def _availability(available: bool, up_since: int | None, notes: Iterable[str]) -> Iterator[str]:
    yield element("vosi:available", "true" if available else "false")
    if up_since is not None:
        yield element("vosi:upSince", format_instant(up_since))
    for note in notes:
        yield element("vosi:note", note)
