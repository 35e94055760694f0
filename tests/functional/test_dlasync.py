"""SODA as jobs over real HTTP (SODA 1.0, sections 2.2 and 6)."""

import io
import zipfile

import pytest
from astropy.io import fits

from tests.support.http import (
    create,
    http,
    job_document,
    parse,
    phase,
    run,
    text,
    wait_for_phase,
    xpath,
)

M13 = "m13.fits"
CUBE = "muse_udf_subcube.fits"
SPECTRUM = "sdss_J220248.31+123656.3.fits"
HERE, NOWHERE = "250.4226 36.4602 0.01", "10 10 0.1"


@pytest.fixture(scope="module")
def dlasync(observations):
    return observations.joblist("observations", "dlasync")


def done(joblist, *, to="COMPLETED", **parameters):
    job = create(joblist, PHASE="RUN", **parameters)
    wait_for_phase(job, to)
    return job


def results(job):
    return {
        result.get("id"): (result.get("mime-type"), int(result.get("size")))
        for result in xpath(job_document(job), "//uws:result")
    }


def fetch(job, name):
    return http.get(f"{job}/results/{name}")


def manifest(job):
    root = parse(fetch(job, "manifest"))
    names = xpath(root, "//vot:FIELD/@name")
    return [dict(zip(names, [cell.text for cell in row], strict=True)) for row in xpath(root, "//vot:TR")]


@pytest.mark.spec("S-01")
def test_the_capability_is_told(observations, uws_schema):
    root = parse(http.get(f"{observations.url}/observations/capabilities"))

    uws_schema.assertValid(root)
    for standard, renderer in (("sync", "soda"), ("async", "dlasync")):
        path = f"capability[@standardID='ivo://ivoa.net/std/SODA#{standard}-1.0']/interface/accessURL"
        assert [node.text for node in root.xpath(path)] == [f"{observations.url}/observations/{renderer}"]


@pytest.mark.spec("S-02")
def test_availability_and_capabilities_are_beside_it(observations):
    for name in ("availability", "capabilities"):
        assert http.get(f"{observations.url}/observations/{name}").status_code == 200


@pytest.mark.spec("S-02")
def test_examples_are_requests_that_work(observations):
    root = parse(http.get(f"{observations.url}/observations/examples"))

    (example,) = xpath(root, "//*[@typeof='example'][*[@property='name']='The middle of M 13']")
    wish = {
        xpath(pair, "string(.//*[@property='key'])"): xpath(pair, "string(.//*[@property='value'])")
        for pair in xpath(example, ".//*[@property='generic-parameter']")
    }
    assert wish["ID"] == M13
    assert http.get(f"{observations.url}/observations/soda", params=wish).content.startswith(b"\x89PNG")


@pytest.mark.spec("S-18", "S-22")
def test_a_single_product_is_called_result_and_is_a_piece_of_the_data(dlasync):
    job = done(dlasync, ID=M13, CIRCLE=HERE)

    assert list(results(job)) == ["result", "manifest"]
    answer = fetch(job, "result")
    assert results(job)["result"] == ("application/fits", len(answer.content))
    assert 'filename="result.fits"' in answer.headers["Content-Disposition"]
    with fits.open(io.BytesIO(answer.content)) as hdus:
        assert 60 < hdus[0].header["NAXIS1"] < 80
        assert hdus[0].header["CTYPE1"] == "RA---TAN"


def test_history_tells_the_url_of_the_job(dlasync):
    job = done(dlasync, ID=M13, CIRCLE=HERE)

    header = fits.getheader(io.BytesIO(fetch(job, "result").content))
    assert job in "".join(header["HISTORY"])


def test_the_parameters_are_those_of_soda(dlasync):
    job = create(dlasync, id=M13, Circle=[HERE, NOWHERE], BAND="4e-7 6e-7")

    told = [(node.get("id"), node.text) for node in xpath(job_document(job), "//uws:parameter")]
    assert told == [("ID", M13), ("CIRCLE", HERE), ("CIRCLE", NOWHERE), ("BAND", "4e-7 6e-7")]


@pytest.mark.spec("S-04", "S-08", "S-18", "S-19")
def test_two_circles_and_two_bands_are_four_products_in_order(dlasync):
    circles = ["53.1752 -27.8079 0.0004", "53.1752 -27.8079 0.0008"]
    bands = ["4.8e-7 4.9e-7", "5.0e-7 5.1e-7"]

    job = done(dlasync, ID=CUBE, CIRCLE=circles, BAND=bands)

    assert list(results(job)) == ["result-1", "result-2", "result-3", "result-4", "manifest"]
    told = [(row["result"], row["POS"], row["BAND"]) for row in manifest(job)]
    assert told == [
        ("result-1", "circle 53.1752 -27.8079 0.0004", "4.8e-07 4.9e-07"),
        ("result-2", "circle 53.1752 -27.8079 0.0004", "5e-07 5.1e-07"),
        ("result-3", "circle 53.1752 -27.8079 0.0008", "4.8e-07 4.9e-07"),
        ("result-4", "circle 53.1752 -27.8079 0.0008", "5e-07 5.1e-07"),
    ]
    sizes = {row["result"]: int(row["content_length"]) for row in manifest(job)}
    assert sizes == {name: size for name, (_, size) in results(job).items() if name != "manifest"}


@pytest.mark.spec("S-19")
def test_regions_of_different_kinds_are_alternatives(dlasync):
    job = done(
        dlasync,
        ID=M13,
        POS=[f"CIRCLE {HERE}", "RANGE 250.41 250.43 36.45 36.47"],
        CIRCLE="250.4226 36.4602 0.02",
        POLYGON="250.41 36.45 250.43 36.45 250.42 36.47",
    )

    assert [row["POS"].partition(" ")[0] for row in manifest(job)] == ["circle", "range", "circle", "polygon"]
    assert all(row["error_message"] is None for row in manifest(job))


@pytest.mark.spec("S-05")
def test_states_of_polarization_are_one_filter(dlasync):
    job = done(dlasync, ID=M13, POL=["I", "Q"], CIRCLE=HERE)

    assert [row["POL"] for row in manifest(job)] == ["I Q"]


@pytest.mark.spec("S-20")
def test_where_there_is_nothing_the_result_says_so(dlasync):
    job = done(dlasync, ID=M13, CIRCLE=[NOWHERE, HERE])

    answer = fetch(job, "result-1")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.text.startswith("Error: no overlap: ")
    assert results(job)["result-1"][0] == "text/plain"
    assert results(job)["result-2"][0] == "application/fits"


def test_a_zip_has_all_of_them(dlasync):
    job = done(dlasync, ID=[M13, SPECTRUM], RESPONSEFORMAT="fits")

    bundle = zipfile.ZipFile(io.BytesIO(http.get(f"{job}/results", params={"RESPONSEFORMAT": "zip"}).content))
    names = {name.partition("/")[2] for name in bundle.namelist()}
    assert names == {"result-1.fits", "result-2.fits", "manifest.vot"}


@pytest.mark.spec("S-17", "S-21")
@pytest.mark.parametrize(
    ("parameters", "label"),
    [
        ({"ID": M13, "CIRCLE": "1"}, "UsageError: CIRCLE='1'"),
        ({"ID": M13, "BAND": "6e-7 4e-7"}, "UsageError: BAND="),
        ({"ID": M13, "TIME": "x y"}, "UsageError: TIME="),
        ({"CIRCLE": HERE}, "UsageError: ID"),
        ({"ID": "nonesuch"}, "UsageError: ID='nonesuch'"),
        ({"ID": M13, "RESPONSEFORMAT": "gif"}, "UsageError: RESPONSEFORMAT='gif'"),
        ({"ID": M13, "RESPONSEFORMAT": ["png", "fits"]}, "MultiValuedParamNotSupported: RESPONSEFORMAT"),
    ],
)
def test_what_is_wrong_with_the_parameters_is_told_by_the_job(dlasync, parameters, label):
    job = create(dlasync, **parameters)
    assert phase(job) == "PENDING"
    run(job)

    wait_for_phase(job, "ERROR")
    assert text(job_document(job), "//uws:errorSummary/uws:message").startswith(label)
    answer = http.get(f"{job}/error")
    assert answer.status_code == 200
    assert label in xpath(parse(answer), "string(//vot:INFO[@name='QUERY_STATUS'])")


@pytest.mark.spec("S-17")
def test_a_bad_value_can_be_put_right_before_the_job_is_run(dlasync):
    job = create(dlasync, ID=M13, RESPONSEFORMAT="gif")

    assert http.post(f"{job}/parameters", data={"RESPONSEFORMAT": "png"}).status_code == 303
    run(job)
    wait_for_phase(job, "COMPLETED")
    assert fetch(job, "result").content.startswith(b"\x89PNG")


def test_more_products_than_the_service_makes_are_refused(observations):
    job = done(observations.joblist("few", "dlasync"), to="ERROR", ID=M13, BAND=[f"{n} {n + 1}" for n in range(5)])

    message = text(job_document(job), "//uws:errorSummary/uws:message")
    assert message.startswith("UsageError: The values make 5 combinations; this service takes at most 4")


def test_a_file_is_no_id(dlasync):
    job = create(dlasync, PHASE="RUN", files={"ID": ("name.txt", b"m13.fits", "text/plain")})

    wait_for_phase(job, "ERROR")
    assert text(job_document(job), "//uws:errorSummary/uws:message").startswith("UsageError: ID is missing")


def test_progress_tells_of_the_products(dlasync):
    job = done(dlasync, ID=[M13, SPECTRUM])

    info = [node.text for node in xpath(job_document(job), "//uws:jobInfo/*")]
    assert info[0] == "1"
    assert info[1].startswith(f"2 of 2: {SPECTRUM}")
