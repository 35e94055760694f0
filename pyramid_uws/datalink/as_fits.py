"""Cuts as FITS: the header of the observation with coordinates that fit the cut, then its pixels.

Pixels go from the observation to the file in pieces; the header is written before them, and once more when the
sums over them are known. Tile-compressed images become plain ones.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from string import ascii_uppercase
from typing import BinaryIO

from astropy.io import fits

from .blanks import blank_of
from .checksums import Sum, encoded, sum_of
from .layout import Extension, reference_pixel
from .pixels import pieces
from .planning import Plan

BLOCK = 2880

#: What is done, of 1.
Progress = Callable[[float], None]


def size(plan: Plan, history: Sequence[str] = ()) -> int:
    """Return how many bytes the file of a cut has."""
    return sum(
        len(_text(header)) + _padded(0 if extension is None else plan.bytes_of(extension))
        for header, extension in _hdus(plan, history)
    )


def write(plan: Plan, file: BinaryIO, history: Sequence[str], progress: Progress) -> None:
    """Write a cut to a file in which one can go back."""
    whole = sum(plan.bytes_of(extension) for extension in _extensions(plan))
    done = 0
    for header, extension in _hdus(plan, history):
        start = file.tell()
        _sign(header, 0)
        file.write(_text(header))
        total = Sum()
        for content in () if extension is None else _contents(plan, extension):
            file.write(content)
            total.add(content)
            done += len(content)
            progress(min(1.0, done / whole))
        _sign(header, total.value)
        end = file.tell()
        file.seek(start)
        file.write(_text(header))
        file.seek(end)


def _contents(plan: Plan, extension: Extension) -> Iterable[bytes]:
    count = 0
    for piece in pieces(plan, extension):
        content = piece.pixels.tobytes()
        count += len(content)
        yield content
    yield bytes(_padded(count) - count)


def _padded(count: int) -> int:
    return -(-count // BLOCK) * BLOCK


def _text(header: fits.Header) -> bytes:
    return bytes(header.tostring(), "ascii")


def _sign(header: fits.Header, total: int) -> None:
    """Put in the sums, given that over the pixels."""
    header["DATASUM"] = (str(total), "data unit checksum")
    header["CHECKSUM"] = ("0" * 16, "HDU checksum")
    header["CHECKSUM"] = encoded(sum_of(_text(header), start=total))


def _extensions(plan: Plan) -> list[Extension]:
    """Return the HDUs with pixels in the order of the file."""
    return sorted([plan.layout.data, *plan.layout.others], key=lambda extension: extension.index)


def _hdus(plan: Plan, history: Sequence[str]) -> list[tuple[fits.Header, Extension | None]]:
    """Return the headers of the cut, each with the HDU that its pixels come from."""
    extensions = _extensions(plan)
    found: list[tuple[fits.Header, Extension | None]] = []
    if "SIMPLE" not in extensions[0].header:  # which an image that was compressed as the first HDU keeps
        primary = plan.layout.primary.copy()
        _told(primary, history)
        found.append((primary, None))
    for extension in extensions:
        header = _header(plan, extension)
        if extension is plan.layout.data or extension.index == 0:
            _told(header, history)
        found.append((header, extension))
    if len(found) > 1:
        found[0][0].set("EXTEND", value=True, after=f"NAXIS{found[0][0]['NAXIS'] or ''}")
    for header, _ in found:
        header.remove("CHECKSUM", ignore_missing=True)
        header.remove("DATASUM", ignore_missing=True)
    return found


def _told(header: fits.Header, history: Sequence[str]) -> None:
    for line in history:
        header.add_history(line.encode("ascii", "replace").decode())


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
    """Make the pixels of an axis as large as some."""
    matrix = re.compile(rf"(CD|PC)\d+_{axis}{system}$")
    linear = [key for key in header if matrix.match(key)]
    if any(key.startswith("CD") for key in linear) or not math.isfinite(step):
        for key in linear:
            header[key] *= step
    else:
        header[f"CDELT{axis}{system}"] = header.get(f"CDELT{axis}{system}", 1.0) * step
