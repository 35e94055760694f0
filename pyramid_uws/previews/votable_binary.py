"""Rows of VOTable's BINARY and BINARY2 (VOTable 1.4, sections 5.3 and 5.4)."""

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from types import MappingProxyType
from typing import Any

from .limits import CELL, ITEMS
from .values import Column, NoPreview

#: Datatype -> struct's code and the bytes of an item.
_CODES: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        "boolean": ("c", 1),
        "unsignedByte": ("B", 1),
        "short": ("h", 2),
        "int": ("i", 4),
        "long": ("q", 8),
        "float": ("f", 4),
        "double": ("d", 8),
        "floatComplex": ("f", 8),
        "doubleComplex": ("d", 16),
        "char": ("s", 1),
        "unicodeChar": ("s", 2),
        "bit": ("B", 1),
    }
)
_TRUTH: Mapping[bytes, bool] = MappingProxyType(
    dict.fromkeys((b"T", b"t", b"1"), True) | dict.fromkeys((b"F", b"f", b"0"), False)
)
_SIZE = re.compile(r"(?:[0-9]{1,9}x){0,9}(?:[0-9]{0,9}\*|[0-9]{1,9})", re.ASCII)

#: A cell with more bytes is not waited for.
_LONGEST = 8 * 1024 * 1024


@dataclass(frozen=True)
class Field:
    """A column, its type and what stands for a missing value."""

    column: Column
    datatype: str
    arraysize: str = ""
    null: str = ""

    def with_null(self, null: str) -> "Field":
        """Return the field with a text for missing values."""
        return replace(self, null=null)

    def described(self, text: str) -> "Field":
        """Return the field with a description."""
        return replace(self, column=replace(self.column, description=text))

    @property
    def is_variable(self) -> bool:
        """Whether the number of items is told in each row."""
        return self.arraysize.endswith("*")

    @property
    def items(self) -> int:
        """How many items a cell has, if that is the same in all rows."""
        if not self.arraysize:
            return 1
        if not _SIZE.fullmatch(self.arraysize):
            raise NoPreview(f"Column {self.column.name} has an arraysize that cannot be read.")
        return 0 if self.is_variable else prod(int(part) for part in self.arraysize.split("x"))


class _Short(Exception):
    """The bytes do not reach to the end of the row."""


class RowDecoder:
    """Makes rows of bytes that come in pieces."""

    def __init__(self, fields: list[Field], *, has_nulls: bool) -> None:
        for field in fields:
            if field.datatype not in _CODES:
                raise NoPreview(f"Column {field.column.name} is of a type that VOTable does not know.")
        self._fields = [(field, field.items) for field in fields]
        self._flags = -(-len(fields) // 8) if has_nulls else 0
        self._data = bytearray()

    def take(self, data: bytes) -> list[list[Any]]:
        """Return the rows that are complete with these bytes."""
        self._data += data
        rows, at = [], 0
        while at < len(self._data):
            try:
                row, at = self._row(at)
            except _Short:
                break
            rows.append(row)
        del self._data[:at]
        return rows

    def _row(self, at: int) -> tuple[list[Any], int]:
        flags, at = self._bytes(at, self._flags)
        row: list[Any] = []
        for index, (field, items) in enumerate(self._fields):
            if field.is_variable:
                count, at = self._bytes(at, 4)
                items = struct.unpack(">i", count)[0]  # noqa: PLW2901 - this row's
            data, at = self._bytes(at, _length(field, items))
            is_missing = bool(flags) and bool(flags[index // 8] & (128 >> index % 8))
            row.append(None if is_missing else _value(field, data, items))
        return row, at

    def _bytes(self, at: int, length: int) -> tuple[bytes, int]:
        if at + length > len(self._data):
            raise _Short
        return bytes(self._data[at : at + length]), at + length


def _length(field: Field, items: int) -> int:
    length = -(-items // 8) if field.datatype == "bit" else items * _CODES[field.datatype][1]
    if not 0 <= length <= _LONGEST:
        raise NoPreview(f"A cell of column {field.column.name} is too long to be shown.")
    return length


def _value(field: Field, data: bytes, items: int) -> Any:
    code, size = _CODES[field.datatype]
    if field.datatype == "char":
        return data[: 4 * CELL].split(b"\0")[0].decode("utf-8", "replace")
    if field.datatype == "unicodeChar":
        return data[: 4 * CELL].decode("utf-16-be", "replace").split("\0")[0]
    if field.datatype == "bit":
        return "".join(f"{byte:08b}" for byte in data[: CELL // 8])[:items]
    shown = data[: (ITEMS + 1) * size]
    values: list[Any] = [_plain(field, value) for (value,) in struct.iter_unpack(f">{code}", shown)]
    return values[0] if items == 1 and len(values) == 1 else values


def _plain(field: Field, value: Any) -> Any:
    if field.datatype == "boolean":
        return _TRUTH.get(value)
    if field.datatype in {"float", "floatComplex"}:
        return float(f"{value:.7g}")
    return None if isinstance(value, int) and field.null and str(value) == field.null else value
