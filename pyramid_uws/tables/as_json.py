r"""JSON: what the columns mean, the rows as lists, and at the end what became of them.

``{"metadata": [{"name": …, "datatype": …, "unit": …}, …], "data": [[…], …], "query_status": "OK"}``, with the
names of VOTable. NaN is ``null``, as a missing value is; infinities are texts, ``"+Inf"`` and ``"-Inf"``.
"""

import json
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from .columns import Column
from .declarations import Table
from .fields import attributes
from .sources import Source
from .texts import json_escaped, rows, texts
from .writer import Writer


class JsonWriter(Writer):
    """Writes JSON."""

    tells_errors = True

    def __init__(self, table: Table, source: Source, file: BinaryIO, _media_type: str) -> None:
        self._columns = source.columns
        self._file = file
        self._between = b"\n"
        head = {
            "description": table.description,
            "info": [{"name": info.name, "value": info.value} for info in table.infos],
            "metadata": [_metadata(column) for column in self._columns],
        }
        self._file.write(f'{json.dumps(head)[:-1]},\n"data": ['.encode())

    def write(self, batch: pa.RecordBatch) -> None:
        """Write the rows of a batch."""
        pairs = zip(self._columns, batch.columns, strict=True)
        cells = [_values(column, column.plain(array)) for column, array in pairs]
        self._file.write(self._between)
        self._file.write(rows(cells, "[", ",", "],\n")[:-2])
        self._between = b",\n"

    def end(self, status: str, message: str = "") -> None:
        """Close the document."""
        told = {"query_status": status} | ({"message": message} if message else {})
        self._file.write(f"\n],\n{json.dumps(told)[1:]}\n".encode())


def _metadata(column: Column) -> dict[str, str]:
    told = {name: value for name, value in attributes(column).items() if value is not None}
    return told | ({"description": column.field.description} if column.field.description else {})


def _values(column: Column, array: pa.Array) -> pa.Array:
    missing = array.is_null()
    if column.is_list:
        items = pa.ListArray.from_arrays(array.offsets, _finite(column.item, array.values))
        written = pc.binary_join_element_wise("[", pc.binary_join(items, ","), "]", "")
    elif column.is_text:
        written = json_escaped(array)
    else:
        written = _finite(column, array)
    return pc.if_else(missing, "null", written)


def _finite(column: Column, array: pa.Array) -> pa.Array:
    """Return numbers as JSON has them, which knows finite ones only."""
    written = texts(column, array, json_escaped)
    if not column.is_float or pc.all(pc.is_finite(array)).as_py() in {True, None}:
        return written
    infinite = pc.if_else(pc.greater(array, 0), '"+Inf"', '"-Inf"')
    special = pc.if_else(pc.is_nan(array), "null", infinite)
    return pc.if_else(pc.is_finite(array), written, special)
