"""Quotas in words: as they are written on the command line, and as they arrive at the server."""

from collections.abc import Mapping
from typing import Any

from pyramid_uws.exceptions import BadRequest, BadValue
from pyramid_uws.settings.quotas import read_quota
from pyramid_uws.uws.quotas import KEYS, read_subject, shown

#: Values are smaller than this: numbers that a database keeps without further ado.
_MOST = 10**18


def read_assignments(texts: list[str]) -> dict[str, int]:
    """Read ``jobs=20 storage=1G``; :class:`BadValue` tells what cannot be read."""
    values: dict[str, int] = {}
    for text in texts:
        key, _, value = text.partition("=")
        check_key(key)
        try:
            values[key] = read_quota(key, value)
        except ValueError as problem:
            raise BadValue(key, value, str(problem)) from problem
    return values


def check_key(key: str) -> str:
    """Refuse what is no key of a quota."""
    if key not in KEYS:
        raise BadValue("KEY", key, f"expected one of {', '.join(KEYS)}")
    return key


def subject_of(text: str) -> str:
    """Read whose quota it is."""
    try:
        return read_subject(text)
    except ValueError as problem:
        raise BadValue("NAME", text, str(problem)) from problem


def shown_subject(text: str) -> str:
    """Return the name in the one way in which it is written."""
    return shown(subject_of(text))


# What arrives at the server


def checked(request: Mapping[str, Any]) -> tuple[str, dict[str, int]]:
    """Return whose quota is to be set, and the values that came as JSON."""
    values = request.get("values")
    if not isinstance(values, dict) or not values:
        raise BadRequest("The values of a quota are an object.")
    for key, value in values.items():
        check_key(key)
        if type(value) is not int or not 0 <= value < _MOST:
            raise BadRequest("The value of a quota is a whole number that is not negative.")
    return _name(request), values


def forgotten(request: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Return whose quota is to be forgotten, and the keys that came as JSON; none are all."""
    keys = request.get("keys")
    if not isinstance(keys, list):
        raise BadRequest("The keys of a quota are a list.")
    return _name(request), tuple(map(check_key, keys))


def _name(request: Mapping[str, Any]) -> str:
    name = request.get("name")
    if not isinstance(name, str):
        raise BadRequest("Whose quota it is is told by a name.")
    return subject_of(name)
