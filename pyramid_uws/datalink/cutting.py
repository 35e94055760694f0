"""Cutting observations: how large a cut will be, and making it in one of several formats."""

from collections.abc import Callable, Sequence
from typing import BinaryIO

from pyramid_uws.parameters.formats import FITS, MEDIA_TYPES, VOTABLE

from . import as_fits, as_png, as_votable, spectrum_cuts
from .cuts import Cut
from .layout import read_layout
from .observations import Observation
from .planning import Plan, plan_of
from .problems import CannotCut, Unreadable
from .spectra import Spectrum, read_spectrum

PNG = "image/png"

#: How a progress is told: what is done, of 1.
Progress = Callable[[float], None]


def _untold(_done: float) -> None:
    """Tell nobody."""


def estimate(observation: Observation, cut: Cut, history: Sequence[str] = ()) -> int:
    """Return how many bytes a cut has as FITS, without reading pixels; :exc:`NoOverlap` if there is nothing.

    Polygons of many corners are taken to be somewhat larger than they are, since a client waits for the answer.
    """
    return _piece(observation, cut, exact=False).size(history)


def cut(
    observation: Observation,
    cut: Cut,
    file: BinaryIO,
    media_type: str = FITS,
    history: Sequence[str] = (),
    progress: Progress = _untold,
) -> None:
    """Write a cut to a file in which one can go back, in one of :func:`formats`.

    ``history`` are lines that tell where it comes from; they become HISTORY of FITS, notes in other formats.
    """
    kind = media_type.split(";", maxsplit=1)[0].strip()
    kind = MEDIA_TYPES.get(kind, kind)
    if kind not in formats(observation):
        raise CannotCut(
            f"ID={observation.id}: there are no cuts as {media_type}, only {', '.join(formats(observation))}."
        )
    piece = _piece(observation, cut)
    write = {FITS: piece.write_fits, PNG: piece.write_png, VOTABLE: piece.write_votable}[kind]
    write(file, media_type, history, progress)


def formats(observation: Observation) -> tuple[str, ...]:
    """Return the media types that cuts of an observation may have, that of choice first."""
    others = {"image": (PNG,), "cube": (PNG, VOTABLE), "spectrum": (VOTABLE,)}
    return (FITS, *others.get(observation.kind, ()))


def _piece(observation: Observation, cut: Cut, *, exact: bool = True) -> "_Pixels | _Samples":
    layout = read_layout(observation.path)
    if layout is not None:
        return _Pixels(observation, cut, plan_of(observation, layout, cut, exact=exact))
    spectrum = read_spectrum(observation.path)
    if spectrum is not None:
        return _Samples(observation, cut, spectrum)
    raise Unreadable(f"{observation.path.name} has no image, cube or spectrum.")


class _Pixels:
    """A part of the axes of an image, cube or spectrum."""

    def __init__(self, observation: Observation, cut: Cut, plan: Plan) -> None:
        self._observation = observation
        self._plan = plan
        parts = ",".join(
            f"{part.start + 1}:{part.stop}" + (f":{part.step}" if part.step not in (None, 1) else "")
            for part in self._plan.parts
        )
        self._told = f"Cut from {observation.id}[{parts}] by {cut}"

    def size(self, history: Sequence[str]) -> int:
        return as_fits.size(self._plan, [*history, self._told])

    def write_fits(self, file: BinaryIO, _: str, history: Sequence[str], progress: Progress) -> None:
        as_fits.write(self._plan, file, [*history, self._told], progress)

    def write_png(self, file: BinaryIO, _: str, history: Sequence[str], progress: Progress) -> None:
        as_png.write(self._plan, file, history, progress)

    def write_votable(self, file: BinaryIO, media_type: str, history: Sequence[str], progress: Progress) -> None:
        as_votable.write(self._observation, self._plan, file, media_type, history, progress)


class _Samples:
    """Some of the samples of a spectrum that is a table."""

    def __init__(self, observation: Observation, cut: Cut, spectrum: Spectrum) -> None:
        self._observation = observation
        self._spectrum = spectrum
        self._wanted = spectrum_cuts.chosen(observation, spectrum, cut)
        self._told = f"Cut from {observation.id}, {len(self._wanted)} samples, by {cut}"

    def size(self, history: Sequence[str]) -> int:
        return spectrum_cuts.size(self._spectrum, self._wanted, [*history, self._told])

    def write_fits(self, file: BinaryIO, _: str, history: Sequence[str], progress: Progress) -> None:
        spectrum_cuts.write(self._spectrum, file, self._wanted, [*history, self._told])
        progress(1.0)

    def write_png(self, _file: BinaryIO, _: str, _history: Sequence[str], _progress: Progress) -> None:
        raise CannotCut(f"ID={self._observation.id} is no image, so there is no PNG of it.")

    def write_votable(self, file: BinaryIO, media_type: str, history: Sequence[str], progress: Progress) -> None:
        spectrum_cuts.write_votable(self._observation, self._spectrum, file, media_type, self._wanted, history)
        progress(1.0)
