"""FITS: the first image or table of a file, and its header."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from .cells import shortened
from .fits_images import picture
from .limits import CARDS, COLUMNS, ITEMS, PARTS, PLOTTED_ROWS
from .values import Column, NoPreview, Source

_BATCH = 1000
_PROBLEMS = (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, MemoryError)


def read(path: str) -> dict[str, Any]:
    """Return what there is to be shown, by kind: ``source`` or ``image``, ``text`` and ``notes``."""
    warnings.simplefilter("ignore")
    try:
        # Maps of this mode are shared with the file and take no memory of the process.
        parts = fits.open(path, mode="denywrite", memmap=True, lazy_load_hdus=True)
        listed = list(_parts(parts))
    except _PROBLEMS as problem:
        raise NoPreview(f"The FITS file cannot be read: {shortened(str(problem))}.") from problem
    number, part = next((pair for pair in enumerate(listed) if _has_something(pair[1])), (0, listed[0]))
    told: dict[str, Any] = {"text": _header(part), "notes": [f"Part {number}{_called(part)}: {_summary(part)}"]}
    try:
        told |= _content(part, Path(path).stat().st_size)
    except NoPreview as reason:
        told["notes"].append(str(reason))
    except _PROBLEMS as problem:
        told["notes"].append(f"What is in it cannot be read: {shortened(str(problem))}.")
    return told


def _parts(parts: Any) -> Iterator[Any]:
    for index in range(PARTS):
        try:
            yield parts[index]
        except IndexError:
            return


def _has_something(part: Any) -> bool:
    header = part.header
    return header.get("NAXIS", 0) > 0 and all(
        header.get(f"NAXIS{axis}", 0) > 0 for axis in range(1, min(header["NAXIS"], 999) + 1)
    )


def _called(part: Any) -> str:
    return f" ({shortened(part.name)})" if part.name and part.name != "PRIMARY" else ""


def _summary(part: Any) -> str:
    if isinstance(part, fits.BinTableHDU | fits.TableHDU):
        rows, columns = part.header["NAXIS2"], part.header["TFIELDS"]
        return f"a table of {rows} row{'s' * (rows != 1)} and {columns} column{'s' * (columns != 1)}."
    if not _has_something(part):
        return "a header without data."
    lengths = " \N{MULTIPLICATION SIGN} ".join(str(length) for length in reversed(part.shape))
    unit = shortened(str(part.header.get("BUNIT", "")).strip())
    return f"an image of {lengths} pixels{f', in {unit}' if unit else ''}."


def _header(part: Any) -> str:
    cards = part.header.tostring(sep="\n", endcard=True, padding=False).split("\n")
    kept = [card.rstrip() for card in cards[:CARDS]]
    return "\n".join([*kept, f"… {len(cards) - CARDS} more"] if len(cards) > CARDS else kept)


def _content(part: Any, size: int) -> dict[str, Any]:
    if isinstance(part, fits.BinTableHDU | fits.TableHDU):
        if part.fileinfo()["datLoc"] + part.size > size:
            raise NoPreview("The file is cut off: it ends before the table does.")
        return {"source": _table(part)}
    if not _has_something(part):
        return {}
    return {"source": _spectrum(part)} if len(part.shape) == 1 else {"image": picture(part)}


def _table(part: Any) -> Source:
    if len(part.columns) > COLUMNS:
        raise NoPreview(f"The table has more than {COLUMNS} columns.")
    columns = [_column(part, index) for index in range(len(part.columns))]
    total = int(part.header["NAXIS2"])
    step = max(1, -(-total // PLOTTED_ROWS))
    return Source(
        columns, _rows(part.data, total), lambda: total, spread=lambda: _rows(part.data[::step], -(-total // step))
    )


def _column(part: Any, index: int) -> Column:
    column = part.columns[index]
    code = str(column.format)
    ucd = part.header.get(f"TUCD{index + 1}", "")
    about = part.header.get(f"TCOMM{index + 1}", "")
    is_number = code.strip("1") in set("BIJKED") or (code[:1] in "IFED" and code[1:2].isdigit())
    said = (column.name or "?", column.unit or "", ucd, code, about)
    name, unit, ucd, code, about = (shortened(str(text).strip()) for text in said)
    return Column(name, unit, ucd, code, about, is_number)


def _rows(data: Any, total: int) -> Iterator[list[Any]]:
    for start in range(0, total, _BATCH):
        batch = data[start : start + min(_BATCH, PLOTTED_ROWS)]
        columns = [_plain(batch.field(index)) for index in range(len(batch.columns))]
        yield from map(list, zip(*columns, strict=True))


def _plain(values: Any) -> list[Any]:
    """Return the cells of a column as values of Python, of arrays the beginning."""
    if getattr(values, "dtype", None) is not None and values.dtype.kind != "O":
        if values.ndim > 1:
            values = values.reshape(len(values), -1)[:, : ITEMS + 1]
        if values.dtype.kind == "f" and values.dtype.itemsize == 4:
            return [float(str(value)) for value in values] if values.ndim == 1 else values.tolist()
        return list(values.tolist())
    return [np.asarray(value).reshape(-1)[: ITEMS + 1].tolist() for value in values]


def _spectrum(part: Any) -> Source:
    """Return the pixels of a line as a table: where they are, and their values."""
    header, total = part.header, int(part.shape[0])
    first, step, at = (
        float(header.get(key, usual)) for key, usual in (("CRVAL1", 1), ("CDELT1", 1), ("CRPIX1", 1))
    )
    name = shortened(str(header.get("CTYPE1", "")).strip() or "pixel")
    columns = [
        Column(name, shortened(str(header.get("CUNIT1", ""))), is_number=True),
        Column("value", shortened(str(header.get("BUNIT", ""))), is_number=True),
    ]
    values = part.section[0 : min(total, PLOTTED_ROWS)].tolist()
    rows = ([first + (index + 1 - at) * step, value] for index, value in enumerate(values))
    return Source(columns, rows, lambda: total)
