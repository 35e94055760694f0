"""What a cut of an observation is made of, which formats it may have, and how large it will be.

Light beside :mod:`.cutting`, since links and limits take it in the web process; nothing is written here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pyramid_uws.parameters.formats import FITS, VOTABLE

from . import as_fits, spectrum_cuts
from .cuts import Cut
from .layout import read_layout
from .observations import Observation
from .planning import Plan, plan_of
from .problems import Unreadable
from .spectra import Spectrum, read_spectrum

PNG = "image/png"


def estimate(observation: Observation, cut: Cut, history: Sequence[str] = ()) -> int:
    """Return how many bytes a cut has as FITS, without reading pixels; :exc:`NoOverlap` if there is nothing.

    Polygons of many corners are taken to be somewhat larger than they are, since a client waits for the answer.
    """
    return piece_of(observation, cut, exact=False).size(history)


def formats(observation: Observation) -> tuple[str, ...]:
    """Return the media types that cuts of an observation may have, that of choice first."""
    others = {"image": (PNG,), "cube": (PNG, VOTABLE), "spectrum": (VOTABLE,)}
    return (FITS, *others.get(observation.kind, ()))


@dataclass(frozen=True)
class Pixels:
    """A part of the axes of an image, cube or spectrum."""

    observation: Observation
    cut: Cut
    plan: Plan

    def size(self, history: Sequence[str]) -> int:
        """Return how many bytes it has as FITS."""
        return as_fits.size(self.plan, [*history, self.told])

    @property
    def told(self) -> str:
        """A line that tells where it comes from."""
        parts = ",".join(
            f"{part.start + 1}:{part.stop}" + (f":{part.step}" if part.step not in (None, 1) else "")
            for part in self.plan.parts
        )
        return f"Cut from {self.observation.id}[{parts}] by {self.cut}"


@dataclass(frozen=True)
class Samples:
    """Some of the samples of a spectrum that is a table."""

    observation: Observation
    cut: Cut
    spectrum: Spectrum
    wanted: NDArray[np.intp]

    def size(self, history: Sequence[str]) -> int:
        """Return how many bytes it has as FITS."""
        return spectrum_cuts.size(self.spectrum, self.wanted, [*history, self.told])

    @property
    def told(self) -> str:
        """A line that tells where it comes from."""
        return f"Cut from {self.observation.id}, {len(self.wanted)} samples, by {self.cut}"


def piece_of(observation: Observation, cut: Cut, *, exact: bool = True) -> Pixels | Samples:
    """Return what a cut is made of; :exc:`Unreadable` if it cannot be made from the file of the observation."""
    layout = read_layout(observation.path)
    if layout is not None:
        return Pixels(observation, cut, plan_of(observation, layout, cut, exact=exact))
    spectrum = read_spectrum(observation.path)
    if spectrum is not None:
        return Samples(observation, cut, spectrum, spectrum_cuts.chosen(observation, spectrum, cut))
    raise Unreadable(f"{observation.path.name} has no image, cube or spectrum.")
