"""Cutting observations: making a cut in one of several formats."""

from collections.abc import Callable, Sequence
from typing import BinaryIO

from pyramid_uws.parameters.formats import FITS, MEDIA_TYPES

from . import as_fits, as_png, as_votable, spectrum_cuts
from .cuts import Cut
from .estimating import PNG, Pixels, Samples, formats, piece_of
from .observations import Observation
from .problems import CannotCut

#: How a progress is told: what is done, of 1.
Progress = Callable[[float], None]


def _untold(_done: float) -> None:
    """Tell nobody."""


def cut(
    observation: Observation,
    cut: Cut,
    file: BinaryIO,
    media_type: str = FITS,
    history: Sequence[str] = (),
    progress: Progress = _untold,
) -> None:
    """Write a cut to a file in which one can go back, in one of :func:`~.estimating.formats`.

    ``history`` are lines that tell where it comes from; they become HISTORY of FITS, notes in other formats.
    """
    kind = media_type.split(";", maxsplit=1)[0].strip()
    kind = MEDIA_TYPES.get(kind, kind)
    if kind not in formats(observation):
        raise CannotCut(
            f"ID={observation.id}: there are no cuts as {media_type}, only {', '.join(formats(observation))}."
        )
    piece = piece_of(observation, cut)
    if isinstance(piece, Pixels):
        _write_pixels(piece, file, kind, media_type, history, progress)
    else:
        _write_samples(piece, file, kind, media_type, history)
        progress(1.0)


def _write_pixels(
    piece: Pixels, file: BinaryIO, kind: str, media_type: str, history: Sequence[str], progress: Progress
) -> None:
    if kind == FITS:
        as_fits.write(piece.plan, file, [*history, piece.told], progress)
    elif kind == PNG:
        as_png.write(piece.plan, file, history, progress)
    else:
        as_votable.write(piece.observation, piece.plan, file, media_type, history, progress)


def _write_samples(piece: Samples, file: BinaryIO, kind: str, media_type: str, history: Sequence[str]) -> None:
    if kind == FITS:
        spectrum_cuts.write(piece.spectrum, file, piece.wanted, [*history, piece.told])
    elif kind == PNG:
        raise CannotCut(f"ID={piece.observation.id} is no image, so there is no PNG of it.")
    else:
        as_votable.write_samples(piece.observation, piece.spectrum, file, media_type, piece.wanted, history)
