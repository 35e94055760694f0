"""Columns in the words of VOTable: the attributes of FIELD (VOTable 1.4, chapter 4)."""

from collections.abc import Mapping
from types import MappingProxyType

import pyarrow as pa

from .columns import Column

_DATATYPES: Mapping[pa.DataType, str] = MappingProxyType(
    {
        pa.bool_(): "boolean",
        pa.uint8(): "unsignedByte",
        pa.int16(): "short",
        pa.int32(): "int",
        pa.int64(): "long",
        pa.float32(): "float",
        pa.float64(): "double",
    }
)


def attributes(column: Column) -> dict[str, str | None]:
    """Return the attributes of the column's FIELD; None where there is none."""
    field = column.field
    decimals = field.decimals if column.is_float and field.decimals else None
    return {
        "name": field.name,
        "datatype": datatype(column),
        "arraysize": _arraysize(column),
        "unit": field.unit,
        "ucd": field.ucd,
        "utype": field.utype,
        "xtype": field.xtype,
        "ref": field.ref,
        "precision": f"F{decimals}" if decimals else None,
    }


def datatype(column: Column) -> str:
    """Return the datatype: ``char`` for texts that are known to be ASCII, which is all it can hold."""
    if column.is_text:
        return "char" if column.is_ascii else "unicodeChar"
    return _DATATYPES[column.type]


def _arraysize(column: Column) -> str | None:
    if column.length is not None:
        return str(column.length)
    return "*" if column.is_text or column.is_list else None
