"""What a service is: a frozen definition, kept in the registry and never stored."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from zope.interface import Attribute, Interface, implementer

from pyramid_uws.commands import Command, Takes
from pyramid_uws.datalink.pieces import Datalink
from pyramid_uws.parameters import Example, Parameter, Upload
from pyramid_uws.parameters.uploads import UPLOAD
from pyramid_uws.uws.limits import Limits
from pyramid_uws.uws.registration import Registration
from pyramid_uws.uws.rights import Rights

#: What the site itself shows below its root.
RESERVED = (
    "availability",
    "capabilities",
    "examples",
    "login",
    "logout",
    "operator",
    "static",
    "tokens",
    "whoami",
)

#: What becomes of a job that is to be run when the queue is full.
WHEN_FULL = ("refuse", "hold")

#: The core of services with a command.
COMMAND_CORE = "pyramid_uws.execution.commandcore:core"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.~-]*", re.ASCII)


class IServiceDefinition(Interface):
    """A service definition in the registry, a utility by the service's name."""

    name = Attribute("The service's name, its path segment.")


@implementer(IServiceDefinition)
@dataclass(frozen=True, kw_only=True)
class ServiceDefinition:
    """A service: its core, its parameters, the uploads it takes, and what it allows.

    ``core`` is the dotted name (``package.module:function``) of a callable that takes the job; with a ``command``
    it is :data:`COMMAND_CORE`, which runs that. ``preload``
    names a callable without arguments that is called once before children are made. ``renderers`` are names
    known by ``add_uws_renderer``. ``on_stop`` is the site's unless given; ``on_destruction`` is ``remove`` or
    ``archive``; ``when_full`` is ``refuse`` or ``hold``. Jobs of a higher ``priority`` are started first;
    ``priority_parameter`` names the parameter of type int by which a job can have a lower one.
    An attempt that failed for a reason that may pass is made again up to ``retries`` times, after ``retry_pause``
    seconds, which double each time. ``examples`` show how it is used; ``registration`` is for registries.
    ``datalink`` are the pieces of a datalink service.
    """

    name: str
    core: str
    command: Command | None = None
    parameters: tuple[Parameter, ...] = ()
    uploads: tuple[Upload, ...] = ()
    renderers: tuple[str, ...] = ("async",)
    title: str = ""
    description: str = ""
    credits: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    rights: Rights = field(default_factory=Rights)
    preload: str | None = None
    worker_system: Callable[..., Any] | None = None
    on_stop: str | None = None
    on_destruction: str = "remove"
    when_full: str = "refuse"
    priority: int = 0
    priority_parameter: str | None = None
    retries: int = 0
    retry_pause: float = 30.0
    examples: tuple[Example, ...] = ()
    registration: Registration = field(default_factory=Registration)
    datalink: Datalink | None = None

    def __post_init__(self) -> None:
        """Refuse what could not be served."""
        if not _NAME.fullmatch(self.name) or self.name in RESERVED:
            raise ValueError(
                f"{self.name!r} cannot be the name of a service: letters, digits and _ . ~ - only, "
                f"and not {', '.join(RESERVED)}"
            )
        if not all(isinstance(parameter, Parameter) for parameter in self.parameters):
            raise ValueError(f"parameters are a tuple of Parameter, not {self.parameters!r}")
        for key, times in Counter(parameter.key for parameter in self.parameters).items():
            if times > 1:
                raise ValueError(f"parameter {key} is declared twice")
        self._check_renderers()
        self._check_uploads()
        named = (self.priority_parameter or "").upper()
        if named and not any(each.key == named and _is_number(each) for each in self.parameters):
            raise ValueError(
                f"priority_parameter {self.priority_parameter}: no single parameter of type int has this name"
            )
        if self.command is not None:
            self.command.check(Takes(self.parameters, self.uploads, frozenset({named})))
        if self.when_full not in WHEN_FULL:
            raise ValueError(f"when_full = {self.when_full}: expected one of {', '.join(WHEN_FULL)}")
        self._check_examples()

    def _check_renderers(self) -> None:
        if not self.renderers:
            raise ValueError("it has no renderer")
        for renderer in self.renderers:
            if self.renderers.count(renderer) > 1:
                raise ValueError(f"renderer {renderer} is named twice")

    def _check_uploads(self) -> None:
        names = Counter(upload.key for upload in self.uploads)
        for upload in self.uploads:
            if names[upload.key] > 1:
                raise ValueError(f"upload {upload.name} is declared twice")
        for parameter in self.parameters:
            if self.uploads and parameter.key == UPLOAD:
                raise ValueError("a service with uploads has no parameter UPLOAD of its own")
            if parameter.key in names and (parameter.type != "string" or parameter.multiple):
                raise ValueError(f"an upload can be sent in place of {parameter.name} if that is a single string")
            if any(upload.required for upload in self.uploads if upload.key == parameter.key):
                raise ValueError(f"parameter {parameter.name} may be sent as an upload: it is what is required")

    @property
    def stand_ins(self) -> frozenset[str]:
        """Names, in capitals, of uploads that may be sent in place of a parameter."""
        return frozenset(each.key for each in self.uploads) & frozenset(each.key for each in self.parameters)

    def _check_examples(self) -> None:
        if not all(isinstance(example, Example) for example in self.examples):
            raise ValueError(f"examples are a tuple of Example, not {self.examples!r}")
        ids = [example.id for example in self.examples]
        for example in self.examples:
            if ids.count(example.id) > 1:
                raise ValueError(f"example {example.name!r}: there is another one of a name like this")
            if example.renderer is not None and example.renderer not in self.renderers:
                raise ValueError(f"example {example.name!r}: the service has no renderer {example.renderer}")

    @property
    def options(self) -> dict[str, Any]:
        """What the core is told of its service."""
        return {} if self.datalink is None else asdict(self.datalink)


def _is_number(parameter: Parameter) -> bool:
    return parameter.type == "int" and not parameter.multiple and not parameter.condition


Definitions = Mapping[str, ServiceDefinition]


def definitions_of(registry: Any) -> dict[str, ServiceDefinition]:
    """Return the definitions in a registry, by name."""
    return dict(registry.getUtilitiesFor(IServiceDefinition))
