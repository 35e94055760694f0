"""Rows as VOTable's BINARY2 has them (VOTable 1.4, section 5.4), made for whole columns at a time.

A row begins with a bit for each column, set where the value is missing; then come the values, most significant
byte first. What has the same length in all rows goes into structured arrays; texts and lists of any length go
between.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .columns import Column
from .texts import content

_NUMBERS = {
    pa.bool_(): np.dtype("S1"),
    pa.uint8(): np.dtype("u1"),
    pa.int16(): np.dtype(">i2"),
    pa.int32(): np.dtype(">i4"),
    pa.int64(): np.dtype(">i8"),
    pa.float32(): np.dtype(">f4"),
    pa.float64(): np.dtype(">f8"),
}

Piece = tuple[Any, ...]


class Binary2Rows:
    """Makes the bytes of rows."""

    def __init__(self, columns: list[Column]) -> None:
        self._columns = columns

    def content(self, batch: pa.RecordBatch) -> memoryview:
        """Return the rows of a batch as bytes."""
        fixed: list[NDArray[Any]] = [np.packbits(_missing(batch), axis=1)]
        parts: list[pa.Array] = []
        for column, array in zip(self._columns, batch.columns, strict=True):
            values = column.plain(array)
            if column.is_text or (column.is_list and column.length is None):
                lengths, data = _texts(values, column) if column.is_text else _lists(values)
                parts += [_packed([*fixed, lengths.astype(">i4")]), data]
                fixed = []
            else:
                fixed.append(_fixed(values, column))
        if fixed:
            parts.append(_packed(fixed))
        return content(pc.binary_join_element_wise(*parts, pa.scalar(b"", pa.binary())))


def _missing(batch: pa.RecordBatch) -> NDArray[Any]:
    missing = [array.is_null().to_numpy(zero_copy_only=False) for array in batch.columns]
    return np.stack(missing, axis=1)


def _fixed(values: pa.Array, column: Column) -> NDArray[Any]:
    if column.is_list:
        return numbers(values.values).reshape(len(values), column.length or 0)
    return numbers(values)


def numbers(values: pa.Array) -> NDArray[Any]:
    """Return values, none of them a text, as they are in binary files; missing ones are NaN, 0 or "?"."""
    if pa.types.is_boolean(values.type):
        marks = pc.if_else(values, "T", "F").fill_null("?")
        return np.frombuffer(content(marks), "S1")
    missing = float("nan") if pa.types.is_floating(values.type) else 0
    filled = values.fill_null(missing).to_numpy(zero_copy_only=False)
    cells: NDArray[Any] = filled.astype(_NUMBERS[values.type])
    return cells


def _texts(values: pa.Array, column: Column) -> tuple[NDArray[Any], pa.Array]:
    """Return lengths in characters, and the texts in ASCII or UTF-16."""
    values = values.fill_null("")
    if column.is_ascii:
        return pc.binary_length(values).to_numpy(), values.cast(pa.binary())
    return _utf16(values)


def _utf16(values: pa.Array) -> tuple[NDArray[Any], pa.Array]:
    """Encode all texts at once, as long as each character takes two bytes."""
    whole = bytes(content(values)).decode()
    encoded = whole.encode("utf-16-be")
    lengths = pc.utf8_length(values).to_numpy()
    if len(encoded) != 2 * len(whole):  # some characters take four
        texts = [text.encode("utf-16-be") for text in values.to_pylist()]
        return np.array([len(text) // 2 for text in texts]), pa.array(texts, pa.binary())
    return lengths, _binaries(encoded, 2 * lengths)


def _lists(values: pa.Array) -> tuple[NDArray[Any], pa.Array]:
    items = numbers(values.values)
    lengths = pc.list_value_length(values).fill_null(0).to_numpy()
    return lengths, _binaries(items.tobytes(), lengths * items.dtype.itemsize)


def _packed(arrays: list[NDArray[Any]]) -> pa.Array:
    """Return the columns side by side as one of bytes."""
    kinds = [(f"f{number}", array.dtype, array.shape[1:]) for number, array in enumerate(arrays)]
    packed = np.empty(len(arrays[0]), kinds)
    for (name, *_), array in zip(kinds, arrays, strict=True):
        packed[name] = array
    return _binaries(packed, np.full(len(packed), packed.dtype.itemsize))


def _binaries(data: Any, lengths: NDArray[Any]) -> pa.Array:
    """Return binary values that lie one after the other."""
    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.binary(), len(lengths), buffers)
