"""The sky of an image: between its pixels and ICRS, and how much of the sky it covers."""

from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from astropy.coordinates import (
    ICRS,
    BarycentricMeanEcliptic,
    CartesianRepresentation,
    Galactic,
    SkyCoord,
    Supergalactic,
)
from astropy.time import Time
from astropy.wcs import WCS, WCSSUB_CELESTIAL, InvalidSubimageSpecificationError
from astropy.wcs.utils import proj_plane_pixel_scales, wcs_to_celestial_frame

from .layout import Layout
from .sphere import Booleans, Floats, degrees, normalised, separations, vectors

#: So many points of each side of an image are looked at to learn what it covers.
_POINTS = 33

#: Systems of coordinates that are always the same, by what CTYPE begins with.
_SYSTEMS = MappingProxyType({"GLON": Galactic, "SLON": Supergalactic})


class Sky:
    """Positions on the sky for pixels of an image; they are counted from 0, which is the centre of the first."""

    def __init__(self, wcs: WCS, frame: Any, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._wcs = wcs
        self._frame = frame
        self._turn = _rotation(frame)

    def positions(self, x: Any, y: Any) -> Floats:
        """Return the unit vectors (ICRS) of places in the image, NaN where it has no sky."""
        x, y = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(y, dtype=float))
        world = self._wcs.all_pix2world(np.stack([x.ravel(), y.ravel()], axis=-1), 0)
        found = vectors(world[:, self._wcs.wcs.lng], world[:, self._wcs.wcs.lat])
        return self._to_icrs(found).reshape(*x.shape, 3)

    def pixels(self, positions: Floats) -> tuple[Floats, Floats]:
        """Return the places of unit vectors in the image, NaN where there is none."""
        lon, lat = degrees(self._from_icrs(positions))
        world = np.empty((len(lon), 2))
        world[:, self._wcs.wcs.lng], world[:, self._wcs.wcs.lat] = lon, lat
        found = np.full(world.shape, np.nan)
        known = np.isfinite(world).all(axis=1)
        if known.any():
            found[known] = self._wcs.all_world2pix(world[known], 0, quiet=True)
        return found[:, 0], found[:, 1]

    @cached_property
    def border(self) -> Floats:
        """Positions along the border of the image, corner to corner."""
        right, top = self.width - 0.5, self.height - 0.5
        way = np.linspace(0, 1, _POINTS)[:-1]
        x = np.concatenate([way * self.width - 0.5, 0 * way + right, right - way * self.width, 0 * way - 0.5])
        y = np.concatenate([0 * way - 0.5, way * self.height - 0.5, 0 * way + top, top - way * self.height])
        return self.positions(x, y)

    @cached_property
    def centre(self) -> Floats:
        """The position in the middle; an image that has no sky there is given another one."""
        middle = self.positions((self.width - 1) / 2, (self.height - 1) / 2)
        if np.isfinite(middle).all():
            return middle
        known = self.grid[np.isfinite(self.grid).all(axis=-1)]
        return normalised(known.mean(axis=0)) if len(known) else middle

    @cached_property
    def grid(self) -> Floats:
        """Positions spread over all of the image."""
        x, y = (np.linspace(0, size - 1, min(size, _POINTS)) for size in (self.width, self.height))
        return self.positions(x[np.newaxis, :], y[:, np.newaxis]).reshape(-1, 3)

    @cached_property
    def radius(self) -> float:
        """How far the image reaches from its centre, in radians: all around if part of it has no sky."""
        ways = separations(np.concatenate([self.border, self.grid]), self.centre)
        return (
            float(ways.max() * (1 + 1e-9)) if np.isfinite(ways).all() and ways.max() < np.pi / 2 else float(np.pi)
        )

    @cached_property
    def scale(self) -> float:
        """The shorter side of a pixel, in radians."""
        return float(np.radians(np.min(proj_plane_pixel_scales(self._wcs))))

    @property
    def footprint(self) -> tuple[tuple[float, float], ...] | None:
        """The corners of the image (ICRS, degrees), None if they are not all on the sky or too far apart.

        They are in the order that DALI wants: counter-clockwise as seen from the middle of the sphere.
        """
        if not np.isfinite(self.border).all() or self.radius > np.radians(80):
            return None
        side = _POINTS - 1
        corners = self.border[:: side if self.radius < np.radians(5) else side // 8]
        turn = np.cross(corners[0], corners[len(corners) // 4]) @ corners[len(corners) // 2]
        lon, lat = degrees(corners if turn < 0 else corners[::-1])
        return tuple(zip(lon.tolist(), lat.tolist(), strict=True))

    @property
    def circle(self) -> tuple[float, float, float] | None:
        """A circle that covers the image: right ascension, declination and radius in degrees."""
        if not np.isfinite(self.centre).all():
            return None
        lon, lat = degrees(self.centre)
        return float(lon), float(lat), float(np.degrees(self.radius))

    def has(self, x: Floats, y: Floats) -> Booleans:
        """Tell which places are in the image."""
        with np.errstate(invalid="ignore"):
            return (x >= -0.5) & (x < self.width - 0.5) & (y >= -0.5) & (y < self.height - 0.5)

    def _to_icrs(self, positions: Floats) -> Floats:
        if self._turn is not None:
            return np.asarray(positions @ self._turn)
        return _moved(positions, self._frame, ICRS())

    def _from_icrs(self, positions: Floats) -> Floats:
        if self._turn is not None:
            return np.asarray(positions @ self._turn.T)
        return _moved(positions, ICRS(), self._frame)


@lru_cache(maxsize=64)
def sky_of(layout: Layout) -> Sky | None:
    """Return the sky of an image or cube; None if its axes are missing, mixed with others, or unknown."""
    if layout.plane is None:
        return None
    try:
        wcs = layout.wcs.sub([WCSSUB_CELESTIAL])
        frame = _frame(wcs)
    except (InvalidSubimageSpecificationError, ValueError):
        return None
    if frame is None:
        return None
    width, height = (layout.lengths[axis] for axis in layout.plane)
    sky = Sky(wcs, frame, width, height)
    return sky if np.isfinite(sky.centre).all() else None


def _frame(wcs: WCS) -> Any:
    """Return the system of an image; RADESYS is found beside galactic ones, too, where it means nothing."""
    kind = str(wcs.wcs.ctype[wcs.wcs.lng])[:4]
    if kind in _SYSTEMS:
        return _SYSTEMS[kind]()
    if kind == "ELON" and "FK4" not in str(wcs.wcs.radesys):
        equinox = wcs.wcs.equinox
        return BarycentricMeanEcliptic(equinox=Time(equinox if np.isfinite(equinox) else 2000.0, format="jyear"))
    return wcs_to_celestial_frame(wcs) if kind == "RA--" else None


def _rotation(frame: Any) -> Floats | None:
    """Return the matrix that turns a frame into ICRS; None if it is not just a rotation, as FK4 is not."""
    if isinstance(frame, ICRS):
        return np.eye(3)
    turn = _moved(np.eye(3), frame, ICRS())
    return turn if np.allclose(turn @ turn.T, np.eye(3), atol=1e-12, rtol=0) else None


def _moved(positions: Floats, here: Any, there: Any) -> Floats:
    flat = positions.reshape(-1, 3)
    known = np.isfinite(flat).all(axis=1)
    moved = np.full(flat.shape, np.nan)
    if known.any():
        lon, lat = degrees(flat[known])
        found = SkyCoord(lon, lat, unit="deg", frame=here).transform_to(there)
        moved[known] = found.represent_as(CartesianRepresentation).xyz.value.T
    return moved.reshape(positions.shape)
