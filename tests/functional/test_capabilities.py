"""What a service says of itself: capabilities and availability (VOSI 1.1)."""

import re
from email.utils import parsedate_to_datetime
from xml.dom import minidom

import pytest

from tests.support.http import NAMESPACES, create, http, parse

CAPABILITIES = "ivo://ivoa.net/std/VOSI#capabilities"
AVAILABILITY = "ivo://ivoa.net/std/VOSI#availability"
UWS = "ivo://ivoa.net/std/UWS#rest-1.1"
XSI_TYPE = f"{{{NAMESPACES['xsi']}}}type"
PAGES = ("capabilities", "availability")


@pytest.fixture
def base(server):
    return f"{server.url}/quick"


@pytest.fixture
def capabilities(base):
    """Standard -> its capability."""
    return {each.get("standardID"): each for each in parse(http.get(f"{base}/capabilities"))}


class TestCapabilities:
    @pytest.mark.spec("V-01", "C-56", "D-14")
    def test_it_is_a_valid_document_below_the_service(self, base, uws_schema):
        answer = http.get(f"{base}/capabilities")

        uws_schema.assertValid(parse(answer))
        assert answer.status_code == 200
        assert parse(answer).tag == f"{{{NAMESPACES['cap']}}}capabilities"

    @pytest.mark.spec("V-02")
    def test_its_children_are_capabilities_without_namespace(self, base):
        assert {child.tag for child in parse(http.get(f"{base}/capabilities"))} == {"capability"}

    @pytest.mark.spec("V-04")
    def test_it_names_the_standards(self, capabilities):
        assert set(capabilities) == {CAPABILITIES, AVAILABILITY, UWS}

    @pytest.mark.spec("V-03")
    @pytest.mark.parametrize("standard", [CAPABILITIES, AVAILABILITY])
    def test_addresses_of_vosi_are_complete(self, standard, capabilities):
        (interface,) = capabilities[standard].findall("interface")

        assert interface.get(XSI_TYPE) == "vs:ParamHTTP"
        assert interface.find("accessURL").get("use") == "full"

    @pytest.mark.spec("V-04", "D-15")
    @pytest.mark.parametrize(("standard", "root"), [(CAPABILITIES, "cap"), (AVAILABILITY, "avail")])
    def test_addresses_of_vosi_lead_there(self, standard, root, capabilities):
        answer = http.get(capabilities[standard].findtext("interface/accessURL"))

        assert answer.status_code == 200
        assert parse(answer).tag.startswith(f"{{{NAMESPACES[root]}}}")

    @pytest.mark.spec("U-34", "U-35", "C-47")
    def test_a_plain_uws_is_declared_with_its_job_list(self, capabilities, server):
        url = capabilities[UWS].findtext("interface/accessURL")

        assert url == server.joblist("quick")
        assert parse(http.get(url)).tag == f"{{{NAMESPACES['uws']}}}jobs"
        assert create(url).startswith(url + "/")

    @pytest.mark.spec("V-06")
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_it_says_when_it_last_changed(self, method, base):
        answer = http.request(method, f"{base}/capabilities")

        assert parsedate_to_datetime(answer.headers["Last-Modified"]) <= parsedate_to_datetime(
            answer.headers["Date"]
        )

    @pytest.mark.spec("C-50")
    def test_readers_without_namespaces_find_literal_names(self, base):
        """As starjava's DOM reader does, by tag name."""
        document = minidom.parseString(http.get(f"{base}/capabilities").content)

        names = {each.tagName for each in document.getElementsByTagName("*")}
        types = {each.getAttribute("xsi:type") for each in document.getElementsByTagName("interface")}
        assert {"capability", "interface", "accessURL"} <= names
        assert types == {"vs:ParamHTTP"}
        assert {"xmlns:vs", "xmlns:vr", "xmlns:xsi"} <= set(document.documentElement.attributes.keys())


class TestAvailability:
    @pytest.mark.spec("V-08")
    @pytest.mark.parametrize("place", ["/availability", "/quick/availability"])
    def test_it_is_a_valid_document_that_says_yes(self, place, server, uws_schema):
        document = parse(http.get(server.url + place))

        uws_schema.assertValid(document)
        assert document.tag == f"{{{NAMESPACES['avail']}}}availability"
        assert [child.tag.rpartition("}")[2] for child in document] == ["available", "upSince"]
        assert document[0].text == "true"

    @pytest.mark.spec("V-08")
    def test_it_says_since_when(self, base):
        since = parse(http.get(f"{base}/availability"))[1].text

        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", since)


class TestBoth:
    @pytest.mark.spec("V-05")
    @pytest.mark.parametrize("page", PAGES)
    @pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic Og=="}, {"Authorization": "nonsense"}])
    def test_no_credentials_are_needed(self, headers, page, base):
        assert http.get(f"{base}/{page}", headers=headers).status_code == 200

    @pytest.mark.spec("V-12")
    @pytest.mark.parametrize("page", PAGES)
    @pytest.mark.parametrize(
        "accept", [None, "*/*", "text/html", "text/html,application/xhtml+xml,*/*;q=0.8", "application/json", "x"]
    )
    def test_they_are_xml_whatever_is_accepted(self, accept, page, base):
        answer = http.get(f"{base}/{page}", headers={"Accept": accept})

        assert answer.status_code == 200
        assert answer.headers["Content-Type"].partition(";")[0] in {"text/xml", "application/xml"}
        assert parse(answer) is not None

    @pytest.mark.spec("V-07")
    @pytest.mark.parametrize("page", PAGES)
    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
    def test_they_are_read_only(self, method, page, base):
        assert http.request(method, f"{base}/{page}").status_code == 405

    @pytest.mark.spec("D-10", "D-16", "C-56")
    @pytest.mark.parametrize(
        "place", ["/quick/tables", "/quick/examples", "/tables", "/examples", "/quick/nonesuch"]
    )
    def test_what_is_not_offered_is_not_found(self, place, server):
        assert http.get(server.url + place).status_code == 404
