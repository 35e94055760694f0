"""What a key of the ini file is, and how a section of them is converted: for the site, its services and others."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from pyramid.exceptions import ConfigurationError

#: What the keys of the site begin with, those of authentication included.
PREFIX = "uws."

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Key(NamedTuple):
    """One ini key without its prefix. A default may use the values read before it."""

    name: str
    convert: Callable[[str], Any]
    default: str
    meaning: str


class UnreadableLine(ValueError):
    """A line of a value that has several cannot be read."""

    def __init__(self, line: str, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def convert_section(
    table: tuple[Key, ...], given: Mapping[str, str], prefix: str, before: Mapping[str, Any] = NOTHING
) -> dict[str, Any]:
    """Convert the given texts by the table; unknown keys and unreadable values are errors.

    Defaults may use values read ``before``.
    """
    known = {key.name for key in table}
    for name in given:
        if name not in known:
            raise ConfigurationError(f"unknown setting {prefix}{name}; known are {', '.join(sorted(known))}")
    values: dict[str, Any] = {}
    for key in table:
        text = given.get(key.name, key.default.format_map({**before, **values})).strip()
        try:
            values[key.name] = key.convert(text)
        except ValueError as problem:
            shown = problem.line if isinstance(problem, UnreadableLine) else text
            raise ConfigurationError(f"setting {prefix}{key.name} = {shown}: {problem}") from problem
    return values


def is_about_authentication(key: str) -> bool:
    """Tell whether a key is one of those that :mod:`pyramid_uws.auth.keys` reads."""
    return f"{key}.".startswith(f"{PREFIX}auth.")
