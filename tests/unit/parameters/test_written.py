"""Declarations by lines: every fact of a Parameter can be written, and every mistake is told."""

import dataclasses

import pytest

from pyramid_uws.parameters import Parameter, Upload
from pyramid_uws.parameters.written import read_declaration, read_upload


@pytest.mark.parametrize(
    ("line", "parameter"),
    [
        ("TABLE", Parameter(name="TABLE")),
        (
            "TABLE required -- The table, it's -- well -- wanted.",
            Parameter(name="TABLE", required=True, description="The table, it's -- well -- wanted."),
        ),
        (
            "R double unit=deg ucd=pos.angDistance xtype=x minimum=0 maximum=5 default=.1 -- How far",
            Parameter(
                name="R",
                type="double",
                unit="deg",
                ucd="pos.angDistance",
                xtype="x",
                minimum=0.0,
                maximum=5.0,
                default=0.1,
                description="How far",
            ),
        ),
        (
            "N int multiple default=1,2 options=1,2,3",
            Parameter(name="N", type="int", multiple=True, default=(1, 2), options=(1, 2, 3)),
        ),
        ("X required double condition", Parameter(name="X", type="double", condition=True, required=True)),
        (
            """C 'default=red, green' options='plain,"red, green"'""",
            Parameter(name="C", default="red, green", options=("plain", "red, green")),
        ),
        ("P circle default='83.6 22 0.5'", Parameter(name="P", type="circle", default=(83.6, 22.0, 0.5))),
        ("T timestamp minimum=1970-01-01T00:00:01", Parameter(name="T", type="timestamp", minimum=1_000_000)),
        ("U 'unit=km s-1' default=", Parameter(name="U", unit="km s-1", default="")),
    ],
)
def test_a_line_is_a_parameter(line, parameter):
    assert read_declaration(line) == parameter


def test_there_is_a_way_to_write_every_fact():
    line = "A double multiple required unit=u ucd=c xtype=x minimum=1 maximum=2 options=1,2 -- d"
    bare = Parameter(name="Z")

    written = read_declaration(line)

    changed = {
        field.name
        for field in dataclasses.fields(Parameter)
        if getattr(written, field.name) != getattr(bare, field.name)
    }
    assert changed == {field.name for field in dataclasses.fields(Parameter)} - {"default", "condition", "own"}
    assert read_declaration("B double condition").condition
    assert read_declaration("B default=x").default == "x"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-- a description", "expected a name, what is to be said of it"),
        ("RADIUS duoble", "'duoble' is neither a type"),
        ("RADIUS double requird", "'requird' is neither a type"),
        ("RADIUS double mimimum=3", "'mimimum=3' is neither a type"),
        ("RADIUS double How far", "'How' is neither .* a description begins with --"),
        ("RADIUS double int", "it has several types: double, int"),
        ("RADIUS minimum=1", "values of type 'string' have no minimum"),
        ("RADIUS double minimum=one", "minimum=one: expected a number"),
        ("RADIUS double default=1 default=2", "default is given twice"),
        ("RADIUS double minimum=2 maximum=1", "the minimum is greater than the maximum"),
        ("RADIUS double maximum=1 default=2", "default 2.0: the largest value allowed is 1.0"),
        ("COLOUR options=red,green default=blue", "default 'blue': expected one of red, green"),
        ("COLOUR multiple options=red,green default=red,blue", "default 'blue': expected one of"),
        ("COLOUR required default=red", "a required parameter has no default"),
        ("COLOUR options='a,\"b'", 'options=a,"b: unexpected end of data'),
        ("COLOUR default='red", "No closing quotation"),
        ("1ST double", "'1ST' cannot be the name of a parameter"),
        ("PHASE", "'PHASE' cannot be the name of a parameter"),
        ("A=B", "'A=B' cannot be the name of a parameter"),
    ],
)  # fmt: skip
def test_a_mistake_is_told(line, message):
    with pytest.raises(ValueError, match=message):
        read_declaration(line)


@pytest.mark.parametrize(
    ("line", "upload"),
    [
        ("stars", Upload(name="stars")),
        (
            "stars required text/csv application/x-votable+xml -- Stars, it's true.",
            Upload(
                name="stars",
                required=True,
                media_types=("text/csv", "application/x-votable+xml"),
                description="Stars, it's true.",
            ),
        ),
    ],
)
def test_an_upload_is_a_line_too(line, upload):
    assert read_upload(line) == upload


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1st", "'1st' is no name of an upload"),
        ("stars requird", "upload stars: 'requird' is no media type"),
        ("-- x", "expected a name"),
        ("'stars", "No closing quotation"),
    ],
)
def test_an_upload_that_cannot_be(line, message):
    with pytest.raises(ValueError, match=message):
        read_upload(line)


def test_a_type_of_the_sites_own_is_named_but_its_values_are_not_written():
    assert read_declaration("AXIS geom:vector3d required -- Where to").type == "geom:vector3d"
    with pytest.raises(ValueError, match="default=x: values of the site's own type geom:vector3d are declared in"):
        read_declaration("AXIS geom:vector3d default=x")
