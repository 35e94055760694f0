"""Reads a table of the user's own, as VOTable, FITS or CSV, into a catalogue. Nothing in it is trusted."""

import contextlib
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.parsers import expat

import numpy as np
from astropy import units
from astropy.io import fits, votable
from astropy.table import MaskedColumn, Table
from numpy.typing import NDArray
from pyarrow import csv

from pyramid_uws.exceptions import CoreError
from pyramid_uws.tables import Field

from .catalogue import Catalogue, Column
from .matching import Floats
from .sources import OWN

#: So many rows may it have, and so many of its columns are shown beside the positions.
MOST_ROWS = 1_000_000
MOST_COLUMNS = 30

#: What a packed file begins with -> how it is called.
_PACKED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}

#: How columns of positions are known: by UCD, then by name, in lower case.
_UCDS = {
    "ra": ("pos.eq.ra;meta.main", "pos_eq_ra_main", "pos.eq.ra", "pos_eq_ra"),
    "dec": ("pos.eq.dec;meta.main", "pos_eq_dec_main", "pos.eq.dec", "pos_eq_dec"),
}
_NAMES = {
    "ra": ("ra", "raj2000", "ra_icrs", "ra_j2000", "_raj2000", "alpha", "radeg"),
    "dec": ("dec", "dej2000", "de_icrs", "dec_j2000", "_dej2000", "decj2000", "delta", "dedeg"),
}


def read_own(path: Path, ra: str | None = None, dec: str | None = None) -> Catalogue:
    """Read the table; ``ra`` and ``dec`` name the columns of positions, if that cannot be seen from the table."""
    table = _read(path)
    if not 0 < len(table) <= MOST_ROWS:
        raise CoreError(f"The table LEFT has {len(table)} rows; it may have 1 to {MOST_ROWS}.")
    names = [_position(table, axis, said) for axis, said in (("ra", ra), ("dec", dec))]
    longitude, latitude = (_degrees(table, name) for name in names)
    known = np.flatnonzero(np.isfinite(longitude) & np.isfinite(latitude))
    if not len(known) or np.abs(latitude[known]).max() > 90:
        raise CoreError(f"The column {names[1]} of LEFT has no declinations in degrees, from -90 to 90.")
    others = [name for name in table.colnames if name not in names][:MOST_COLUMNS]
    columns = [
        Column(Field(name="row", ucd="meta.record", description="Row of the table that was sent"), known + 1)
    ]
    columns += [column for name in others for column in _column(table[name], known)]
    return Catalogue(source=OWN, ra=longitude[known] % 360, dec=latitude[known], columns=tuple(columns))


def _read(path: Path) -> Table:
    """Read the first table of the file."""
    with path.open("rb") as file:
        beginning = file.read(80)
    for magic, name in _PACKED.items():
        if beginning.startswith(magic):
            raise CoreError(f"The table LEFT is packed ({name}); please send it unpacked.")
    if beginning.startswith(b"SIMPLE  ="):
        kind, read = "FITS", _read_fits
    elif beginning.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0").startswith(b"<"):
        kind, read = "VOTable", _read_votable
    else:
        kind, read = "CSV", _read_csv
    with _complaining(kind), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read(path)


@contextlib.contextmanager
def _complaining(kind: str) -> Iterator[None]:
    """Tell the user what a parser complains of."""
    try:
        yield
    except (CoreError, MemoryError):
        raise
    except Exception as problem:  # whatever parsers raise of a file that somebody has sent
        first = (str(problem).splitlines() or [""])[0][:200]
        raise CoreError(
            f"The table LEFT cannot be read as {kind}: {first or type(problem).__name__}."
        ) from problem


def _read_votable(path: Path) -> Table:
    """Read a VOTable that says all it has to say itself: astropy would open what a STREAM refers to."""
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = _refuse_stream
    with path.open("rb") as file:
        parser.ParseFile(file)
    found = votable.parse(path, verify="ignore").get_first_table()
    table: Table = found.to_table(use_names_over_ids=True)
    for field, name in zip(found.fields, table.colnames, strict=True):
        table[name].meta["ucd"] = field.ucd
    return table


def _refuse_doctype(*_: object) -> None:
    raise CoreError("The table LEFT has a DOCTYPE; XML with declarations of its own is not read.")


def _refuse_stream(name: str, attributes: dict[str, str]) -> None:
    if name.rpartition(":")[2].upper() == "STREAM" and "href" in {key.lower() for key in attributes}:
        raise CoreError(
            "The table LEFT refers to another file for its data (STREAM); please send it with its data."
        )


def _read_fits(path: Path) -> Table:
    with fits.open(path, memmap=False, ignore_missing_simple=True) as file:
        for unit in file:
            if isinstance(unit, fits.BinTableHDU | fits.TableHDU):
                table = Table.read(unit)
                for number, name in enumerate(table.colnames, start=1):
                    table[name].meta["ucd"] = unit.header.get(f"TUCD{number}")
                return table
    raise CoreError("The FITS file LEFT has no table.")


def _read_csv(path: Path) -> Table:
    columns = csv.read_csv(path).to_pydict()
    return Table({name: _guessed(values) for name, values in columns.items()})


def _guessed(values: list[Any]) -> NDArray[Any]:
    """Return an array of the values; those that are missing are not a number, or empty."""
    if all(value is None or isinstance(value, int | float) for value in values):
        return np.array(values, dtype=float)
    return np.array(["" if value is None else str(value) for value in values])


def _position(table: Table, axis: str, said: str | None) -> str:
    """Return the name of the column of right ascensions, or of declinations."""
    if said is not None:
        if said not in table.colnames:
            raise CoreError(f"LEFT has no column {said!r}, but {', '.join(table.colnames[:20])}.")
        return said
    by_ucd: dict[str, str] = {
        (table[name].meta.get("ucd") or "").lower(): name for name in reversed(table.colnames)
    }
    by_name: dict[str, str] = {name.lower(): name for name in reversed(table.colnames)}
    for known, keys in ((by_ucd, _UCDS[axis]), (by_name, _NAMES[axis])):
        for key in keys:
            if key in known:
                return known[key]
    raise CoreError(
        f"No column of LEFT is known as {axis}, by UCD or by name; LEFT_{axis.upper()} can tell which it is: "
        f"{', '.join(table.colnames[:20])}."
    )


def _degrees(table: Table, name: str) -> Floats:
    column = table[name]
    if column.dtype.kind not in "iuf" or column.ndim != 1:
        raise CoreError(f"The column {name} of LEFT has to be numbers, in degrees.")
    values = _filled(column).astype(float)
    with contextlib.suppress(units.UnitsError, TypeError, ValueError):  # no unit, or none of angles: degrees
        return np.asarray(units.Quantity(values, column.unit or units.deg).to_value(units.deg))
    return values


def _filled(column: Any) -> NDArray[Any]:
    """Return the values as an array without a mask."""
    if not isinstance(column, MaskedColumn):
        return np.asarray(column)
    return np.asarray(column.astype(float).filled(np.nan) if column.dtype.kind in "iuf" else column.filled(""))


def _column(column: Any, rows: NDArray[np.intp]) -> Iterator[Column]:
    """Yield the column, if it is one of numbers or texts that can be shown."""
    name = re.sub(r"\W", "_", column.name, flags=re.ASCII)[:60]
    if column.ndim != 1 or column.dtype.kind not in "iufUS" or name == "row":
        return
    values = _filled(column)[rows]
    if values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8", "replace")
    text = str(column.description or f"Column {column.name} of the table that was sent")
    yield Column(
        Field(name=name, ucd="", unit=None if column.unit is None else str(column.unit), description=text), values
    )
