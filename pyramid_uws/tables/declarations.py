"""What a core says of a table: its rows, and what its columns mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Field:
    """What a column means, in the words of VOTable's FIELD.

    ``ref`` is the id of a :class:`Frame`. ``decimals`` are the digits after the point that mean something: texts
    (VOTable's TABLEDATA, CSV, TSV, JSON) have that many at most, binary formats have all. ``ascii`` says that
    texts are ASCII, which lets VOTable call them ``char``; characters that are not become question marks.
    """

    name: str
    unit: str | None = None
    ucd: str | None = None
    utype: str | None = None
    xtype: str | None = None
    ref: str | None = None
    description: str = ""
    decimals: int | None = None
    ascii: bool = False


@dataclass(frozen=True, kw_only=True)
class Info:
    """Something else to be told, in the words of VOTable's INFO."""

    name: str
    value: str
    ucd: str | None = None


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A coordinate system, VOTable's COOSYS; ``epoch`` is that of the positions, such as ``J2016.0``."""

    id: str
    system: str = "ICRS"
    epoch: str | None = None


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table to be written.

    ``rows`` are a pyarrow ``Table`` or ``RecordBatch``, an astropy ``Table``, anything that exports an Arrow
    stream (pandas, polars, DuckDB), or an iterable of these, which is never in memory as a whole. What ``fields``
    do not say is taken from the columns: metadata ``unit``, ``ucd``, ``utype``, ``xtype`` and ``description`` of
    Arrow fields, unit, description and ``meta`` of astropy's.
    """

    rows: Any
    fields: Sequence[Field] = ()
    name: str = ""
    description: str = ""
    infos: Sequence[Info] = ()
    frames: Sequence[Frame] = ()


@dataclass(frozen=True)
class Written:
    """What became of a table: rows written, whether there were more, and the error that its rows ended in."""

    rows: int
    overflow: bool
    problem: Exception | None = None
