"""The documents in which a service describes itself (VOSI 1.1): capabilities and availability."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, Protocol

from pyramid_uws.parameters import Parameter
from pyramid_uws.uws.instants import format_instant
from pyramid_uws.uws.standards import EXAMPLES, VOSI_AVAILABILITY, VOSI_CAPABILITIES

from .inputs import input_param
from .xml import document, element, parent

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

Use = Literal["full", "base"]


@dataclass(frozen=True, kw_only=True)
class Capability:
    """One thing a service can do: the standard it follows, if there is one, and where.

    ``use`` tells whether the URL is complete or wants something appended; ``version`` is that of the
    interface, where one standardID covers several. ``parameters`` are what it takes.
    """

    access_url: str
    standard_id: str | None = None
    use: Use = "full"
    version: str | None = None
    parameters: tuple[Parameter, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what VOSI 1.1, section 4, does not allow."""
        if (self.standard_id or "").startswith(_VOSI) and self.use != "full":
            raise ValueError(f"{self.standard_id}: the access URL of a VOSI endpoint has use='full'")


class Endpoint(NamedTuple):
    """An endpoint of a service: its name, the standard it follows and its version, and how its URL is used.

    ``takes`` are the names of the parameters that it takes; None: all of them.
    """

    name: str
    standard_id: str | None
    version: str | None
    use: Use
    takes: tuple[str, ...] | None = None


class Described(Protocol):
    """What a renderer, or its class, tells of itself; ``access`` None: it is not among the capabilities."""

    @property
    def access(self) -> Use | None:
        """How its URL is used."""

    @property
    def standard_id(self) -> str | None:
        """The standard it follows."""

    @property
    def standard_version(self) -> str | None:
        """The version of that."""

    @property
    def takes(self) -> tuple[str, ...] | None:
        """The names of the parameters that it takes, if it does not take all."""


def endpoints_of(renderers: Mapping[str, Described]) -> list[Endpoint]:
    """Return what capabilities say of renderers, which are given by name."""
    return [
        Endpoint(name, renderer.standard_id, renderer.standard_version, renderer.access, renderer.takes)
        for name, renderer in renderers.items()
        if renderer.access is not None
    ]


def self_description(url: str, *, examples: bool) -> Iterator[Capability]:
    """Yield the capabilities of what describes a service, or a site, at ``url`` (absolute, no trailing slash)."""
    yield Capability(standard_id=VOSI_CAPABILITIES, access_url=f"{url}/capabilities")
    yield Capability(standard_id=VOSI_AVAILABILITY, access_url=f"{url}/availability")
    if examples:
        yield Capability(standard_id=EXAMPLES, access_url=f"{url}/examples")


def service_capabilities(
    url: str, endpoints: Iterable[Endpoint], parameters: tuple[Parameter, ...] = (), *, examples: bool
) -> list[Capability]:
    """Return the capabilities of the service at ``url``."""
    return [
        *self_description(url, examples=examples),
        *(
            Capability(
                standard_id=endpoint.standard_id,
                access_url=f"{url}/{endpoint.name}",
                use=endpoint.use,
                version=endpoint.version,
                parameters=tuple(
                    each for each in parameters if endpoint.takes is None or each.name in endpoint.takes
                ),
            )
            for endpoint in endpoints
        ),
    ]


def capabilities_document(capabilities: Iterable[Capability], security: Sequence[str | None] = ANYBODY) -> str:
    """Write the capabilities of a service (VOSI 1.1, section 3.1).

    ``security`` are the ways to be let in to all but the VOSI endpoints themselves: names of the IVOA, or None
    for nobody in particular. Children carry no prefix and ``xsi:type`` is written literally, since clients match
    just that.
    """
    elements = (capability_element(capability, security) for capability in capabilities)
    return document("vosi:capabilities", elements, _CAPABILITIES_NAMESPACES)


def capability_element(capability: Capability, security: Sequence[str | None] = ANYBODY) -> str:
    """Write one, as capabilities and registry records have it.

    It has an interface for each way to be let in: VOResource allows one in each.
    """
    interface = {"xsi:type": "vs:ParamHTTP"}
    attributes = {}
    if capability.standard_id is not None:
        interface["role"] = "std"
        attributes["standardID"] = capability.standard_id
    if capability.version is not None:
        interface["version"] = capability.version
    access = element("accessURL", capability.access_url, {"use": capability.use})
    params = list(map(input_param, capability.parameters))
    ways = ANYBODY if (capability.standard_id or "").startswith(_VOSI) else security
    interfaces = [parent("interface", [access, *security_method(way), *params], interface) for way in ways]
    return parent("capability", interfaces, attributes)


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
