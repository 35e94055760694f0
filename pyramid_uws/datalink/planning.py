"""What a cut means for a file: parts of its axes, and which pixels within them."""

from dataclasses import dataclass
from itertools import pairwise
from math import prod

import numpy as np

from . import clock, spectral, stokes
from .cuts import Cut
from .layout import Extension, Layout
from .observations import Observation
from .problems import NoOverlap
from .regions import Region, region_of
from .sky import sky_of
from .sphere import separations, shape_of, vectors


@dataclass(frozen=True, eq=False)
class Plan:
    """The part of each axis, in FITS order, the pixels of the sky (None: all), and states that are not wanted.

    Those lie between the ones that are, and cannot be left out of an axis with one step.
    """

    layout: Layout
    parts: tuple[slice, ...]
    region: Region | None = None
    unwanted: frozenset[int] = frozenset()

    @property
    def lengths(self) -> tuple[int, ...]:
        """The lengths of the axes of the cut."""
        return tuple(len(range(part.start, part.stop, part.step or 1)) for part in self.parts)

    @property
    def blanks(self) -> bool:
        """Whether pixels may have to be blanked."""
        return self.region is not None or bool(self.unwanted)

    def bitpix(self, extension: Extension) -> int:
        """Return how pixels of an HDU are stored: integers that lack a number for blanks get wider ones."""
        if self.blanks and extension.is_integer and "BLANK" not in extension.header:
            return min(extension.bitpix * 2, 64)
        return extension.bitpix

    def bytes_of(self, extension: Extension) -> int:
        """Return how many bytes the pixels of an HDU will be."""
        return prod(self.lengths) * abs(self.bitpix(extension)) // 8


def plan_of(observation: Observation, layout: Layout, cut: Cut, *, exact: bool = True) -> Plan:
    """Return what is to be cut out of an observation; :exc:`NoOverlap` if that is nothing.

    Unless it has to be exact, it is known soon also for complicated shapes, and may be somewhat too much.
    """
    parts = {axis: slice(0, length) for axis, length in enumerate(layout.lengths)}
    region = _region(observation, layout, cut, exact=exact)
    if region is not None:
        assert layout.plane is not None
        columns, rows = layout.plane
        parts[columns] = slice(region.box.left, region.box.right)
        parts[rows] = slice(region.box.bottom, region.box.top)
    parts |= _band(observation, layout, cut) | _time(observation, layout, cut)
    unwanted: frozenset[int] = frozenset()
    if cut.pol and layout.stokes is not None:
        parts[layout.stokes], unwanted = _pol(observation, layout, cut)
    elif cut.pol and observation.pol and not set(cut.pol) & set(observation.pol):
        raise nothing(observation, "POL", cut)
    return Plan(layout, tuple(parts[axis] for axis in range(len(parts))), region, unwanted)


def check_limits(observation: Observation, cut: Cut) -> None:
    """Raise :exc:`NoOverlap` if a filter excludes the whole observation, by what is known of it."""
    for name, wanted, known in (("BAND", cut.band, observation.band), ("TIME", cut.time, observation.time)):
        if wanted and known and not (wanted[0] <= known[1] and known[0] <= wanted[1]):
            raise nothing(observation, name, cut)
    if cut.shape and observation.circle and not _may_hold(observation.circle, cut):
        raise nothing(observation, "POS", cut)


def _may_hold(circle: tuple[float, float, float], cut: Cut) -> bool:
    """Tell whether a shape comes as near to a position as the circle around it is large."""
    assert cut.shape is not None
    shape = shape_of(cut.shape)
    position = vectors(*circle[:2])
    if shape.holds(position[np.newaxis])[0]:
        return True
    nearest = separations(shape.outline(np.linspace(0, 1, 4096)), position).min()
    return bool(nearest <= np.radians(circle[2]))


def _region(observation: Observation, layout: Layout, cut: Cut, *, exact: bool) -> Region | None:
    if cut.shape is None:
        return None
    sky = sky_of(layout)
    if sky is None:
        check_limits(observation, Cut(shape=cut.shape))
        return None
    region = region_of(sky, shape_of(cut.shape), exact=exact)
    if region is None:
        raise nothing(observation, "POS", cut)
    return region


def _band(observation: Observation, layout: Layout, cut: Cut) -> dict[int, slice]:
    axis, edges = layout.spectral, spectral.edges(layout) if cut.band else None
    if cut.band is None or axis is None or edges is None:
        check_limits(observation, Cut(band=cut.band))
        return {}
    part = spectral.within(edges, cut.band)
    if part is None:
        raise nothing(observation, "BAND", cut)
    return {axis: part}


def _time(observation: Observation, layout: Layout, cut: Cut) -> dict[int, slice]:
    axis, edges = layout.clock, clock.edges(layout) if cut.time else None
    if cut.time is None or axis is None or edges is None:
        check_limits(observation, Cut(time=cut.time))
        return {}
    part = spectral.within(edges, cut.time)
    if part is None:
        raise nothing(observation, "TIME", cut)
    return {axis: part}


def _pol(observation: Observation, layout: Layout, cut: Cut) -> tuple[slice, frozenset[int]]:
    """Return the part of the axis with the states that are wanted, and those within that are not."""
    wanted = [number for number, state in enumerate(stokes.states(layout)) if state in cut.pol]
    if not wanted:
        raise nothing(observation, "POL", cut)
    steps = {after - before for before, after in pairwise(wanted)} or {1}
    if len(steps) == 1:
        return slice(wanted[0], wanted[-1] + 1, steps.pop()), frozenset()
    part = slice(wanted[0], wanted[-1] + 1)
    return part, frozenset(range(part.start, part.stop)) - frozenset(wanted)


def nothing(observation: Observation, name: str, cut: Cut) -> NoOverlap:
    """Return the error that a filter leaves nothing of an observation."""
    asked = next(part for part in str(cut).split(", ") if part.startswith(f"{name}="))
    known = {"BAND": observation.band, "TIME": observation.time, "POL": observation.pol, "POS": observation.circle}
    limits = known[name]
    what = {"POS": "circle ", "POL": "states "}.get(name, "from ")
    has = f"; it has {what}{' '.join(map(str, limits))}" if limits else ""
    return NoOverlap(f"ID={observation.id}: nothing of it is within {asked}{has}.")
