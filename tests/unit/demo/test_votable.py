import io

import numpy as np
import pytest
from astropy.io import votable as astropy_votable
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pyramid_uws.demo import fields, votable
from pyramid_uws.demo.votable import Column, Field, Table

VOT = "{http://www.ivoa.net/xml/VOTable/v1.3}"
NUMBER = Field(name="number", datatype="double", format="%r", unit="deg", ucd="pos.eq.ra", description="Ra")
TEXT = Field(name="text", datatype="char", ucd="meta.id", description="A <b> & a c")
LONG = Field(name="long", datatype="long", ucd="meta.id", description="An identifier")


def written(*columns, **more):
    file = io.BytesIO()
    votable.write(Table(name="t", description="A & B", columns=columns, **{"epochs": {}, **more}), file)
    return file.getvalue()


def read(document):
    """Return the first table as astropy reads it, which is strict here: warnings are errors."""
    return astropy_votable.parse(io.BytesIO(document), verify="exception").get_first_table()


def three_columns(length):
    return (
        Column(LONG, np.arange(length)),
        Column(NUMBER, np.linspace(0, 1, length)),
        Column(TEXT, np.array(["x"] * length, dtype=np.str_)),
    )


def test_a_document_is_valid(uws_schema):
    document = written(
        *three_columns(3), infos=[("warning", "a < b", "meta.note"), ("x", "y", None)], epochs={"a": 2016.0}
    )

    uws_schema.assertValid(etree.fromstring(document))


@pytest.mark.spec("D-53", "D-57")
def test_the_status_comes_before_the_table():
    resource = etree.fromstring(written(*three_columns(1))).find(f"{VOT}RESOURCE")

    assert resource.get("type") == "results"
    assert resource[0].attrib == {"name": "QUERY_STATUS", "value": "OK"}
    assert resource[-1].tag == f"{VOT}TABLE"


@pytest.mark.spec("D-32", "D-55", "D-57")
def test_an_overflow_is_told_after_the_table(uws_schema):
    root = etree.fromstring(written(*three_columns(1), overflow=True))

    uws_schema.assertValid(root)
    assert root[0][-2].tag == f"{VOT}TABLE"
    assert root[0][-1].attrib == {"name": "QUERY_STATUS", "value": "OVERFLOW"}


def test_a_table_without_rows_still_has_its_fields():
    table = read(written(*three_columns(0)))

    assert [field.name for field in table.fields] == ["long", "number", "text"]
    assert len(table.array) == 0


def test_infos_and_fields_carry_their_metadata():
    document = astropy_votable.parse(
        io.BytesIO(written(Column(NUMBER, np.zeros(1)), infos=[("note", 'a "b"', "meta.note")], epochs={"g": 1.5}))
    )

    info = document.resources[0].infos[1]
    field = document.get_first_table().fields[0]
    assert (info.name, info.value, info.ucd) == ("note", 'a "b"', "meta.note")
    assert (field.unit.to_string(), field.ucd, field.description) == ("deg", "pos.eq.ra", "Ra")
    assert document.resources[0].coordinate_systems[0].epoch == "J1.5"


@pytest.mark.parametrize("length", [votable.BLOCK - 1, votable.BLOCK, votable.BLOCK + 1])
def test_no_row_is_lost_between_blocks(length):
    assert read(written(*three_columns(length))).array["long"].tolist() == list(range(length))


# What XML can hold, without what its readers turn into something else.
xml_texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=20
)


@given(
    st.lists(
        st.tuples(
            st.integers(-(2**63), 2**63 - 1),
            st.floats(allow_infinity=False),
            xml_texts.filter(lambda text: text == text.strip()),
        ),
        min_size=1,
    )
)
def test_what_is_written_is_read_back(rows):
    integers, floats, texts = (list(column) for column in zip(*rows, strict=True))

    root = etree.fromstring(
        written(
            Column(LONG, np.array(integers, dtype=np.int64)),
            Column(NUMBER, np.array(floats)),
            Column(TEXT, np.array(texts, dtype=object)),
        )
    )

    cells = [[cell.text or "" for cell in row] for row in root.iter(f"{VOT}TR")]
    assert [int(row[0]) for row in cells] == integers
    assert [row[1] and float(row[1]) for row in cells] == ["" if x != x else x for x in floats]  # noqa: PLR0124
    assert [row[2] for row in cells] == texts


def test_missing_values_are_read_as_missing():
    table = read(written(Column(NUMBER, np.array([1.5, np.nan]))))

    assert table.array["number"].mask.tolist() == [False, True]


@pytest.mark.parametrize(
    "field", [field for field in vars(fields).values() if isinstance(field, Field)], ids=lambda field: field.name
)
def test_the_fields_of_the_catalogues_have_valid_units_and_ucds(field):
    table = read(written(Column(field, np.array([], dtype=float))))

    assert astropy_votable.ucd.check_ucd(field.ucd, check_controlled_vocabulary=True)
    assert table.fields[0].name == field.name
