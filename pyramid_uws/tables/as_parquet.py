"""Parquet, with what the columns mean beside them, and as an empty VOTable (the convention VOParquet 1.0)."""

from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from pyramid_uws.exceptions import CoreFault

from .declarations import Field, Table
from .sources import Source
from .votable import head
from .writer import Writer

#: A row group has so many bytes, or so many rows.
GROUP_BYTES = 16 * 1024 * 1024
GROUP_ROWS = 250_000


class ParquetWriter(Writer):
    """Writes Parquet, which takes columns of any type as they are."""

    def __init__(self, table: Table, source: Source, file: BinaryIO, _media_type: str) -> None:
        fields = zip(source.schema, source.meanings, strict=True)
        schema = pa.schema([field.with_metadata(_metadata(meaning)) for field, meaning in fields])
        self._schema = schema.with_metadata(_votable(table, source))
        self._writer = pq.ParquetWriter(file, self._schema)
        self._waiting: list[pa.RecordBatch] = []
        self._rows = self._bytes = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Take the rows of a batch, and write a row group when there are enough."""
        self._waiting.append(pa.RecordBatch.from_arrays(batch.columns, schema=self._schema))
        self._rows += batch.num_rows
        self._bytes += batch.nbytes
        if self._rows >= GROUP_ROWS or self._bytes >= GROUP_BYTES:
            self._flush()

    def end(self, status: str, _message: str = "") -> None:
        """Write the footer, with the status."""
        self._flush()
        self._writer.add_key_value_metadata({"QUERY_STATUS": status})
        self._writer.close()

    def close(self) -> None:
        """Close the writer, which after an error leaves a file that nobody gets."""
        self._writer.close()

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting, self._schema))
        self._waiting = []
        self._rows = self._bytes = 0


def _metadata(meaning: Field) -> dict[str, str]:
    told = {name: getattr(meaning, name) for name in ("unit", "ucd", "utype", "xtype", "description")}
    return {name: value for name, value in told.items() if value}


def _votable(table: Table, source: Source) -> dict[str, str]:
    """Return what the table means as a VOTable without data, if a VOTable can hold all columns."""
    try:
        columns = source.columns
    except CoreFault:
        return {}
    lines = [*head(table, columns), "</TABLE>", "</RESOURCE>", "</VOTABLE>"]
    return {"IVOA.VOTable-Parquet.version": "1.0", "IVOA.VOTable-Parquet.content": "\n".join(lines)}
