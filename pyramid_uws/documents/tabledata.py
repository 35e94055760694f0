"""A small VOTable whose rows are at hand: its fields and its rows as TABLEDATA (VOTable 1.4, chapters 4 and 5)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .xml import element, empty, parent

#: The attributes of a VOTABLE element; 1.4 is read by every client.
VOTABLE_ATTRIBUTES: Final = {"version": "1.4", "xmlns": "http://www.ivoa.net/xml/VOTable/v1.3"}


@dataclass(frozen=True, kw_only=True)
class Column:
    """A FIELD: ``datatype`` is ``char`` (texts of any length), or a scalar type of VOTable."""

    name: str
    datatype: str = "char"
    unit: str = ""
    ucd: str = ""
    id: str = ""
    utype: str = ""
    description: str = ""


def table(name: str, columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> str:
    """Write a TABLE; None is a null, written as an empty cell.

    Texts are ``char``, but for columns in which there is more than ASCII.
    """
    kept = [tuple("" if value is None else _cell(value) for value in row) for row in rows]
    wide = [any(not row[number].isascii() for row in kept) for number in range(len(columns))]
    fields = [_field(column, is_wide) for column, is_wide in zip(columns, wide, strict=True)]
    data = parent("DATA", [parent("TABLEDATA", map(_row, kept))])
    return parent("TABLE", [*fields, data], {"name": name})


def info(name: str, value: str, text: str = "") -> str:
    """Write an INFO."""
    attributes = {"name": name, "value": value}
    return element("INFO", text, attributes) if text else empty("INFO", attributes)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def _row(cells: tuple[str, ...]) -> str:
    return parent("TR", [element("TD", cell) for cell in cells])


def _field(column: Column, is_wide: bool) -> str:
    return described("FIELD", dict(_attributes(column, is_wide)), column.description)


def _attributes(column: Column, is_wide: bool) -> Iterator[tuple[str, str]]:
    if column.id:
        yield "ID", column.id
    yield "name", column.name
    yield "datatype", "unicodeChar" if is_wide else column.datatype
    if column.datatype == "char":
        yield "arraysize", "*"
    if column.unit:
        yield "unit", column.unit
    if column.ucd:
        yield "ucd", column.ucd
    if column.utype:
        yield "utype", column.utype


def described(name: str, attributes: dict[str, str], description: str, children: Iterable[str] = ()) -> str:
    """Write an element of which a DESCRIPTION, if there is one, is the first child."""
    about = [element("DESCRIPTION", description)] if description else []
    return parent(name, [*about, *children], attributes)
