"""SODA while the client waits, over real HTTP (SODA 1.0, sections 2.1, 3 and 5)."""

import gc
import io

import numpy as np
import pytest
from astropy import units
from astropy.io import fits
from astropy.wcs import WCS
from pyvo.dal.adhoc import DatalinkResults, SodaQuery

from tests.support.http import http, parse, xpath

M13 = "m13.fits"
CUBE = "muse_udf_subcube.fits"
SPECTRUM = "sdss_J220248.31+123656.3.fits"
HERE, NOWHERE = "250.4226 36.4602 0.01", "10 10 0.1"


@pytest.fixture(scope="module")
def soda(observations):
    return f"{observations.url}/observations/soda"


def opened(answer):
    assert answer.status_code == 200, answer.text
    return fits.open(io.BytesIO(answer.content))[0]


@pytest.mark.spec("S-03", "S-14")
def test_a_circle_is_cut_out(soda):
    answer = http.get(soda, params={"ID": M13, "CIRCLE": HERE})

    assert answer.headers["Content-Type"] == "application/fits"
    hdu = opened(answer)
    assert 60 < hdu.header["NAXIS1"] < 80
    middle = WCS(hdu.header).world_to_pixel_values(250.4226, 36.4602)
    assert np.hypot(middle[0] - hdu.header["NAXIS1"] / 2, middle[1] - hdu.header["NAXIS2"] / 2) < 2


@pytest.mark.spec("S-03")
def test_get_and_post_give_the_same(soda):
    wish = {"ID": M13, "CIRCLE": HERE}

    got, posted = opened(http.get(soda, params=wish)), opened(http.post(soda, data=wish))

    assert np.array_equal(got.data, posted.data, equal_nan=True)


@pytest.mark.spec("S-07", "S-08")
@pytest.mark.parametrize(
    "wish",
    [
        {"POS": f"CIRCLE {HERE}"},
        {"POS": f"circle {HERE}"},
        {"CIRCLE": HERE},
    ],
)
def test_a_circle_means_the_same_whichever_way_it_is_said(soda, wish):
    hdu = opened(http.get(soda, params={"ID": M13, "CIRCLE": HERE}))

    assert np.array_equal(opened(http.get(soda, params={"ID": M13, **wish})).data, hdu.data, equal_nan=True)


@pytest.mark.spec("S-07", "S-08", "S-12")
@pytest.mark.parametrize(
    "wish",
    [
        {"POS": "RANGE 250.41 250.43 36.45 36.47"},
        {"POS": "RANGE -Inf 250.43 36.45 +Inf"},
        {"POS": "POLYGON 250.41 36.45 250.43 36.45 250.42 36.47"},
        {"POLYGON": "250.41 36.45 250.43 36.45 250.42 36.47"},
        {"CIRCLE": "250.4226 36.4602 90"},
    ],
)
def test_regions_of_all_kinds_are_cut_out_and_reduced_to_the_data(soda, wish):
    hdu = opened(http.get(soda, params={"ID": M13, **wish}))

    assert 0 < hdu.header["NAXIS1"] <= 300
    assert 0 < hdu.header["NAXIS2"] <= 300


@pytest.mark.spec("S-09", "S-12")
@pytest.mark.parametrize(
    ("band", "planes"), [("4.9e-7 5.0e-7", 80), ("-Inf 4.8e-7", 40), ("5.1e-7 +Inf", 20), ("4.9e-7 4.9e-7", 1)]
)
def test_wavelengths_are_cut_out_open_ends_and_single_ones_too(soda, band, planes):
    hdu = opened(http.get(soda, params={"ID": CUBE, "BAND": band}))

    assert hdu.header["NAXIS3"] == pytest.approx(planes, abs=3 if planes > 1 else 0)


@pytest.mark.spec("S-09")
def test_a_band_of_a_spectrum(soda):
    assert http.get(soda, params={"ID": SPECTRUM, "BAND": "5e-7 6e-7"}).status_code == 200


@pytest.mark.spec("S-10")
def test_times_beside_those_of_the_data_leave_nothing(soda):
    assert http.get(soda, params={"ID": SPECTRUM, "TIME": "10 20"}).status_code == 204
    assert http.get(soda, params={"ID": SPECTRUM, "TIME": "-Inf +Inf"}).status_code == 200


@pytest.mark.spec("S-13")
@pytest.mark.parametrize("wish", [{"CIRCLE": NOWHERE}, {"BAND": "1 2"}])
def test_where_there_is_nothing_the_answer_is_empty(soda, wish):
    answer = http.get(soda, params={"ID": CUBE, **wish})

    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.spec("S-04", "S-05")
def test_states_of_polarization_are_one_filter(soda):
    assert http.get(soda, params={"ID": M13, "POL": ["I", "Q"], "CIRCLE": HERE}).status_code == 200


@pytest.mark.spec("S-04", "S-15", "S-16")
@pytest.mark.parametrize(
    "wish",
    [
        {"ID": [M13, CUBE]},
        {"ID": M13, "CIRCLE": [HERE, NOWHERE]},
        {"ID": M13, "CIRCLE": HERE, "POS": f"CIRCLE {NOWHERE}"},
        {"ID": CUBE, "BAND": ["4e-7 5e-7", "5e-7 6e-7"]},
        {"ID": M13, "RESPONSEFORMAT": ["png", "fits"]},
    ],
)
def test_several_products_are_refused_with_the_way_to_them(soda, observations, wish):
    answer = http.get(soda, params=wish)

    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.text.startswith("MultiValuedParamNotSupported: ")
    if "RESPONSEFORMAT" not in wish:
        assert f"{observations.url}/observations/dlasync" in answer.text


@pytest.mark.spec("S-06", "S-15", "S-16")
@pytest.mark.parametrize(
    ("wish", "status", "told"),
    [
        ({}, 400, "UsageError: ID"),
        ({"ID": ""}, 400, "UsageError: ID"),
        ({"CIRCLE": HERE}, 400, "UsageError: ID"),
        ({"ID": M13, "CIRCLE": "1"}, 400, "UsageError: CIRCLE='1'"),
        ({"ID": M13, "CIRCLE": "1 2 -3"}, 400, "UsageError: CIRCLE="),
        ({"ID": M13, "CIRCLE": "1 2 NaN"}, 400, "UsageError: CIRCLE="),
        ({"ID": M13, "POS": "BOX 1 2 3 4"}, 400, "UsageError: unsupported-xtype: BOX"),
        ({"ID": M13, "POLYGON": "1 2 3 4"}, 400, "UsageError: POLYGON="),
        ({"ID": M13, "BAND": "2 1"}, 400, "UsageError: BAND="),
        ({"ID": M13, "POL": "Z"}, 400, "UsageError: POL="),
        ({"ID": M13, "RESPONSEFORMAT": "gif"}, 400, "UsageError: RESPONSEFORMAT='gif'"),
        ({"ID": M13, "RESPONSEFORMAT": "votable"}, 400, "UsageError: RESPONSEFORMAT='votable'"),
        ({"ID": CUBE, "RESPONSEFORMAT": "votable"}, 400, "UsageError: "),
        ({"ID": "nonesuch"}, 404, "UsageError: ID='nonesuch'"),
        ({"ID": "../m13.fits"}, 404, "UsageError: ID='../m13.fits'"),
    ],
)
def test_errors_are_texts_with_a_label_and_a_status(soda, wish, status, told):
    answer = http.get(soda, params=wish)

    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.text.startswith(told)


@pytest.mark.spec("S-06")
def test_an_id_is_percent_decoded_once(soda):
    assert http.get(f"{soda}?ID={SPECTRUM.replace('+', '%2B')}&BAND=5e-7+6e-7").status_code == 200
    assert http.get(f"{soda}?ID={SPECTRUM.replace('+', '%252B')}&BAND=5e-7+6e-7").status_code == 404


def test_what_is_too_large_to_wait_for_is_refused_with_the_way_to_it(observations):
    few = f"{observations.url}/few/soda"

    answer = http.get(few, params={"ID": M13})

    assert answer.status_code == 400
    assert answer.text.startswith("UsageError: This would have about ")
    assert f"{observations.url}/few/dlasync" in answer.text
    assert http.get(few, params={"ID": M13, "CIRCLE": "250.4226 36.4602 0.003"}).status_code == 200


def test_what_is_too_large_has_no_preview(observations):
    root = parse(http.get(f"{observations.url}/few/links", params={"ID": M13}))

    assert "#preview" not in xpath(root, "//vot:TD/text()")


def test_the_preview_is_a_picture(observations):
    root = parse(http.get(f"{observations.url}/observations/links", params={"ID": M13}))
    (row,) = [row for row in xpath(root, "//vot:TR") if "#preview" in xpath(row, "vot:TD/text()")]

    answer = http.get(xpath(row, "string(vot:TD[2])"))

    assert answer.headers["Content-Type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")


def test_a_spectrum_at_a_position_of_a_cube_is_a_votable(soda):
    wish = {"ID": CUBE, "CIRCLE": "53.17525 -27.80788 0", "RESPONSEFORMAT": "votable"}

    answer = http.get(soda, params=wish)

    assert answer.headers["Content-Type"].startswith("application/x-votable+xml")
    assert len(xpath(parse(answer), "//vot:TR")) == 300


def test_head_does_no_work(soda):
    assert http.head(soda, params={"ID": M13, "CIRCLE": HERE}).status_code == 200
    assert http.head(soda, params={"ID": M13, "CIRCLE": "1"}).status_code == 400


@pytest.mark.spec("S-16")
def test_what_is_not_for_everybody_is_refused(observations):
    plates = f"{observations.url}/plates/soda"

    answer = http.get(plates, params={"ID": "secret"})

    assert (answer.status_code, answer.text.partition(":")[0]) == (403, "AuthorizationError")
    assert http.get(plates, params={"ID": "a"}).text.startswith("a\n")


@pytest.mark.spec("S-13", "S-15", "S-16")
@pytest.mark.parametrize(
    ("wish", "status", "label"),
    [
        ({"ID": "a", "CIRCLE": "0 0 0"}, 204, ""),
        ({"ID": "a", "CIRCLE": "0 0 1"}, 503, "ServiceUnavailable"),
        ({"ID": "lost"}, 404, "UsageError"),
        ({"ID": "cursed"}, 500, "Error"),
    ],
)
def test_what_only_the_data_tell_is_told_in_the_same_way(observations, wish, status, label):
    answer = http.get(f"{observations.url}/plates/soda", params=wish)

    assert (answer.status_code, answer.text.partition(":")[0]) == (status, label)


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # pyvo leaves connections to the garbage collection
class TestPyvo:
    @pytest.fixture(autouse=True)
    def collected(self):
        yield
        gc.collect()

    @pytest.fixture
    def links(self, observations):
        return f"{observations.url}/observations/links"

    def test_processed_cuts_out(self, links):
        row = next(DatalinkResults.from_result_url(f"{links}?ID={M13}").iter_procs())

        piece = row.processed(circle=(250.4226 * units.deg, 36.4602 * units.deg, 0.01 * units.deg))

        assert 60 < fits.open(io.BytesIO(piece.read()))[0].header["NAXIS1"] < 80

    def test_each_of_several_rows_cuts_out_its_own_data(self, links):
        found = DatalinkResults.from_result_url(f"{links}?ID={M13}&ID={CUBE}")
        (row,) = [row for row in found.iter_procs() if row.id == CUBE and row.service_def.startswith("soda")]

        piece = row.processed(band=(490 * units.nm, 500 * units.nm))

        assert fits.open(io.BytesIO(piece.read()))[0].header["NAXIS"] == 3

    def test_process_takes_the_parameters_of_the_descriptor(self, links):
        row = next(DatalinkResults.from_result_url(f"{links}?ID={M13}").iter_procs())

        assert {param.name for param in row.input_params} == {
            "ID",
            "POS",
            "CIRCLE",
            "POLYGON",
            "RESPONSEFORMAT",
        }
        assert row.process(circle=(250.4226, 36.4602, 0.01), responseformat="image/png").read(4) == b"\x89PNG"

    def test_a_query_can_be_made_of_a_descriptor(self, links):
        found = DatalinkResults.from_result_url(f"{links}?ID={CUBE}")
        descriptor = found.get_adhocservice_by_ivoid("ivo://ivoa.net/std/SODA#sync-1")

        query = SodaQuery.from_resource(found[0], descriptor)
        query.band = (480 * units.nm, 490 * units.nm)

        assert fits.open(io.BytesIO(query.execute_raw()))[0].header["NAXIS"] == 3
