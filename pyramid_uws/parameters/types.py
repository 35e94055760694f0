"""The types a parameter may have: how their literals are read and written (DALI 1.1, section 3)."""

import json
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple, NoReturn
from uuid import UUID

from pyramid_uws.uws.instants import format_instant, parse_instant

from .formats import read_format
from .geometry import (
    read_circle,
    read_moc,
    read_point,
    read_polygon,
    read_range,
    read_shape,
    write_moc,
    write_polygon,
    write_shape,
)
from .numbers import read_double, read_integer, read_interval, write_numbers

_BOOLEANS = MappingProxyType({"t": True, "true": True, "1": True, "f": False, "false": False, "0": False})
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!#$%&'()*+,/0-9:;=?@A-Z\[\]_a-z~.-]+", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)

#: How deep JSON may be nested.
_DEEPEST = 50


def read_boolean(text: str) -> bool:
    """Read T, F, 1, 0, true or false in any case."""
    try:
        return _BOOLEANS[text.strip().lower()]
    except KeyError:
        raise ValueError("expected true or false") from None


def _refuse_text(_text: str) -> NoReturn:
    raise ValueError(
        "expected a file: a part of a multipart/form-data body with a file name, or the body of a PUT"
    )


def read_uri(text: str) -> str:
    """Read an absolute URI."""
    text = text.strip()
    if _URI.fullmatch(text) is None:
        raise ValueError("expected an absolute URI, such as ivo://example/data")
    return text


def read_uuid(text: str) -> UUID:
    """Read a UUID in its usual form, hyphens included."""
    text = text.strip()
    if _UUID.fullmatch(text) is None:
        raise ValueError("expected a UUID, such as 2b36d94a-5f4c-4c3b-9c0e-6f5a1f6f2a11")
    return UUID(text)


def read_json(text: str) -> Any:
    """Read JSON, strictly: no NaN, no infinities; nested fifty deep at most."""
    depth = deepest = 0
    for mark in re.sub(r'"(?:[^"\\]|\\.)*"', "", text):
        depth += (mark in "[{") - (mark in "]}")
        deepest = max(deepest, depth)
    if deepest > _DEEPEST:
        raise ValueError(f"expected JSON nested {_DEEPEST} deep at most")
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except ValueError as problem:
        raise ValueError(f"expected JSON ({problem})") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


class Type(NamedTuple):
    """A type of parameters: ``read`` raises ``ValueError`` with what was expected; ``write`` is its inverse.

    ``xtype`` is how VOTable calls it, ``ordered`` whether values can be held to a minimum and a maximum.
    """

    read: Callable[[str], Any]
    write: Callable[[Any], str] = str
    xtype: str | None = None
    ordered: bool = False


TYPES: Mapping[str, Type] = MappingProxyType(
    {
        "string": Type(str),
        "int": Type(read_integer, ordered=True),
        "double": Type(read_double, lambda value: write_numbers((value,)), ordered=True),
        "boolean": Type(read_boolean, lambda value: "true" if value else "false"),
        "timestamp": Type(parse_instant, format_instant, "timestamp", ordered=True),
        "interval": Type(read_interval, write_numbers, "interval"),
        "point": Type(read_point, write_numbers, "point"),
        "circle": Type(read_circle, write_numbers, "circle"),
        "range": Type(read_range, write_numbers, "range"),
        "polygon": Type(read_polygon, write_polygon, "polygon"),
        "shape": Type(read_shape, write_shape, "shape"),
        "moc": Type(read_moc, write_moc, "moc"),
        "uri": Type(read_uri, xtype="uri"),
        "uuid": Type(read_uuid, xtype="uuid"),
        "json": Type(read_json, json.dumps, "json"),
        "format": Type(read_format),
        "file": Type(_refuse_text),
    }
)

#: The type whose values are sent as files and nothing else, and the types that may be sent so.
FILE: Final = "file"
SENT_AS_FILES = frozenset({"string", FILE})

#: How null is written, besides nothing at all (DALI 1.2, section 3.2, and VOTable for booleans).
_NULLS = MappingProxyType({"boolean": frozenset({"", "?"}), "string": frozenset()})
_BLANK = frozenset({""})


def is_null(kind: str, text: str) -> bool:
    """Tell whether a literal of this type stands for no value; only a string may be empty."""
    return text.strip() in _NULLS.get(kind, _BLANK)
