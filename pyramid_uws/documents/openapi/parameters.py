"""Declared parameters as JSON Schema: for clients that make forms and code of it, and check what they send."""

import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from pyramid_uws.documents.inputs import xtype_of
from pyramid_uws.parameters import Parameter

#: Types that JSON has a type for, too. Texts are allowed beside it: ``0x2a``, ``+Inf``, ``T``, or nothing at all.
_JSON_TYPES = MappingProxyType({"int": "integer", "double": "number", "boolean": "boolean"})

#: Type -> how a value is written.
_WRITTEN: Mapping[str, str] = MappingProxyType(
    {
        "timestamp": "2026-01-31T12:00:00Z",
        "interval": "1.5 2.5",
        "point": "83.6 22.0",
        "circle": "83.6 22.0 0.5",
        "range": "359 1 -1 1",
        "polygon": "10 20 11 20 10.5 21",
        "shape": "CIRCLE 83.6 22.0 0.5",
        "moc": "6/1-3 5 7/24",
        "uri": "ivo://example/data",
        "uuid": "2b36d94a-5f4c-4c3b-9c0e-6f5a1f6f2a11",
        "json": '{"a": [1, 2]}',
        "format": "votable",
    }
)

_FILE = MappingProxyType({"type": "string", "contentMediaType": "application/octet-stream"})


def schema_of(parameter: Parameter) -> dict[str, Any]:
    """Return the schema of what is sent under the parameter's name."""
    item = _item(parameter)
    schema = {"type": "array", "items": item} if parameter.multiple else item
    about = " ".join(_said(parameter))
    return {**schema, **({"description": about} if about else {}), **_facts(parameter)}


def _item(parameter: Parameter) -> dict[str, Any]:
    """Return the schema of one value."""
    if parameter.type == "file":
        return dict(_FILE)
    if parameter.condition:
        return {"type": "string"}
    if parameter.type in _JSON_TYPES:
        limits = {name: getattr(parameter, name) for name in ("minimum", "maximum")}
        finite = {name: limit for name, limit in limits.items() if limit is not None and math.isfinite(limit)}
        return {"type": [_JSON_TYPES[parameter.type], "string"], **finite}
    if parameter.options and parameter.type == "string":
        return {"type": "string", "enum": list(parameter.options)}
    examples = _WRITTEN.get(parameter.type)
    return {"type": "string"} | ({"examples": [examples]} if examples else {})


def _said(parameter: Parameter) -> Iterator[str]:
    """Yield what is to be known of it, in sentences."""
    if parameter.description:
        yield parameter.description
    if parameter.required:
        yield "A job cannot be run without it."
    if parameter.condition:
        yield (
            f"A set of values of type {parameter.type}: 1,3,7/9 (PQL) at job lists, an interval such as "
            "7 9 at sync endpoints."
        )
    if parameter.unit is not None:
        yield f"Unit: {parameter.unit}."
    if parameter.options and parameter.type != "string":
        yield f"One of {', '.join(map(parameter.write, parameter.options))}."
    if parameter.type == "timestamp" and not parameter.condition:
        limits = [(name, getattr(parameter, name)) for name in ("minimum", "maximum")]
        yield from (f"The {name} is {parameter.write(limit)}." for name, limit in limits if limit is not None)


def _facts(parameter: Parameter) -> dict[str, Any]:
    """Return the default, and what OpenAPI has no words for."""
    facts: dict[str, Any] = {}
    if parameter.default is not None:
        several = parameter.multiple
        written = [_plain(parameter, value) for value in (parameter.default if several else (parameter.default,))]
        facts["default"] = written if several else written[0]
    told = {"unit": parameter.unit, "ucd": parameter.ucd, "xtype": xtype_of(parameter)}
    return facts | {f"x-{name}": text for name, text in told.items() if text is not None}


def _plain(parameter: Parameter, value: Any) -> Any:
    """Return a value as JSON has it: a number where there is one, else the literal."""
    is_plain = parameter.type in _JSON_TYPES and (isinstance(value, int) or math.isfinite(value))
    return value if is_plain else parameter.write(value)
