from dataclasses import FrozenInstanceError
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyvo.io.vosi import parse_availability, parse_capabilities

from pyramid_uws.documents import Capability, availability_document, capabilities_document
from pyramid_uws.uws.standards import (
    EXAMPLES,
    UWS,
    VOSI_AVAILABILITY,
    VOSI_CAPABILITIES,
    VOSI_TABLES,
    VOSI_TABLES_1_1,
)

BASE = "https://vo.example.org/crossmatch"
VOSI = "{http://www.ivoa.net/xml/VOSICapabilities/v1.0}"
AVAILABILITY = "{http://www.ivoa.net/xml/VOSIAvailability/v1.0}"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
UP_SINCE = 1767323045678901


@pytest.fixture
def capabilities():
    return [
        Capability(standard_id=UWS, access_url=f"{BASE}/async?a=1&b=2", use="base", version="1.1"),
        Capability(standard_id=VOSI_CAPABILITIES, access_url=f"{BASE}/capabilities"),
        Capability(standard_id=VOSI_AVAILABILITY, access_url=f"{BASE}/availability"),
    ]


@pytest.mark.spec("V-01", "V-02")
def test_capabilities_are_valid(capabilities, parse, uws_schema):
    root = parse(capabilities_document(capabilities))

    uws_schema.assertValid(root)
    assert root.tag == VOSI + "capabilities"
    assert [child.tag for child in root] == ["capability"] * 3


def test_no_capabilities_are_valid_too(parse, uws_schema):
    uws_schema.assertValid(parse(capabilities_document([])))


@pytest.mark.spec("V-04")
def test_the_standard_ids_are_those_of_the_standards(capabilities, parse):
    root = parse(capabilities_document(capabilities))

    assert [child.get("standardID") for child in root] == [
        "ivo://ivoa.net/std/UWS#rest-1.1",
        "ivo://ivoa.net/std/VOSI#capabilities",
        "ivo://ivoa.net/std/VOSI#availability",
    ]
    assert VOSI_TABLES == "ivo://ivoa.net/std/VOSI#tables"
    assert VOSI_TABLES_1_1 == "ivo://ivoa.net/std/VOSI#tables-1.1"
    assert EXAMPLES == "ivo://ivoa.net/std/DALI#examples"


@pytest.mark.spec("V-03")
def test_an_interface_says_how_to_use_its_url(capabilities, parse):
    async_, vosi, _ = parse(capabilities_document(capabilities)).iter("interface")

    assert async_.attrib == {XSI_TYPE: "vs:ParamHTTP", "role": "std", "version": "1.1"}
    assert [(each.tag, each.attrib, each.text) for each in async_] == [
        ("accessURL", {"use": "base"}, f"{BASE}/async?a=1&b=2")
    ]
    assert vosi.attrib == {XSI_TYPE: "vs:ParamHTTP", "role": "std"}
    assert vosi[0].attrib == {"use": "full"}


@pytest.mark.spec("V-03")
@pytest.mark.parametrize("standard_id", [VOSI_CAPABILITIES, VOSI_AVAILABILITY, VOSI_TABLES])
def test_a_vosi_endpoint_has_a_full_url(standard_id):
    with pytest.raises(ValueError, match="use='full'"):
        Capability(standard_id=standard_id, access_url=f"{BASE}/capabilities", use="base")


@pytest.mark.spec("C-50")
def test_readers_that_know_no_namespaces_find_the_usual_names(capabilities):
    text = capabilities_document(capabilities)

    assert text.count("<capability ") == text.count("<interface ") == text.count("<accessURL ") == 3
    assert text.count('xsi:type="vs:ParamHTTP"') == 3
    assert 'xmlns:vs="http://www.ivoa.net/xml/VODataService/v1.1"' in text
    assert 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"' in text


def test_pyvo_reads_the_capabilities(capabilities):
    read = parse_capabilities(BytesIO(capabilities_document(capabilities).encode()))

    assert [each.standardid for each in read] == [each.standard_id for each in capabilities]
    assert [each.interfaces[0].accessurls[0].content for each in read] == [
        each.access_url for each in capabilities
    ]


def test_a_capability_cannot_be_changed(capabilities):
    with pytest.raises(FrozenInstanceError):
        capabilities[0].access_url = "https://other.example.org"


@pytest.mark.spec("V-08")
def test_availability_tells_since_when_and_what_else(parse, uws_schema):
    root = parse(availability_document(True, UP_SINCE, ["All is well.", "a < b"]))

    uws_schema.assertValid(root)
    assert root.tag == AVAILABILITY + "availability"
    assert [(child.tag.removeprefix(AVAILABILITY), child.text) for child in root] == [
        ("available", "true"),
        ("upSince", "2026-01-02T03:04:05.678901Z"),
        ("note", "All is well."),
        ("note", "a < b"),
    ]


@pytest.mark.spec("V-08")
def test_what_is_not_available_says_so(parse, uws_schema):
    root = parse(availability_document(False, None))

    uws_schema.assertValid(root)
    assert [(child.tag.removeprefix(AVAILABILITY), child.text) for child in root] == [("available", "false")]


@given(data=st.data())
def test_availability_is_valid_whatever_the_notes(data, texts, carried, parse, uws_schema):
    notes = data.draw(st.lists(texts, max_size=3))

    root = parse(availability_document(True, UP_SINCE, notes))

    uws_schema.assertValid(root)
    assert [note.text or "" for note in root[2:]] == [carried(note) for note in notes]


def test_pyvo_reads_the_availability():
    read = parse_availability(BytesIO(availability_document(True, UP_SINCE, ["All is well."]).encode()))

    assert read.available
    assert read.upsince == "2026-01-02T03:04:05.678901Z"
    assert [str(note) for note in read.notes] == ["All is well."]
