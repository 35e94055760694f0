"""CSV (RFC 4180) and TSV: a line of names, then a line for each row; a missing value is empty."""

from typing import BinaryIO

import pyarrow as pa

from pyramid_uws.parameters.formats import TSV, split_format

from .declarations import Table
from .sources import Source
from .texts import csv_escaped, rows, texts, tsv_escaped
from .writer import Writer


class DelimitedWriter(Writer):
    """Writes CSV, or TSV. Neither has a place for units and the like, nor for what became of the rows."""

    def __init__(self, _table: Table, source: Source, file: BinaryIO, media_type: str) -> None:
        kind, options = split_format(media_type)
        self._columns = source.columns
        self._file = file
        self._between, self._escape = ("\t", tsv_escaped) if kind == TSV else (",", csv_escaped)
        self._end = "\n" if kind == TSV else "\r\n"
        if options.get("header") != "absent":
            names = [self._escape(pa.array([column.name])) for column in self._columns]
            self._file.write(rows(names, "", self._between, self._end))

    def write(self, batch: pa.RecordBatch) -> None:
        """Write the rows of a batch."""
        pairs = zip(self._columns, batch.columns, strict=True)
        cells = [texts(column, column.plain(array), self._escape) for column, array in pairs]
        self._file.write(rows(cells, "", self._between, self._end))

    def end(self, _status: str, _message: str = "") -> None:
        """There is no more to be written."""
