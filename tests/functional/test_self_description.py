"""What a site and its services tell about themselves: capabilities, examples, OpenAPI; own types of parameters."""

import json
import subprocess
import sys
from email.utils import parsedate_to_datetime

import pytest
from lxml import etree
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.support.http import create, http, parse, run, wait_for_phase
from tests.support.server import Server

EXAMPLES = "ivo://ivoa.net/std/DALI#examples"
MORE = {
    "uws:service:countdown": {"examples": "pyramid_uws.demo.countdown:EXAMPLES"},
    "uws:service:vectors": {
        "core": "tests.support.own_types:core",
        "parameters": "tests.support.own_types:PARAMETERS",
        "title": "Vectors",
    },
}
#: What schemathesis looks at.
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,allow_header_conformance"
)
#: Path -> media type of what describes the site and its services.
PAPERS = {
    "/capabilities": "text/xml",
    "/availability": "text/xml",
    "/examples": "application/xhtml+xml",
    "/countdown/capabilities": "text/xml",
    "/countdown/availability": "text/xml",
    "/countdown/examples": "application/xhtml+xml",
    "/countdown/openapi.json": "application/json",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server with a service that has examples, one that has none, and one with a type of its own."""
    with Server(
        tmp_path_factory.mktemp("told"),
        services=["quick", "echo", "countdown"],
        sections=MORE,
        settings={"uws.includes": "tests.support.own_types", "uws.max_wait": "0"},
    ) as site:
        yield site


class TestAll:
    @pytest.mark.spec("V-07", "D-14")
    @pytest.mark.parametrize("path", PAPERS)
    def test_they_are_read_and_nothing_else(self, site, path):
        answer = http.get(site.url + path)
        head = http.head(site.url + path)

        assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (200, PAPERS[path])
        assert (head.status_code, head.headers["Content-Type"]) == (200, answer.headers["Content-Type"])
        for method in ("POST", "PUT", "DELETE"):
            refused = http.request(method, site.url + path)
            assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")

    @pytest.mark.spec("V-12")
    @pytest.mark.parametrize("path", PAPERS)
    @pytest.mark.parametrize("accept", ["text/html,application/xhtml+xml,*/*;q=0.8", "application/json", "x"])
    def test_they_are_the_same_for_everybody(self, site, path, accept):
        answer = http.get(site.url + path, headers={"Accept": accept})

        assert answer.headers["Content-Type"].partition(";")[0] == PAPERS[path]

    @pytest.mark.spec("V-06")
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    @pytest.mark.parametrize("path", ["/capabilities", "/countdown/capabilities"])
    def test_capabilities_say_when_they_changed(self, site, path, method):
        answer = http.request(method, site.url + path)

        said = parsedate_to_datetime(answer.headers["Last-Modified"])
        assert said <= parsedate_to_datetime(answer.headers["Date"])

    @pytest.mark.parametrize("accept", ["text/plain", "application/json"])
    def test_the_pages_tell_where_they_are(self, site, accept):
        headers = {"Accept": accept}

        for page in ("/", "/countdown"):
            told = http.get(site.url + page, headers=headers).text
            assert all(
                site.url + path in told for path in PAPERS if path.rpartition("/")[0] == page.rstrip("/")
            ), told
        assert "/quick/examples" not in http.get(f"{site.url}/quick", headers=headers).text


class TestCapabilities:
    @pytest.mark.spec("V-01", "V-02", "V-03", "V-11")
    @pytest.mark.parametrize("path", ["/capabilities", "/countdown/capabilities", "/vectors/capabilities"])
    def test_they_are_valid(self, site, path, uws_schema):
        document = parse(http.get(site.url + path))

        uws_schema.assertValid(document)
        assert all(len(interface.findall("securityMethod")) <= 1 for interface in document.iter("interface"))

    @pytest.mark.spec("V-04", "D-15")
    @pytest.mark.parametrize("base", ["", "/countdown"])
    def test_what_there_is_is_declared_and_what_is_declared_is_there(self, site, base):
        document = parse(http.get(f"{site.url}{base}/capabilities"))

        found = {each.get("standardID"): each.findtext("interface/accessURL") for each in document}
        assert found[EXAMPLES] == f"{site.url}{base}/examples"
        assert {http.get(url).status_code for url in found.values()} == {200}

    @pytest.mark.spec("D-10", "V-04")
    def test_without_examples_there_is_no_place_for_them(self, site):
        document = parse(http.get(f"{site.url}/quick/capabilities"))

        assert EXAMPLES not in {each.get("standardID") for each in document}
        assert http.get(f"{site.url}/quick/examples").status_code == 404


class TestExamples:
    @pytest.mark.spec("D-11", "D-12", "D-13")
    def test_they_are_xml_with_one_vocabulary(self, site):
        document = etree.fromstring(http.get(f"{site.url}/countdown/examples").content)

        (vocabulary,) = document.xpath("//*[@vocab]")
        (example,) = vocabulary.xpath(".//*[@typeof='example']")
        assert vocabulary.get("vocab") == "http://www.ivoa.net/rdf/examples#"
        assert example.get("resource") == "#" + example.get("id")
        assert example.xpath("count(.//*[@property='name'])") == 1
        pairs = example.xpath(".//*[@property='generic-parameter' and @typeof='keyval']")
        assert [pair.xpath("string(*[@property='key'])") for pair in pairs] == ["SECONDS", "RESULTS"]
        assert [pair.xpath("string(*[@property='value'])") for pair in pairs] == ["2", "3"]

    @pytest.mark.spec("D-13")
    def test_the_site_leads_to_those_of_its_services(self, site):
        document = etree.fromstring(http.get(f"{site.url}/examples").content)

        links = document.xpath("//*[@vocab]//*[@property='continuation' and @resource='']/@href")
        assert links == [f"{site.url}/countdown/examples"]
        assert http.get(links[0]).status_code == 200


class TestOwnTypes:
    @pytest.mark.spec("D-69")
    def test_the_process_of_a_job_knows_them(self, site):
        job = create(site.joblist("vectors"), axis=" 1 2  3", files={"table": ("t.txt", b"content")})
        run(job)
        wait_for_phase(job, "COMPLETED")

        told = json.loads(http.get(f"{job}/results/result").text)
        assert told == {"axis": ["Vector", 1.0, 2.0, 3.0], "table": "content", "same": True}

    @pytest.mark.parametrize(
        ("sent", "message"),
        [
            ({"AXIS": "1 2"}, "AXIS='1 2': expected three numbers."),
            ({"TABLE": "t"}, "TABLE='t': expected a file: "),
        ],
    )
    def test_what_they_cannot_read_is_refused_by_name(self, site, sent, message):
        answer = http.post(site.joblist("vectors"), data=sent)

        assert (answer.status_code, answer.text.startswith(message)) == (400, True), answer.text


class TestOpenAPI:
    @pytest.mark.spec("O-01")
    @pytest.mark.parametrize("service", ["quick", "echo", "countdown", "vectors"])
    def test_it_is_valid_and_begins_where_the_service_is(self, site, service):
        document = http.get(f"{site.url}/{service}/openapi.json").json()

        OpenAPIV31SpecValidator(document).validate()
        assert document["servers"] == [{"url": f"{site.url}/{service}"}]

    @pytest.mark.spec("O-01")
    def test_schemathesis_finds_nothing_that_it_does_not_say(self, site, tmp_path):
        """Bounded: some hundred requests that are made of the document, most to one and the same job."""
        job = create(site.joblist("echo"), TEXT="x")
        (tmp_path / "schemathesis.toml").write_text(
            f'[parameters]\n"path.job_id" = "{job.rpartition("/")[2]}"\n"path.parameter" = "TEXT"\n'
        )
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{site.url}/echo/openapi.json"),
            *("--checks", CHECKS, "--phases", "coverage", "--max-examples", "2", "--seed", "1"),
            *("--exclude-operation-id-regex", "^(delete|post)_async_job$", "--request-timeout", "20"),
            *("--generation-database", "none", "--warnings", "off", "--no-color"),
        ]

        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=300, check=False)

        assert done.returncode == 0, done.stdout + done.stderr
        assert "generated" in done.stdout
        assert http.get(f"{site.url}/availability").status_code == 200
