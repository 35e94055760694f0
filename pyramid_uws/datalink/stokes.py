"""States of polarization along an axis of Stokes parameters (FITS 4.0, table 29), in the words of ObsCore."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from .layout import Layout, reference_pixel

_STATES: Mapping[int, str] = MappingProxyType(
    {
        1: "I", 2: "Q", 3: "U", 4: "V", 5: "POLI", 6: "POLI", 7: "POLA",
        -1: "RR", -2: "LL", -3: "RL", -4: "LR", -5: "XX", -6: "YY", -7: "XY", -8: "YX",
    }
)  # fmt: skip


def states(layout: Layout) -> tuple[str, ...]:
    """Return the state of each pixel of the axis, none if there is no such axis."""
    if layout.stokes is None:
        return ()
    number = layout.stokes + 1
    header = layout.data.header
    start, step = (
        header.get(f"CRVAL{number}", 1.0),
        header.get(f"CDELT{number}", header.get(f"CD{number}_{number}", 1)),
    )
    codes = start + step * (np.arange(layout.lengths[layout.stokes]) + 1 - reference_pixel(header, number))
    return tuple(_STATES.get(round(code), "") for code in codes.tolist())
