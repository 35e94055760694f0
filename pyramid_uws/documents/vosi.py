"""The documents in which a service describes itself (VOSI 1.1): capabilities and availability."""

from collections.abc import Iterable, Iterator, Sequence
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

#: Everybody is let in, and is asked nothing.
ANYBODY: Final[tuple[None]] = (None,)

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


def capabilities_document(capabilities: Iterable[Capability], security: Sequence[str | None] = ANYBODY) -> str:
    """Write the capabilities of a service (VOSI 1.1, section 3.1).

    ``security`` are the ways to be let in to all but the VOSI endpoints themselves: names of the IVOA, or None
    for nobody in particular. Children carry no prefix and ``xsi:type`` is written literally, since clients match
    just that.
    """
    elements = (_capability(capability, security) for capability in capabilities)
    return document("vosi:capabilities", elements, _CAPABILITIES_NAMESPACES)


def _capability(capability: Capability, security: Sequence[str | None]) -> str:
    """Write one, with an interface for each way to be let in: VOResource allows one in each."""
    attributes = {"xsi:type": "vs:ParamHTTP", "role": "std"}
    if capability.version is not None:
        attributes["version"] = capability.version
    access = element("accessURL", capability.access_url, {"use": capability.use})
    ways = ANYBODY if capability.standard_id.startswith(_VOSI) else security
    interfaces = [parent("interface", [access, *security_method(way)], attributes) for way in ways]
    return parent("capability", interfaces, {"standardID": capability.standard_id})


def security_method(way: str | None) -> list[str]:
    """Write how one is let in, or nothing if that is for everybody."""
    return [] if way is None else [element("securityMethod", "", {"standardID": way})]


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
