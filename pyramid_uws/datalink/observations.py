"""Observations: what is known of one from its headers, in the words of ObsCore."""

from dataclasses import dataclass, replace
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from . import clock, spectral, stokes
from .layout import Layout, State, read_layout, state_of
from .problems import Uncharted, Unreadable
from .sky import Sky, sky_of
from .spectra import Spectrum, read_spectrum, unit_of

MEDIA_TYPE = "application/fits"

Interval = tuple[float, float]
Circle = tuple[float, float, float]
Polygon = tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class Observation:
    """A file of an image, cube or spectrum; None where its headers do not tell.

    ``footprint`` are the corners of the data and ``circle`` covers them (degrees, ICRS); for data without sky it
    is the position that they were taken at. ``band`` is of vacuum wavelengths in metres, ``time`` of MJD in UTC.
    ``axes`` are names, ``lengths`` those of the axes, in the order of FITS. ``obstacle`` says why nothing can be
    cut out.
    """

    id: str
    path: Path
    kind: str
    size: int
    media_type: str = MEDIA_TYPE
    title: str = ""
    credits: str = ""
    licence: str = ""
    axes: tuple[str, ...] = ()
    lengths: tuple[int, ...] = ()
    pixel_bytes: int = 0
    unit: str = ""
    footprint: Polygon | None = None
    circle: Circle | None = None
    band: Interval | None = None
    time: Interval | None = None
    pol: tuple[str, ...] = ()
    exposure: float | None = None
    pixel_scale: float | None = None
    facility: str = ""
    instrument: str = ""
    target: str = ""
    obstacle: str = ""

    @property
    def dataproduct_type(self) -> str:
        """What kind of data product it is; ObsCore uses the same words."""
        return self.kind

    @property
    def pixels(self) -> int:
        """How many pixels there are."""
        return prod(self.lengths)

    @property
    def s_region(self) -> str | None:
        """The footprint, as ObsCore writes it."""
        if self.footprint is None:
            return None
        return " ".join(["POLYGON ICRS", *(f"{number:.7f}" for corner in self.footprint for number in corner)])

    @property
    def s_ra(self) -> float | None:
        """Right ascension of the middle, degrees."""
        return self.circle and self.circle[0]

    @property
    def s_dec(self) -> float | None:
        """Declination of the middle, degrees."""
        return self.circle and self.circle[1]

    @property
    def s_fov(self) -> float | None:
        """The diameter of what is covered, degrees."""
        return self.circle and 2 * self.circle[2]

    @property
    def em_min(self) -> float | None:
        """The shortest wavelength, metres."""
        return self.band and self.band[0]

    @property
    def em_max(self) -> float | None:
        """The longest wavelength, metres."""
        return self.band and self.band[1]

    @property
    def t_min(self) -> float | None:
        """When it began, MJD."""
        return self.time and self.time[0]

    @property
    def t_max(self) -> float | None:
        """When it ended, MJD."""
        return self.time and self.time[1]


def read_observation(id: str, path: Path) -> Observation:  # noqa: A002 - the parameter's name
    """Read what the headers of a file tell; kept while the file is as it is."""
    return replace(_read(path, state_of(path)), id=id)


@lru_cache(maxsize=4096)
def _read(path: Path, state: State) -> Observation:
    try:
        layout = read_layout(path)
    except Uncharted as problem:
        return _of_a_file(path, problem, state[-1])
    if layout is not None:
        return _of_pixels(layout, state[-1])
    spectrum = read_spectrum(path)
    if spectrum is not None:
        return _of_table(spectrum, state[-1])
    raise Unreadable(f"{path.name} has no image, cube or spectrum.")


def _of_pixels(layout: Layout, size: int) -> Observation:
    sky = sky_of(layout)
    headers = _Headers(layout.data.header, layout.primary)
    return Observation(
        id=layout.path.name,
        path=layout.path,
        kind=_kind(layout, sky),
        size=size,
        axes=_names(layout),
        lengths=layout.lengths,
        pixel_bytes=layout.data.dtype.itemsize,
        unit=headers.text("BUNIT"),
        footprint=sky.footprint if sky else None,
        circle=sky.circle if sky else headers.position(),
        band=_extremes(spectral.edges(layout)),
        time=_extremes(clock.edges(layout)) or headers.time(),
        pol=tuple(state for state in stokes.states(layout) if state),
        pixel_scale=float(np.degrees(sky.scale)) if sky else None,
        **headers.facts(),
    )


def _of_a_file(path: Path, problem: Uncharted, size: int) -> Observation:
    """Return what is known of pixels that nobody can place: they can be fetched, but not cut."""
    headers = _Headers(problem.data.header, problem.primary)
    lengths: tuple[int, ...] = problem.data.lengths
    return Observation(
        id=path.name,
        path=path,
        kind="image" if sum(length > 1 for length in lengths) <= 2 else "cube",
        size=size,
        lengths=lengths,
        pixel_bytes=problem.data.dtype.itemsize,
        unit=headers.text("BUNIT"),
        circle=headers.position(),
        time=headers.time(),
        obstacle=str(problem),
        **headers.facts(),
    )


def _of_table(spectrum: Spectrum, size: int) -> Observation:
    headers = _Headers(spectrum.header, spectrum.primary)
    return Observation(
        id=spectrum.path.name,
        path=spectrum.path,
        kind="spectrum",
        size=size,
        axes=("spectral",),
        lengths=(len(spectrum.wavelengths),),
        unit=unit_of(spectrum),
        circle=headers.position(),
        band=_extremes(spectrum.wavelengths),
        time=headers.time(),
        **headers.facts(),
    )


class _Headers:
    """The header of the data, and the primary one for what it leaves open."""

    def __init__(self, *headers: Any) -> None:
        self._headers = headers

    def facts(self) -> dict[str, Any]:
        """Return what is told in words."""
        return {
            "title": self.text("TITLE") or self.text("OBJECT"),
            "exposure": self.exposure(),
            "facility": self.text("TELESCOP") or self.text("OBSERVAT"),
            "instrument": self.text("INSTRUME"),
            "target": self.text("OBJECT"),
        }

    def text(self, key: str) -> str:
        """Return the text of a keyword, empty if there is none."""
        found = (header.get(key) for header in self._headers)
        return next((" ".join(value.split()) for value in found if isinstance(value, str) and value.strip()), "")

    def time(self) -> Interval | None:
        """Return when the observation was made."""
        return next((found for header in self._headers if (found := clock.interval(header))), None)

    def exposure(self) -> float | None:
        """Return the exposure time in seconds."""
        return next((found for header in self._headers if (found := clock.exposure(header))), None)

    def position(self) -> Circle | None:
        """Return where data without sky were taken, if it is told in degrees."""
        for ra, dec in (("PLUG_RA", "PLUG_DEC"), ("RA_TARG", "DEC_TARG"), ("RA_OBJ", "DEC_OBJ"), ("RA", "DEC")):
            for header in self._headers:
                found = header.get(ra), header.get(dec)
                if all(isinstance(number, float | int) for number in found) and abs(found[1]) <= 90:
                    return float(found[0]) % 360, float(found[1]), 0.0
        return None


def _kind(layout: Layout, sky: Sky | None) -> str:
    """Tell what an observation is by its axes that are longer than one pixel."""
    long = [axis for axis, length in enumerate(layout.lengths) if length > 1]
    if layout.spectral is not None and (sky is None or long == [layout.spectral]):
        return "spectrum"
    if any(axis not in (layout.plane or long[:2]) for axis in long):
        return "cube"
    return "image"


def _names(layout: Layout) -> tuple[str, ...]:
    known = {
        layout.lon: "lon",
        layout.lat: "lat",
        layout.spectral: "spectral",
        layout.stokes: "stokes",
        layout.clock: "time",
    }
    return tuple(known.get(axis, "") for axis in range(len(layout.lengths)))


def _extremes(values: spectral.Floats | None) -> Interval | None:
    if values is None:
        return None
    known = values[np.isfinite(values)]
    return (float(known.min()), float(known.max())) if known.size else None
