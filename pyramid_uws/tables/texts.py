"""Columns as texts, whole columns at a time, and rows put together from them."""

import json
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .columns import Column

#: What a value of a text column becomes in a format.
Escape = Callable[[pa.Array], pa.Array]

#: What XML cannot hold at all, or gives back as something else, or only when it is escaped.
_XML_ILLEGAL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x{fffe}\x{ffff}]"
_XML_SPECIAL = r"[\x00-\x08\x0b-\x1f\x{fffe}\x{ffff}&<>]"
_XML_ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#13;"))


def texts(column: Column, array: pa.Array, escape: Escape, between: str = " ") -> pa.Array:
    """Return the texts of plain values, null where there is none: numbers as short as they can be read back.

    ``escape`` is for columns of texts; ``between`` stands between the items of a list.
    """
    if column.is_text:
        return escape(array)
    if column.is_list:
        items = _numbers(column, array.values)
        lists = pa.ListArray.from_arrays(array.offsets, items)
        return pc.binary_join(lists, between)
    return _numbers(column, array)


def _numbers(column: Column, array: pa.Array) -> pa.Array:
    if not column.is_float:
        return array.cast(pa.string())
    if column.field.decimals is not None:
        array = _rounded(array, column.field.decimals)
    written = array.cast(pa.string())
    if pc.all(pc.is_finite(array)).as_py() in {True, None}:
        return written
    # Arrow writes nan, inf and -inf; this is how VOTable and DALI have them.
    infinite = pc.if_else(pc.greater(array, 0), "+Inf", "-Inf")
    special = pc.if_else(pc.is_nan(array), "NaN", infinite)
    return pc.if_else(pc.is_finite(array), written, special)


def _rounded(array: pa.Array, decimals: int) -> pa.Array:
    """Return the numbers with so many decimals; those too large to have any stay as they are."""
    values = array.fill_null(0).to_numpy(zero_copy_only=False)
    # In double precision and back: the nearest number to the decimal one, which is then the shortest, too.
    rounded = np.round(values.astype(np.float64), decimals).astype(values.dtype)
    kept = np.where(np.isfinite(rounded), rounded, values)
    return pc.if_else(array.is_valid(), pa.array(kept), pa.scalar(None, array.type))


def rows(cells: Sequence[pa.Array], before: str, between: str, after: str) -> memoryview:
    """Return the texts of rows, put together from cells, one after the other as UTF-8. Nulls are empty."""
    joined = pc.binary_join_element_wise(*cells, between, null_handling="replace", null_replacement="")
    return content(pc.binary_join_element_wise(before, joined, after, ""))


def content(array: pa.Array) -> memoryview:
    """Return the values of a text or binary array, one after the other."""
    _, offsets, data = array.buffers()
    ends = np.frombuffer(offsets, np.int32)[array.offset : array.offset + len(array) + 1]
    return memoryview(data)[ends[0] : ends[-1]] if data is not None else memoryview(b"")


def xml_escaped(array: pa.Array) -> pa.Array:
    """Return texts as XML has them; what it has no place for is a question mark."""
    if not pc.any(pc.match_substring_regex(array, _XML_SPECIAL)).as_py():
        return array
    array = pc.replace_substring_regex(array, _XML_ILLEGAL, "?")
    for mark, escape in _XML_ESCAPES:
        array = pc.replace_substring(array, mark, escape)
    return array


def csv_escaped(array: pa.Array) -> pa.Array:
    """Return texts as CSV has them (RFC 4180); an empty one is quoted, so that it differs from a missing one."""
    quoted = pc.binary_join_element_wise('"', pc.replace_substring(array, '"', '""'), '"', "")
    return pc.if_else(pc.match_substring_regex(array, r'[",\r\n]|^$|^\s|\s$'), quoted, array)


def tsv_escaped(array: pa.Array) -> pa.Array:
    """Return texts as TSV has them: it has no place for tabs and ends of lines, so these are blanks."""
    return pc.replace_substring_regex(array, r"[\t\r\n]", " ")


def json_escaped(array: pa.Array) -> pa.Array:
    """Return texts as JSON has them."""
    if pc.any(pc.match_substring_regex(array, r'[\x00-\x1f"\\]')).as_py():
        return pa.array([None if text is None else json.dumps(text) for text in array.to_pylist()], pa.string())
    return pc.binary_join_element_wise('"', array, '"', "")
