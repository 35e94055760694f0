"""Tables as Parquet: the first rows of the first columns."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from .cells import shortened
from .limits import COLUMNS, PLOTTED_ROWS
from .values import Column, NoPreview, Source

_BATCH = 500


def read(file: BinaryIO) -> Source:
    """Return the table."""
    pa.set_cpu_count(1)
    try:
        table = pq.ParquetFile(file, buffer_size=256 * 1024, pre_buffer=False)
        schema = table.schema_arrow
    except (pa.ArrowException, OSError, ValueError) as problem:
        raise NoPreview(f"The Parquet file cannot be read: {shortened(str(problem))}.") from problem
    if len(schema) > COLUMNS:
        raise NoPreview(f"The table has more than {COLUMNS} columns.")
    return Source([_column(field) for field in schema], _rows(table), lambda: int(table.metadata.num_rows))


def _column(field: Any) -> Column:
    told = {key.decode("utf-8", "replace"): value for key, value in (field.metadata or {}).items()}

    def text(name: str) -> str:
        return shortened(told.get(name.encode().decode(), b"").decode("utf-8", "replace"))

    kind = field.type
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
    return Column(
        shortened(field.name),
        text("unit"),
        text("ucd"),
        shortened(str(kind)),
        text("description"),
        is_number=any(test(kind) for test in tests),
    )


def _rows(table: Any) -> Iterator[tuple[Any, ...]]:
    try:
        for batch in table.iter_batches(batch_size=min(_BATCH, PLOTTED_ROWS), use_threads=False):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
    except (pa.ArrowException, OSError, ValueError) as problem:
        raise NoPreview(f"The rows cannot be read: {shortened(str(problem))}.") from problem
