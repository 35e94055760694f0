"""The table of all observations of a datalink service over real HTTP, and the links that clients go on to."""

import gc

import numpy as np
import pytest
from astropy.io import fits
from pyvo.dal.sia2 import SIA2Results
from pyvo.dal.tap import TAPResults

from tests.support.http import http, parse, xpath
from tests.support.server import Server
from tests.support.votlint import complaints

M13 = "m13.fits"
NAMES = [M13, "muse_hdfs_image.fits", "muse_udf_subcube.fits", "sdss_J220248.31+123656.3.fits"]


# pyvo leaves connections to the garbage collection, which is done where that is known.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def collected():
    yield
    gc.collect()


@pytest.fixture(scope="module")
def service(observations):
    """The service of the files of the demonstration, whichever else are installed."""
    return f"{observations.url}/few"


@pytest.fixture(scope="module")
def table(service):
    return f"{service}/links/list"


def rows(answer):
    root = parse(answer)
    names = xpath(root, "//vot:FIELD/@name")
    return [dict(zip(names, [cell.text for cell in row], strict=True)) for row in xpath(root, "//vot:TR")]


def status(answer):
    return xpath(parse(answer), "//vot:RESOURCE[@type='results']/vot:INFO[@name='QUERY_STATUS']/@value")


def test_it_has_a_row_for_each_with_what_the_headers_tell(table, service, uws_schema):
    answer = http.get(table)

    uws_schema.assertValid(parse(answer))
    assert answer.headers["Content-Type"] == "application/x-votable+xml"
    assert status(answer) == ["OK"]
    found = {row["obs_publisher_did"]: row for row in rows(answer)}
    assert list(found) == NAMES
    assert {row["dataproduct_type"] for row in found.values()} == {"image", "cube", "spectrum"}
    m13, cube = found[M13], found["muse_udf_subcube.fits"]
    assert (m13["access_url"], m13["access_format"]) == (
        f"{service}/links?ID={M13}",
        "application/x-votable+xml;content=datalink",
    )
    assert (m13["target_name"], m13["access_estsize"]) == ("M 13", "185")
    assert float(m13["s_ra"]) == pytest.approx(250.4226, abs=1e-3)
    assert m13["s_region"].startswith("POLYGON ICRS 250.4")
    assert float(cube["em_min"]) == pytest.approx(475e-9, abs=1e-9)


def test_every_url_of_it_leads_to_a_table_of_links(table):
    for row in rows(http.get(table)):
        assert http.get(row["access_url"]).headers["Content-Type"] == row["access_format"]


def test_get_and_post_give_the_same_and_the_format_may_be_asked_for(table):
    assert http.get(table).text == http.post(table).text == http.post(table, data={"MAXREC": "4"}).text
    assert http.get(table, params={"RESPONSEFORMAT": "VOTable"}).text == http.get(table).text
    assert http.get(table, params={"responseformat": "text/xml"}).headers["Content-Type"] == "text/xml"


@pytest.mark.parametrize(("most", "rows_then"), [("0", 0), ("3", 3)])
def test_what_is_beyond_maxrec_is_told(table, most, rows_then):
    answer = http.get(table, params={"MAXREC": most})

    assert (len(rows(answer)), status(answer)) == (rows_then, ["OVERFLOW"])


@pytest.mark.parametrize("most", ["4", "999999999999999999"])
def test_nothing_is_beyond_a_maxrec_that_is_enough(table, most):
    assert (len(rows(http.get(table, params={"MAXREC": most}))), status(http.get(table))) == (4, ["OK"])


@pytest.mark.parametrize(
    ("name", "value"), [("MAXREC", "-1"), ("MAXREC", "many"), ("MAXREC", "9" * 500), ("RESPONSEFORMAT", "csv")]
)
def test_bad_values_are_errors_in_a_votable(table, name, value):
    answer = http.get(table, params={name: value})

    (info,) = xpath(parse(answer), "//vot:INFO[@name='QUERY_STATUS']")
    assert (answer.status_code, info.get("value")) == (400, "ERROR")
    assert f"{name}='{value[:20]}" in info.text


def test_a_source_that_does_not_name_its_ids_has_no_such_table(observations):
    answer = http.get(f"{observations.url}/plates/links/list")

    assert answer.status_code == 404
    assert "The observations of plates cannot be listed" in answer.text


def test_trouble_with_one_leaves_the_others_alone_and_what_is_not_for_all_is_not_listed(observations):
    found = rows(http.get(f"{observations.url}/listed/links/list"))

    assert [(row["obs_id"], row["obs_title"], row["target_name"]) for row in found] == [
        ("a", "A plate", None),
        ("b", "A plate", None),
    ]


def test_stilts_has_nothing_to_complain_of(table):
    assert complaints([http.get(table, params={"MAXREC": "3"}).content]) == ""


def test_its_openapi_is_told(service):
    assert set(http.get(f"{service}/openapi.json").json()["paths"]["/links/list"]) == {"get", "post"}


def test_new_files_are_there_at_once_and_unreadable_ones_are_left_out(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "broken.fits").write_bytes(b"SIMPLE  = nothing of the kind")
    section = {"datalink_folder": str(folder)}
    with Server(tmp_path / "site", services=[], sections={"uws:service:mine": section}) as server:
        table = f"{server.url}/mine/links/list"
        assert (rows(http.get(table)), status(http.get(table))) == ([], ["OK"])
        fits.PrimaryHDU(np.ones((3, 4), dtype="f4")).writeto(folder / "Zürich <&>.fits")
        (row,) = rows(http.get(table))

        assert (row["obs_id"], row["obs_title"], row["s_ra"]) == ("Zürich <&>.fits", "Zürich <&>.fits", None)
        assert "Zürich" in http.get(row["access_url"]).text


@pytest.mark.parametrize("kind", [SIA2Results, TAPResults])
class TestPyvo:
    @pytest.fixture(autouse=True)
    def vocabulary(self, monkeypatch):
        """Give pyvo the vocabulary that it fetches from the IVOA, or as much of it as is needed."""
        terms = {"this": {"narrower": []}, "cutout": {"narrower": []}, "preview": {"narrower": []}}
        monkeypatch.setattr("pyvo.utils.vocabularies.get_vocabulary", lambda _: {"terms": terms})

    @pytest.mark.filterwarnings("ignore::pyvo.dal.exceptions.DALOverflowWarning")  # as it ought to be
    @pytest.mark.parametrize("in_order", [False, True])
    def test_it_iterates_over_the_links_of_all_by_the_service(self, table, kind, in_order):
        """The service answers two ids in a request: pyvo comes back for the others."""
        found = kind.from_result_url(table)
        assert found.get_adhocservice_by_ivoid("ivo://ivoa.net/std/DataLink#links-1")

        links = list(found.iter_datalinks(preserve_order=in_order))

        assert sorted(each.original_row["obs_id"] for each in links) == NAMES
        assert all(each["ID"][0] == each.original_row["obs_id"] for each in links)
        assert all("#this" in each["semantics"] for each in links)

    def test_it_iterates_over_the_links_of_all_by_their_urls(self, table, kind):
        found = kind.from_result_url(table)
        found._datalink = None  # as if there were no descriptor

        assert [links["ID"][0] for links in found.iter_datalinks()] == NAMES

    def test_a_record_has_its_links_and_its_file(self, table, kind):
        record = kind.from_result_url(table)[0]

        assert list(record.getdatalink()["semantics"]) == ["#this", "#cutout", "#cutout"]
        assert record.getdataset().read(9) == b"SIMPLE  ="


def test_pyvo_reads_what_the_columns_mean_and_cuts_a_record(observations):
    table = f"{observations.url}/observations/links/list"
    record = next(each for each in SIA2Results.from_result_url(table) if each.obs_id == M13)

    assert (record.target_name, record.dataproduct_type) == ("M 13", "image")
    assert record.s_ra.to_value("deg") == pytest.approx(250.4226, abs=1e-3)
    assert record.processed(circle=(250.42, 36.46, 0.01)).read(9) == b"SIMPLE  ="


def test_a_file_whose_coordinates_cannot_be_read_is_listed_and_fetched(make_server, tmp_path):
    folder = tmp_path / "odd"
    folder.mkdir()
    image = fits.PrimaryHDU(np.ones((4, 5), dtype=np.float32))
    image.header.update(CTYPE1="RA---TAN", CTYPE2="DEC--SIN")
    image.writeto(folder / "odd.fits")
    server = make_server(services=[], sections={"uws:service:odd": {"datalink_folder": str(folder)}})
    links = f"{server.url}/odd/links"

    assert [row["obs_id"] for row in rows(http.get(f"{links}/list"))] == ["odd.fits"]
    (described,) = xpath(
        parse(http.get(f"{links}?ID=odd.fits")), "//vot:TD[contains(., 'cannot be understood')]/text()"
    )
    assert "The coordinates of odd.fits" in described
    assert http.get(f"{links}/file?ID=odd.fits").content == (folder / "odd.fits").read_bytes()
    refused = http.get(f"{server.url}/odd/soda?ID=odd.fits&POS=CIRCLE 1 2 3")
    assert refused.status_code >= 400
    assert "The coordinates of odd.fits cannot be understood" in refused.text
