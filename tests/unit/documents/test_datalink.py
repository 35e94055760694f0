"""Tables of links and service descriptors, as documents."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyramid_uws.documents.datalink import Descriptor, Input, Link, links_document

VOT = "{http://www.ivoa.net/xml/VOTable/v1.3}"

THIS = Link(
    id="a", access_url="http://x/a?b=1&c=2", description="<All> of it", semantics="#this", content_length=7
)
CUTOUT = Link(id="a", service_def="soda-1", description="Pieces", semantics="#cutout", link_authorized=False)
MISSING = Link(id="b", error_message="NotFoundFault: no b", description="Nothing", semantics="#this")
CIRCLE = Input(
    name="CIRCLE",
    datatype="double",
    arraysize="3",
    unit="deg",
    ucd="pos.outline;obs",
    xtype="circle",
    maximum="1 2 3",
)
THE_ID = Input(name="ID", ref="links_ID", ucd="meta.ref.url;meta.curation")
BAND = Input(name="BAND", datatype="double", arraysize="2", unit="m", minimum="1e-07", maximum="2e-07")
POL = Input(name="POL", options=("I", "Q"))
SODA = Descriptor(
    id="soda-1",
    name="soda",
    description="Pieces & more",
    access_url="http://x/soda",
    standard_id="ivo://ivoa.net/std/SODA#sync-1.0",
    inputs=(THE_ID, CIRCLE, BAND, POL, Input(name="FIXED", value="x")),
    example_urls=("http://x/soda?ID=a&CIRCLE=1+2+3",),
)


@pytest.fixture
def document(parse, uws_schema):
    root = parse(links_document([THIS, CUTOUT, MISSING], [SODA]))
    uws_schema.assertValid(root)
    return root


def fields(root):
    return {field.get("name"): dict(field.attrib) for field in root.iter(VOT + "FIELD")}


def cells(root):
    names = list(fields(root))
    return [dict(zip(names, [cell.text for cell in row], strict=True)) for row in root.iter(VOT + "TR")]


@pytest.mark.spec("L-09")
@pytest.mark.parametrize(
    ("name", "ucd"),
    [
        ("ID", "meta.id;meta.main"),
        ("access_url", "meta.ref.url"),
        ("service_def", "meta.ref"),
        ("error_message", "meta.code.error"),
        ("description", "meta.note"),
        ("semantics", "meta.code"),
        ("content_type", "meta.code.mime"),
        ("content_length", "phys.size;meta.file"),
    ],
)
def test_it_has_all_the_fields_with_their_ucds(document, name, ucd):
    field = fields(document)[name]

    assert field["ucd"] == ucd
    is_length = name == "content_length"
    assert (field["datatype"], field.get("unit")) == (("long", "byte") if is_length else ("char", None))
    assert field.get("arraysize") == (None if is_length else "*")


@pytest.mark.spec("L-11")
def test_each_row_has_one_of_the_three_and_an_id_and_semantics(document):
    for row in cells(document):
        assert sum(row[name] is not None for name in ("access_url", "service_def", "error_message")) == 1
        assert row["ID"]
        assert row["semantics"]


@pytest.mark.spec("L-11")
@pytest.mark.parametrize("given", [{}, {"access_url": "http://x", "service_def": "y"}])
def test_a_link_with_none_or_two_of_them_cannot_be_made(given):
    with pytest.raises(ValueError, match="exactly one of access_url, service_def and error_message"):
        Link(id="a", description="", semantics="#this", **given)


def test_texts_come_back_as_they_were(document):
    first, second, third = cells(document)

    assert (first["access_url"], first["description"]) == ("http://x/a?b=1&c=2", "<All> of it")
    assert first["content_length"] == "7"
    assert second["link_authorized"] == "false"
    assert third["error_message"] == "NotFoundFault: no b"


@pytest.mark.spec("L-08")
def test_the_status_and_the_standard_are_within_the_results_before_the_table(document):
    results = document.find(f"{VOT}RESOURCE[@type='results']")

    assert [child.tag for child in results] == [VOT + "INFO", VOT + "INFO", VOT + "TABLE"]
    assert [(info.get("name"), info.get("value")) for info in results.findall(VOT + "INFO")] == [
        ("QUERY_STATUS", "OK"),
        ("standardID", "ivo://ivoa.net/std/DataLink#links-1.1"),
    ]
    assert results.find(f"{VOT}TABLE/{VOT}DATA/{VOT}TABLEDATA") is not None


@pytest.mark.spec("L-05")
def test_an_overflow_is_told_with_its_reason(parse):
    info = parse(links_document([], [], "One is left out.")).find(f".//{VOT}INFO")

    assert (info.get("name"), info.get("value"), info.text) == ("QUERY_STATUS", "OVERFLOW", "One is left out.")


@pytest.mark.spec("L-16", "L-26")
def test_what_is_referred_to_is_there_once(document):
    ids = [node.get("ID") for node in document.iter() if node.get("ID")]
    references = [row["service_def"] for row in cells(document) if row["service_def"]]
    references += [node.get("ref") for node in document.iter(VOT + "PARAM") if node.get("ref")]

    assert len(ids) == len(set(ids))
    assert references
    assert set(references) <= set(ids)


@pytest.mark.spec("L-19", "L-20")
def test_a_descriptor_is_a_resource_with_parameters_and_no_table(document):
    resource = document.find(f"{VOT}RESOURCE[@utype='adhoc:service']")
    params = {param.get("name"): param.get("value") for param in resource.findall(VOT + "PARAM")}

    assert (resource.get("type"), resource.get("name")) == ("meta", "soda")
    assert resource.find(VOT + "DESCRIPTION").text == "Pieces & more"
    assert resource.find(VOT + "TABLE") is None
    assert params == {
        "standardID": "ivo://ivoa.net/std/SODA#sync-1.0",
        "accessURL": "http://x/soda",
        "exampleURL": "http://x/soda?ID=a&CIRCLE=1+2+3",
    }


@pytest.mark.spec("L-21", "L-22", "L-26")
def test_its_inputs_are_in_one_group_with_values_references_and_limits(document):
    (group,) = document.iter(VOT + "GROUP")
    inputs = {param.get("name"): param for param in group}

    assert group.get("name") == "inputParams"
    assert (inputs["ID"].get("value"), inputs["ID"].get("ref")) == ("", "links_ID")
    assert (inputs["FIXED"].get("value"), inputs["FIXED"].get("ref")) == ("x", None)
    assert {
        name: [(limit.tag, limit.get("value")) for limit in param.iterfind(f"{VOT}VALUES/*")]
        for name, param in inputs.items()
    } == {
        "ID": [],
        "CIRCLE": [(VOT + "MAX", "1 2 3")],
        "BAND": [(VOT + "MIN", "1e-07"), (VOT + "MAX", "2e-07")],
        "POL": [(VOT + "OPTION", "I"), (VOT + "OPTION", "Q")],
        "FIXED": [],
    }


def test_a_column_with_more_than_ascii_says_so(parse):
    link = Link(id="å", access_url="http://x", description="plain", semantics="#this")

    found = fields(parse(links_document([link], [])))

    assert found["ID"]["datatype"] == "unicodeChar"
    assert found["description"]["datatype"] == "char"


@given(st.text(), st.text())
@settings(max_examples=50, deadline=None)
def test_no_id_breaks_the_document(parse, name, message):
    root = parse(links_document([Link(id=name, error_message=message, description=name, semantics="#this")], []))

    assert len(list(root.iter(VOT + "TR"))) == 1
