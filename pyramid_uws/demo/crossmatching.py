"""The work of the crossmatch service, step by step. Heavy to import; see :mod:`.crossmatch`."""

import json
from collections.abc import Iterator

import numpy as np

from pyramid_uws import tables
from pyramid_uws.exceptions import CoreError

from . import skymap
from .catalogues import load
from .job import Job
from .matching import ARCSEC_PER_DEGREE, Band, Indices, match_in_bands, within_circle
from .outcome import Outcome, Side
from .own import read_own
from .sources import SOURCES

#: How much of the work is done when the catalogues are read, the pairs found, the table written.
READ, MATCHED, WRITTEN = 0.1, 0.5, 0.8


def run(job: Job) -> None:
    """Match as the job's parameters ask, and add the results."""
    asked = job.parameters
    job.progress(0.0, "reading the catalogues")
    left, right = (_side(job, which) for which in ("LEFT", "RIGHT"))
    outcome = Outcome.of({**asked, "LEFT": left.name}, left, right, list(_match(job, left, right)))
    for note in outcome.notes:
        job.log(note)

    job.progress(MATCHED, f"writing the table of {len(outcome.pairs)} pairs")
    written = job.add_table("matches", outcome.table())
    job.add_result("summary", "application/json", json.dumps(outcome.summary(written), indent=2) + "\n")
    job.progress(WRITTEN, "drawing the map")
    _draw(job, outcome)
    job.progress(1.0, f"{len(outcome.pairs)} pairs for {outcome.stars} objects of {left.name}")


def _side(job: Job, which: str) -> Side:
    """Return one of the two catalogues, or the table that was sent in its place."""
    if which in job.uploads:
        catalogue = read_own(job.uploads[which], job.parameters["LEFT_RA"], job.parameters["LEFT_DEC"])
        return Side(catalogue, catalogue.placed(None))
    return Side.of(job.parameters[which], job.parameters["EPOCH"])


def _match(job: Job, left: Side, right: Side) -> Iterator[Band]:
    points, chosen = left.placed.points, _chosen(job, left)
    radius = job.parameters["RADIUS"] / ARCSEC_PER_DEGREE
    for band in match_in_bands(points[chosen], right.placed.points, radius):
        text = f"declination {band.low} to {band.high}: {len(band.pairs)} pairs of {band.lefts} objects"
        job.progress(READ + (MATCHED - READ) * (band.high + 90) / 180, text)
        job.log(text)
        yield band.relating(chosen)


def _chosen(job: Job, left: Side) -> Indices:
    """Return which objects are to be matched."""
    points, circle, mag = left.placed.points, job.parameters["CIRCLE"], job.parameters["MAG"]
    is_chosen = within_circle(points, circle) if circle else np.ones(len(points), bool)
    if mag:
        if left.catalogue.magnitude is None:
            raise CoreError(f"MAG cannot choose among the objects of {left.name}: it has no magnitudes.")
        is_chosen &= mag.test(left.catalogue.magnitude)
    return np.flatnonzero(is_chosen)


def _draw(job: Job, outcome: Outcome) -> None:
    left, right, pairs = outcome.left, outcome.right, outcome.pairs
    radius = job.parameters["RADIUS"]
    title = f"{left.name} and {right.name}: {len(pairs):,} pairs within {radius:g} arcsec"
    ra, dec = left.placed.ra[pairs.left], left.placed.dec[pairs.left]
    with job.open_result("sky", "image/png") as file:
        skymap.draw(file, ra, dec, pairs.separation, radius=radius, title=title)


def warm_up() -> None:
    """Read all catalogues, so that the processes forked from this one have them."""
    tables.warm_up()
    for name in SOURCES:
        load(name)
