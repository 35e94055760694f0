"""FITS images as thumbnails: squares of pixels are one; of large images only some lines and columns are read."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray
from PIL import Image

from pyramid_uws.datalink.stretch import limits, stretched

from .limits import PIXELS, SIDE
from .pictures import written
from .values import NoPreview

#: The most pixels that are unpacked of a compressed image.
_UNPACKED = 8 * PIXELS

#: A line of more bytes is not read.
_LONGEST_LINE = 64 * 1024 * 1024


@dataclass(frozen=True)
class _Plane:
    """A plane of an image: its lengths, and a function that reads some lines of it, every so many."""

    height: int
    width: int
    lines: Callable[[int, int, int], NDArray[Any]]
    blank: int | None = None


def picture(part: Any) -> dict[str, Any]:
    """Return a thumbnail as PNG, and what is to be said of it."""
    above = [length // 2 for length in part.shape[:-2]]
    plane = _packed(part, above) if isinstance(part, fits.CompImageHDU) else _mapped(part, above)
    step = max(1, int((plane.height * plane.width / PIXELS) ** 0.5))
    square = -(-max(plane.height, plane.width, 1) // (SIDE * step)) * step
    values = _means(plane, square, step)
    dark, bright = limits(values)
    grey = stretched(values, dark, bright)[::-1]
    said = {
        "as_it_is": False,
        "width": grey.shape[1],
        "height": grey.shape[0],
        "dark": float(f"{dark:.5g}"),
        "bright": float(f"{bright:.5g}"),
    }
    return said | {
        "png": written(Image.fromarray(grey)),
        "plane": _named_plane(part.shape, above),
        "square": square,
    }


def _named_plane(shape: tuple[int, ...], above: list[int]) -> str:
    pairs = zip(above, shape, strict=False)
    return ", ".join(f"plane {index + 1} of {length}" for index, length in reversed(list(pairs)) if length > 1)


def _mapped(part: Any, above: list[int]) -> _Plane:
    """Return a plane of an image that is not compressed."""
    header = part.header
    kind = np.dtype({8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}[header["BITPIX"]])
    height, width = part.shape[-2:]
    plane = int(np.ravel_multi_index(above, part.shape[:-2])) if above else 0
    start = part.fileinfo()["datLoc"] + plane * height * width * kind.itemsize
    path = Path(part.fileinfo()["file"].name)
    if start + height * width * kind.itemsize > path.stat().st_size:
        raise NoPreview("The file ends before the image does.")
    if width * kind.itemsize > _LONGEST_LINE:
        raise NoPreview("The lines of the image are too long for a preview.")
    scale, zero = _number(header, "BSCALE", 1.0), _number(header, "BZERO", 0.0)
    blank = header.get("BLANK") if kind.kind != "f" else None

    def lines(first: int, last: int, step: int) -> NDArray[Any]:
        with path.open("rb") as file:
            raw = np.stack(
                [_line(file, start, number, width, kind)[::step] for number in range(first, last, step)]
            )
        values = raw.astype(np.float64)
        if isinstance(blank, int):
            values[raw == blank] = np.nan
        return values * scale + zero

    return _Plane(height, width, lines)


def _line(file: BinaryIO, start: int, number: int, width: int, kind: np.dtype[Any]) -> NDArray[Any]:
    """Return a line of an image; mapped into memory, all lines around would come in, too."""
    file.seek(start + number * width * kind.itemsize)
    return np.frombuffer(file.read(width * kind.itemsize), kind, width)


def _packed(part: Any, above: list[int]) -> _Plane:
    """Return a plane of a compressed image, of which tiles are unpacked as they are needed."""
    height, width = part.shape[-2:]
    if height * width > _UNPACKED:
        raise NoPreview("The image is too large to be unpacked for a preview.")

    def lines(first: int, last: int, step: int) -> NDArray[Any]:
        values = part.section[(*above, slice(first, last), slice(0, width))]
        return np.asarray(values[::step, ::step], np.float64)

    return _Plane(height, width, lines)


def _number(header: Any, key: str, usual: float) -> float:
    value = header.get(key, usual)
    return float(value) if isinstance(value, int | float) else usual


def _means(plane: _Plane, square: int, step: int) -> NDArray[np.float64]:
    """Return the means of squares of pixels, of which every so many count; NaN where there is nothing."""
    means = np.full((-(-plane.height // square), -(-plane.width // square)), np.nan)
    side = square // step
    starts = np.arange(0, -(-plane.width // step), side)
    band = max(1, PIXELS // (4 * square * plane.width)) * square  # lines at once
    for first in range(0, plane.height, band):
        values = plane.lines(first, min(first + band, plane.height), step)
        for row in range(0, len(values), side):
            means[first // square + row // side] = _mean(values[row : row + side], starts)
    return means


def _mean(values: NDArray[Any], starts: NDArray[Any]) -> NDArray[np.float64]:
    known = np.isfinite(values)
    sums = np.add.reduceat(np.where(known, values, 0.0).sum(axis=0), starts)
    counts = np.add.reduceat(known.sum(axis=0), starts)
    means: NDArray[np.float64] = np.divide(sums, counts, out=np.full(len(starts), np.nan), where=counts > 0)
    return means
