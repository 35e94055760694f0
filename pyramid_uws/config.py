"""The directives: services, renderers, attributes.

Each records an action with discriminator and introspectable, so two packages that name the same thing collide
loudly, and what they take is checked at start.
"""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pyramid.exceptions import ConfigurationError
from pyramid.path import DottedNameResolver
from zope.interface import Interface
from zope.interface.interfaces import IInterface

from pyramid_uws.commands import Command, CommandLine, Stdout
from pyramid_uws.datalink.pieces import Datalink
from pyramid_uws.definition import COMMAND_CORE, IServiceDefinition, ServiceDefinition
from pyramid_uws.interfaces import ISyncRenderer, IWorkerSystem
from pyramid_uws.parameters import OwnType
from pyramid_uws.publishing import CORE, FACTS, check_folder
from pyramid_uws.sections import (
    read_command,
    read_examples,
    read_exit_codes,
    read_parameters,
    read_results,
    read_stdout,
    read_uploads,
    services_in,
)
from pyramid_uws.settings.keys import UnreadableLine
from pyramid_uws.tree import STANDARD_ATTRIBUTES, AsyncRenderer, Renderer, SyncRenderer
from pyramid_uws.tree.datalink import DlasyncRenderer, LinksRenderer, SodaRenderer
from pyramid_uws.uws.limits import Limits
from pyramid_uws.uws.registration import Registration
from pyramid_uws.uws.rights import Rights
from pyramid_uws.views.exchange import Exchange, register_exchange
from pyramid_uws.views.resources import View, add_resource_views

_resolve = DottedNameResolver().maybe_resolve
_LIMITS = tuple(Limits.__dataclass_fields__)
_REGISTRATION = tuple(Registration.__dataclass_fields__)
_RIGHTS = tuple(Rights.__dataclass_fields__)


class IRendererFactory(Interface):
    """A utility by the renderer's name that makes a renderer node."""


class IParameterType(Interface):
    """A utility by the type's name: an :class:`~pyramid_uws.parameters.OwnType`."""


class IAttributeFactory(Interface):
    """A utility by the attribute's name that makes an attribute of a job."""


def add_uws_service(config: Any, name: str, *, core: Any = None, command: Any = None, **facts: Any) -> None:
    """Add a service. ``core`` is a function or its dotted name; the rest as in :class:`ServiceDefinition`.

    Limits are given by their own names (see :class:`~pyramid_uws.uws.limits.Limits`), and so are what registries
    want to know (:class:`~pyramid_uws.uws.registration.Registration`) and rights
    (:class:`~pyramid_uws.uws.rights.Rights`), as sequences of principals. Instead of a core there may be a
    ``command``, the command line of a program; then ``results``, ``stdout`` and ``exit_codes`` are texts as in an
    ini file, or sequences of lines, and ``progress`` is a flag. ``parameters`` may be such texts, too. A service
    with ``datalink``, a :class:`~pyramid_uws.datalink.pieces.Datalink`, has core, parameters, renderers and
    preload by itself.
    """
    core, facts = _with_datalink(name, core, facts)
    limits = {key: facts.pop(key) for key in _LIMITS if key in facts}
    registration = {key: facts.pop(key) for key in _REGISTRATION if key in facts}
    rights = {key: tuple(facts.pop(key)) for key in _RIGHTS if key in facts}
    worker_system = facts.pop("worker_system", None)
    if core is None and command is None:
        raise ConfigurationError(f"service {name} needs a core, the dotted name of a function, or a command")
    if core is not None and command is not None:
        raise ConfigurationError(f"service {name} has a core and a command; it takes one of them")
    facts["parameters"] = _read(name, "parameters", read_parameters, facts.get("parameters", ()))
    facts["uploads"] = _read(name, "uploads", read_uploads, facts.get("uploads", ()))
    facts["examples"] = _read(name, "examples", read_examples, facts.get("examples", ()))
    programmed = _take_command(name, command, facts)
    try:
        definition = ServiceDefinition(
            name=name,
            core=_dotted(COMMAND_CORE if core is None else core, f"service {name}: core"),
            command=programmed,
            preload=None
            if facts.get("preload") is None
            else _dotted(facts["preload"], f"service {name}: preload"),
            worker_system=None if worker_system is None else _worker_system(worker_system),
            limits=Limits(**limits),
            registration=Registration(**registration),
            rights=Rights(**rights),
            **{key: value for key, value in facts.items() if key != "preload"},
        )
    except (TypeError, ValueError, ImportError) as problem:
        raise ConfigurationError(f"service {name}: {problem}") from problem

    introspectable = config.introspectable("uws services", name, name, "uws service")
    introspectable["definition"] = definition

    def register() -> None:
        for renderer in definition.renderers:
            if config.registry.queryUtility(IRendererFactory, renderer) is None:
                raise ConfigurationError(
                    f"service {name}: there is no renderer {renderer!r}; add_uws_renderer makes one known"
                )
        introspectable["definition"] = settled = _with_own_types(config.registry, definition)
        _check_examples(config.registry, settled)
        config.registry.registerUtility(settled, IServiceDefinition, name)

    config.action(("uws service", name), register, introspectables=(introspectable,), order=1)


def _with_own_types(registry: Any, definition: ServiceDefinition) -> ServiceDefinition:
    """Return the definition with the site's own types put into the parameters that have one."""
    try:
        parameters = tuple(
            replace(parameter, own=registry.queryUtility(IParameterType, parameter.type))
            for parameter in definition.parameters
        )
        for parameter in parameters:
            parameter.kind  # noqa: B018 - raises if there is none
    except ValueError as problem:
        raise ConfigurationError(f"service {definition.name}: {problem}") from problem
    return replace(definition, parameters=parameters)


def _check_examples(registry: Any, definition: ServiceDefinition) -> None:
    """Refuse examples that could not be run at the endpoints that they are for."""
    for example in definition.examples:
        for name in definition.renderers if example.renderer is None else (example.renderer,):
            style = registry.getUtility(IRendererFactory, name).parameter_style
            try:
                example.check(definition.parameters, style)
            except ValueError as problem:
                raise ConfigurationError(f"service {definition.name}, renderer {name}: {problem}") from problem


def add_uws_parameter_type(
    config: Any, name: str, read: Any, write: Any = None, xtype: str | None = None, *, ordered: bool = False
) -> None:
    """Add a type of parameters, ``PREFIX:NAME``.

    ``read`` is a function or its dotted name, which takes a literal and returns the value, or raises
    ``ValueError`` with what was expected; ``write`` is its inverse, ``str`` unless given. The processes of jobs
    import both by their names. ``xtype`` is how VOTable calls the type, as its name unless given; values of
    ``ordered`` types can be held to a minimum and a maximum.
    """
    try:
        own = OwnType(
            name=name,
            read=_dotted(read, f"parameter type {name}: read"),
            write="" if write is None else _dotted(write, f"parameter type {name}: write"),
            xtype=xtype,
            ordered=ordered,
        )
    except ValueError as problem:
        raise ConfigurationError(f"parameter type {name}: {problem}") from problem

    def register() -> None:
        config.registry.registerUtility(own, IParameterType, name)

    introspectable = config.introspectable("uws parameter types", name, name, "uws parameter type")
    introspectable["type"] = own
    config.action(("uws parameter type", name), register, introspectables=(introspectable,))


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


def add_uws_exchange(config: Any, renderer: Any, exchange: Any) -> None:
    """Say how requests to a kind of synchronous renderer are answered.

    ``renderer`` is a class derived from :class:`~pyramid_uws.tree.SyncRenderer`, or an interface; ``exchange``
    is a class derived from :class:`~pyramid_uws.views.exchange.Exchange`.
    """
    renderer, exchange = _resolve(renderer), _resolve(exchange)
    if not (isinstance(exchange, type) and issubclass(exchange, Exchange)):
        raise ConfigurationError(f"expected a class derived from Exchange, not {exchange!r}")

    def register() -> None:
        register_exchange(config.registry, renderer, exchange)

    introspectable = config.introspectable("uws exchanges", renderer, renderer.__name__, "uws exchange")
    introspectable["exchange"] = exchange
    config.action(("uws exchange", renderer), register, introspectables=(introspectable,))


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


def _with_datalink(name: str, core: Any, facts: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return core and facts with what a datalink service has by itself; its pieces must be there."""
    datalink = facts.get("datalink")
    if datalink is None:
        return core, facts
    if not isinstance(datalink, Datalink):
        raise ConfigurationError(f"service {name}: datalink = {datalink!r}: expected a Datalink")
    for key, dotted in datalink.own_names:
        _dotted(dotted, f"service {name}: {key}")
    try:
        check_folder(datalink)
    except ValueError as problem:
        raise ConfigurationError(f"service {name}: {problem}") from problem
    given = {key: value for key, value in facts.items() if value is not None}
    return core or CORE, {**FACTS, **given}


def _take_command(name: str, command: Any, facts: dict[str, Any]) -> Command | None:
    """Return the command of a service, having taken out of the facts what belongs to it."""
    given = {key: facts.pop(key, None) or () for key in ("results", "stdout", "exit_codes", "progress")}
    if command is None:
        for key, value in given.items():
            if value:
                raise ConfigurationError(f"service {name}: {key} is for services with a command")
        return None
    line: CommandLine = _read(name, "command", read_command, command)
    stdout: Stdout | None = _read(name, "stdout", read_stdout, given["stdout"] or "")
    results = _read(name, "results", read_results, given["results"])
    exit_codes = _read(name, "exit_codes", read_exit_codes, given["exit_codes"])
    program = _read(name, "command", _find_program, line.program)
    try:
        return Command(
            program=program,
            line=line,
            results=results,
            stdout=stdout,
            exit_codes=exit_codes,
            progress=bool(given["progress"]),
        )
    except ValueError as problem:
        raise ConfigurationError(f"service {name}: {problem}") from problem


def _read(name: str, key: str, read: Callable[[Any], Any], value: Any) -> Any:
    """Read a value of the key, if that is still to be done."""
    try:
        return read(value)
    except (ValueError, TypeError) as problem:
        shown = problem.line if isinstance(problem, UnreadableLine) else value
        raise ConfigurationError(f"service {name}: {key} = {shown}: {problem}") from problem


def _find_program(written: str) -> str:
    """Return the path of a program, by its path or by its name in PATH."""
    if "/" in written and not written.startswith("/"):
        raise ValueError("expected the name of a program in PATH, or its whole path, as in %(here)s/bin/program")
    found = shutil.which(written)
    if found is None:
        raise ValueError("there is no such program that could be executed, neither by this path nor in PATH")
    return found


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


def add_services_from_ini(config: Any, ini: str, defaults: Mapping[str, str]) -> None:
    """Add a service for each section [uws:service:NAME] of an ini file."""
    for name, facts in services_in(ini, defaults).items():
        add_uws_service(config, name, **facts)


def factories(registry: Any, kind: Any) -> dict[str, Callable[..., Any]]:
    """Return the renderer or attribute factories of a registry, by name."""
    return dict(registry.getUtilitiesFor(kind))


def includeme(config: Any) -> None:
    """Add the directives, the standard renderers and the standard attributes."""
    for directive in (
        add_uws_service,
        add_uws_renderer,
        add_uws_exchange,
        add_uws_attribute,
        add_uws_parameter_type,
        add_uws_resource_views,
    ):
        config.add_directive(directive.__name__, directive)
    config.add_uws_renderer("async", AsyncRenderer)
    config.add_uws_renderer("sync", SyncRenderer)
    config.add_uws_exchange(ISyncRenderer, Exchange)
    config.add_uws_renderer("links", LinksRenderer)
    config.add_uws_renderer("dlasync", DlasyncRenderer)
    config.add_uws_renderer("soda", SodaRenderer)
    for name, factory in STANDARD_ATTRIBUTES.items():
        config.add_uws_attribute(name, factory)
