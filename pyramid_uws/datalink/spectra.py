"""Spectra as binary tables: a row for each wavelength, as SDSS has them, or arrays in one row, as ESO does."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units
from astropy.io import fits
from numpy.typing import NDArray

from . import spectral
from .layout import State, opened, state_of
from .problems import Unreadable

Floats = NDArray[np.float64]

#: Beginning of a column's UCD -> what it has, in the words of world coordinates.
_UCDS = {"em.wl": "WAVE", "em.freq": "FREQ", "em.energy": "ENER", "em.wavenumber": "WAVN"}

#: Name of a column without a UCD -> what it has.
_NAMES = {
    **dict.fromkeys(("WAVE", "WAVELENGTH", "LAMBDA", "LAM", "WL"), "WAVE"),
    **dict.fromkeys(("FREQ", "FREQUENCY"), "FREQ"),
    "ENERGY": "ENER",
}

#: What wavelengths are where no unit is told, and the logarithms of which SDSS has.
_DEFAULTS = {"WAVE": "Angstrom", "FREQ": "Hz", "ENER": "eV", "WAVN": "1/m"}


@dataclass(frozen=True, eq=False)
class Spectrum:
    """A table of a spectrum: where it is, and the wavelengths of its samples (vacuum, metres)."""

    path: Path
    index: int
    primary: fits.Header
    header: fits.Header
    wavelengths: Floats
    flux: int | None
    is_row: bool

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return [str(self.header[f"TTYPE{number + 1}"]) for number in range(self.header["TFIELDS"])]

    def within(self, band: tuple[float, float] | None) -> NDArray[np.intp] | None:
        """Return the samples within a band, the nearest one if it lies between two; None if it lies beyond all."""
        values = self.wavelengths
        if band is None:
            return np.arange(len(values))
        found = np.flatnonzero((values >= band[0]) & (values <= band[1]))
        if found.size:
            return found
        if band[1] < np.nanmin(values) or band[0] > np.nanmax(values):
            return None
        return np.array([np.nanargmin(np.abs(values - band[0]))])


def read_spectrum(path: Path) -> Spectrum | None:
    """Read what a table of a file has of a spectrum, None if none has; kept while the file is as it is."""
    return _read_spectrum(path, state_of(path))


@lru_cache(maxsize=16)
def _read_spectrum(path: Path, _state: State) -> Spectrum | None:
    with opened(path) as hdus:
        for index, hdu in enumerate(hdus):
            if isinstance(hdu, fits.BinTableHDU) and not isinstance(hdu, fits.CompImageHDU):
                found = _axis(hdu.header)
                if found is not None:
                    return _spectrum(path, hdus, index, *found)
    return None


def _spectrum(path: Path, hdus: fits.HDUList, index: int, column: int, kind: str, unit: str) -> Spectrum:
    hdu = hdus[index]
    try:
        stored = np.array(hdu.data.field(column), dtype=np.float64)
        is_row = len(stored) == 1 and stored.size > 1
        values = stored.ravel()
        if kind == "LOG":
            values, kind = 10.0**values, "WAVE"
        wavelengths = spectral.wavelengths(kind, values * units.Unit(unit).to(spectral.SI[kind]))
    except (ValueError, TypeError) as problem:
        name = hdu.header[f"TTYPE{column + 1}"]
        raise Unreadable(f"The column {name} of {path.name} has no wavelengths: {problem}.") from problem
    if wavelengths is None or not np.isfinite(wavelengths).any() or (len(values) != len(stored) and not is_row):
        raise Unreadable(f"The spectrum in {path.name} has no wavelengths.")
    header = hdu.header.copy()
    return Spectrum(path, index, hdus[0].header.copy(), header, wavelengths, _flux(header), is_row)


def _axis(header: fits.Header) -> tuple[int, str, str] | None:
    """Return the column of wavelengths, what they are, and their unit."""
    for number in range(int(header.get("TFIELDS", 0))):
        name = str(header.get(f"TTYPE{number + 1}", "")).strip().upper()
        ucd = str(header.get(f"TUCD{number + 1}", "")).strip().lower()
        unit = str(header.get(f"TUNIT{number + 1}", "")).strip()
        if name == "LOGLAM":
            return number, "LOG", _DEFAULTS["WAVE"]
        kind = next((kind for start, kind in _UCDS.items() if ucd.startswith(start)), _NAMES.get(name))
        if kind is not None:
            in_air = kind == "WAVE" and "obs.atmos" in ucd
            return number, "AWAV" if in_air else kind, unit or _DEFAULTS[kind]
    return None


def _flux(header: fits.Header) -> int | None:
    for number in range(int(header["TFIELDS"])):
        name = str(header.get(f"TTYPE{number + 1}", "")).strip().upper()
        if name.startswith("FLUX") or str(header.get(f"TUCD{number + 1}", "")).lower().startswith("phot.flux"):
            return number
    return None


def unit_of(spectrum: Spectrum) -> str:
    """Return the unit of the flux."""
    if spectrum.flux is None:
        return ""
    return str(spectrum.header.get(f"TUNIT{spectrum.flux + 1}", spectrum.header.get("BUNIT", "")))


def samples(spectrum: Spectrum, chosen: NDArray[np.intp]) -> list[tuple[int, NDArray[Any]]]:
    """Return the columns that have a value for each sample, with their numbers, and these samples of them."""
    with opened(spectrum.path) as hdus:
        data = hdus[spectrum.index].data
        columns = [(number, np.asarray(data.field(number))) for number in range(len(spectrum.names))]
        if spectrum.is_row:
            count = len(spectrum.wavelengths)
            columns = [(number, values[0]) for number, values in columns if values.shape == (1, count)]
        return [(number, np.array(values[chosen])) for number, values in columns]
