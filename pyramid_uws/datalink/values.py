"""Pixels of a cut as numbers that mean something: scaled, and NaN where there are none."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from .blanks import Piece, blank_of
from .layout import Extension
from .pixels import pieces
from .planning import Plan


def scaled(plan: Plan, extension: Extension) -> Iterator[tuple[Piece, NDArray[np.float64]]]:
    """Yield the pieces of a cut, and their pixels in the unit that BUNIT tells."""
    blank = blank_of(plan, extension)
    has_blanks = extension.is_integer and (plan.blanks or "BLANK" in extension.header)
    for piece in pieces(plan, extension):
        values = _scale(extension.header, piece.pixels)
        if has_blanks:
            values[piece.pixels == blank] = np.nan
        yield piece, values


def _scale(header: fits.Header, pixels: NDArray[Any]) -> NDArray[np.float64]:
    return pixels.astype(np.float64) * float(header.get("BSCALE", 1.0)) + float(header.get("BZERO", 0.0))
