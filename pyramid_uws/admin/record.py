"""The registry record of a service, from what the ini file says."""

from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

from pyramid_uws.auth.stacked import StackedPolicy
from pyramid_uws.definition import Definitions, ServiceDefinition
from pyramid_uws.documents.record import Record, record_document
from pyramid_uws.documents.vosi import Described, endpoints_of, service_capabilities
from pyramid_uws.exceptions import NoSuchThing, UWSError
from pyramid_uws.settings import PREFIX, Settings
from pyramid_uws.tree.rights import service_acl


class Configured(NamedTuple):
    """What is configured: services, and the classes of their renderers, by name; and how people log in."""

    definitions: Definitions
    renderers: Mapping[str, Any]
    policy: Any = None


Describe = Callable[[], Configured]


def record_of(settings: Settings, configured: Configured, service: str) -> str:
    """Return the record; :class:`UWSError` names the keys that it lacks."""
    definition = configured.definitions.get(service)
    if definition is None:
        known = ", ".join(sorted(configured.definitions)) or "none"
        raise NoSuchThing(f"There is no service {service!r}; there are {known}.")
    missing = list(_missing(settings, definition))
    if missing:
        raise UWSError(f"The record of {service} lacks what registries require: {', '.join(missing)}.")
    return record_document(_record(settings, definition, configured.renderers), _ways_in(configured, definition))


def _ways_in(configured: Configured, definition: ServiceDefinition) -> list[str | None]:
    """Return how one is let in to a service."""
    if not isinstance(configured.policy, StackedPolicy):
        return [None]
    return configured.policy.ways_in(SimpleNamespace(__acl__=service_acl(definition.rights)))


def _missing(settings: Settings, definition: ServiceDefinition) -> Iterator[str]:
    """Yield the keys of the ini file that have to be set."""
    own = definition.registration
    site = ["url", "registry.publisher", "registry.contact_name"]
    site += [] if own.identifier else ["registry.authority"]
    yield from (PREFIX + key for key in site if not getattr(settings, key.replace(".", "_")))
    facts: dict[str, object] = {
        "title": definition.title.strip(),
        "description": definition.description.strip(),
        "subjects": own.subjects,
        "created": own.created,
    }
    yield from (f"{key} of [uws:service:{definition.name}]" for key, fact in facts.items() if not fact)


def _record(settings: Settings, definition: ServiceDefinition, renderers: Mapping[str, Described]) -> Record:
    url = f"{settings.url}/{definition.name}"
    endpoints = endpoints_of({name: renderers[name] for name in definition.renderers})
    own = definition.registration
    return Record(
        identifier=own.identifier or f"ivo://{settings.registry_authority}/{definition.name}",
        title=definition.title,
        description=definition.description,
        publisher=settings.registry_publisher,
        contact_name=settings.registry_contact_name,
        contact_email=settings.registry_contact_email,
        reference_url=own.reference_url or url,
        registration=own,
        capabilities=tuple(
            service_capabilities(url, endpoints, definition.parameters, examples=bool(definition.examples))
        ),
    )
