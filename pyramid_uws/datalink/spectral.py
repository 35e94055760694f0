"""Wavelengths of the pixels of a spectral axis: in vacuum, in metres, in the frame of the observation.

SODA means barycentric ones. Files with others, which say so in SPECSYS, differ by a part in ten thousand at most,
and are taken as they are.
"""

from typing import Any

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS, WCSSUB_SPECTRAL
from numpy.typing import NDArray

from .layout import Layout, reference_pixel

Floats = NDArray[np.float64]

LIGHT = 299_792_458.0
PLANCK = 6.626_070_15e-34

#: Kind of axis -> the unit of its numbers, if they are not those of another one.
SI = {"WAVE": "m", "AWAV": "m", "FREQ": "Hz", "ENER": "J", "WAVN": "1/m"}

#: Units of files that say what their numbers are by WAT or by habit only.
ANGSTROM = 1e-10


def edges(layout: Layout) -> Floats | None:
    """Return the wavelengths at the edges of the pixels, one more than those; None if they are unknown."""
    return None if layout.spectral is None else _at(layout, np.arange(layout.lengths[layout.spectral] + 1.0) - 0.5)


def centres(layout: Layout) -> Floats | None:
    """Return the wavelengths in the middle of the pixels; None if they are unknown."""
    return (
        None if layout.spectral is None else _at(layout, np.arange(layout.lengths[layout.spectral], dtype=float))
    )


def _at(layout: Layout, pixels: Floats) -> Floats | None:
    values = _of_habit(layout.data.header, pixels) if layout.wcs.wcs.spec < 0 else _of_standard(layout.wcs, pixels)
    return values if values is not None and np.isfinite(values).any() else None


def _of_standard(wcs: WCS, pixels: Floats) -> Floats | None:
    """Return wavelengths by the third paper on world coordinates, which wcslib knows."""
    try:
        axis = wcs.sub([WCSSUB_SPECTRAL])
        kind = str(axis.wcs.ctype[0])
        if not kind.endswith(("-LOG", "-TAB")):
            axis.wcs.sptr("WAVE-???")
            kind = "WAVE"
        values = np.asarray(axis.wcs_pix2world(pixels, 0)[0])
        return wavelengths(kind[:4], values * axis.wcs.cunit[0].to(SI.get(kind[:4], "")))
    except ValueError:  # the unit is none, the rest frequency is missing, or the axis is mixed with others
        return None


def _of_habit(header: fits.Header, pixels: Floats) -> Floats | None:
    """Return wavelengths of spectra as IRAF and SDSS write them: in Angstrom, often as logarithms."""
    start, step = header.get("CRVAL1"), header.get("CD1_1", header.get("CDELT1"))
    if not isinstance(start, float | int) or not isinstance(step, float | int) or not step:
        return None
    values = start + step * (pixels + 1 - reference_pixel(header, 1))
    if header.get("DC-FLAG") == 1 or header.get("WFITTYPE") == "LOG-LINEAR":
        values = 10.0**values
    in_air = not header.get("VACUUM", True) or "AIR" in str(header.get("CTYPE1", "")).upper()
    return wavelengths("AWAV" if in_air else "WAVE", values * ANGSTROM)


def wavelengths(kind: str, values: Floats) -> Floats | None:
    """Return wavelengths in vacuum (m) from what an axis of this kind has in SI units, None for another kind."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if kind == "AWAV":
            return from_air(values)
        if kind == "FREQ":
            return LIGHT / values
        if kind == "ENER":
            return PLANCK * LIGHT / values
        if kind == "WAVN":
            return 1 / values
    return values if kind == "WAVE" else None


def from_air(values: Floats) -> Floats:
    """Return wavelengths in vacuum from those in air (m); the index of refraction is wcslib's (Cox 2000)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        waves = values**-2.0
        return np.asarray(values * (1.000064328 + 294.981e8 / (1.46e14 - waves) + 2.554e8 / (0.41e14 - waves)))


def within(values: Floats, band: tuple[float, float]) -> slice | None:
    """Return the pixels that a band touches, given the edges of all; None if there are none."""
    low, high = np.minimum(values[1:], values[:-1]), np.maximum(values[1:], values[:-1])
    lower, upper = band
    touched = (low <= upper) & (high >= lower) if lower == upper else (low < upper) & (high > lower)
    found: NDArray[Any] = np.flatnonzero(touched)
    return slice(int(found[0]), int(found[-1]) + 1) if found.size else None
