"""How the data of a FITS file lie in it: which HDU they are, what its axes are, where its pixels begin.

Axes are counted as FITS does, the one that varies fastest first, but from 0. Only headers are read.
"""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning
from astropy.wcs import WCS

from .problems import Uncharted, Unreadable

#: Inode, time of change and size of a file.
State = tuple[int, int, int]

#: Names of the HDU with the data, where a file has several; else the first with pixels is meant.
_DATA_NAMES = ("DATA", "SCI", "FLUX")

#: Names of HDUs with distortions of the coordinates of others.
_GRID_NAMES = ("WCSDVARR", "D2IMARR")

#: How FITS stores pixels, by BITPIX.
_STORED = {8: ">u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}

#: Where in its own source wcslib has found a fault.
_PLACE_IN_WCSLIB = re.compile(r"ERROR \d+ in \w+\(\) at line \d+ of file \S+: ", re.ASCII)


@dataclass(frozen=True, eq=False)
class Extension:
    """An HDU with pixels; ``data_at`` is the byte of the first one, None if they are compressed."""

    index: int
    header: fits.Header
    lengths: tuple[int, ...]
    bitpix: int
    data_at: int | None

    @property
    def name(self) -> str:
        """The name of the HDU, in capitals."""
        return str(self.header.get("EXTNAME", "")).strip().upper()

    @property
    def dtype(self) -> np.dtype[Any]:
        """How a pixel is stored."""
        return stored(self.bitpix)

    @property
    def is_integer(self) -> bool:
        """Whether pixels are integers, which have no NaN."""
        return self.bitpix > 0


@dataclass(frozen=True, eq=False)
class Layout:
    """The HDUs of a file that a cut consists of, and the axes that they share.

    ``others`` are those with as many pixels and the same coordinates as ``data``: errors, quality and the like.
    ``grids`` have the distortions of these, ``tables`` are the numbers of HDUs that have them in tables.
    ``lon``, ``lat``, ``spectral``, ``stokes`` and ``clock`` are numbers of axes, None where there is none.
    """

    path: Path
    state: State
    primary: fits.Header
    data: Extension
    others: tuple[Extension, ...]
    grids: tuple[Extension, ...]
    tables: tuple[int, ...]
    wcs: WCS
    lon: int | None
    lat: int | None
    spectral: int | None
    stokes: int | None
    clock: int | None

    @property
    def lengths(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return self.data.lengths

    @property
    def plane(self) -> tuple[int, int] | None:
        """The axes of the sky in the order of the file, None if there are none."""
        return None if self.lon is None or self.lat is None else (min(self.lon, self.lat), max(self.lon, self.lat))


def stored(bitpix: int) -> np.dtype[Any]:
    """Return how FITS stores pixels of a BITPIX."""
    return np.dtype(_STORED[bitpix])


def reference_pixel(header: fits.Header, axis: int, system: str = "") -> float:
    """Return CRPIX of an axis, counted from 1; by default 0, and 1 for spectra without a system."""
    linear = not system and str(header.get(f"CTYPE{axis}", "LINEAR")).strip() in ("LINEAR", "")
    return float(header.get(f"CRPIX{axis}{system}", 1.0 if linear else 0.0))


def readable(header: fits.Header) -> fits.Header:
    """Return a copy of a header without cards that cannot be read, such as texts with marks that are not ASCII."""
    found = header.copy()
    for number in reversed(range(len(found.cards))):
        if not _is_readable(found.cards[number]):
            del found[number]
    return found


def _is_readable(card: fits.Card) -> bool:
    try:
        return f"{card.value}{card.comment}".isprintable() and bool(str(card))
    except (ValueError, fits.VerifyError):
        return False


@contextmanager
def opened(path: Path) -> Iterator[fits.HDUList]:
    """Open a file to read it as it is stored, without warnings about habits of its maker."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AstropyWarning)
            with path.open("rb") as file, _open(path, file) as hdus:
                yield hdus
    except (OSError, fits.VerifyError) as problem:
        raise _broken(path, problem) from problem


def _open(path: Path, file: BinaryIO) -> fits.HDUList:
    try:
        return fits.open(file, mode="readonly", memmap=False, do_not_scale_image_data=True)
    except (KeyError, TypeError, ValueError) as problem:  # headers without, or with odd, BITPIX or NAXISn
        raise _broken(path, problem) from problem


def _broken(path: Path, problem: Exception) -> Unreadable:
    return Unreadable(f"{path.name} cannot be read as FITS: {' '.join(str(problem).split()).rstrip('.')}.")


def state_of(path: Path) -> State:
    """Return by what is known whether a file is still as it was: its inode, time of change, and size."""
    try:
        status = path.stat()
    except OSError as problem:
        raise Unreadable(f"{path.name} cannot be read: {problem.strerror}.") from problem
    return status.st_ino, status.st_mtime_ns, status.st_size


def read_layout(path: Path) -> Layout | None:
    """Read where the pixels of a file are, None if it has none; kept while the file is as it is."""
    return _read_layout(path, state_of(path))


@lru_cache(maxsize=64)
def _read_layout(path: Path, state: State) -> Layout | None:
    with opened(path) as hdus:
        found = _extensions(path, hdus)
        grids = tuple(extension for extension in found if extension.name in _GRID_NAMES)
        extensions = [extension for extension in found if extension not in grids]
        data = _main(extensions)
        if data is None:
            return None
        _check_length(path, data, state[-1])
        wcs = _coordinates(path, hdus, data)
        others = tuple(other for other in extensions if other is not data and _is_alike(other, data))
        tables = tuple(index for index, hdu in enumerate(hdus) if hdu.name in _tables_of(data))
        return Layout(path, state, _primary(hdus, data), data, others, grids, tables, wcs, **_axes(data, wcs))


def _extensions(path: Path, hdus: fits.HDUList) -> list[Extension]:
    try:
        return [extension for index, hdu in enumerate(hdus) if (extension := _extension(index, hdu))]
    except (KeyError, TypeError, ValueError) as problem:
        raise _broken(path, problem) from problem


def _extension(index: int, hdu: Any) -> Extension | None:
    if not isinstance(hdu, fits.PrimaryHDU | fits.ImageHDU | fits.CompImageHDU) or not hdu.header.get("NAXIS"):
        return None
    lengths = tuple(int(hdu.header[f"NAXIS{axis + 1}"]) for axis in range(hdu.header["NAXIS"]))
    if not all(lengths):
        return None
    bitpix = int(hdu.header["BITPIX"])
    if bitpix not in _STORED:
        raise ValueError(f"BITPIX = {bitpix}")
    compressed = isinstance(hdu, fits.CompImageHDU)
    place = None if compressed else int(hdu.fileinfo()["datLoc"])
    return Extension(index, readable(hdu.header), lengths, bitpix, place)


def _primary(hdus: fits.HDUList, data: Extension) -> fits.Header:
    """Return the primary header; that of the data, where it is the same, has been looked through already."""
    return data.header if data.index == 0 else readable(hdus[0].header)


def _main(extensions: list[Extension]) -> Extension | None:
    named = [extension for extension in extensions if extension.name in _DATA_NAMES]
    return next(iter([*named, *extensions]), None)


def _tables_of(data: Extension) -> set[str]:
    """Return the names of tables in which coordinates are looked up (-TAB)."""
    keys = (f"PS{axis + 1}_0" for axis in range(len(data.lengths)))
    return {str(data.header[key]).strip().upper() for key in keys if key in data.header}


def _check_length(path: Path, data: Extension, size: int) -> None:
    """Refuse a file that has been cut off: what is missing would be read as an error of the bus."""
    if data.data_at is not None and data.data_at + int(np.prod(data.lengths)) * data.dtype.itemsize > size:
        raise Unreadable(f"{path.name} is shorter than its header says.")


def _is_alike(other: Extension, data: Extension) -> bool:
    """Tell whether pixels of both belong together: the same axes, and no other coordinates."""
    return other.lengths == data.lengths and all(
        other.header.get(f"{key}{axis + 1}", data.header.get(f"{key}{axis + 1}"))
        == data.header.get(f"{key}{axis + 1}")
        for key in ("CRVAL", "CRPIX")
        for axis in range(len(data.lengths))
    )


def _coordinates(path: Path, hdus: fits.HDUList, data: Extension) -> WCS:
    try:
        for axis in range(len(data.lengths)):
            reference_pixel(data.header, axis + 1)
        return WCS(data.header, fobj=hdus, fix=True)
    except (ValueError, MemoryError, KeyError, AssertionError, AttributeError, TypeError) as problem:
        reason = _PLACE_IN_WCSLIB.sub("", " ".join(str(problem).split())).rstrip(".:")
        told = f"The coordinates of {path.name} cannot be understood: {reason}."
        raise Uncharted(told, _primary(hdus, data), data) from problem


def _axes(data: Extension, wcs: WCS) -> dict[str, int | None]:
    """Return what is which axis; those beyond the pixels' own do not count."""
    count = len(data.lengths)
    names = [str(name).upper() for name in wcs.wcs.ctype][:count]
    lon, lat, spectral = (axis if 0 <= axis < count else None for axis in (wcs.wcs.lng, wcs.wcs.lat, wcs.wcs.spec))
    if lon is None or lat is None:
        lon = lat = None
    if spectral is None and count == 1:  # such as LINEAR, or none at all
        spectral = 0
    clock = next((axis for axis, name in enumerate(names) if name in ("TIME", "UTC", "TAI", "TT")), None)
    stokes = names.index("STOKES") if "STOKES" in names else None
    return {"lon": lon, "lat": lat, "spectral": spectral, "stokes": stokes, "clock": clock}
