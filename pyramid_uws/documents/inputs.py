"""Parameters as registries describe them: ``vs:InputParam`` (VODataService 1.1, section 3.3.3)."""

from collections.abc import Iterator
from types import MappingProxyType

from pyramid_uws.parameters import Parameter

from .xml import element, parent

#: Type of a parameter -> simple data type and array size; all others are strings.
_DATA_TYPES = MappingProxyType(
    {
        "int": ("integer", None),
        "double": ("real", None),
        "boolean": ("boolean", None),
        "interval": ("real", "2"),
        "point": ("real", "2"),
        "circle": ("real", "3"),
        "range": ("real", "4"),
        "polygon": ("real", "*"),
    }
)


def input_param(parameter: Parameter) -> str:
    """Write the parameter as a ``param`` of an interface."""
    use = {"use": "required" if parameter.required else "optional", "std": "false"}
    return parent("param", _facts(parameter), use)


def _facts(parameter: Parameter) -> Iterator[str]:
    yield element("name", parameter.name)
    if parameter.description:
        yield element("description", parameter.description)
    if parameter.unit is not None:
        yield element("unit", parameter.unit)
    if parameter.ucd is not None:
        yield element("ucd", parameter.ucd)
    kind, arraysize = (
        ("string", None) if parameter.condition else _DATA_TYPES.get(parameter.type, ("string", None))
    )
    attributes = {"xsi:type": "vs:SimpleDataType"}
    if arraysize is not None:
        attributes["arraysize"] = arraysize
    xtype = xtype_of(parameter)
    if xtype is not None:
        attributes["extendedType"] = xtype
    yield element("dataType", kind, attributes)


def xtype_of(parameter: Parameter) -> str | None:
    """Return how VOTable calls the values: as declared, or by their type; a set of values has no such name."""
    return None if parameter.condition else parameter.xtype or parameter.kind.xtype
