"""What is declared of a service, as rows of tables for people: parameters, uploads, limits."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.interfaces import IAsyncRenderer, ISyncRenderer
from pyramid_uws.parameters import Parameter
from pyramid_uws.parameters.uploads import ANY
from pyramid_uws.tree import Service
from pyramid_uws.uws.limits import Limits

from .wording import duration, size

#: Parameters of a service with one of this name are those of tables.
TABLES = "RESPONSEFORMAT"


@dataclass(frozen=True)
class ParameterRow:
    """A parameter; ``allowed`` and ``default`` are empty if there is nothing to say."""

    name: str
    kind: str
    unit: str
    required: bool
    allowed: str
    default: str
    about: str


@dataclass(frozen=True)
class UploadRow:
    """An upload."""

    name: str
    kinds: str
    required: bool
    about: str


def parameter_rows(definition: ServiceDefinition) -> list[ParameterRow]:
    """Return the parameters."""
    return [
        ParameterRow(
            name=parameter.name,
            kind=_kind(parameter),
            unit=parameter.unit or "",
            required=parameter.required,
            allowed=_allowed(parameter),
            default=_default(parameter),
            about=parameter.description,
        )
        for parameter in definition.parameters
    ]


def upload_rows(definition: ServiceDefinition) -> list[UploadRow]:
    """Return the uploads."""
    return [
        UploadRow(
            name="any name" if upload.name == ANY else upload.name,
            kinds=", ".join(upload.media_types),
            required=upload.required,
            about=upload.description,
        )
        for upload in definition.uploads
    ]


def _kind(parameter: Parameter) -> str:
    if parameter.condition:
        return f"set of {parameter.type}"
    return f"{parameter.type}, several" if parameter.multiple else parameter.type


def _allowed(parameter: Parameter) -> str:
    if parameter.options:
        return "one of " + ", ".join(_literal(parameter, value) for value in parameter.options)
    least, most = (_literal(parameter, value) for value in (parameter.minimum, parameter.maximum))
    if least and most:
        return f"{least} to {most}"
    return f"at least {least}" if least else f"at most {most}" if most else ""


def _default(parameter: Parameter) -> str:
    if parameter.multiple:
        return ", ".join(_literal(parameter, value) for value in parameter.default or ())
    return _literal(parameter, parameter.default)


def _literal(parameter: Parameter, value: Any) -> str:
    """Return a value as clients may write it; whole numbers are as good as any."""
    if value is None:
        return ""
    text = parameter.write(value)
    return text.removesuffix(".0") if parameter.type == "double" else text


def limit_rows(service: Service, definition: ServiceDefinition) -> Iterator[tuple[str, str]]:
    """Yield what jobs are held to, and who asks for them, in words; what is unlimited goes unsaid."""
    limits = definition.limits
    renderers = [service[name] for name in definition.renderers]
    if any(IAsyncRenderer.providedBy(renderer) for renderer in renderers):
        yield "A job may run for", _span(limits.execution_duration, limits.max_execution_duration)
        yield "It is kept for", _span(limits.lifetime, limits.max_lifetime)
    if any(ISyncRenderer.providedBy(renderer) for renderer in renderers):
        yield "An answer at once is waited for", duration(limits.sync_limit)
    if any(parameter.key == TABLES for parameter in definition.parameters) and (rows := _rows(limits)):
        yield "A table has", rows
    if definition.uploads and limits.max_upload:
        yield "An upload has at most", size(limits.max_upload)
    yield from _counts(limits)
    yield from _resources(limits)


def _span(usual: int, most: int) -> str:
    """Say how long something lasts unless asked for, and at most; 0 is for ever."""
    said = duration(usual) if usual else "as long as it likes"
    if usual == most:
        return said
    return f"{said}; {duration(most)} at most, if asked for" if most else f"{said}, or as long as is asked for"


def _rows(limits: Limits) -> str:
    said = [f"{limits.maxrec} rows unless asked for (MAXREC)"] if limits.maxrec else []
    said += [f"{limits.max_maxrec} rows at most"] if limits.max_maxrec else []
    return ", ".join(said)


def _counts(limits: Limits) -> Iterator[tuple[str, str]]:
    counts = (
        ("Jobs that run at once", limits.max_running),
        ("of these yours, at most", limits.max_running_per_owner),
        ("Jobs that wait", limits.max_queued),
        ("of these yours, at most", limits.max_queued_per_owner),
    )
    return ((name, str(count)) for name, count in counts if count)


def _resources(limits: Limits) -> Iterator[tuple[str, str]]:
    if limits.max_memory:
        yield "Memory of a job", size(limits.max_memory)
    if limits.max_cpu:
        yield "Its processor time", duration(limits.max_cpu)
    if limits.max_disk:
        yield "Its disk space", size(limits.max_disk)
    if limits.max_file_size:
        yield "Its largest file", size(limits.max_file_size)
