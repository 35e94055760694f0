"""Doing once what is slow the first time, in a process that others are forked from: a cut of each kind."""

import io
import tempfile
from pathlib import Path

import numpy as np
from astropy.io import fits

from .cuts import Cut
from .cutting import cut
from .estimating import estimate, formats
from .observations import read_observation

_CARDS = {
    "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CTYPE3": "AWAV",
    "CUNIT1": "deg", "CUNIT2": "deg", "CUNIT3": "Angstrom",
    "CRVAL1": 0.0, "CRVAL2": 0.0, "CRVAL3": 5000.0,
    "CRPIX1": 2.0, "CRPIX2": 2.0, "CRPIX3": 1.0,
    "RADESYS": "FK5", "EQUINOX": 2000.0, "BUNIT": "10**-20 Angstrom-1 cm-2 erg s-1", "DATE-OBS": "2000-01-01",
}  # fmt: skip


def warm_up() -> None:
    """Cut a small cube in all formats."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "cube.fits")
        cube = fits.PrimaryHDU(np.zeros((3, 3, 3), dtype=np.float32))
        cube.header.update(_CARDS)
        cube.writeto(path)
        observation = read_observation(path.name, path)
        wanted = Cut(shape=("circle", (0.0, 0.0, 0.0)), band=(5.0e-7, 5.1e-7))
        estimate(observation, wanted)
        for media_type in formats(observation):
            cut(observation, wanted, io.BytesIO(), media_type, ["warming up"])
