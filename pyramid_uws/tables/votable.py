"""VOTable 1.4, with the rows as TABLEDATA or BINARY2, in the form that DALI wants (DALI 1.2, section 5.4)."""

import binascii
import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO
from xml.sax.saxutils import escape, quoteattr

import pyarrow as pa

from pyramid_uws.parameters.formats import split_format

from .binary2 import Binary2Rows
from .columns import Column
from .declarations import Table
from .fields import attributes
from .sources import Source
from .texts import rows, texts, xml_escaped
from .writer import Writer

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

#: So many bytes are a line of base64.
_LINE = 48 * 1024


class VOTableWriter(Writer):
    """Writes VOTable."""

    tells_errors = True

    def __init__(self, table: Table, source: Source, file: BinaryIO, media_type: str) -> None:
        _, options = split_format(media_type)
        self._file = file
        self._rows: _TableData | _Binary2
        self._rows = (_Binary2 if options.get("serialization") == "BINARY2" else _TableData)(source.columns, file)
        self._put(*head(table, source.columns), f"<DATA>{self._rows.opening}")

    def write(self, batch: pa.RecordBatch) -> None:
        """Write the rows of a batch."""
        self._rows.write(batch)

    def end(self, status: str, message: str = "") -> None:
        """Close the document; OVERFLOW and ERROR are told after the table."""
        self._rows.end()
        self._put(f"{self._rows.closing}</DATA>", "</TABLE>")
        if status != "OK":
            self._put(element("INFO", {"name": "QUERY_STATUS", "value": status}, message))
        self._put("</RESOURCE>", "</VOTABLE>")

    def _put(self, *lines: str) -> None:
        self._file.writelines(f"{line}\n".encode() for line in lines)


def head(table: Table, columns: list[Column]) -> Iterator[str]:
    """Yield the lines of a document before its rows."""
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">'
    yield '<RESOURCE type="results">'
    yield element("INFO", {"name": "QUERY_STATUS", "value": "OK"})
    for info in table.infos:
        yield element("INFO", {"name": info.name, "value": info.value, "ucd": info.ucd})
    for frame in table.frames:
        yield element("COOSYS", {"ID": frame.id, "system": frame.system, "epoch": frame.epoch})
    yield f"{element('TABLE', {'name': table.name or None})[:-2]}>"
    if table.description:
        yield element("DESCRIPTION", {}, table.description)
    for column in columns:
        about = column.field.description
        start = element("FIELD", attributes(column))
        yield f"{start[:-2]}>{element('DESCRIPTION', {}, about)}</FIELD>" if about else start


def element(name: str, attributes: Mapping[str, str | None], content: str = "") -> str:
    """Return an element; what XML has no place for is a question mark."""
    written = "".join(
        f" {key}={quoteattr(_legal(value))}" for key, value in attributes.items() if value is not None
    )
    return f"<{name}{written}>{escape(_legal(content))}</{name}>" if content else f"<{name}{written}/>"


def _legal(text: str) -> str:
    return _ILLEGAL.sub("?", text)


class _TableData:
    """Rows as elements."""

    opening, closing = "<TABLEDATA>", "</TABLEDATA>"

    def __init__(self, columns: list[Column], file: BinaryIO) -> None:
        self._columns = columns
        self._file = file

    def write(self, batch: pa.RecordBatch) -> None:
        pairs = zip(self._columns, batch.columns, strict=True)
        cells = [texts(column, column.plain(array), xml_escaped) for column, array in pairs]
        self._file.write(rows(cells, "<TR><TD>", "</TD><TD>", "</TD></TR>\n"))

    def end(self) -> None:
        """Nothing is left over."""


class _Binary2:
    """Rows as bytes, which are written as base64."""

    opening, closing = '<BINARY2><STREAM encoding="base64">', "</STREAM></BINARY2>"

    def __init__(self, columns: list[Column], file: BinaryIO) -> None:
        self._rows = Binary2Rows(columns)
        self._file = file
        self._left = b""

    def write(self, batch: pa.RecordBatch) -> None:
        data = b"".join((self._left, self._rows.content(batch)))
        whole = len(data) - len(data) % 3
        for start in range(0, whole, _LINE):
            self._file.write(binascii.b2a_base64(data[start : min(start + _LINE, whole)]))
        self._left = data[whole:]

    def end(self) -> None:
        if self._left:
            self._file.write(binascii.b2a_base64(self._left))
