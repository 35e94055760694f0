"""The types of DALI: what is read, what is refused, and that what is written is read again."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.exceptions import BadValue
from pyramid_uws.parameters import Parameter
from pyramid_uws.parameters.formats import SHORT_FORMS, read_format
from pyramid_uws.parameters.types import TYPES

FINITE = st.floats(-1e300, 1e300)
LONGITUDES = st.floats(0, 360, exclude_max=True)
LATITUDES = st.floats(-90, 90)
POINTS = st.tuples(LONGITUDES, LATITUDES)
CIRCLES = st.tuples(LONGITUDES, LATITUDES, st.floats(0, 180))
POLYGONS = st.lists(POINTS, min_size=3, max_size=8).map(tuple)
RANGES = st.tuples(LONGITUDES, LONGITUDES, LATITUDES, LATITUDES).map(
    lambda box: (*box[:2], *sorted(box[2:])) if box[1] - box[0] < 360 else box
)
CELLS = st.integers(0, 29).flatmap(
    lambda order: st.tuples(st.just(order), *[st.integers(0, 12 * 4**order - 1)] * 2).map(
        lambda cell: (cell[0], *sorted(cell[1:]))
    )
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | FINITE | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)

VALUES = {
    "format": st.sampled_from(sorted(SHORT_FORMS)).map(read_format),
    "string": st.text(),
    "int": st.integers(-(2**63), 2**63 - 1),
    "double": st.floats(allow_nan=False),
    "boolean": st.booleans(),
    "timestamp": st.integers(0, 2**52),
    "interval": st.tuples(st.floats(allow_nan=False), st.floats(allow_nan=False)).map(
        lambda two: tuple(sorted(two))
    ),
    "point": POINTS,
    "circle": CIRCLES,
    "range": RANGES,
    "polygon": POLYGONS,
    "shape": CIRCLES.map(lambda it: ("circle", it))
    | POLYGONS.map(lambda it: ("polygon", it))
    | RANGES.map(lambda it: ("range", it)),
    "moc": st.lists(CELLS, min_size=1, max_size=5).map(tuple),
    "uri": st.sampled_from(["ivo://x/y?z#1", "https://example.org/a%20b", "urn:x:1"]),
    "uuid": st.uuids(),
    "json": JSON,
}


@pytest.mark.spec("D-62", "D-63", "D-66", "D-67")
@pytest.mark.parametrize("name", VALUES)
def test_what_is_written_is_read_again(name):
    @given(VALUES[name])
    def there_and_back(value):
        assert TYPES[name].read(TYPES[name].write(value)) == value

    there_and_back()


@pytest.mark.spec("D-66")
def test_coordinates_are_reduced():
    assert TYPES["point"].read("-10 5") == (350.0, 5.0)
    assert TYPES["range"].read("359 361 -1 1") == (359.0, 1.0, -1.0, 1.0)
    assert TYPES["range"].read("0 360 -Inf +Inf") == (0.0, 360.0, -90.0, 90.0)
    assert TYPES["shape"].read("POLYGON 0 0 1 0 0 1")[1] == ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("interval", "5 1"),
        ("interval", "1"),
        ("interval", "NaN 1"),
        ("point", "1"),
        ("point", "1 91"),
        ("point", "1 NaN"),
        ("circle", "1 2"),
        ("circle", "1 2 -1"),
        ("circle", "1 2 Inf"),
        ("range", "1 2 3"),
        ("range", "1 2 4 3"),
        ("range", "1 2 3 NaN"),
        ("polygon", "0 0 1 0"),
        ("polygon", "0 0 1 0 1 1 2"),
        ("shape", "1 2"),
        ("shape", ""),
        ("file", "a text"),
        ("moc", "x"),
        ("moc", "3"),
        ("moc", ""),
        ("moc", "0/12"),
        ("moc", "1/3-2"),
        ("moc", "30/1"),
        ("uri", "no uri"),
        ("uri", "http:"),
        ("uuid", "1234"),
        ("json", "{"),
        ("json", "NaN"),
        ("json", "[" * 10_000),
        ("json", '{"a": ' * 60 + "1" + "}" * 60),
    ],
)
def test_what_is_no_value_is_refused_by_name(name, text):
    with pytest.raises(BadValue, match=r"^X="):
        Parameter(name="X", type=name).read(text)


@pytest.mark.spec("D-68")
@pytest.mark.parametrize("text", ["square 1 2", "ELLIPSE 1 2 3 4 5", "geom:cone 1 2"])
def test_a_shape_that_is_not_known_is_called_unsupported(text):
    kind = text.partition(" ")[0]

    with pytest.raises(
        BadValue, match=rf"^unsupported-xtype: {kind}; X='{text}': expected one of circle, range, "
    ):
        Parameter(name="X", type="shape").read(text)


def test_brackets_in_texts_are_no_depth():
    assert TYPES["json"].read('["' + "[" * 100 + '\\""]') == ["[" * 100 + '"']


def test_all_types_are_tried():
    assert set(VALUES) | {"file"} == set(TYPES)


@pytest.mark.spec("D-70")
@pytest.mark.parametrize("name", ["interval", "point", "circle", "range", "polygon", "shape"])
def test_nothing_holds_a_nan(name):
    written = {"interval": "1 2", "shape": "circle 1 2 3"}.get(name, "0 1 0 1 1 1")
    words = written.split()[: {"point": 2, "circle": 3, "range": 4}.get(name)]
    assert TYPES[name].read(" \t\n ".join(words)) is not None

    for place in range(name == "shape", len(words)):
        with pytest.raises(ValueError, match=r"expected|must not"):
            TYPES[name].read(" ".join([*words[:place], "NaN", *words[place + 1 :]]))


@pytest.mark.parametrize("name", TYPES)
def test_whatever_is_sent_is_read_or_refused_in_words(name):
    @given(st.text(max_size=40) | st.text('0123456789 /-.,einfInfNaN[]{}"', max_size=40))
    def sent(text):
        with contextlib.suppress(ValueError):
            assert TYPES[name].read(text) is not None or name == "json"

    sent()
