"""A map of the whole sky with the matched positions on it."""

from typing import Any, BinaryIO

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from .matching import Floats

#: Where the axis of right ascension is marked, in degrees from the middle.
MARKS = np.arange(-150, 180, 30)


def draw(file: BinaryIO, ra: Floats, dec: Floats, separation: Floats, *, radius: float, title: str) -> None:
    """Write a PNG with a point for each position (degrees), coloured by the separation (arcsec).

    The sky is seen from inside: right ascension grows to the left, 0h is in the middle.
    """
    figure = Figure(figsize=(11, 6), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(projection="mollweide")
    order = np.argsort(separation)  # the far ones on top: they are the few that want to be seen
    points = axes.scatter(
        -np.radians((ra[order] + 180.0) % 360.0 - 180.0),
        np.radians(dec[order]),
        c=separation[order],
        s=_size(len(ra)),
        norm=Normalize(0.0, _top(separation, radius)),
        linewidths=0,
    )
    _label(axes)
    axes.set_title(title, pad=18)
    bar = figure.colorbar(points, ax=axes, shrink=0.75, pad=0.03, extend="max")
    bar.set_label("separation / arcsec")
    figure.savefig(file, format="png")


def _label(axes: Any) -> None:
    axes.grid(color="0.5", linewidth=0.5, alpha=0.6)
    halo = [withStroke(linewidth=4, foreground="white")]
    hours = [f"{-mark % 360 // 15}h" for mark in MARKS.tolist()]
    axes.set_xticks(np.radians(MARKS), hours, fontweight="bold", path_effects=halo)


def _size(points: int) -> float:
    """Return the marker's area: large when few, so that one match is seen; small when the sky is full."""
    return float(np.clip(20000 / max(points, 1), 1.0, 30.0))


def _top(separation: Floats, radius: float) -> float:
    """Return the upper end of the colour scale, which a few stray pairs shall not stretch."""
    return float(np.percentile(separation, 95)) or radius if len(separation) else radius
