"""Values of pixels as grey and opacity, with an asinh stretch."""

import numpy as np
from numpy.typing import NDArray

#: Black and white are these percentiles, and this is how many times brighter than black's surroundings white is.
_DARKEST, _BRIGHTEST = 0.5, 99.7
_STEEP = 10.0


def limits(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the values that are to be black and white; those that are not finite do not count."""
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 0.0
    dark, bright = np.percentile(known, (_DARKEST, _BRIGHTEST))
    return float(dark), float(bright)


def stretched(values: NDArray[np.float64], dark: float, bright: float) -> NDArray[np.uint8]:
    """Return grey and opacity of pixels; what is not finite is transparent."""
    known = np.isfinite(values)
    part = np.clip((np.where(known, values, dark) - dark) / ((bright - dark) or 1.0), 0.0, 1.0)
    grey = np.arcsinh(part * _STEEP) / np.arcsinh(_STEEP)
    return np.stack([np.round(grey * 255), known * 255], axis=-1).astype(np.uint8)
