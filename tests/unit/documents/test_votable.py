from io import BytesIO

import pytest
from astropy.io import votable
from hypothesis import given
from hypothesis import strategies as st
from pyvo.dal import DALQueryError, DALResults

from pyramid_uws.documents import error_votable

VOTABLE = "{http://www.ivoa.net/xml/VOTable/v1.3}"


@pytest.mark.spec("D-53", "D-57", "D-59")
def test_an_error_document_is_a_votable_with_a_status_and_no_table(parse, uws_schema):
    root = parse(error_votable("RADIUS=-1: too small."))

    uws_schema.assertValid(root)
    assert root.tag == VOTABLE + "VOTABLE"
    assert root.get("version") == "1.4"
    (resource,) = root
    assert resource.tag == VOTABLE + "RESOURCE"
    assert resource.attrib == {"type": "results"}
    assert [(each.tag, each.attrib) for each in resource] == [
        (VOTABLE + "INFO", {"name": "QUERY_STATUS", "value": "ERROR"})
    ]


@pytest.mark.spec("D-46", "D-54")
def test_the_message_is_the_content_of_the_status(parse):
    root = parse(error_votable("UsageError: a < b\nSecond line."))

    assert root.findtext(f".//{VOTABLE}INFO") == "UsageError: a < b\nSecond line."


@pytest.mark.spec("D-54")
@pytest.mark.parametrize("message", ["", " \n"])
def test_the_message_is_never_blank(message, parse):
    assert parse(error_votable(message)).findtext(f".//{VOTABLE}INFO").strip()


def test_further_infos_follow_the_status(parse, uws_schema):
    root = parse(error_votable("No.", infos=[("standardID", "ivo://ivoa.net/std/SODA"), ("request", "a&b")]))

    uws_schema.assertValid(root)
    assert [(each.get("name"), each.get("value"), each.text) for each in root[0]] == [
        ("QUERY_STATUS", "ERROR", "No."),
        ("standardID", "ivo://ivoa.net/std/SODA", None),
        ("request", "a&b", None),
    ]


@given(data=st.data())
def test_an_error_document_is_valid_whatever_it_says(data, texts, carried, parse, uws_schema):
    message, value = data.draw(st.tuples(texts.filter(str.strip), texts))

    root = parse(error_votable(message, infos=[("echo", value)]))

    uws_schema.assertValid(root)
    assert (root[0][0].text, root[0][1].get("value")) == (carried(message), carried(value))


def test_pyvo_raises_the_message():
    read = votable.parse(BytesIO(error_votable("RADIUS=-1: too small.").encode()), verify="exception")

    with pytest.raises(DALQueryError, match="RADIUS=-1: too small"):
        DALResults(read)
