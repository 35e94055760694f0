"""The table of links over real HTTP (DataLink 1.1)."""

import gc
import re
import subprocess
from urllib.parse import parse_qs, urlsplit

import pytest
from pyvo.dal.adhoc import DatalinkResults, DatalinkService

from tests.support.http import http, parse, xpath

M13 = "m13.fits"
CUBE = "muse_udf_subcube.fits"
SPECTRUM = "sdss_J220248.31+123656.3.fits"
LINKS_TYPE = "application/x-votable+xml;content=datalink"


@pytest.fixture(scope="module")
def links(observations):
    return f"{observations.url}/observations/links"


def rows(answer):
    root = parse(answer)
    names = xpath(root, "//vot:FIELD/@name")
    return [
        dict(zip(names, [cell.text for cell in row], strict=True))
        for row in xpath(root, "//vot:RESOURCE[@type='results']//vot:TR")
    ]


def service(root, name):
    """Return the parameters of a descriptor: its own, and its inputs."""
    (resource,) = xpath(root, f"//vot:RESOURCE[@ID='{name}']")
    own = {param.get("name"): param.get("value") for param in xpath(resource, "vot:PARAM")}
    inputs = {param.get("name"): param for param in xpath(resource, "vot:GROUP[@name='inputParams']/vot:PARAM")}
    return own, inputs


def limits(param):
    return {
        kind: xpath(param, f"vot:VALUES/vot:{kind}/@value")
        for kind in ("MIN", "MAX", "OPTION")
        if xpath(param, f"vot:VALUES/vot:{kind}")
    }


@pytest.mark.spec("L-01", "L-02", "L-07")
def test_get_and_post_give_the_same_table(links):
    got = http.get(links, params={"ID": M13})
    posted = http.post(links, data={"ID": M13})
    as_parts = http.post(links, files={"ID": (None, M13)})

    assert [answer.status_code for answer in (got, posted, as_parts)] == [200, 200, 200]
    assert got.text == posted.text == as_parts.text
    assert got.headers["Content-Type"] == LINKS_TYPE


@pytest.mark.spec("L-03")
@pytest.mark.parametrize("query", [{}, {"ID": ""}])
def test_without_an_id_the_table_is_empty(links, query, uws_schema):
    answer = http.get(links, params=query)

    root = parse(answer)
    uws_schema.assertValid(root)
    assert answer.status_code == 200
    assert rows(answer) == []
    assert xpath(root, "//vot:INFO[@name='QUERY_STATUS']/@value") == ["OK"]
    assert "ID" in xpath(root, "//vot:FIELD/@name")


@pytest.mark.spec("L-02", "L-03", "L-19", "L-20", "L-22")
def test_the_service_describes_itself(links):
    own, inputs = service(parse(http.get(links)), "this")

    assert own["accessURL"] == links
    assert own["standardID"] == "ivo://ivoa.net/std/DataLink#links-1.1"
    assert own["contentType"] == LINKS_TYPE
    assert set(inputs) == {"ID", "RESPONSEFORMAT"}
    assert limits(inputs["RESPONSEFORMAT"])["OPTION"][0] == "votable"
    assert xpath(parse(http.get(links)), "//vot:RESOURCE[@ID='this']/@utype") == ["adhoc:this"]


@pytest.mark.spec("L-04", "L-11", "L-12", "L-13", "L-15", "L-17")
def test_several_ids_are_answered_in_their_order_faults_included(links, uws_schema):
    answer = http.get(links, params={"ID": [CUBE, "nonesuch", M13, CUBE]})

    uws_schema.assertValid(parse(answer))
    found = rows(answer)
    ids = [row["ID"] for row in found]
    assert list(dict.fromkeys(ids)) == [CUBE, "nonesuch", M13]
    assert ids == sorted(ids, key=[CUBE, "nonesuch", M13].index)
    for row in found:
        assert sum(row[name] is not None for name in ("access_url", "service_def", "error_message")) == 1
        assert row["semantics"].startswith("#")
        assert row["description"]
    (missing,) = [row for row in found if row["ID"] == "nonesuch"]
    assert re.match(r"NotFoundFault: .*nonesuch", missing["error_message"])
    assert missing["semantics"] == "#this"


@pytest.mark.spec("L-06", "L-07")
@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("votable", LINKS_TYPE),
        ("VOTable", LINKS_TYPE),
        ("application/x-votable+xml", LINKS_TYPE),
        ("application/x-votable+xml;content=datalink", LINKS_TYPE),
        ("application/x-votable+xml; serialization=TABLEDATA", LINKS_TYPE),
        ("text/xml", "text/xml"),
    ],
)
def test_the_format_may_be_asked_for(links, asked, given):
    answer = http.get(links, params={"ID": M13, "RESPONSEFORMAT": asked})

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == given
    assert xpath(parse(answer), "//vot:TABLEDATA")


@pytest.mark.spec("L-14")
def test_a_format_that_there_is_not_is_an_error_in_a_votable(links, uws_schema):
    answer = http.get(links, params={"ID": M13, "RESPONSEFORMAT": "image/png"})

    root = parse(answer)
    uws_schema.assertValid(root)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("application/x-votable+xml")
    (info,) = xpath(root, "//vot:INFO[@name='QUERY_STATUS']")
    assert info.get("value") == "ERROR"
    assert "RESPONSEFORMAT='image/png'" in info.text


@pytest.mark.spec("L-08")
def test_the_standard_and_the_status_are_told_within_the_results(links):
    root = parse(http.get(links, params={"ID": M13}))

    (results,) = xpath(root, "//vot:RESOURCE[@type='results']")
    assert {info.get("name"): info.get("value") for info in xpath(results, "vot:INFO")} == {
        "QUERY_STATUS": "OK",
        "standardID": "ivo://ivoa.net/std/DataLink#links-1.1",
    }


@pytest.mark.spec("L-05")
def test_beyond_the_limit_of_ids_it_says_so_and_leaves_none_half_answered(observations):
    few = f"{observations.url}/few/links"

    answer = http.get(few, params={"ID": ["x", "y", M13]})

    assert xpath(parse(answer), "//vot:INFO[@name='QUERY_STATUS']/@value") == ["OVERFLOW"]
    assert [row["ID"] for row in rows(answer)] == ["x", "y"]
    whole = http.get(few, params={"ID": [M13, "y"]})
    assert xpath(parse(whole), "//vot:INFO[@name='QUERY_STATUS']/@value") == ["OK"]


@pytest.mark.spec("L-16", "L-20", "L-24")
def test_cutouts_are_offered_at_once_and_as_a_job(links, observations):
    answer = http.get(links, params={"ID": M13})

    root = parse(answer)
    defined = [row["service_def"] for row in rows(answer) if row["service_def"]]
    told = {own["standardID"]: own["accessURL"] for own, _ in (service(root, name) for name in defined)}
    assert told == {
        "ivo://ivoa.net/std/SODA#sync-1.0": f"{observations.url}/observations/soda",
        "ivo://ivoa.net/std/SODA#async-1.0": f"{observations.url}/observations/dlasync",
    }
    assert {row["semantics"] for row in rows(answer) if row["service_def"]} == {"#cutout"}


UCDS = {
    "ID": ("meta.ref.url;meta.curation", None, None, "char", "*"),
    "POS": ("pos.outline;obs", None, None, "char", "*"),
    "CIRCLE": ("pos.outline;obs", "deg", "circle", "double", "3"),
    "POLYGON": ("pos.outline;obs", "deg", "polygon", "double", "*"),
    "BAND": ("em.wl;stat.interval", "m", "interval", "double", "2"),
    "RESPONSEFORMAT": ("meta.code.mime", None, None, "char", "*"),
}


@pytest.mark.spec("L-21", "L-25")
def test_parameters_are_known_by_name_ucd_and_unit(links):
    _, inputs = service(parse(http.get(links, params={"ID": CUBE})), "dlasync-1")

    told = {
        name: tuple(param.get(key) for key in ("ucd", "unit", "xtype", "datatype", "arraysize"))
        for name, param in inputs.items()
    }
    assert told == UCDS
    assert (inputs["ID"].get("value"), inputs["ID"].get("ref")) == ("", "links_ID")


@pytest.mark.spec("L-22", "L-23")
def test_limits_are_those_of_the_data(links):
    _, inputs = service(parse(http.get(links, params={"ID": CUBE})), "soda-1")

    assert set(limits(inputs["CIRCLE"])) == {"MAX"}
    ra, dec, radius = map(float, limits(inputs["CIRCLE"])["MAX"][0].split())
    assert (ra, dec) == pytest.approx((53.1752, -27.8079), abs=1e-3)
    assert 0.001 < radius < 0.0013
    assert set(limits(inputs["POLYGON"])) == {"MAX"}
    assert len(limits(inputs["POLYGON"])["MAX"][0].split()) == 8
    band = limits(inputs["BAND"])
    assert float(band["MIN"][0]) == pytest.approx(475e-9, abs=1e-9)
    assert float(band["MAX"][0]) == pytest.approx(512.5e-9, abs=1e-9)
    assert limits(inputs["POS"]) == {}
    assert "application/fits" in limits(inputs["RESPONSEFORMAT"])["OPTION"]


@pytest.mark.spec("L-23")
@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        (M13, {"ID", "POS", "CIRCLE", "POLYGON", "RESPONSEFORMAT"}),
        (SPECTRUM, {"ID", "BAND", "RESPONSEFORMAT"}),
    ],
)
def test_only_what_can_be_cut_is_listed(links, name, parameters):
    _, inputs = service(parse(http.get(links, params={"ID": name})), "soda-1")

    assert set(inputs) == parameters


@pytest.mark.spec("L-24")
def test_limits_of_several_ids_are_apart(links):
    root = parse(http.get(links, params={"ID": [M13, CUBE]}))

    circles = [limits(service(root, f"soda-{number}")[1]["CIRCLE"])["MAX"] for number in (1, 2)]
    assert circles[0] != circles[1]


@pytest.mark.spec("L-18")
def test_the_capability_is_told(observations, uws_schema):
    root = parse(http.get(f"{observations.url}/observations/capabilities"))

    uws_schema.assertValid(root)
    (capability,) = root.xpath("capability[@standardID='ivo://ivoa.net/std/DataLink#links-1.1']")
    (interface,) = capability.findall("interface")
    assert interface.get("{http://www.w3.org/2001/XMLSchema-instance}type") == "vs:ParamHTTP"
    assert interface.findtext("accessURL") == f"{observations.url}/observations/links"


def test_it_makes_no_job(links, observations):
    before = http.get(f"{observations.url}/observations/dlasync").text

    http.get(links, params={"ID": [M13, CUBE]})

    assert http.get(f"{observations.url}/observations/dlasync").text == before


class TestTheFile:
    @pytest.fixture
    def link(self, links):
        (row,) = [row for row in rows(http.get(links, params={"ID": M13})) if row["semantics"] == "#this"]
        return row

    def test_it_is_the_file_of_the_length_and_type_that_the_link_tells(self, link):
        answer = http.get(link["access_url"])

        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == link["content_type"] == "application/fits"
        assert len(answer.content) == int(link["content_length"])
        assert answer.content.startswith(b"SIMPLE  =")
        assert 'filename="m13.fits"' in answer.headers["Content-Disposition"]

    def test_parts_of_it_can_be_had(self, link):
        answer = http.get(link["access_url"], headers={"Range": "bytes=0-8"})

        assert (answer.status_code, answer.content) == (206, b"SIMPLE  =")

    def test_who_has_it_need_not_fetch_it_again(self, link):
        first = http.head(link["access_url"])

        again = http.get(link["access_url"], headers={"If-None-Match": first.headers["ETag"]})

        assert (again.status_code, again.content) == (304, b"")

    @pytest.mark.parametrize(
        "name", ["nonesuch", "../m13.fits", "observations.ini", "/etc/passwd", "..", ".", "m13.fits\0", "%2e%2e"]
    )
    def test_an_id_leads_nowhere_else(self, links, name):
        answer = http.get(f"{links}/file", params={"ID": name})

        assert answer.status_code == 404
        assert rows(http.get(links, params={"ID": name}))[0]["error_message"].startswith("NotFoundFault")

    def test_without_an_id_there_is_none(self, links):
        assert http.get(f"{links}/file").status_code == 400


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # pyvo leaves connections to the garbage collection
class TestClients:
    @pytest.fixture(autouse=True)
    def collected(self):
        yield
        gc.collect()

    @pytest.fixture(autouse=True)
    def vocabulary(self, monkeypatch):
        """Give pyvo the vocabulary that it fetches from the IVOA, or as much of it as is needed."""
        terms = {"this": {"narrower": []}, "cutout": {"narrower": []}, "preview": {"narrower": []}}
        monkeypatch.setattr("pyvo.utils.vocabularies.get_vocabulary", lambda _: {"terms": terms})

    def test_pyvo_reads_the_table(self, links):
        found = DatalinkService(links).run_sync([M13, "nonesuch"])

        first, missing = found.bysemantics("#this", include_narrower=False)
        assert first["content_length"] == 184320
        assert missing["error_message"].startswith("NotFoundFault")

    def test_pyvo_fetches_the_data(self, links):
        found = DatalinkResults.from_result_url(f"{links}?ID={M13}")

        assert found.getdataset().read(9) == b"SIMPLE  ="

    @pytest.mark.parametrize("query", ["", f"?ID={M13}&ID={CUBE}&ID=nonesuch&ID={SPECTRUM}"])
    def test_stilts_has_nothing_to_complain_of(self, links, query):
        lint = subprocess.run(
            ["stilts", "datalinklint", f"votable={links}{query}"], capture_output=True, text=True, check=False
        )
        silent = subprocess.run(
            ["stilts", "votlint", f"votable={links}{query}"], capture_output=True, text=True, check=False
        )

        assert "Errors: 0; Warnings: 0" in lint.stdout, lint.stdout
        assert (silent.stdout, silent.stderr) == ("", "")


class TestPiecesOfOnesOwn:
    @pytest.fixture
    def own(self, observations):
        return f"{observations.url}/plates/links"

    def test_they_make_the_table(self, own):
        (row,) = rows(http.get(own, params={"ID": "a"}))

        assert (row["access_url"], row["description"]) == (f"{own}/plate", "The plate")
        assert row["link_auth"] is None

    @pytest.mark.spec("L-10")
    def test_what_is_not_for_everybody_says_so(self, own):
        (row,) = rows(http.get(own, params={"ID": "secret"}))

        assert (row["link_auth"], row["link_authorized"]) == ("true", "false")
        assert http.get(f"{own}/file", params={"ID": "secret"}).status_code == 403

    @pytest.mark.spec("L-12", "L-13")
    @pytest.mark.parametrize(
        ("name", "fault"), [("lost", "NotFoundFault"), ("wet", "TransientFault"), ("cursed", "FatalFault")]
    )
    def test_trouble_with_one_id_leaves_the_others_alone(self, own, name, fault):
        bad, good = rows(http.get(own, params={"ID": [name, "a"]}))

        assert bad["error_message"].startswith(f"{fault}: ")
        assert "unforeseen" not in bad["error_message"]
        assert good["access_url"]


@pytest.mark.spec("L-21")
def test_an_example_url_is_one_that_can_be_fetched(links):
    own, _ = service(parse(http.get(links, params={"ID": M13})), "soda-1")

    query = parse_qs(urlsplit(own["exampleURL"]).query)
    assert query["ID"] == [M13]
    assert http.get(own["exampleURL"]).status_code == 200
