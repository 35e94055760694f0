"""JSON: a table where it is one, otherwise a text that is easily read; of a long one the beginning.

The beginning of JSON is none. So it is cut behind the last item that is complete, and what is open is closed.
"""

import json
import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, BinaryIO

from .cells import shortened
from .limits import COLUMNS, DEPTH, TEXT
from .values import Column, NoPreview, Source

#: So much is read.
_READ = 2 * 1024 * 1024

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)
_CLOSING = {"[": "]", "{": "}"}

#: Where in an object its rows are, and where what is known of columns.
_ROWS = ("data", "rows")
_COLUMNS = ("metadata", "columns", "fields")


def load(file: BinaryIO) -> tuple[Any, bool]:
    """Return the value and whether it is complete; :class:`NoPreview` if it cannot be read."""
    data = file.read(_READ + 1)
    text = data[:_READ].decode("utf-8-sig", "ignore")
    is_whole = len(data) <= _READ
    try:
        _look_at_depth(text)
        return json.loads(text if is_whole else _completed(text)), is_whole
    except (ValueError, RecursionError) as problem:
        raise NoPreview(f"The JSON cannot be read: {shortened(str(problem))}.") from problem


def pretty(value: Any) -> str:
    """Return the beginning of a value's text, indented."""
    pieces, length = [], 0
    for piece in json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(value):
        pieces.append(piece)
        length += len(piece)
        if length > TEXT:
            break
    return "".join(pieces)


def as_table(value: Any, *, is_whole: bool) -> Source | None:
    """Return the table that a value is, if it is one."""
    told: Any = None
    rows = value
    if isinstance(value, dict):
        rows = next((value[name] for name in _ROWS if isinstance(value.get(name), list)), None)
        told = next((value[name] for name in _COLUMNS if isinstance(value.get(name), list)), None)
    if not isinstance(rows, list) or not (rows or told):
        return None
    columns = _columns(told, rows)
    if not columns or len(columns) > COLUMNS:
        return None
    names = [column.name for column in columns]
    source = Source(columns, (_cells(row, names) for row in rows))
    source.total = lambda: len(rows) if is_whole else None
    return source


def _columns(told: Any, rows: list[Any]) -> list[Column]:
    """Return the columns; none if the rows are not alike."""
    first = rows[:50]
    if all(isinstance(row, dict) for row in first) and first:
        names = dict.fromkeys(name for row in first for name in row)
        return [Column(name) for name in islice(names, COLUMNS + 1)]
    widths = {len(row) for row in first if isinstance(row, list)}
    if len(widths) > 1 or not all(isinstance(row, list) for row in first):
        return []
    width = next(iter(widths), len(told or ()))
    if told is not None and len(told) == width:
        return [_column(item) for item in told]
    return [Column(f"column {index}") for index in range(1, width + 1)] if width > 1 else []


def _column(told: Any) -> Column:
    if not isinstance(told, Mapping):
        return Column(shortened(str(told)))

    def text(name: str) -> str:
        return shortened(str(told.get(name) or ""))

    return Column(text("name") or "?", text("unit"), text("ucd"), text("datatype"), text("description"))


def _cells(row: Any, names: Iterable[str]) -> list[Any]:
    if isinstance(row, Mapping):
        return [row.get(name) for name in names]
    return list(row) if isinstance(row, list) else [row]


def _look_at_depth(text: str) -> None:
    depth = 0
    for token in _TOKEN.finditer(text):
        character = token[0]
        depth += (character in "[{") - (character in "]}")
        if depth > DEPTH:
            raise ValueError(f"it is nested more than {DEPTH} deep")


def _completed(text: str) -> str:
    """Return the beginning of a JSON text as one that is complete."""
    open_: list[str] = []
    end, closing = 0, ""
    for token in _TOKEN.finditer(text):
        character = token[0]
        if character in _CLOSING:
            open_.append(character)
        elif character in {"]", "}"} and open_:
            open_.pop()
        elif character == ",":
            end, closing = token.start(), "".join(_CLOSING[one] for one in reversed(open_))
    if not closing:
        raise ValueError("it begins with a value that is too long")
    return text[:end] + closing
