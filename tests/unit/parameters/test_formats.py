"""What RESPONSEFORMAT may be."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.exceptions import BadValue
from pyramid_uws.parameters import Parameter, complete
from pyramid_uws.parameters.formats import CSV, MEDIA_TYPES, SHORT_FORMS, VOTABLE, read_format, split_format
from pyramid_uws.tables import TABLE_PARAMETERS


@pytest.mark.spec("D-25")
@pytest.mark.parametrize(
    ("text", "media_type"),
    [
        ("votable", VOTABLE),
        ("VOTable", VOTABLE),
        ("votable/b2", f"{VOTABLE};serialization=BINARY2"),
        ("csv", CSV),
        (" tsv ", "text/tab-separated-values"),
        ("fits", "application/fits"),
        ("parquet", "application/vnd.apache.parquet"),
        ("json", "application/json"),
    ],
)
def test_short_forms_stand_for_media_types(text, media_type):
    assert read_format(text) == media_type


@pytest.mark.spec("D-26", "D-29")
@pytest.mark.parametrize(
    ("text", "media_type"),
    [
        ("text/xml", "text/xml"),
        ("Application/X-VOTable+XML", VOTABLE),
        ("application/x-votable xml", VOTABLE),
        ("application/x-votable+xml ; Serialization = binary2", f"{VOTABLE};serialization=BINARY2"),
        ('text/xml;serialization="TABLEDATA"; charset=UTF-8', "text/xml;serialization=TABLEDATA;charset=utf-8"),
        ("image/fits", "image/fits"),
        ("text/csv; header=absent", "text/csv;header=absent"),
    ],
)
def test_media_types_stay_what_was_asked_for(text, media_type):
    assert read_format(text) == media_type


@pytest.mark.spec("D-28")
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("application/foo", "expected one of votable, csv, tsv, json, fits, parquet, or a media type"),
        ("", "expected one of"),
        ("votable;serialization=BINARY2", "expected one of"),
        (
            "text/csv;header=maybe",
            "text/csv does not come with 'header=maybe', but with charset=utf-8; header=present",
        ),
        ("application/fits;charset=utf-8", "application/fits does not come with 'charset=utf-8'"),
        (f"{VOTABLE};serialization=BINARY", "does not come with 'serialization=BINARY'"),
        ("text/csv;", "does not come with ''"),
    ],
)
def test_others_are_refused_by_what_there_is(text, sentence):
    with pytest.raises(ValueError, match=sentence):
        read_format(text)


@given(st.text() | st.sampled_from([*SHORT_FORMS, *MEDIA_TYPES]).flatmap(lambda kind: st.text().map(kind.__add__)))
def test_whatever_is_asked_for_is_a_format_or_a_sentence(text):
    with suppress(ValueError):
        media_type = read_format(text)

        assert read_format(media_type) == media_type
        assert split_format(media_type)[0] in MEDIA_TYPES.values()


@pytest.mark.spec("D-22", "D-29")
@pytest.mark.parametrize("sent", [(), (("RESPONSEFORMAT", ""), ("MAXREC", " "))])
def test_what_is_not_said_is_a_votable_without_a_limit(sent):
    assert complete(TABLE_PARAMETERS, sent) == {"RESPONSEFORMAT": VOTABLE, "MAXREC": None}


def test_a_service_may_allow_fewer():
    parameter = Parameter(name="RESPONSEFORMAT", type="format", options=(CSV,))

    assert parameter.read("csv") == CSV
    with pytest.raises(BadValue, match="expected one of text/csv"):
        parameter.read("fits")
