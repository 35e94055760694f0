"""The command line of a service: read once, then filled with the values of a job, never seen by a shell.

It is split into words as a shell would split it, quotes and backslashes included, and nothing else of a shell
happens. Placeholders are then found within words, so whatever a value holds it stays in its word. Words between
``[`` and ``]``, each of these a word of its own, are a group; it is left out if a value that it names was not
given, and repeated for each value of a multiple parameter. ``[[`` and ``]]`` stand for such words themselves.
"""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pyramid_uws.exceptions import BadValue
from pyramid_uws.parameters import Parameter, Upload
from pyramid_uws.parameters.types import FILE
from pyramid_uws.parameters.uploads import ANY

from .interpreters import Word, refuse_code
from .placeholders import FACTS, Placeholder, read_word

#: A word may have so many bytes, the zero at its end included (Linux, MAX_ARG_STRLEN).
LONGEST_WORD = 128 * 1024

_BRACKETS = {"[[": "[", "]]": "]"}

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Piece:
    """Words that come and go together: a group, which is ``optional``, or a single word."""

    words: tuple[Word, ...]
    optional: bool = False

    @property
    def placeholders(self) -> Iterator[Placeholder]:
        """The placeholders in its words, in their order."""
        return (part for word in self.words for part in word if isinstance(part, Placeholder))


@dataclass(frozen=True)
class Takes:
    """What a service takes; names in ``unused``, in capitals, may be without a place in the command line."""

    parameters: Sequence[Parameter]
    uploads: Sequence[Upload] = ()
    unused: frozenset[str] = frozenset()

    @cached_property
    def declared(self) -> Mapping[str, Parameter]:
        """The parameters, by folded names."""
        return {parameter.key: parameter for parameter in self.parameters}

    @cached_property
    def files(self) -> Mapping[str, Upload]:
        """The uploads that are no parameters, by folded names."""
        return {each.key: each for each in self.uploads if each.key not in self.declared and each.name != ANY}

    @cached_property
    def names(self) -> Mapping[str, str]:
        """What a placeholder may name, as it is declared, by folded names."""
        declared = {key: parameter.name for key, parameter in self.declared.items()}
        return declared | {key: upload.name for key, upload in self.files.items()}

    def check(self, placeholder: Placeholder) -> None:
        """Refuse a placeholder that stands for nothing, or for something else than it says."""
        if placeholder.is_fact:
            return
        if placeholder.key in self.declared:
            placeholder.check(self.declared[placeholder.key])
        elif placeholder.key not in self.files:
            known = ", ".join([*self.names.values(), *FACTS])
            raise ValueError(f"{{{placeholder.name}}} stands for nothing; there is {known}")
        elif not placeholder.mode:
            raise ValueError(f"{{{placeholder.name}}}: an upload is a file, {{{placeholder.name}:input}}")

    def may_miss(self, placeholder: Placeholder) -> bool:
        """Tell whether a job may have nothing for it."""
        if placeholder.is_fact:
            return False
        if placeholder.key in self.files:
            return not self.files[placeholder.key].required
        parameter = self.declared[placeholder.key]
        return not parameter.required and parameter.default is None

    def is_multiple(self, placeholder: Placeholder) -> bool:
        """Tell whether a job may have several values for it."""
        return placeholder.key in self.declared and self.declared[placeholder.key].multiple


@dataclass(frozen=True)
class Given:
    """What a job has for a command line: values and paths of files by folded names, facts by theirs."""

    declared: Mapping[str, Parameter]
    values: Values
    files: Mapping[str, str]
    facts: Mapping[str, str]

    def of(self, placeholder: Placeholder) -> tuple[Any, ...]:
        """Return what there is for a placeholder: nothing, one value, or several."""
        if placeholder.is_fact:
            return (self.facts[placeholder.name],)
        value, path = self.values.get(placeholder.key), self.files.get(placeholder.key)
        if placeholder.mode == "input":
            if value is not None and not self._is_file(placeholder):
                raise BadValue(placeholder.name, value, "this is sent as a file, not as a text")
            return () if path is None else (path,)
        if placeholder.mode == "if":
            absent = value is None or value is False or value == ()
            return () if absent and path is None else (True,)
        if path is not None:
            raise BadValue(placeholder.name, "", "this is sent as a text, not as a file")
        if value is None:
            return ()
        return tuple(value) if self.declared[placeholder.key].multiple else (value,)

    def _is_file(self, placeholder: Placeholder) -> bool:
        """Tell whether it names a parameter whose value is a path."""
        return placeholder.key in self.declared and self.declared[placeholder.key].type == FILE


@dataclass(frozen=True)
class CommandLine:
    """A command line as the operator has written it; what cannot be read is a ``ValueError``."""

    text: str
    program: str = field(init=False, repr=False, compare=False)
    pieces: tuple[Piece, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Read the text."""
        try:
            words = shlex.split(self.text)
        except ValueError as problem:
            raise ValueError(f"{problem} (a quote or a backslash that has no partner)") from None
        if not words:
            raise ValueError("expected a program and its arguments")
        (program, *others) = read_word(words[0]) or ("",)
        if others or isinstance(program, Placeholder) or program in {"", "[", "]"}:
            raise ValueError(f"{words[0]}: expected a program here, and one that no job chooses")
        object.__setattr__(self, "program", program)
        object.__setattr__(self, "pieces", tuple(_read_pieces(words[1:])))

    @property
    def placeholders(self) -> Iterator[Placeholder]:
        """All placeholders."""
        return (placeholder for piece in self.pieces for placeholder in piece.placeholders)

    def check(self, takes: Takes) -> None:
        """Refuse, by ``ValueError``, what does not fit parameters and uploads of the service."""
        for placeholder in self.placeholders:
            takes.check(placeholder)
        used = {placeholder.key for placeholder in self.placeholders}
        for key, name in takes.names.items():
            if key not in used | takes.unused:
                raise ValueError(f"{name} is declared, but has no place in the command line")
        for piece in self.pieces:
            _check_piece(piece, takes)
        refuse_code([(self.program,), *(word for piece in self.pieces for word in piece.words)])

    def fill(self, given: Given) -> list[bytes]:
        """Return the arguments for a job, the program's name in front; ``BadValue`` tells what cannot be."""
        words = [self.program.encode()]
        for piece in self.pieces:
            words += _fill(piece, given)
        return words


# Reading


def _read_pieces(words: Sequence[str]) -> Iterator[Piece]:
    group: list[Word] | None = None
    for word in words:
        if word == "[":
            if group is not None:
                raise ValueError("[ within [ ]: groups do not hold groups")
            group = []
        elif word == "]":
            if group is None:
                raise ValueError("] without [ before it; a word that is to be ] itself is written ]]")
            yield Piece(tuple(group), optional=True)
            group = None
        elif word.startswith("[") and word.count("[") > word.count("]") and word not in _BRACKETS:
            raise ValueError(f"{word}: the brackets of a group are words of their own, [ {word[1:]} ... ]")
        elif group is not None:
            group.append(read_word(_BRACKETS.get(word, word)))
        else:
            yield Piece((read_word(_BRACKETS.get(word, word)),))
    if group is not None:
        raise ValueError("[ without ] behind it; a word that is to be [ itself is written [[")


def _check_piece(piece: Piece, takes: Takes) -> None:
    named = [placeholder for placeholder in piece.placeholders if not placeholder.is_fact]
    if piece.optional and not named:
        raise ValueError("a group [ ] without a placeholder of a parameter would always be there")
    if len({placeholder.key for placeholder in named if takes.is_multiple(placeholder)}) > 1:
        raise ValueError(f"{named[0].name} and others: only one multiple parameter can be in a word or group")
    for word in piece.words:
        conditions = [part for part in word if isinstance(part, Placeholder) and part.mode == "if"]
        if conditions and (len(word) > 1 or not piece.optional):
            raise ValueError(f"{{{conditions[0].name}:if}} is a word of its own, and in a group [ ]")
    for placeholder in named:
        if not piece.optional and takes.may_miss(placeholder):
            raise ValueError(
                f"{{{placeholder.name}}} may be missing: put it, with what belongs to it, between [ and ] as "
                "words of their own; or make it required, or give it a default"
            )


# Filling


def _fill(piece: Piece, given: Given) -> Iterator[bytes]:
    """Yield the words of a piece, for each value of a multiple parameter again."""
    found = {placeholder: given.of(placeholder) for placeholder in piece.placeholders}
    for placeholder, values in found.items():
        if not values:
            if not piece.optional:
                raise BadValue(placeholder.name, "", "this parameter is required, as a value")
            return
    for turn in range(max(map(len, found.values()), default=1)):
        chosen = {placeholder: values[min(turn, len(values) - 1)] for placeholder, values in found.items()}
        for word in piece.words:
            written = _write(word, chosen, given.declared)
            if written is not None:
                yield written


def _write(word: Word, chosen: Mapping[Placeholder, Any], declared: Mapping[str, Parameter]) -> bytes | None:
    """Return the word with the values chosen for its placeholders; None if it is there for its group only."""
    if any(isinstance(part, Placeholder) and part.mode == "if" for part in word):
        return None
    texts = [part if isinstance(part, str) else _text(part, chosen[part], declared) for part in word]
    values = [(part, text) for part, text in zip(word, texts, strict=True) if isinstance(part, Placeholder)]
    written = "".join(texts)
    if values and isinstance(word[0], Placeholder) and written.startswith("-"):
        culprit, text = next(((part, text) for part, text in values if text), values[0])
        if not culprit.dash:
            raise BadValue(culprit.name, text, "a value must not begin with - here")
    encoded = written.encode(errors="surrogatepass")
    if len(encoded) >= LONGEST_WORD and values:
        longest, text = max(values, key=lambda value: len(value[1]))
        raise BadValue(longest.name, text, f"it has to be shorter than {LONGEST_WORD // 1024} kB here")
    return encoded


def _text(placeholder: Placeholder, value: Any, declared: Mapping[str, Parameter]) -> str:
    if placeholder.is_fact or placeholder.mode == "input":
        return str(value)
    return placeholder.write(declared[placeholder.key], value)
