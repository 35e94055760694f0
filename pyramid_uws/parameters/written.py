"""Declarations as an operator writes them in an ini file, a line each.

    RADIUS  double required  unit=deg ucd=pos.angDistance minimum=0 maximum=5  -- How far from the centre
    FORMAT  options=fits,csv default=fits  -- How the table is written

First the name; then words in any order, split and quoted as in a shell: the type (``string`` unless given), flags
and facts; behind `` -- `` the description, as it stands. Lists are separated by commas; an item that has one is
quoted by itself: ``options='plain,"red, green"'``.
"""

import csv
import re
import shlex
from typing import Any

from .declaration import Parameter
from .own import is_own
from .types import TYPES
from .uploads import Upload

_FLAGS = ("required", "multiple", "condition")
_TEXTS = ("unit", "ucd", "xtype")
_VALUES = ("default", "minimum", "maximum")
_FACTS = (*_TEXTS, *_VALUES, "options")


def read_upload(line: str) -> Upload:
    """Return the upload that a line declares: ``NAME required MEDIA/TYPE ... -- DESCRIPTION``."""
    words, description = _split(line)
    media_types = tuple(word for word in words[1:] if word != "required")
    return Upload(
        name=words[0], required="required" in words[1:], media_types=media_types, description=description
    )


def read_declaration(line: str) -> Parameter:
    """Return the parameter that a line declares; ``ValueError`` tells what is wrong."""
    words, description = _split(line)
    kind, flags, texts = _sort(words[1:])
    facts: dict[str, Any] = {key: text for key, text in texts.items() if key in _TEXTS}
    for key in _VALUES:
        if key in texts:
            several = key == "default" and "multiple" in flags
            facts[key] = _read_list(kind, key, texts[key]) if several else _read(kind, key, texts[key])
    if "options" in texts:
        facts["options"] = _read_list(kind, "options", texts["options"])
    facts |= dict.fromkeys(flags, True)
    return Parameter(name=words[0], type=kind, description=description, **facts)


def _split(line: str) -> tuple[list[str], str]:
    """Return the words of a line, and the description."""
    written, *described = re.split(r"(?:^|\s)--(?:\s|$)", line, maxsplit=1)
    try:
        words = shlex.split(written)
    except ValueError as problem:
        raise ValueError(f"{problem} (a quote or a backslash that has no partner)") from None
    if not words:
        raise ValueError("expected a name, what is to be said of it, and behind -- a description")
    return words, described[0].strip() if described else ""


def _sort(words: list[str]) -> tuple[str, set[str], dict[str, str]]:
    """Return type, flags and facts."""
    kinds, flags, facts = [], set(), {}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals and word in _FLAGS:
            flags.add(word)
        elif not equals and (word in TYPES or is_own(word)):
            kinds.append(word)
        elif equals and key in _FACTS and key not in facts:
            facts[key] = text
        elif equals and key in facts:
            raise ValueError(f"{key} is given twice")
        else:
            raise ValueError(
                f"{word!r} is neither a type ({', '.join(TYPES)}) nor {', '.join(_FLAGS)} nor one of "
                f"{', '.join(f'{fact}=' for fact in _FACTS)}; a description begins with --"
            )
    if len(kinds) > 1:
        raise ValueError(f"it has several types: {', '.join(kinds)}")
    return kinds[0] if kinds else "string", flags, facts


def _read(kind: str, key: str, text: str) -> Any:
    if kind not in TYPES:
        raise ValueError(f"{key}={text}: values of the site's own type {kind} are declared in Python")
    try:
        return TYPES[kind].read(text)
    except ValueError as problem:
        raise ValueError(f"{key}={text}: {problem}") from None


def _read_list(kind: str, key: str, text: str) -> tuple[Any, ...]:
    try:
        items = [item for row in csv.reader([text], strict=True) for item in row]
    except csv.Error as problem:
        raise ValueError(f"{key}={text}: {problem}") from None
    return tuple(_read(kind, key, item) for item in items)
