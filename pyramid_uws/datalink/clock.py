"""Times in headers and along axes of time: MJD in UTC."""

import math
import warnings
from datetime import UTC, datetime

import erfa
import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from .layout import Layout, reference_pixel

Floats = NDArray[np.float64]
Interval = tuple[float, float]

_EPOCH = datetime(1858, 11, 17, tzinfo=UTC)
_JD = 2_400_000.5
_DAY = 86_400.0

#: Terrestrial time is so far ahead of atomic time.
_TT_OF_TAI = 32.184 / _DAY


def interval(header: fits.Header) -> Interval | None:
    """Return when an observation was made, by the usual keywords; None if the header does not tell."""
    if _number(header, "TAI-BEG") and _number(header, "TAI-END"):  # SDSS: seconds of MJD
        return utc(header["TAI-BEG"] / _DAY, "TAI"), utc(header["TAI-END"] / _DAY, "TAI")
    scale = str(header.get("TIMESYS", "UTC")).strip().upper()
    start = _first(header, ("MJD-BEG", "DATE-BEG", "MJD-OBS", "DATE-OBS"))
    if start is None:
        return None
    end = _first(header, ("MJD-END", "DATE-END"))
    if end is None:
        length = exposure(header)
        end = start + (length or 0.0) / _DAY
    return utc(start, scale), utc(max(start, end), scale)


def exposure(header: fits.Header) -> float | None:
    """Return how long an exposure was, in seconds."""
    return next(
        (found for key in ("XPOSURE", "EXPTIME", "EXPOSURE", "TELAPSE") if (found := _number(header, key))), None
    )


def utc(mjd: float, scale: str) -> float:
    """Return an MJD of another time scale in UTC; scales that are nearly UTC are taken as it."""
    if scale not in ("TAI", "TT"):
        return mjd
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", erfa.ErfaWarning)  # of years for which leap seconds are not known
        day, part = erfa.taiutc(_JD, mjd - (_TT_OF_TAI if scale == "TT" else 0.0))
    return float(part if day == _JD else day - _JD + part)


def edges(layout: Layout) -> Floats | None:
    """Return the times at the edges of the pixels of an axis of time, None if there is none that is understood."""
    if layout.clock is None:
        return None
    number = layout.clock + 1
    header, unit = layout.data.header, str(layout.data.header.get(f"CUNIT{number}", "s")).strip()
    start, step = (_number(header, f"{key}{number}") for key in ("CRVAL", "CDELT"))
    origin = _number(header, "MJDREF") or _first(header, ("DATEREF",)) or 0.0
    if start is None or step is None or unit not in ("s", "d"):
        return None
    pixels = np.arange(layout.lengths[layout.clock] + 1) + 0.5 - reference_pixel(header, number)
    days = origin + (start + step * pixels) / (_DAY if unit == "s" else 1.0)
    scale = str(header.get("TIMESYS", "UTC")).strip().upper()
    return np.array([utc(day, scale) for day in days.tolist()])


def _first(header: fits.Header, keys: tuple[str, ...]) -> float | None:
    values = (_number(header, key) if key.startswith("MJD") else _date(header.get(key)) for key in keys)
    return next((value for value in values if value is not None), None)


def _number(header: fits.Header, key: str) -> float | None:
    value = header.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _date(text: object) -> float | None:
    try:
        moment = datetime.fromisoformat(str(text).strip().removesuffix("Z"))
    except ValueError:
        return None
    return (moment.replace(tzinfo=UTC) - _EPOCH).total_seconds() / _DAY
