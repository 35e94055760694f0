"""Pieces of large observations: how long they take, and how much memory, under a limit of a tenth of the file."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from .bench import Bench
from .samples import Figure, Sample, compare, median_of
from .servers import SCRIPTS

#: Columns, rows and planes of the cube: 4 GB of floats, which take no room on the disk as they are never written.
CUBE = (500, 400, 5000)
SIDE = 10_000
PIXEL = 1 / 18_000

#: What a cutting process may have beside what it has at the start (bytes).
LIMIT = 300 * 1024 * 1024
CUTS = 3


@dataclass(frozen=True)
class Case:
    """A cut, in the words of SODA, and the same as slices in the order of numpy."""

    name: str
    path: Path
    filters: dict[str, Any]
    slices: tuple[tuple[int, int], ...]


def measure_cutouts(bench: Bench) -> None:
    """Cut pieces out of a cube of 4 GB and of a compressed image; the yardstick is astropy by hand, unlimited."""
    folder = bench.new_folder("cutouts")
    cube, packed = _cube(folder / "cube.fits"), _packed(folder / "packed.fits.fz")
    cases = [
        Case("21 x 21 pixels, all 5,000 planes of 4 GB", cube, _around(21), ((0, 5000), (189, 210), (239, 260))),
        Case("100 planes of 4 GB", cube, {"band": [5.000001e-7, 5.099999e-7]}, ((200, 300), (0, 400), (0, 500))),
        Case("400 x 400 of a compressed image", packed, _around(400), ((4799, 5199), (4799, 5199))),
    ]
    for case in cases:
        memory: dict[str, float] = {}

        def ours(case: Case = case, memory: dict[str, float] = memory) -> Sample:
            return _sample(case, memory, by_hand=False)

        def yardstick(case: Case = case) -> Sample:
            return _sample(case, {}, by_hand=True)

        sample, reference, ratio = compare(ours, yardstick, min(bench.options.rounds, 3), median_of)
        figure = Figure.of("cutouts", case.name, sample, **memory)
        figure.ratio, figure.against = ratio, f"astropy by hand ({reference.p50 * 1000:.0f} ms)"
        bench.add(figure)


def _around(side: int) -> dict[str, Any]:
    """Return the filter for a square of pixels around the middle."""
    half = (side - 0.5) / 2 * PIXEL
    return {"shape": ["range", [(-half) % 360, half, -half, half]]}


def _sample(case: Case, memory: dict[str, float], *, by_hand: bool) -> Sample:
    """Make some cuts in a process of its own."""
    task = {
        "path": str(case.path),
        "slices": case.slices,
        "cuts": CUTS,
        "by_hand": by_hand,
        "limit": LIMIT,
        "out": str(case.path.with_suffix(".out")),
        **case.filters,
    }
    command = [sys.executable, "-m", "benchmarks.cutter", json.dumps(task)]
    done = subprocess.run(command, cwd=SCRIPTS, stdout=subprocess.PIPE, text=True, check=True)
    told = json.loads(done.stdout)
    memory.update(told["memory"])
    return Sample(told["seconds"], sum(told["seconds"]))


def _sky(hdu: Any, width: int, height: int) -> None:
    hdu.header.update(CTYPE1="RA---TAN", CTYPE2="DEC--TAN", CRVAL1=0.0, CRVAL2=0.0, CDELT1=-PIXEL, CDELT2=PIXEL)
    hdu.header.update(CRPIX1=width / 2, CRPIX2=height / 2, RADESYS="ICRS")


def _cube(path: Path) -> Path:
    """Make a cube of nothing, 1 Angstrom a plane from 480 nm on."""
    hdu = fits.PrimaryHDU(np.zeros((2, 2, 2), dtype=np.float32))
    _sky(hdu, *CUBE[:2])
    hdu.header.update(CTYPE3="WAVE", CUNIT3="Angstrom", CRVAL3=4800.5, CDELT3=1.0, CRPIX3=1.0)
    for number, length in enumerate(CUBE, start=1):
        hdu.header[f"NAXIS{number}"] = length
    head = hdu.header.tostring().encode()
    size = int(np.prod(CUBE)) * 4
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + -(-size // 2880) * 2880)
    return path


def _packed(path: Path) -> Path:
    """Make an image of noise in compressed tiles, all rows of tiles alike."""
    rows = np.random.default_rng(1).poisson(100, (500, SIDE)).astype(np.int16)
    hdu = fits.CompImageHDU(np.tile(rows, (SIDE // 500, 1)), tile_shape=(100, 500))
    _sky(hdu, SIDE, SIDE)
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path)
    return path
