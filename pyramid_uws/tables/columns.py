"""Columns: what they mean and which type they are written as.

Formats differ in what they can hold. All but Parquet know these types, the *plain* ones, and here any other is
made one of them: bool, uint8, int16, int32, int64, float32, float64, string, and lists of these but strings.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pyramid_uws.exceptions import CoreFault

from .declarations import Field

#: Types that stay, or are widened to the next that formats have.
_PLAIN: Mapping[pa.DataType, pa.DataType] = MappingProxyType(
    {kind: kind for kind in (pa.bool_(), pa.uint8(), pa.int16(), pa.int32(), pa.int64())}
    | {kind: kind for kind in (pa.float32(), pa.float64(), pa.string())}
    | {pa.int8(): pa.int16(), pa.uint16(): pa.int32(), pa.uint32(): pa.int64(), pa.uint64(): pa.int64()}
    | {pa.float16(): pa.float32(), pa.large_string(): pa.string(), pa.string_view(): pa.string()}
    | {pa.null(): pa.string()}
)

_METADATA = tuple(item.name for item in fields(Field) if item.name not in {"name", "decimals", "ref", "ascii"})


@dataclass(frozen=True)
class Column:
    """A column as it is written: ``type`` is the plain one of its values, or of the items of its lists.

    ``length`` is that of lists that have all the same, if they are of floats (a missing one is filled with NaN) or
    none is missing. ``is_ascii`` is known of texts in whole tables, and of instants.
    """

    field: Field
    type: pa.DataType
    is_list: bool = False
    length: int | None = None
    is_ascii: bool = False

    @property
    def name(self) -> str:
        """The column's name."""
        return self.field.name

    @property
    def item(self) -> "Column":
        """The items of lists, as a column."""
        return replace(self, is_list=False, length=None)

    @property
    def is_text(self) -> bool:
        """Whether values are texts."""
        return bool(pa.types.is_string(self.type))

    @property
    def is_float(self) -> bool:
        """Whether values, or items of lists, are floating point numbers."""
        return bool(pa.types.is_floating(self.type))

    @classmethod
    def of(cls, field: pa.Field, meaning: Field) -> "Column":
        """Return the column for an Arrow field; :class:`CoreFault` if formats cannot hold its type."""
        kind = field.type
        if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
            return cls(replace(meaning, xtype=meaning.xtype or "timestamp"), pa.string())
        if _is_list(kind):
            item = _plain(field.name, kind.value_type)
            if pa.types.is_string(item):
                raise _unwritable(field.name, kind)
            is_fixed = pa.types.is_fixed_size_list(kind) and (pa.types.is_floating(item) or not field.nullable)
            return cls(meaning, item, is_list=True, length=kind.list_size if is_fixed else None)
        return cls(meaning, _plain(field.name, kind))

    def plain(self, array: pa.Array) -> pa.Array:
        """Return values of the plain type; in lists, NaN for missing items."""
        try:
            values = self._plain_list(array) if self.is_list else _cast(array, self.type)
        except pa.ArrowInvalid as problem:
            raise CoreFault(f"Column {self.name}: {problem}.") from problem
        if self.is_ascii and _is_said_to_be_ascii(self.field) and not pc.all(pc.string_is_ascii(values)).as_py():
            return pc.replace_substring_regex(values, r"[^\x00-\x7f]", "?")
        return values

    def _plain_list(self, array: pa.Array) -> pa.Array:
        """Return a list array without an offset; missing lists of floats of one length are filled with NaN."""
        items = _cast(pc.list_flatten(array), self.type)
        if items.null_count:
            if not self.is_float:
                raise CoreFault(f"Column {self.name}: items of lists are missing; only floats can be.")
            items = items.fill_null(float("nan"))
        is_there = array.is_valid()
        lengths = pc.if_else(is_there, pc.list_value_length(array), 0)
        if self.length is not None and array.null_count:
            filled = np.full((len(array), self.length), np.nan, items.type.to_pandas_dtype())
            filled[is_there.to_numpy(zero_copy_only=False)] = items.to_numpy().reshape(-1, self.length)
            items, lengths = pa.array(filled.reshape(-1)), pa.array(np.full(len(array), self.length))
        offsets = np.zeros(len(array) + 1, np.int32)
        np.cumsum(lengths.to_numpy(), out=offsets[1:])
        missing = array.is_null() if self.length is None else None
        return pa.ListArray.from_arrays(pa.array(offsets), items, mask=missing)


def _is_list(kind: pa.DataType) -> bool:
    tests = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(test(kind) for test in tests)


def _plain(name: str, kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _plain(name, kind.value_type)
    if pa.types.is_decimal(kind):
        return pa.float64()
    if pa.types.is_time(kind):
        return pa.string()
    try:
        return _PLAIN[kind]
    except KeyError:
        raise _unwritable(name, kind) from None


def _unwritable(name: str, kind: pa.DataType) -> CoreFault:
    return CoreFault(f"Column {name}: values of type {kind} can be written to Parquet only.")


def _cast(array: pa.Array, kind: pa.DataType) -> pa.Array:
    if array.type == kind:
        return array
    if pa.types.is_dictionary(array.type):
        return _cast(array.dictionary_decode(), kind)
    if pa.types.is_timestamp(array.type):
        # DALI's timestamps are UTC, with a T, and without a Z unless they are civil times.
        return pc.replace_substring(array.cast(pa.timestamp(array.type.unit)).cast(kind), " ", "T")
    if pa.types.is_date64(array.type):
        return array.cast(pa.date32()).cast(kind)
    return array.cast(kind)


def meanings(schema: pa.Schema, declared: Sequence[Field]) -> list[Field]:
    """Return what is known of each column: what was declared, then what the table says itself."""
    names = schema.names
    for name in names:
        if names.count(name) > 1:
            raise CoreFault(f"Two columns of the table are called {name!r}.")
    by_name = {field.name: field for field in declared}
    for name in by_name:
        if name not in names:
            raise CoreFault(f"The table has no column {name!r}, as a Field says; it has {', '.join(names)}.")
    return [_meaning(field, by_name.get(field.name)) for field in schema]


def _meaning(field: pa.Field, declared: Field | None) -> Field:
    told = {key.decode(): value.decode(errors="replace") for key, value in (field.metadata or {}).items()}
    known = Field(name=field.name, **{name: told[name] for name in _METADATA if name in told})
    if declared is None:
        return known
    said: dict[str, Any] = {item.name: getattr(declared, item.name) for item in fields(Field)}
    return replace(known, **{name: value for name, value in said.items() if value not in {None, ""}})


def _is_said_to_be_ascii(field: Field) -> bool:
    return field.ascii or field.xtype == "timestamp"


def columns_of(schema: pa.Schema, meant: Sequence[Field], is_ascii: Callable[[str], bool]) -> list[Column]:
    """Return the columns of a schema; ``is_ascii`` tells of a column of texts whether all are."""
    columns = [Column.of(field, meaning) for field, meaning in zip(schema, meant, strict=True)]
    return [
        replace(column, is_ascii=column.is_text and (_is_said_to_be_ascii(column.field) or is_ascii(column.name)))
        for column in columns
    ]
