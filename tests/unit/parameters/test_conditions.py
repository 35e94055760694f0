"""Conditions: what PQL and DALI write, what a value has to meet, and what SQL makes of it."""

import contextlib
import sqlite3

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.exceptions import BadValue
from pyramid_uws.parameters import Condition, Parameter, complete, merge
from pyramid_uws.parameters.conditions import MOST_ITEMS, Values, read_condition, read_dali, read_pql
from pyramid_uws.uws.instants import parse_instant

MAG = Parameter(name="MAG", type="double", condition=True)
DAY = 86_400_000_000


def met(condition, *values):
    return [value for value in values if condition.test(value)]


@pytest.mark.spec("P-01", "P-02", "P-03")
@pytest.mark.parametrize(
    ("text", "meets"),
    [
        ("3", [3]),
        ("1,2,7/9", [1, 2, 7, 8, 9]),
        ("/2", [0, 1, 2]),
        ("8/", [8, 9]),
        (" 1 , 3 / 4 ", [1, 3, 4]),
        ("", list(range(10))),
        ("9/1", []),
    ],
)
def test_integers(text, meets):
    assert met(read_pql("int", text), *range(10)) == meets


@pytest.mark.spec("P-04")
@pytest.mark.parametrize(("text", "meets"), [("1/9/3", [1, 4, 7]), ("1/1/3", [1]), ("0/9/100", [0])])
def test_steps(text, meets):
    assert met(read_pql("int", text), *range(10)) == meets


@pytest.mark.spec("P-04")
def test_a_step_that_is_too_fine_is_none():
    assert read_pql("int", "0/3000/1").items == (Values(0, 3000),)


@pytest.mark.spec("P-04", "P-14")
def test_the_step_of_instants_is_in_days():
    condition = read_pql("timestamp", "2026-01-01/2026-01-03/0.5")
    first = parse_instant("2026-01-01T00:00:00Z")

    assert met(condition, *(first + DAY * hour // 24 for hour in range(0, 60, 6))) == [
        first + DAY * hour // 24 for hour in range(0, 49, 12)
    ]


@pytest.mark.spec("P-05", "P-12")
def test_strings_are_compared_literally_and_may_hold_separators_that_are_escaped():
    assert met(read_pql("string", "M31,NGC%2C1,a%2Fb;q"), "M31", "m31", "NGC,1", "a/b") == ["M31", "NGC,1", "a/b"]
    assert met(read_pql("string", "b/d"), "a", "b", "c", "d", "da") == ["b", "c", "d"]
    assert read_pql("string", "a/b").items == (Values("a", "b"),)


@pytest.mark.spec("P-05")
@pytest.mark.parametrize(
    ("kind", "text", "meets"),
    [
        ("int", "2,0x4/6", [2, 4, 5, 6]),
        ("double", "2.0,4.5/6", [2, 5, 6]),
        ("timestamp", "1970-01-01T00:00:00.000003Z/,1970-01-01", [0, 3, 4, 5, 6, 7]),
        ("timestamp", "1970-01-01/1970-01-02", [0, 1, 2, 3, 4, 5, 6, 7]),
    ],
)
def test_items_are_of_the_parameters_type(kind, text, meets):
    assert met(read_pql(kind, text), *range(8)) == meets


@pytest.mark.spec("P-05")
@pytest.mark.parametrize("kind", ["boolean", "circle", "uri", "json", "moc"])
def test_other_types_are_single_values(kind):
    with pytest.raises(ValueError, match="a condition is of type double, int, string, timestamp"):
        Parameter(name="X", type=kind, condition=True)


@pytest.mark.spec("P-12")
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("int", "9/1"),
        ("int", "9/1/2"),
        ("double", "9/1"),
        ("timestamp", "1970-01-02/1970-01-01"),
        ("string", "b/a"),
    ],
)
def test_a_range_the_wrong_way_round_matches_nothing(kind, text):
    condition = read_pql(kind, text)

    values = list("abc") if kind == "string" else range(20)
    assert met(condition, *values) == []
    if kind != "string":
        assert not condition.test(np.array(values)).any()


@pytest.mark.spec("P-14")
@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-02", DAY),
        ("1970-01-01T00:00:01", 1_000_000),
        ("1970-01-01T00:00:01Z", 1_000_000),
        ("1970-01-01T00:00:01.5", 1_500_000),
        ("1970-01-01T00:00:01.000002Z", 1_000_002),
    ],
)
def test_a_date_without_a_time_is_its_midnight_in_utc(text, instant):
    assert read_pql("timestamp", text).items == (Values(instant, instant),)


@pytest.mark.spec("P-02")
@pytest.mark.parametrize(
    ("text", "item"), [("a%2Cb", "a,b"), ("a%2Fb", "a/b"), ("a%3Bb", "a;b"), ("a%252Cb", "a%2Cb"), ("%C3%A9", "é")]
)
def test_an_item_is_decoded_once_when_all_is_split(text, item):
    assert read_pql("string", text).items == (Values(item, item),)


@pytest.mark.spec("P-08")
def test_a_qualifier_is_kept():
    assert read_pql("double", "1/2; ICRS").qualifier == "ICRS"


@pytest.mark.spec("P-07", "P-03", "P-04")
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(
            ("int", text)
            for text in ("/", "//2", "x", "1,,2", "1;a;b", "1/2/0", "1/2/-1", "1//2", "/3/2", "1/2/3/4")
        ),
        ("double", "1/2/3"),
        ("string", "a/b/c"),
        ("string", "%ff"),
        ("double", "NaN"),
        ("double", "1/NaN"),
        ("timestamp", "2026-13-01"),
        ("timestamp", "2026-01-01/2026-02-01/x"),
        ("int", ",".join("1" * (MOST_ITEMS + 1))),
    ],
)
def test_what_is_no_condition_is_refused_by_name(kind, text):
    parameter = Parameter(name="X", type=kind, condition=True)

    with pytest.raises(BadValue, match=r"^X="):
        parameter.read(text, "pql")


@pytest.mark.parametrize(
    ("kind", "text", "low", "high"),
    [
        ("double", "1 5", 1.0, 5.0),
        ("double", "-Inf 5", float("-inf"), 5.0),
        ("double", "3", 3.0, 3.0),
        ("int", "1 5", 1, 5),
        ("string", "1 5", "1 5", "1 5"),
        ("timestamp", "40587 40588.5", 0, DAY * 3 // 2),
        ("timestamp", "1970-01-01 1970-01-02 12:00:00", 0, DAY * 3 // 2),
        ("timestamp", "1970-01-01T00:00:00Z", 0, 0),
    ],
)
@pytest.mark.spec("D-63")
def test_dali_writes_intervals(kind, text, low, high):
    assert read_dali(kind, text).items == (Values(low, high),)


@pytest.mark.spec("D-63")
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("double", "5 1"),
        ("double", "NaN"),
        ("double", "NaN 1"),
        ("int", "1 2 3"),
        ("int", "1 Inf"),
        ("double", "1/5"),
        ("timestamp", "x"),
        ("timestamp", "-1"),
    ],
)
def test_what_is_no_interval_is_refused(kind, text):
    with pytest.raises(ValueError, match=r"expected|must not|no such|NaN"):
        read_dali(kind, text)


@pytest.mark.spec("P-06")
@pytest.mark.parametrize("style", ["pql", "dali"])
@pytest.mark.parametrize("kind", ["int", "double", "string", "timestamp"])
def test_nothing_is_no_constraint(kind, style):
    condition = read_condition(kind, " ", style)

    assert not condition
    assert condition.test(np.arange(3)).tolist() == [True] * 3


@pytest.mark.spec("P-13")
def test_several_add_up_and_are_replaced_together():
    kept = merge((MAG,), (), [("mag", "1"), ("MAG", "7/")], "pql")

    assert met(complete((MAG,), kept, (), "pql")["MAG"], *range(10)) == [1, 7, 8, 9]
    assert merge((MAG,), kept, [("MAG", "2")], "pql") == (("MAG", "2"),)
    assert complete((MAG,), (), (), "pql")["MAG"] == Condition()


def test_the_style_is_the_renderers():
    assert read_condition("int", "1 5", "dali") == read_condition("int", "1/5", "pql")


@pytest.mark.parametrize(
    "facts", [{"type": "circle"}, {"options": (1.0,)}, {"multiple": True}, {"default": 1.0}, {"minimum": 0.0}]
)
def test_a_declaration_that_makes_no_sense_is_refused(facts):
    with pytest.raises(ValueError, match="parameter X"):
        Parameter(**({"name": "X", "type": "double", "condition": True} | facts))


ITEMS = st.lists(
    st.tuples(st.integers(-20, 20), st.integers(-20, 20), st.sampled_from(["", "/", "//", "a/", "/b", "step"])),
    min_size=1,
)


def written(low, high, form):
    return {
        "": f"{low}",
        "/": f"{low}/{high}",
        "//": f"{high}/{low}",
        "a/": f"{low}/",
        "/b": f"/{high}",
        "step": f"{low}/{high}/3",
    }[form]


@given(ITEMS)
def test_a_value_a_column_and_sql_agree(items):
    condition = read_pql("int", ",".join(written(*item) for item in items))
    values = list(range(-25, 26))
    fragment, bound = condition.sql("x")
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE t (x INTEGER)")
        database.executemany("INSERT INTO t VALUES (?)", [(value,) for value in values])
        rows = database.execute(f"SELECT x FROM t WHERE {fragment} ORDER BY x", bound).fetchall()
    database.close()

    assert np.array(values)[condition.test(np.array(values))].tolist() == met(condition, *values)
    assert [row[0] for row in rows] == met(condition, *values)


@given(
    st.text(max_size=60),
    st.sampled_from(["int", "double", "string", "timestamp"]),
    st.sampled_from(["pql", "dali"]),
)
def test_whatever_is_written_is_read_or_refused(text, kind, style):
    with contextlib.suppress(ValueError):
        assert isinstance(read_condition(kind, text, style), Condition)


@pytest.mark.spec("P-01", "P-02", "P-03", "P-04")
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("int", "1,2,7/9"),
        ("int", "1/9/2"),
        ("double", "/5,6.5/,1e+300"),
        ("double", "-Inf/0.1"),
        ("string", "a%2Cb,c d/e%2Ff"),
        ("double", "1;ICRS"),
        ("int", ""),
    ],
)
def test_a_condition_is_written_as_it_is_read(kind, text):
    condition = read_condition(kind, text, "pql")

    assert str(condition) == text
    assert read_condition(kind, str(condition), "pql") == condition
