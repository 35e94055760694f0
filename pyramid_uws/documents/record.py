"""The registry record of a service: VOResource 1.1 and VODataService 1.1, for whoever publishes it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pyramid_uws.uws.registration import Registration

from .vosi import ANYBODY, Capability, capability_element
from .xml import document, element, parent

_NAMESPACES = {
    "xmlns:ri": "http://www.ivoa.net/xml/RegistryInterface/v1.0",
    "xmlns:vr": "http://www.ivoa.net/xml/VOResource/v1.0",
    "xmlns:vs": "http://www.ivoa.net/xml/VODataService/v1.1",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
}


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is said of a service: ``registration`` is its own part, the rest comes from site and definition."""

    identifier: str
    title: str
    description: str
    publisher: str
    contact_name: str
    contact_email: str
    reference_url: str
    registration: Registration
    capabilities: tuple[Capability, ...]


def record_document(record: Record, security: Sequence[str | None] = ANYBODY) -> str:
    """Write the record; ``security`` are the ways to be let in, as capabilities have them."""
    own = record.registration
    attributes = {
        "xsi:type": "vs:DataService",
        "created": own.instant("created"),
        "updated": own.instant("updated") or own.instant("created"),
        "status": "active",
    }
    return document("ri:Resource", _resource(record, security), _NAMESPACES | attributes)


def _resource(record: Record, security: Sequence[str | None]) -> Iterator[str]:
    own = record.registration
    yield element("title", record.title)
    if own.short_name:
        yield element("shortName", own.short_name)
    yield element("identifier", record.identifier)
    yield parent("curation", _curation(record))
    yield parent("content", _content(record))
    if own.licence or own.licence_uri:
        yield element("rights", own.licence, {"rightsURI": own.licence_uri} if own.licence_uri else {})
    yield from (capability_element(capability, security) for capability in record.capabilities)


def _curation(record: Record) -> Iterator[str]:
    yield element("publisher", record.publisher)
    for creator in record.registration.creators:
        yield parent("creator", [element("name", creator)])
    contact = [element("name", record.contact_name)]
    if record.contact_email:
        contact.append(element("email", record.contact_email))
    yield parent("contact", contact)


def _content(record: Record) -> Iterator[str]:
    own = record.registration
    yield from _each("subject", own.subjects)
    yield element("description", record.description)
    yield element("referenceURL", record.reference_url)
    yield from _each("type", own.content_types)
    yield from _each("contentLevel", own.content_levels)


def _each(name: str, texts: Iterable[str]) -> Iterator[str]:
    return (element(name, text) for text in texts)
