"""The first table of a VOTable, read as it comes: rows as TABLEDATA, BINARY or BINARY2."""

import binascii
import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO
from xml.parsers import expat

from . import spread
from .cells import shortened
from .limits import CELL, COLUMNS, COUNTING, PARSED
from .values import Column, NoPreview, Source
from .votable_binary import Field, RowDecoder

_CHUNK = 64 * 1024
_COUNTED = 1024 * 1024

#: The longest text of a cell that is kept.
_LONGEST = 20 * CELL

_NUMBERS = frozenset({"unsignedByte", "short", "int", "long", "float", "double"})
_KEPT = frozenset({"TD", "DESCRIPTION", "INFO"})


def read(file: BinaryIO) -> Source:
    """Return the first table of a VOTable; :class:`NoPreview` if there is none."""
    reader = _Reader(file)
    while not reader.begun and reader.feed():
        pass
    if not reader.fields:
        raise NoPreview(reader.message or reader.trouble or "There is no table in this VOTable.")
    return Source(
        [field.column for field in reader.fields],
        reader.rows(),
        reader.count,
        notes=reader.notes,
        spread=reader.spread,
    )


class _Reader:
    """Takes in a document piece by piece; rows gather until they are fetched."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = PARSED
        self.fields: list[Field] = []
        self.begun = self._ended = False
        self.trouble = self.message = ""
        self.notes: list[str] = []
        self._told: int | None = None
        self._ready: deque[list[Any]] = deque()
        self._yielded = 0
        self._data_at: int | None = None
        self._row_tag = b""
        self._row: list[str] = []
        self._kept: list[str] | None = None
        self._length = 0
        self._stream: _Stream | None = None
        self._status = ""
        self._starts, self._ends = self._handlers()
        self._parser = self._make_parser()

    def _handlers(self) -> tuple[dict[str, Callable[..., None]], dict[str, Callable[[], None]]]:
        starts = {
            "TABLE": self._start_table,
            "FIELD": self._start_field,
            "VALUES": self._start_values,
            "DATA": self._start_data,
            "TABLEDATA": self._start_tabledata,
            "TR": self._start_row,
            "BINARY": self._start_binary,
            "BINARY2": self._start_binary,
            "STREAM": self._start_stream,
            "INFO": self._start_info,
        }
        ends = {
            "TD": self._end_cell,
            "TR": self._end_row,
            "STREAM": self._end_stream,
            "DESCRIPTION": self._end_description,
            "INFO": self._end_info,
            "TABLE": self._end_table,
        }
        return starts, ends

    def _make_parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.buffer_size = _CHUNK
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.EntityDeclHandler = self._refuse_entity
        return parser

    def feed(self) -> bool:
        """Read on; tell whether there may be more."""
        if self._ended or self.trouble:
            return False
        chunk = self._file.read(min(_CHUNK, self._left))
        self._left -= len(chunk)
        try:
            self._parser.Parse(chunk, not chunk and self._left > 0)
        except expat.ExpatError as problem:
            self.trouble = f"The XML is broken: {problem}."
            if not chunk:
                self.trouble = f"The file is cut off: its XML ends in line {problem.lineno}."
        except _Refused as problem:
            self.trouble = str(problem)
        return bool(chunk) and not self._ended and not self.trouble

    def rows(self) -> Iterator[list[Any]]:
        """Yield rows as they are read."""
        while True:
            while self._ready:
                self._yielded += 1
                yield self._ready.popleft()
            if not self.feed() and not self._ready:
                break
        if self.trouble:
            raise NoPreview(self.trouble)

    def count(self) -> int | None:
        """Return how many rows the table has, if it says so or that is quickly counted."""
        if self._ended:
            return self._yielded + len(self._ready)
        if self._told is not None or self._data_at is None:
            return self._told
        return _counted(self._file, self._data_at, self._row_tag)

    def spread(self) -> Iterator[list[Any]] | None:
        """Return rows from all over the table, if they are TABLEDATA as it is usually written."""
        if self._data_at is None or self._row_tag != b"TR":
            return None
        return spread.rows(self._file, self._data_at, spread.tabledata(len(self.fields)))

    # What the parser tells

    @staticmethod
    def _refuse_entity(*_: Any) -> None:
        raise _Refused("The XML declares entities, which are not read.")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        if self._ended:
            return
        local = name.rpartition(":")[2]
        if local in _KEPT:
            self._kept, self._length = [], 0
        handler = self._starts.get(local)
        if handler is not None:
            handler(name, attributes)

    def _end(self, name: str) -> None:
        if self._ended:
            return
        handler = self._ends.get(name.rpartition(":")[2])
        if handler is not None:
            handler()

    def _text(self, text: str) -> None:
        if self._stream is not None:
            self._ready.extend(self._stream.take(text))
        elif self._kept is not None and self._length < _LONGEST:
            self._kept.append(text[: _LONGEST - self._length])
            self._length += len(text)

    def _take_kept(self) -> str:
        text = "".join(self._kept or ())
        self._kept = None
        return text

    # Elements

    def _start_table(self, _name: str, attributes: Mapping[str, str]) -> None:
        told = attributes.get("nrows", "")
        self._told = int(told) if re.fullmatch("[0-9]{1,15}", told) else None

    def _start_field(self, _name: str, attributes: Mapping[str, str]) -> None:
        if len(self.fields) == COLUMNS:
            raise _Refused(f"The table has more than {COLUMNS} columns.")
        self.fields.append(_field(attributes))

    def _start_values(self, _name: str, attributes: Mapping[str, str]) -> None:
        if self.fields and not self.begun and "null" in attributes:
            self.fields[-1] = self.fields[-1].with_null(attributes["null"])

    def _start_data(self, _name: str, _attributes: Mapping[str, str]) -> None:
        self.begun = True

    def _start_tabledata(self, _name: str, _attributes: Mapping[str, str]) -> None:
        self._data_at = self._parser.CurrentByteIndex

    def _start_row(self, name: str, _attributes: Mapping[str, str]) -> None:
        self._row, self._row_tag = [], name.encode()

    def _end_cell(self) -> None:
        self._row.append(self._take_kept())

    def _end_row(self) -> None:
        cells = [*self._row, *[""] * (len(self.fields) - len(self._row))]
        pairs = zip(self.fields, cells, strict=False)
        self._ready.append([None if text in {"", field.null} else text for field, text in pairs])

    def _start_stream(self, _name: str, attributes: Mapping[str, str]) -> None:
        if attributes.get("href"):
            raise _Refused("The rows of this VOTable are in another file.")
        if attributes.get("encoding") != "base64":
            raise _Refused("The rows of this VOTable are encoded in a way that is not read.")

    def _start_binary(self, name: str, _attributes: Mapping[str, str]) -> None:
        if self.fields:
            self._stream = _Stream(RowDecoder(self.fields, has_nulls=name.endswith("2")))

    def _end_stream(self) -> None:
        self._stream = None

    def _end_description(self) -> None:
        text = " ".join(self._take_kept().split())
        if self.fields and not self.begun:
            self.fields[-1] = self.fields[-1].described(shortened(text))

    def _start_info(self, _name: str, attributes: Mapping[str, str]) -> None:
        self._status = attributes.get("value", "") if attributes.get("name") == "QUERY_STATUS" else ""

    def _end_info(self) -> None:
        text = " ".join(self._take_kept().split())
        if self._status == "ERROR" and not self.message:
            self.message = shortened(f"The VOTable tells of an error: {text}")

    def _end_table(self) -> None:
        if self.fields:
            self._ended = self.begun = True


class _Refused(Exception):
    """The document is not read any further."""


class _Stream:
    """base64 on its way to rows."""

    def __init__(self, decoder: RowDecoder) -> None:
        self._decoder = decoder
        self._left = ""

    def take(self, text: str) -> list[list[Any]]:
        """Return the rows that are complete with this text."""
        self._left += "".join(text.split())
        whole = len(self._left) - len(self._left) % 4
        try:
            data = binascii.a2b_base64(self._left[:whole])
        except (binascii.Error, ValueError) as problem:
            raise _Refused(f"The rows are no base64: {problem}.") from problem
        self._left = self._left[whole:]
        try:
            return self._decoder.take(data)
        except NoPreview as problem:
            raise _Refused(str(problem)) from problem


def _field(attributes: Mapping[str, str]) -> Field:
    kind, size = attributes.get("datatype", "char"), attributes.get("arraysize", "")
    is_number = kind in _NUMBERS and size in {"", "1"}
    column = Column(
        shortened(attributes.get("name") or attributes.get("ID") or "?"),
        shortened(attributes.get("unit", "")),
        shortened(attributes.get("ucd", "")),
        shortened(f"{kind}[{size}]" if size else kind),
        is_number=is_number,
    )
    return Field(column, kind, size)


def _counted(file: BinaryIO, start: int, tag: bytes) -> int | None:
    """Return how many rows there are from a place in the file on to the end of their table."""
    opening, end = re.compile(b"<%s[\\s/>]" % re.escape(tag)), b"TABLEDATA>"
    deadline = time.monotonic() + COUNTING
    file.seek(start + len("<TABLEDATA>"))
    found, left = 0, b""
    while chunk := file.read(_COUNTED):
        data = left + chunk
        stop = data.find(end)
        if stop >= 0:
            return found + _openings(data[:stop], tag, opening)
        cut = max(data.rfind(b"<"), 0)  # a tag that may not be whole is left to the next round
        found += _openings(data[:cut], tag, opening)
        left = data[cut:]
        if time.monotonic() > deadline or len(left) > _COUNTED:
            return None
    return None


def _openings(data: bytes, tag: bytes, opening: re.Pattern[bytes]) -> int:
    """Count the tags in this; a tag is rarely written with anything behind its name."""
    plain = data.count(b"<%s>" % tag)
    return plain if plain == data.count(b"</%s>" % tag) else len(opening.findall(data))
