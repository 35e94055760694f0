"""Sources: whatever a core gives as rows becomes record batches of one schema, of a size that fits in memory."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pyramid_uws.exceptions import CoreFault

from .astropy_tables import arrow_of, is_astropy
from .columns import Column, columns_of, meanings
from .declarations import Field, Table

#: Rows and bytes handled at a time: this bounds the memory, and larger ones are not quicker.
MOST_ROWS = 16_384
MOST_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Source:
    """Rows as record batches of a schema; ``whole`` are all of them, if they are all there."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    meanings: Sequence[Field]
    whole: pa.Table | None = None

    @classmethod
    def of(cls, table: Table) -> "Source":
        """Return the source for the rows of a table."""
        whole = _as_table(table.rows)
        if whole is not None:
            return cls._over(whole.schema, iter(whole.to_batches()), table.fields, whole)
        if isinstance(table.rows, str | bytes) or not isinstance(table.rows, Iterable):
            raise CoreFault(f"{type(table.rows).__name__} is no table: expected one of pyarrow's or astropy's.")
        batches = _batches(table.rows)
        first = next(batches, None)
        if first is None:
            raise CoreFault("The table has no columns: not even an empty batch was given.")
        return cls._over(first.schema, chain([first], batches), table.fields)

    @classmethod
    def _over(
        cls, schema: pa.Schema, batches: Iterator[pa.RecordBatch], declared: Sequence[Field], whole: Any = None
    ) -> "Source":
        if not schema.names:
            raise CoreFault("The table has no columns.")
        return cls(schema, _blocks(batches, schema), meanings(schema, declared), whole)

    @cached_property
    def columns(self) -> list[Column]:
        """The columns as all formats but Parquet have them."""
        return columns_of(self.schema, self.meanings, self._is_ascii)

    def _is_ascii(self, name: str) -> bool:
        """Tell whether all texts of a column are; of a stream that cannot be known."""
        if self.whole is None:
            return False
        column = Column.of(self.schema.field(name), Field(name=name))
        chunks = (column.plain(chunk) for chunk in self.whole[name].chunks)
        return all(pc.all(pc.string_is_ascii(chunk)).as_py() is not False for chunk in chunks)


def _as_table(rows: Any) -> pa.Table | None:
    """Return rows that are all there as a table, None for a stream."""
    if isinstance(rows, pa.Table):
        return rows
    if isinstance(rows, pa.RecordBatch):
        return pa.Table.from_batches([rows])
    return arrow_of(rows) if is_astropy(rows) else None


def _batches(rows: Any) -> Iterator[pa.RecordBatch]:
    """Yield the batches of a stream, or of many tables one after the other."""
    if hasattr(rows, "__arrow_c_stream__"):
        yield from pa.RecordBatchReader.from_stream(rows)
        return
    for item in rows:
        table = _as_table(item)
        if table is None:
            raise CoreFault(f"{type(item).__name__} is no part of a table: expected record batches or tables.")
        empty = pa.RecordBatch.from_pylist([], table.schema)
        yield from table.to_batches() or [empty]


def _blocks(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the rows in batches of the schema that are neither large nor empty; small ones are joined."""
    waiting: list[pa.RecordBatch] = []
    rows = size = 0
    try:
        for piece in chain.from_iterable(_sliced(_conformed(batch, schema)) for batch in batches):
            if rows and (rows + piece.num_rows > MOST_ROWS or size + piece.nbytes > MOST_BYTES):
                yield pa.concat_batches(waiting)
                waiting, rows, size = [], 0, 0
            waiting.append(piece)
            rows += piece.num_rows
            size += piece.nbytes
    except Exception:
        if rows:  # what there was before the error is written before it is told
            yield pa.concat_batches(waiting)
        raise
    if rows:
        yield pa.concat_batches(waiting)


def _sliced(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    if not batch.num_rows:
        return
    step = max(1, min(MOST_ROWS, batch.num_rows * MOST_BYTES // max(batch.nbytes, 1)))
    for start in range(0, batch.num_rows, step):
        yield batch.slice(start, step)


def _conformed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return the batch with the types of the first one."""
    if batch.schema.equals(schema):
        return batch
    if batch.schema.names != schema.names:
        expected, found = ", ".join(schema.names), ", ".join(batch.schema.names)
        raise CoreFault(f"A batch has the columns {found}, but the first one had {expected}.")
    try:
        return pa.RecordBatch.from_arrays(
            [array.cast(field.type) for array, field in zip(batch.columns, schema, strict=True)], schema=schema
        )
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as problem:
        raise CoreFault(f"A batch has other types than the first one: {problem}.") from problem
