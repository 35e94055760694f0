"""FITS: a binary table (FITS 4.0, section 7.3).

Its header needs what only the last row tells: how many there are, how long the longest text is, which numbers can
stand for missing ones. So the rows go to a temporary file first, and from there, batch by batch, into the table.
Texts have a fixed length, and question marks for what is not ASCII; lists without a fixed length are on the heap.
"""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from astropy.io.fits import Header
from numpy.typing import NDArray

from pyramid_uws.exceptions import CoreFault

from .binary2 import numbers
from .columns import Column
from .declarations import Table
from .sources import Source
from .texts import content
from .writer import Writer

BLOCK = 2880
_CODES = {
    pa.bool_(): "L",
    pa.uint8(): "B",
    pa.int16(): "I",
    pa.int32(): "J",
    pa.int64(): "K",
    pa.float32(): "E",
    pa.float64(): "D",
}


@dataclass
class _Facts:
    """What is to be known of a column: its longest text (bytes) or list, extremes of integers, bytes of lists."""

    column: Column
    longest: int = 0
    missing: int = 0
    least: int | None = None
    most: int | None = None
    heap: int = 0

    @property
    def is_varied(self) -> bool:
        """Whether the values are on the heap."""
        return self.column.is_list and self.column.length is None

    @property
    def null(self) -> int | None:
        """The number that stands for missing ones: one that does not occur. None if there is no need."""
        if not self.missing or self.column.is_list or not pa.types.is_integer(self.column.type):
            return None
        range_ = np.iinfo(self.column.type.to_pandas_dtype())
        if self.least is None or self.least > range_.min:
            return int(range_.min)
        if self.most is None or self.most < range_.max:
            return int(range_.max)
        raise CoreFault(
            f"Column {self.column.name} has missing values, and both {range_.min} and {range_.max}; "
            "so FITS has no number left to stand for the missing ones."
        )

    def learn(self, values: pa.Array) -> None:
        """Take in the values of a batch."""
        self.missing += values.null_count
        if self.column.is_text:
            self.longest = max(self.longest, pc.max(pc.binary_length(values)).as_py() or 0)
        elif self.is_varied:
            self.longest = max(self.longest, pc.max(pc.list_value_length(values)).as_py() or 0)
            self.heap += numbers(values.values).nbytes
        elif pa.types.is_integer(values.type) and values.null_count < len(values):
            extremes = pc.min_max(values).as_py()
            self.least = extremes["min"] if self.least is None else min(self.least, extremes["min"])
            self.most = extremes["max"] if self.most is None else max(self.most, extremes["max"])

    @property
    def form(self) -> str:
        """The value of TFORM."""
        if self.column.is_text:
            return f"{max(self.longest, 1)}A"
        code = _CODES[self.column.type]
        if self.is_varied:
            return f"Q{code}({self.longest})"
        return f"{self.column.length}{code}" if self.column.is_list else code


class FitsWriter(Writer):
    """Writes FITS."""

    def __init__(self, table: Table, source: Source, file: BinaryIO, _media_type: str) -> None:
        self._table = table
        self._file = file
        self._facts = [_Facts(column) for column in source.columns]
        self._spool = tempfile.TemporaryFile()  # noqa: SIM115 - close() does
        self._spooled: Any = None
        self._rows = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Put the rows aside."""
        pairs = list(zip(self._facts, batch.columns, strict=True))
        arrays = [_fit(facts.column, facts.column.plain(array)) for facts, array in pairs]
        for facts, array in zip(self._facts, arrays, strict=True):
            facts.learn(array)
        plain = pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)
        if self._spooled is None:
            self._spooled = pa.ipc.new_stream(self._spool, plain.schema)
        self._spooled.write_batch(plain)
        self._rows += batch.num_rows

    def end(self, status: str, _message: str = "") -> None:
        """Write the table."""
        if self._spooled is not None:
            self._spooled.close()
        rows = _Rows(self._facts)
        primary = Header([("SIMPLE", True), ("BITPIX", 8), ("NAXIS", 0), ("EXTEND", True)])
        self._file.write(primary.tostring().encode())
        self._file.write(self._header(status, rows.width).tostring().encode())
        with tempfile.TemporaryFile() as heap:
            for batch in self._batches():
                self._file.write(rows.content(batch, heap))
            heap.seek(0)
            shutil.copyfileobj(heap, self._file)
        self._file.write(bytes(-self._file.tell() % BLOCK))

    def close(self) -> None:
        """Remove the temporary file."""
        self._spool.close()

    def _batches(self) -> Iterator[pa.RecordBatch]:
        if self._spooled is not None:
            self._spool.seek(0)
            yield from pa.ipc.open_stream(self._spool)

    def _header(self, status: str, width: int) -> Header:
        header = Header([("XTENSION", "BINTABLE"), ("BITPIX", 8), ("NAXIS", 2)])
        header["NAXIS1"], header["NAXIS2"] = width, self._rows
        header["PCOUNT"], header["GCOUNT"] = sum(facts.heap for facts in self._facts), 1
        header["TFIELDS"] = len(self._facts)
        for number, facts in enumerate(self._facts, 1):
            field = facts.column.field
            told = {"TTYPE": field.name, "TFORM": facts.form, "TUNIT": field.unit, "TNULL": facts.null}
            told |= {"TUCD": field.ucd, "TUTYP": field.utype, "TXTYP": field.xtype, "TCOMM": field.description}
            for key, value in told.items():
                if value not in {None, ""}:
                    header[f"{key}{number}"] = _printable(value)
        header["EXTNAME"] = _printable(self._table.name or "table")
        header["QSTATUS"] = (status, "QUERY_STATUS of DALI")
        for info in self._table.infos:
            header.add_comment(_printable(f"{info.name}: {info.value}"))
        return header


def _printable(value: Any) -> Any:
    """Return a text as a header can have it."""
    if isinstance(value, int):
        return value
    return "".join(mark if " " <= mark <= "~" else "?" for mark in value)


def _fit(column: Column, values: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(values, r"[^\x20-\x7e]", "?") if column.is_text else values


class _Rows:
    """Makes the bytes of rows."""

    def __init__(self, facts: list[_Facts]) -> None:
        self._facts = facts
        self._kind = np.dtype([(f"f{number}", *_kind(fact)) for number, fact in enumerate(facts)])
        self._heap = 0
        self.width = self._kind.itemsize

    def content(self, batch: pa.RecordBatch, heap: BinaryIO) -> bytes:
        """Return the rows of a batch, whose lists go to the heap."""
        packed = np.zeros(batch.num_rows, self._kind)
        for number, (facts, values) in enumerate(zip(self._facts, batch.columns, strict=True)):
            packed[f"f{number}"] = self._descriptors(values, heap) if facts.is_varied else _cells(facts, values)
        return packed.tobytes()

    def _descriptors(self, values: pa.Array, heap: BinaryIO) -> NDArray[Any]:
        """Put the lists on the heap; return their lengths and places."""
        items = numbers(values.values)
        lengths = pc.list_value_length(values).fill_null(0).to_numpy().astype(np.int64)
        ends = self._heap + np.cumsum(lengths) * items.dtype.itemsize
        heap.write(items.tobytes())
        self._heap += items.nbytes
        return np.stack([lengths, ends - lengths * items.dtype.itemsize], axis=1)


def _kind(facts: _Facts) -> tuple[Any, ...]:
    if facts.is_varied:
        return (">i8", (2,))
    if facts.column.is_text:
        return (f"S{max(facts.longest, 1)}",)
    kind = numbers(pa.array([], facts.column.type)).dtype
    return (kind, (facts.column.length,)) if facts.column.is_list else (kind,)


def _cells(facts: _Facts, values: pa.Array) -> NDArray[Any]:
    column = facts.column
    if column.is_text:
        width = max(facts.longest, 1)
        padded = pc.ascii_rpad(values.fill_null(""), width, padding="\0")
        return np.frombuffer(content(padded), f"S{width}")
    if column.is_list:
        return numbers(values.values).reshape(len(values), column.length or 0)
    cells = numbers(values if facts.null is None else values.fill_null(facts.null))
    return np.where(cells == b"?", b"\0", cells) if cells.dtype == "S1" else cells
