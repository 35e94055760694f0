"""The form of a service: all its fields, with what stands in them and what is wrong with that."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.parameters import Parameter
from pyramid_uws.parameters import Upload as Declared
from pyramid_uws.parameters.types import FILE
from pyramid_uws.parameters.uploads import ANY
from pyramid_uws.uws.control import LONGEST_RUNID
from pyramid_uws.uws.limits import LONGEST, Limits

from . import wording
from .fields import Field, Held, field_of, instant_field, number_field
from .filled import LIMITS, NAME, Filled, Upload, uploads_of


@dataclass(frozen=True, kw_only=True)
class Form:
    """What is asked for; ``message`` is what is wrong with all of it together."""

    fields: tuple[Field, ...]
    name: Field
    limits: tuple[Field, ...]
    message: str = ""

    @property
    def wrong(self) -> tuple[Field, ...]:
        """The fields that have to be mended."""
        return tuple(field for field in (*self.fields, self.name, *self.limits) if field.error)

    @property
    def is_limited(self) -> bool:
        """Whether something is to be seen among the limits."""
        return any(field.text or field.error for field in self.limits)

    @property
    def has_files(self) -> bool:
        """Whether files can be sent."""
        return any(field.widget in {"file", "upload"} for field in self.fields)


@dataclass(frozen=True, kw_only=True)
class Around:
    """What a form is made for, besides the declarations.

    ``errors`` are sentences by the names of fields in capitals; ``held`` has the files that are there, likewise.
    ``lost`` names the inputs whose files came with what was wrong. Limits of a draft that are left empty stay as
    they are.
    """

    style: str = "dali"
    errors: Mapping[str, str] = field(default_factory=dict)
    message: str = ""
    lost: Collection[str] = ()
    held: Mapping[str, Held] = field(default_factory=dict)
    fetches: bool = True
    is_draft: bool = False

    def marked(self, field: Field, file: str) -> Field:
        """Return the field with what is wrong with it, and the file that it has; ``file`` is where one is sent."""
        key = field.name.upper()
        return replace(field, error=self.errors.get(key, ""), held=self.held.get(key), lost=file in self.lost)


def form_of(definition: ServiceDefinition, filled: Filled, around: Around) -> Form:
    """Return the form of a service."""
    fields = tuple(_fields(definition, filled, around))
    limits = definition.limits
    return Form(
        fields=fields,
        name=_marked(_name(filled), around),
        limits=tuple(_marked(make(filled, limits, around), around) for make in (_duration, _destruction)),
        message=around.message,
    )


def _marked(field: Field, around: Around) -> Field:
    return around.marked(field, field.name)


def _fields(definition: ServiceDefinition, filled: Filled, around: Around) -> Iterator[Field]:
    """Yield a field for each parameter, and for each upload; one in place of a parameter is beside that."""
    uploads = uploads_of(definition, filled)
    for parameter in definition.parameters:
        yield _parameter(definition, parameter, filled, around)
        if parameter.key in definition.stand_ins:
            beside = [each for each in uploads if each.name.upper() == parameter.key and not each.is_free]
            yield from (_upload(definition, upload, filled, around) for upload in beside)
    rest = [each for each in uploads if each.is_free or each.name.upper() not in definition.stand_ins]
    yield from (_upload(definition, upload, filled, around) for upload in rest)


def _parameter(definition: ServiceDefinition, parameter: Parameter, filled: Filled, around: Around) -> Field:
    may_be_file = parameter.key in definition.stand_ins
    has_file = parameter.key in around.held
    if may_be_file:
        has_file |= f"{parameter.key}:" in around.held or bool(filled.get(f"{parameter.name}:url"))
    texts = filled.get(parameter.name) or (() if filled.as_typed or has_file else None)
    field = field_of(parameter, texts, around.style, may_be_file=may_be_file)
    if may_be_file and has_file:
        first, *others = field.choices
        field = replace(field, choices=(replace(first, chosen=True), *others))
    if parameter.type == FILE:
        field = replace(field, hint=_size_limit(definition.limits), largest=definition.limits.max_upload)
    return _marked(field, around)


def _upload(definition: ServiceDefinition, upload: Upload, filled: Filled, around: Around) -> Field:
    declared = _declared(definition, upload)
    url = Field(name=upload.url, label="or its URL", widget="text", texts=filled.get(upload.url))
    called = Field(name=upload.called, label="Name", widget="text", texts=(upload.name,) if upload.name else ())
    stands_in = upload.name.upper() in definition.stand_ins and not upload.is_free
    field = Field(
        name=f"{upload.prefix}:",
        label=_label(upload, stands_in=stands_in),
        widget="upload",
        help=declared.description,
        hint=_size_limit(definition.limits),
        largest=definition.limits.max_upload,
        required=declared.required,
        accept=",".join(declared.media_types),
        url=url if around.fetches else None,
        called=called if upload.is_free else None,
    )
    return around.marked(field, upload.file)


def _declared(definition: ServiceDefinition, upload: Upload) -> Declared:
    name = ANY if upload.is_free else upload.name
    return next(each for each in definition.uploads if each.name == name)


def _label(upload: Upload, *, stands_in: bool) -> str:
    if upload.is_free:
        return f"File {upload.prefix.removeprefix('*')}"
    return f"or a file as {upload.name}" if stands_in else upload.name


def _size_limit(limits: Limits) -> str:
    return f"At most {wording.size(limits.max_upload)}." if limits.max_upload else ""


# What is asked for of every job


def _name(filled: Filled) -> Field:
    return Field(
        name=NAME,
        label="Name of the job",
        widget="text",
        texts=filled.get(NAME),
        help="By which you find it again in the list; it is sent as RUNID.",
        longest=LONGEST_RUNID,
    )


def _duration(filled: Filled, limits: Limits, around: Around) -> Field:
    usual, most = (
        wording.duration(seconds) if seconds else "no limit"
        for seconds in (limits.execution_duration, limits.max_execution_duration)
    )
    return number_field(
        Field(
            name=LIMITS[0],
            label="Time to run",
            widget="text",
            texts=filled.get(LIMITS[0]),
            unit="s",
            help="A job that takes longer is aborted. "
            f"Left empty: {_empty(around, usual)}. The most there is: {most}.",
            minimum="0",
            maximum=str(limits.max_execution_duration or LONGEST),
            step="1",
        )
    )


def _destruction(filled: Filled, limits: Limits, around: Around) -> Field:
    usual, most = (
        f"{wording.duration(seconds)} after it was made" if seconds else "never"
        for seconds in (limits.lifetime, limits.max_lifetime)
    )
    return instant_field(
        Field(
            name=LIMITS[1],
            label="Kept until",
            widget="text",
            texts=filled.get(LIMITS[1]),
            help="Then the job and its results are removed. "
            f"Left empty: {_empty(around, usual)}. At the latest: {most}.",
        )
    )


def _empty(around: Around, usual: str) -> str:
    return "as it is" if around.is_draft else usual
