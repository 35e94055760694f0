"""Placeholders: ``{NAME}`` in a word of a command line, and how a value is written there.

==================  =====================================================================================
``{NAME}``          the value, as the literal of its type
``{NAME:dash}``     the same, also where it begins with a dash and the word with it
``{NAME:2}``        the second number of a point, circle, range or interval
``{NAME:input}``    the path of the file that was sent
``{NAME:if}``       a word of its own that becomes none: its group is there if a value is (and is not false)
``{job.id}``        the job's id; ``{job.directory}`` is the path of its folder
==================  =====================================================================================
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyramid_uws.exceptions import BadValue
from pyramid_uws.parameters import Parameter
from pyramid_uws.parameters.types import FILE, SENT_AS_FILES, TYPES

#: Facts of the job that a command line may have, beside parameters.
FACTS = ("job.id", "job.directory")

#: How many numbers the values of a type have.
NUMBERS: Mapping[str, int] = {"interval": 2, "point": 2, "circle": 3, "range": 4}

_PARTS = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+")
_MODES = frozenset({"input", "if"})


@dataclass(frozen=True)
class Placeholder:
    """One placeholder.

    ``mode`` is ``input``, ``if`` or nothing; ``number`` counts from 1, 0 is the whole value; ``dash`` allows the
    value to begin with a dash.
    """

    name: str
    mode: str = ""
    number: int = 0
    dash: bool = False

    @property
    def key(self) -> str:
        """The name folded for comparison."""
        return self.name.upper()

    @property
    def is_fact(self) -> bool:
        """Tell whether it stands for a fact of the job."""
        return self.name in FACTS

    def check(self, parameter: Parameter) -> None:
        """Refuse, by ``ValueError``, what can never be written for this parameter."""
        if parameter.condition:
            raise ValueError(f"{{{self.name}}}: a condition is a set of values; there is no literal of it")
        if self.mode == "input" and (parameter.type not in SENT_AS_FILES or parameter.multiple):
            raise ValueError(
                f"{{{self.name}:input}}: a file is sent for a single parameter of type string or file"
            )
        if not self.mode and parameter.type == FILE:
            raise ValueError(f"{{{self.name}}}: this parameter is a file, {{{self.name}:input}}")
        if self.mode == "input" and parameter.default is not None:
            raise ValueError(f"{{{self.name}:input}}: a default is no file")
        if self.number > NUMBERS.get(parameter.type, 0):
            raise ValueError(
                f"{{{self.name}:{self.number}}}: a value of type {parameter.type} does not have so many numbers"
            )

    def write(self, parameter: Parameter, value: Any) -> str:
        """Return the value as it stands in a word."""
        text = TYPES["double"].write(value[self.number - 1]) if self.number else parameter.write(value)
        if "\0" in text:
            raise BadValue(parameter.name, text, "a NUL character cannot be handed to a program")
        return text


Part = str | Placeholder


def read_word(word: str) -> tuple[Part, ...]:
    """Return the texts and placeholders of a word; ``{{`` and ``}}`` stand for braces."""
    parts: list[Part] = []
    for match in _PARTS.finditer(word):
        piece = match[0]
        if piece in {"{", "}"}:
            raise ValueError(f"{word}: a single {piece}; a brace itself is written {piece * 2}")
        if match[1] is not None:
            parts.append(_read_placeholder(match[1]))
        elif parts and isinstance(parts[-1], str):
            parts[-1] += piece[0] if piece in {"{{", "}}"} else piece
        else:
            parts.append(piece[0] if piece in {"{{", "}}"} else piece)
    return tuple(parts)


def _read_placeholder(text: str) -> Placeholder:
    name, *modes = text.split(":")
    facts: dict[str, Any] = {}
    for mode in modes:
        if mode == "dash":
            facts["dash"] = True
        elif mode in _MODES:
            facts["mode"] = mode
        elif re.fullmatch("[1-9]", mode):
            facts["number"] = int(mode)
        else:
            raise ValueError(f"{{{text}}}: {mode!r} is none of input, if, dash, 1, 2, 3, 4")
    if len(facts) < len(modes) or ("mode" in facts and len(facts) > 1):
        raise ValueError(f"{{{text}}}: these do not go together")
    if modes and name in FACTS:
        raise ValueError(f"{{{text}}}: {name} is taken as it is")
    return Placeholder(name, **facts)
