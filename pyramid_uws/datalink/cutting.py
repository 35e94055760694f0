"""Cutting observations: how large a cut will be, and making it in one of several formats."""

from collections.abc import Callable, Sequence
from typing import BinaryIO

import pyramid_uws.tables
from pyramid_uws.parameters.formats import FITS, MEDIA_TYPES, VOTABLE

from . import as_fits, as_png, as_votable
from .cuts import Cut
from .layout import Layout, read_layout
from .observations import Observation
from .planning import Plan, plan_of
from .problems import CannotCut, Unreadable
from .sky import warm_up as _warm_up_sky

PNG = "image/png"

#: How a progress is told: what is done, of 1.
Progress = Callable[[float], None]


def _untold(_done: float) -> None:
    """Tell nobody."""


def estimate(observation: Observation, cut: Cut, history: Sequence[str] = ()) -> int:
    """Return how many bytes a cut has as FITS, without reading pixels; :exc:`NoOverlap` if there is nothing."""
    plan = _plan(observation, cut)
    return as_fits.size(plan, [*history, *_told(observation, plan, cut)])


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
    plan = _plan(observation, cut)
    if kind == FITS:
        as_fits.write(plan, file, [*history, *_told(observation, plan, cut)], progress)
    elif kind == PNG:
        as_png.write(plan, file, history, progress)
    elif kind == VOTABLE:
        as_votable.write(observation, plan, file, media_type, history, progress)
    else:
        raise CannotCut(
            f"ID={observation.id}: there are no cuts as {media_type}, only {', '.join(formats(observation))}."
        )


def formats(observation: Observation) -> tuple[str, ...]:
    """Return the media types that cuts of an observation may have, that of choice first."""
    others = {"image": (PNG,), "cube": (PNG, VOTABLE), "spectrum": (VOTABLE,)}
    return (FITS, *others.get(observation.kind, ()))


def warm_up() -> None:
    """Do once what is slow the first time."""
    pyramid_uws.tables.warm_up()
    _warm_up_sky()


def _layout(observation: Observation) -> Layout:
    layout = read_layout(observation.path)
    if layout is None:
        raise Unreadable(f"{observation.path.name} has no image, cube or spectrum.")
    return layout


def _plan(observation: Observation, cut: Cut) -> Plan:
    return plan_of(observation, _layout(observation), cut)


def _told(observation: Observation, plan: Plan, cut: Cut) -> list[str]:
    """Return lines that tell which pixels of which observation a cut has, as FITS counts them."""
    parts = ",".join(
        f"{part.start + 1}:{part.stop}" + (f":{part.step}" if part.step not in (None, 1) else "")
        for part in plan.parts
    )
    return [f"Cut from {observation.id}[{parts}] by {cut}"]
