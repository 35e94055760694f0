"""The fields of a form: by what widget a declared parameter is asked for, and what is said beside it."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from pyramid_uws.parameters import Parameter
from pyramid_uws.parameters.formats import SHORT_FORMS
from pyramid_uws.parameters.types import FILE

#: So many choices are shown beside each other; more are a list to be opened.
MOST_RADIOS = 4

#: Numbers and instants that browsers let one edit as such; others are edited as texts.
_NUMBER = re.compile(r"-?(\d+|\d*\.\d+)([eE][+-]?\d+)?", re.ASCII)
_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(:\d{2})?)(\.0+)?Z?", re.ASCII)

_TRUTH = (("true", "yes"), ("false", "no"))

#: Type -> in words, how its values are written.
_FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "int": "A whole number",
        "double": "A number",
        "timestamp": "Date and time in UTC",
        "interval": "The lower and the upper end, such as 1.5 2.5; -Inf and +Inf leave an end open",
        "point": "Right ascension and declination in degrees, such as 83.6 22.0",
        "circle": "Right ascension, declination and radius in degrees, such as 83.6 22.0 0.5",
        "range": "Two right ascensions and two declinations in degrees, such as 359 1 -1 1",
        "polygon": "Right ascension and declination of three or more corners in degrees, "
        "such as 10 20 11 20 10.5 21",
        "shape": "CIRCLE, RANGE or POLYGON and its numbers in degrees, such as CIRCLE 83.6 22.0 0.5",
        "moc": "Cells of HEALPix, such as 6/1-3 5 7/24",
        "uri": "An absolute URI, such as ivo://example/data",
        "uuid": "A UUID, such as 2b36d94a-5f4c-4c3b-9c0e-6f5a1f6f2a11",
        "json": 'JSON, such as {"a": [1, 2]}',
    }
)

#: Style and whether values have an order -> how a condition is written.
_CONDITIONS: Mapping[tuple[str, bool], str] = MappingProxyType(
    {
        ("pql", True): "A value, a range a/b, or one with an open end, /b or a/; several with commas between",
        ("pql", False): "A value, or several with commas between",
        ("dali", True): "A value, or the lower and the upper end with a blank between",
        ("dali", False): "A value",
    }
)

#: Type -> how many numbers a value has, which script can count; * are pairs.
_COUNTS: Mapping[str, str] = MappingProxyType(
    {"interval": "2", "point": "2", "circle": "3", "range": "4", "polygon": "*"}
)


@dataclass(frozen=True)
class Choice:
    """One of several values that can be chosen."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, kw_only=True)
class Held:
    """A file that is there already: with this job, or (``earlier``) with the one that is run again."""

    url: str
    size: int
    earlier: bool = False
    wanted: bool = True


@dataclass(frozen=True, kw_only=True)
class Field:
    """One thing that is asked for.

    ``name`` is under what it is sent, ``widget`` by what it is asked for: ``text``, ``number``, ``instant``,
    ``area`` (a text of several lines), ``lines`` (one value a line), ``select``, ``radio``, ``checks``, ``file``,
    or ``upload``, which is a file, or the ``url`` of one, under a name that is ``called`` if it is free. ``error``
    is what is wrong with what was typed; ``lost`` tells that a file came with it, which a browser does not choose
    again by itself.
    """

    name: str
    label: str
    widget: str
    texts: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    unit: str = ""
    help: str = ""
    hint: str = ""
    required: bool = False
    minimum: str = ""
    maximum: str = ""
    step: str = ""
    longest: int = 0
    largest: int = 0
    count: str = ""
    accept: str = ""
    error: str = ""
    lost: bool = False
    held: Held | None = None
    url: "Field | None" = None
    called: "Field | None" = None

    @property
    def id(self) -> str:
        """What it is called in the page."""
        return f"field-{self.name}"

    @property
    def text(self) -> str:
        """What stands in it."""
        return ("\n" if self.widget == "lines" else " ").join(self.texts)

    @property
    def is_group(self) -> bool:
        """Whether it is made of several inputs."""
        return self.widget in {"radio", "checks", "upload"}

    @property
    def described_by(self) -> str:
        """The ids of what is said beside it."""
        said = {"help": self.help, "hint": self.hint, "held": self.held, "error": self.error or self.lost}
        return " ".join(f"{self.id}-{part}" for part, text in said.items() if text)


def field_of(parameter: Parameter, texts: Iterable[str] | None, style: str, *, may_be_file: bool = False) -> Field:
    """Return the field of a parameter with these texts in it; without any, with its default.

    ``may_be_file`` tells that an upload can take its place.
    """
    shown = tuple(default_texts(parameter) if texts is None else texts)
    blank = Field(
        name=parameter.name,
        label=parameter.name,
        widget="text",
        texts=shown,
        unit=parameter.unit or "",
        help=parameter.description,
        hint=_hint(parameter, style),
        required=parameter.required,
    )
    if parameter.type == FILE:
        return replace(blank, widget="file", texts=())
    if choices := _choices(parameter):
        return _choosing(parameter, blank, choices, may_be_file=may_be_file)
    if parameter.multiple:
        return replace(blank, widget="lines", count=_COUNTS.get(parameter.type, ""))
    return _typed(parameter, blank)


def default_texts(parameter: Parameter) -> tuple[str, ...]:
    """Return the literals of the default."""
    if parameter.default is None:
        return ()
    return tuple(map(parameter.write, parameter.default if parameter.multiple else (parameter.default,)))


def takes_lines(parameter: Parameter) -> bool:
    """Tell whether its field has one value a line."""
    return parameter.multiple and parameter.type != FILE and not _choices(parameter)


# What is typed


def _typed(parameter: Parameter, blank: Field) -> Field:
    text = blank.text
    if parameter.condition:
        return blank
    if parameter.type in {"int", "double"}:
        step = "1" if parameter.type == "int" else "any"
        return number_field(replace(_within(parameter, blank, _number), step=step))
    if parameter.type == "timestamp":
        return instant_field(_within(parameter, blank, _local))
    if parameter.type == "json" or "\n" in text:
        return replace(blank, widget="area")
    return replace(blank, count=_COUNTS.get(parameter.type, ""))


def number_field(blank: Field) -> Field:
    """Return a field of a number, as such if what stands in it is one that browsers let one edit."""
    return blank if blank.text and not _NUMBER.fullmatch(blank.text) else replace(blank, widget="number")


def instant_field(blank: Field) -> Field:
    """Return a field of an instant, as such if what stands in it is one that browsers let one edit."""
    if blank.text and not _INSTANT.fullmatch(blank.text):
        return blank
    return replace(blank, widget="instant", texts=tuple(map(_local, blank.texts)), step="1", unit="UTC")


def _within(parameter: Parameter, blank: Field, as_browsers_do: Callable[[str], str]) -> Field:
    """Return a field with the smallest and the largest value, as browsers read them."""
    least, most = (as_browsers_do(_written(parameter, end)) for end in (parameter.minimum, parameter.maximum))
    return replace(blank, minimum=least, maximum=most)


def _number(text: str) -> str:
    """Return a number as browsers read it; they know no infinite ones."""
    return text if _NUMBER.fullmatch(text) else ""


def _local(text: str) -> str:
    """Write an instant as browsers do, without a zone; nothing if they could not."""
    found = _INSTANT.fullmatch(text)
    return f"{found[1]}T{found[2]}" if found else ""


def _written(parameter: Parameter, value: Any) -> str:
    return "" if value is None else parameter.write(value)


# What is chosen


def _choices(parameter: Parameter) -> tuple[tuple[str, str], ...]:
    """Return literals and labels of the values there are, if these can be told."""
    if parameter.options:
        return tuple((text, text) for text in map(parameter.write, parameter.options))
    if parameter.type == "format":
        return tuple((name, name) for name in SHORT_FORMS)
    return _TRUTH if parameter.type == "boolean" else ()


def _choosing(
    parameter: Parameter, blank: Field, offered: tuple[tuple[str, str], ...], *, may_be_file: bool
) -> Field:
    """Return a field with these choices, and what stands in it if that is none of them."""
    wanted = [_meaning(parameter, text) for text in blank.texts]
    choices: list[Choice] = []
    known: list[Any] = []
    for text, label in offered:
        meaning = _meaning(parameter, text)
        if meaning not in known:
            known.append(meaning)
            choices.append(Choice(text, label, meaning in wanted))
    strays = [text for text in blank.texts if text and _meaning(parameter, text) not in known]
    choices += [Choice(text, text, chosen=True) for text in strays]
    if parameter.multiple:
        return replace(blank, widget="checks", choices=tuple(choices))
    widget = "radio" if len(choices) <= MOST_RADIOS and not strays else "select"
    chosen = any(choice.chosen for choice in choices)
    if may_be_file or not (parameter.required or parameter.default is not None):
        none_chosen = not chosen and not (parameter.required and widget == "radio")
        choices.insert(0, Choice("", "a file, as below" if may_be_file else "not given", none_chosen))
    elif widget == "select" and not chosen:
        choices.insert(0, Choice("", "please choose", chosen=True))
    return replace(blank, widget=widget, choices=tuple(choices))


def _meaning(parameter: Parameter, text: str) -> Any:
    """Return the value of a literal; of what is none, the text."""
    try:
        return parameter.kind.read(text)
    except ValueError:
        return text


# What is said beside it


def _hint(parameter: Parameter, style: str) -> str:
    """Say how a value is written, and what it may be."""
    has_choices = bool(_choices(parameter))
    if parameter.condition:
        said = _CONDITIONS[style if style == "pql" else "dali", parameter.type != "string"]
    else:
        said = "" if has_choices else _FORMATS.get(parameter.type, "")
    said += _bounds(parameter, said)
    if takes_lines(parameter):
        said += "; one a line" if said else "One value a line"
    return f"{said}." if said else ""


def _bounds(parameter: Parameter, said: str) -> str:
    least, most = (_written(parameter, end) for end in (parameter.minimum, parameter.maximum))
    if parameter.type == "timestamp":
        least, most = (_local(end).replace("T", " ") for end in (least, most))
    between = ", " if said else ""
    if least and most:
        return f"{between}from {least} to {most}"
    if least:
        return f"{between}{least} or more"
    return f"{between}{most} or less" if most else ""
