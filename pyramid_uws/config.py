"""The directives: services, renderers, attributes; and the ini form of a service.

Each records an action with discriminator and introspectable, so two packages that name the same thing collide
loudly, and what they take is checked at start.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import plaster
from pyramid.exceptions import ConfigurationError
from pyramid.path import DottedNameResolver
from zope.interface import Interface
from zope.interface.interfaces import IInterface

from pyramid_uws.definition import WHEN_FULL, IServiceDefinition, ServiceDefinition
from pyramid_uws.interfaces import IWorkerSystem
from pyramid_uws.settings import (
    ON_STOP,
    Key,
    choice,
    convert_section,
    read_count,
    read_integer,
    read_names,
    read_seconds,
    read_size,
)
from pyramid_uws.tree import STANDARD_ATTRIBUTES, AsyncRenderer, Renderer
from pyramid_uws.uws.limits import Limits
from pyramid_uws.views.resources import View, add_resource_views

SECTION = "uws:service:"

_resolve = DottedNameResolver().maybe_resolve
_LIMITS = tuple(Limits.__dataclass_fields__)


class IRendererFactory(Interface):
    """A utility by the renderer's name that makes a renderer node."""


class IAttributeFactory(Interface):
    """A utility by the attribute's name that makes an attribute of a job."""


def add_uws_service(config: Any, name: str, *, core: Any, **facts: Any) -> None:
    """Add a service. ``core`` is a function or its dotted name; the rest as in :class:`ServiceDefinition`.

    Limits are given by their own names (see :class:`~pyramid_uws.uws.limits.Limits`).
    """
    limits = {key: facts.pop(key) for key in _LIMITS if key in facts}
    worker_system = facts.pop("worker_system", None)
    if isinstance(facts.get("parameters"), str | list):
        facts["parameters"] = tuple(_resolve(facts["parameters"]))
    try:
        definition = ServiceDefinition(
            name=name,
            core=_dotted(core, f"service {name}: core"),
            preload=None
            if facts.get("preload") is None
            else _dotted(facts["preload"], f"service {name}: preload"),
            worker_system=None if worker_system is None else _worker_system(worker_system),
            limits=Limits(**limits),
            **{key: value for key, value in facts.items() if key != "preload"},
        )
    except (TypeError, ValueError, ImportError) as problem:
        raise ConfigurationError(f"service {name}: {problem}") from problem

    def register() -> None:
        for renderer in definition.renderers:
            if config.registry.queryUtility(IRendererFactory, renderer) is None:
                raise ConfigurationError(
                    f"service {name}: there is no renderer {renderer!r}; add_uws_renderer makes one known"
                )
        config.registry.registerUtility(definition, IServiceDefinition, name)

    introspectable = config.introspectable("uws services", name, name, "uws service")
    introspectable["definition"] = definition
    config.action(("uws service", name), register, introspectables=(introspectable,), order=1)


def add_uws_renderer(config: Any, name: str, factory: Any) -> None:
    """Add a kind of renderer: ``factory`` is a class derived from :class:`~pyramid_uws.tree.Renderer`."""
    factory = _resolve(factory)
    if not (isinstance(factory, type) and issubclass(factory, Renderer)):
        raise ConfigurationError(f"renderer {name}: expected a class derived from Renderer, not {factory!r}")

    def register() -> None:
        config.registry.registerUtility(factory, IRendererFactory, name)

    introspectable = config.introspectable("uws renderers", name, name, "uws renderer")
    introspectable["factory"] = factory
    config.action(("uws renderer", name), register, introspectables=(introspectable,))


def add_uws_attribute(config: Any, name: str, factory: Any, views: Mapping[str, View] | None = None) -> None:
    """Add a child of every job: ``factory(job, name)`` makes it, or raises ``KeyError``.

    ``factory`` is usually a class derived from :class:`~pyramid_uws.tree.Attribute`; ``views`` (method ->
    view) are registered for it. A name that every job has already is a conflict.
    """
    factory = _resolve(factory)
    if not callable(factory):
        raise ConfigurationError(f"attribute {name}: expected a callable, not {factory!r}")
    if views and not (isinstance(factory, type) or IInterface.providedBy(factory)):
        raise ConfigurationError(f"attribute {name}: views need a class to be registered for, not {factory!r}")

    def register() -> None:
        config.registry.registerUtility(factory, IAttributeFactory, name)

    introspectable = config.introspectable("uws attributes", name, name, "uws attribute")
    introspectable["factory"] = factory
    config.action(("uws attribute", name), register, introspectables=(introspectable,))
    if views:
        add_resource_views(config, factory, views)


def add_uws_resource_views(config: Any, context: Any, views: Mapping[str, View], **options: Any) -> None:
    """Register a view per method for a kind of node; other methods are answered 405 with ``Allow``."""
    add_resource_views(
        config, _resolve(context), {method: _resolve(view) for method, view in views.items()}, **options
    )


def _worker_system(thing: Any) -> Any:
    kind = _resolve(thing)
    if not (isinstance(kind, type) and IWorkerSystem.implementedBy(kind)):
        raise TypeError(f"worker_system = {thing}: expected a class derived from WorkerSystem")
    return kind


def _dotted(thing: Any, what: str) -> str:
    """Return the name under which a child process finds a callable, having found it once."""
    name = thing if isinstance(thing, str) else f"{thing.__module__}:{thing.__qualname__}"
    if name.count(":") != 1:
        raise ConfigurationError(f"{what} = {name}: expected package.module:function")
    try:
        found = _resolve(name)
    except (ImportError, AttributeError) as problem:
        raise ConfigurationError(f"{what} = {name}: {problem}") from problem
    if not callable(found):
        raise ConfigurationError(f"{what} = {name}: this is not callable")
    return name


# The ini form


def _lines(text: str) -> tuple[str, ...]:
    found = _text_or_object(text)
    if isinstance(found, str):
        return tuple(line.strip() for line in found.splitlines() if line.strip())
    return tuple(found)


def _text_or_object(text: str) -> Any:
    """Return what ``package.module:NAME`` names, or the text itself if it is not of this form."""
    module, colon, name = text.partition(":")
    if colon and name.isidentifier() and all(part.isidentifier() for part in module.split(".")):
        try:
            return _resolve(text)
        except (ImportError, AttributeError) as problem:
            raise ValueError(str(problem)) from problem
    return text


def _parameters(text: str) -> tuple[Any, ...]:
    found = _text_or_object(text) if text else ()
    if isinstance(found, str) or not isinstance(found, Iterable):
        # Whatever is wrong with a value of the ini file is a ValueError, which names its key.
        raise ValueError("expected the dotted name (package.module:NAME) of a sequence of Parameter")  # noqa: TRY004
    return tuple(found)


#: The keys of a section [uws:service:NAME].
SERVICE_TABLE: tuple[Key, ...] = (
    Key("core", str, "", "Dotted name of the function that does the work; required."),
    Key("parameters", _parameters, "", "Dotted name of a sequence of `Parameter` declarations."),
    Key("title", _text_or_object, "", "One line, as text or as the dotted name of a string."),
    Key("description", _text_or_object, "", "What the service does, likewise."),
    Key("credits", _lines, "", "Whom the data are owed to and under which licence, a line each, likewise."),
    Key("renderers", read_names, "async", "Names of the renderers, separated by blanks."),
    Key(
        "preload",
        str,
        "",
        "Dotted name of a function called once before children are made, for warm imports.",
    ),
    Key("worker_system", str, "", "Dotted name of a worker system of the service's own."),
    Key("execution_duration", read_count, "3600", "Seconds a job may run that asks for nothing; 0: unlimited."),
    Key("max_execution_duration", read_count, "86400", "Seconds a job may ask for at most; 0: unlimited."),
    Key(
        "lifetime",
        read_count,
        "172800",
        "Seconds until a job's destruction if it asks for nothing; 0: never.",
    ),
    Key("max_lifetime", read_count, "2592000", "Seconds from creation to destruction at most; 0: unlimited."),
    Key("max_running", read_count, "0", "Jobs of the service that run at once on a host; 0: the site's limit."),
    Key(
        "max_running_per_owner",
        read_count,
        "0",
        "Jobs of one owner in the service that run at once, on all hosts; 0: no limit of this kind.",
    ),
    Key("max_queued", read_count, "0", "Jobs that wait in the service's queue; 0: no limit of this kind."),
    Key("max_queued_per_owner", read_count, "0", "Likewise, jobs of one owner that wait."),
    Key(
        "when_full",
        choice(*WHEN_FULL),
        "refuse",
        "What becomes of a job that is to be run when the queue is full: it is refused (403 or 503, it stays "
        "PENDING), or held (HELD, until there is a place).",
    ),
    Key("priority", read_integer, "0", "Jobs of services with a higher priority are started first."),
    Key(
        "priority_parameter",
        str,
        "",
        "The parameter, of type `int`, by which owners give a job a lower priority than the service's.",
    ),
    Key(
        "retries",
        read_count,
        "0",
        "How often an attempt is made again that failed for a reason that may pass (`transient`).",
    ),
    Key("retry_pause", read_seconds, "30", "Seconds before the first of them; doubled each time, up to an hour."),
    Key("maxrec", read_count, "0", "Rows of a table whose job did not say MAXREC; 0: unlimited."),
    Key("max_maxrec", read_count, "0", "Rows of a table at most, whatever MAXREC says; 0: unlimited."),
    Key(
        "max_memory",
        read_size,
        "0",
        "Memory that each process of a job may ask for, in bytes (`512M`, `2G`), beyond what is preloaded; "
        "0: unlimited. See [limits](limits.md) for this and the next ones.",
    ),
    Key("max_cpu", read_count, "0", "CPU time of a job, of all its processes together, in seconds; 0: unlimited."),
    Key("max_file_size", read_size, "0", "The largest file a job may write, in bytes (`100M`); 0: unlimited."),
    Key(
        "max_open_files", read_count, "0", "Files that each process of a job may have open; 0: the server's limit."
    ),
    Key(
        "max_processes", read_count, "0", "Processes that a job may have at once, the core included; 0: unlimited."
    ),
    Key(
        "max_disk", read_size, "0", "Room on disk for all files of a running job, in bytes (`10G`); 0: unlimited."
    ),
    Key(
        "max_log",
        read_size,
        "10M",
        "How much is kept of what a job writes to stdout and stderr: the beginning and the end of it.",
    ),
    Key("on_stop", choice("", *ON_STOP), "", "As `uws.on_stop`, for this service."),
    Key(
        "on_destruction",
        choice("remove", "archive"),
        "remove",
        "Whether metadata are kept (ARCHIVED) or not.",
    ),
)


_OPTIONAL = ("preload", "worker_system", "on_stop", "priority_parameter")


def add_services_from_ini(config: Any, ini: str, defaults: Mapping[str, str]) -> None:
    """Add a service for each section [uws:service:NAME] of an ini file."""
    loader = plaster.get_loader(ini, protocols=["wsgi"])
    for section in loader.get_sections():
        if section.startswith("uws:") and not section.startswith(SECTION):
            raise ConfigurationError(f"section [{section}] is unknown; services are written [{SECTION}NAME]")
        if section.startswith(SECTION):
            name = section.removeprefix(SECTION)
            own = _own_keys(loader, section, defaults)
            facts = convert_section(SERVICE_TABLE, own, f"[{section}] ")
            if not facts["core"]:
                raise ConfigurationError(f"[{section}] needs a core: the dotted name of a function")
            optional = {key: facts.pop(key) or None for key in _OPTIONAL}
            add_uws_service(config, name, **facts, **optional)


def _own_keys(loader: Any, section: str, defaults: Mapping[str, str]) -> dict[str, str]:
    """Return the settings written in the section itself, defaults of the whole file left out."""
    everywhere = {*defaults, *loader.get_settings("DEFAULT", defaults), "here", "__file__"}
    return {key: value for key, value in loader.get_settings(section, defaults).items() if key not in everywhere}


def factories(registry: Any, kind: Any) -> dict[str, Callable[..., Any]]:
    """Return the renderer or attribute factories of a registry, by name."""
    return dict(registry.getUtilitiesFor(kind))


def includeme(config: Any) -> None:
    """Add the directives, the standard renderer and the standard attributes."""
    for directive in (add_uws_service, add_uws_renderer, add_uws_attribute, add_uws_resource_views):
        config.add_directive(directive.__name__, directive)
    config.add_uws_renderer("async", AsyncRenderer)
    for name, factory in STANDARD_ATTRIBUTES.items():
        config.add_uws_attribute(name, factory)
