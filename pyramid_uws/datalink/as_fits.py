"""Cuts as FITS: the header of the observation with coordinates that fit the cut, then its pixels.

Pixels go from the observation to the file in pieces; the header is written before them, and once more when the
sums over them are known. Tile-compressed images become plain ones.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import BinaryIO

import numpy as np
from astropy.io import fits

from .blanks import blank_of
from .checksums import Sum, encoded, sum_of
from .layout import Extension, Layout, opened, reference_pixel
from .pixels import pieces
from .planning import Plan

BLOCK = 2880

#: What is done, of 1.
Progress = Callable[[float], None]


@dataclass(frozen=True, eq=False)
class _Part:
    """An HDU of a cut: its header, and how many bytes its data are, which come in pieces."""

    header: fits.Header
    size: int = 0
    contents: Callable[[], Iterable[bytes | memoryview]] = tuple


def size(plan: Plan, history: Sequence[str] = ()) -> int:
    """Return how many bytes the file of a cut has."""
    parts = _parts(plan, history)
    for part in parts:
        _sign(part.header, 0)
    return sum(len(_text(part.header)) + _padded(part.size) for part in parts)


def write(plan: Plan, file: BinaryIO, history: Sequence[str], progress: Progress) -> None:
    """Write a cut to a file in which one can go back."""
    parts = _parts(plan, history)
    whole, done = sum(part.size for part in parts), 0
    for part in parts:
        start, total = file.tell(), Sum()
        _sign(part.header, 0)
        file.write(_text(part.header))
        for content in part.contents():
            file.write(content)
            total.add(content)
            done += len(content)
            progress(done / whole)
        rest = bytes(_padded(part.size) - part.size)
        file.write(rest)
        total.add(rest)
        _sign(part.header, total.value)
        end = file.tell()
        file.seek(start)
        file.write(_text(part.header))
        file.seek(end)


def _padded(count: int) -> int:
    return -(-count // BLOCK) * BLOCK


def _text(header: fits.Header) -> bytes:
    return bytes(header.tostring(), "ascii")


def _sign(header: fits.Header, total: int) -> None:
    """Put in the sums, given that over the pixels."""
    header["DATASUM"] = (str(total), "data unit checksum")
    header["CHECKSUM"] = ("0" * 16, "HDU checksum")
    header["CHECKSUM"] = encoded(sum_of(_text(header), start=total))


def _parts(plan: Plan, history: Sequence[str]) -> list[_Part]:
    """Return the HDUs of a cut in the order of the file, the tables of their coordinates behind them."""
    layout = plan.layout
    extensions = sorted([layout.data, *layout.others], key=lambda extension: extension.index)
    found: list[_Part] = []
    if "SIMPLE" not in extensions[0].header:  # which an image that was compressed as the first HDU keeps
        found.append(_Part(layout.primary.copy()))
    found += [_cut_part(plan, extension) for extension in extensions]
    for part, extension in zip(found[-len(extensions) :], extensions, strict=True):
        if extension is layout.data or extension.index == 0:
            _tell(part.header, history)
    if len(found) > len(extensions):
        _tell(found[0].header, history)
    found += [_grid_part(plan, grid) for grid in layout.grids]
    found += [_table_part(layout, index) for index in layout.tables]
    if len(found) > 1:
        found[0].header.set("EXTEND", value=True, after=f"NAXIS{found[0].header['NAXIS'] or ''}")
    return found


def _cut_part(plan: Plan, extension: Extension) -> _Part:
    return _Part(_header(plan, extension), plan.bytes_of(extension), lambda: _contents(plan, extension))


def _contents(plan: Plan, extension: Extension) -> Iterator[memoryview]:
    for piece in pieces(plan, extension):
        yield piece.pixels.reshape(-1).view(np.uint8).data


def _grid_part(plan: Plan, grid: Extension) -> _Part:
    """Return a grid of distortions as it is, but with the places of its points in the cut."""
    whole = Plan(plan.layout, tuple(slice(0, length) for length in grid.lengths))
    part = _cut_part(whole, grid)
    for axis, place in enumerate(plan.parts, start=1):
        if f"CRVAL{axis}" in part.header:
            part.header[f"CRVAL{axis}"] -= place.start
    return part


def _table_part(layout: Layout, index: int) -> _Part:
    """Return a table of coordinates as it is; what is looked up there does not count from the first pixel."""
    with opened(layout.path) as hdus:
        about = hdus[index].fileinfo()
        header = hdus[index].header.copy()
    with layout.path.open("rb") as file:
        file.seek(about["datLoc"])
        content = file.read(about["datSpan"])
    return _Part(header, len(content), lambda: [content])


def plain(line: str) -> str:
    """Return a line as a header may have it: what cannot be printed there becomes a question mark."""
    return "".join(mark if " " <= mark <= "~" else "?" for mark in line)


def _tell(header: fits.Header, history: Sequence[str]) -> None:
    for line in history:
        header.add_history(plain(line))


def _header(plan: Plan, extension: Extension) -> fits.Header:
    header = extension.header.copy()
    header["BITPIX"] = plan.bitpix(extension)
    for axis, (part, length) in enumerate(zip(plan.parts, plan.lengths, strict=True), start=1):
        header[f"NAXIS{axis}"] = length
        _shift(header, axis, part.start, part.step or 1)
    if plan.blanks and extension.is_integer and "BLANK" not in header:
        header.set("BLANK", blank_of(plan, extension), "pixels that are not of this cut", after=f"NAXIS{axis}")
    return header


def _shift(header: fits.Header, axis: int, start: int, step: int) -> None:
    """Let all systems of coordinates of an axis begin at a later pixel, and count in steps."""
    for system in ("", *ascii_uppercase):
        key = f"CRPIX{axis}{system}"
        if key not in header and not _describes(header, axis, system):
            continue
        header[key] = (reference_pixel(header, axis, system) - start - 1) / step + 1
        if step != 1:
            _stretch(header, axis, system, step)
    if f"LTV{axis}" in header:
        header[f"LTV{axis}"] = (header[f"LTV{axis}"] - start - 1) / step + 1


def _describes(header: fits.Header, axis: int, system: str) -> bool:
    """Tell whether a header has coordinates of an axis, in which case its CRPIX is 0 if not given."""
    return any(f"{key}{axis}{system}" in header for key in ("CTYPE", "CRVAL"))


def _stretch(header: fits.Header, axis: int, system: str, step: int) -> None:
    """Make a pixel of an axis as large as several."""
    matrix = re.compile(rf"CD\d+_{axis}{system}$")
    linear = [key for key in header if matrix.match(key)]
    for key in linear:
        header[key] *= step
    if not linear:
        header[f"CDELT{axis}{system}"] = header.get(f"CDELT{axis}{system}", 1.0) * step
