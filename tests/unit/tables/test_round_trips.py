"""What is written is read back as it was, by astropy, pyarrow, csv and json."""

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from pyramid_uws.parameters.formats import CSV, FITS, JSON, PARQUET, TSV
from tests.support.examples import examples

from .conftest import (
    BINARY2,
    TABLEDATA,
    XML_TEXTS,
    document,
    read_csv,
    read_fits,
    read_json,
    read_parquet,
    read_votable,
)

INTEGERS = {"u1": pa.uint8(), "i2": pa.int16(), "i4": pa.int32(), "i8": pa.int64()}
ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8)


def given(*arguments, **named):
    """Try fewer examples than usual: each writes a document and reads it."""
    return lambda test: examples(30)(hypothesis_given(*arguments, **named)(test))


def optional(strategy):
    return st.lists(st.none() | strategy, min_size=1, max_size=12)


def integers(kind):
    return st.integers(np.iinfo(kind).min, np.iinfo(kind).max)


def same(one, other):
    """Tell whether two lists of floats are the same, the sign of zero and NaN included."""
    return list(map(told, one)) == list(map(told, other))


def told(number):
    return "NaN" if math.isnan(number) else (number, math.copysign(1, number))


class TestVOTable:
    @pytest.mark.parametrize("form", [TABLEDATA, BINARY2])
    @pytest.mark.parametrize("kind", INTEGERS)
    @given(data=st.data())
    def test_integers(self, form, kind, data):
        values = data.draw(optional(integers(kind)))

        table = read_votable(document(pa.table({"a": pa.array(values, INTEGERS[kind])}), form))

        assert table.array["a"].dtype == np.dtype(kind)
        assert table.array["a"].tolist() == values

    @pytest.mark.parametrize("form", [TABLEDATA, BINARY2])
    @pytest.mark.parametrize("width", [32, 64])
    @given(data=st.data())
    def test_floats(self, form, width, data):
        values = data.draw(optional(st.floats(width=width)))
        kind = pa.float32() if width == 32 else pa.float64()

        column = read_votable(document(pa.table({"a": pa.array(values, kind)}), form)).array["a"]

        expected = [math.nan if value is None else value for value in values]
        assert same(column.data.tolist(), expected)
        # astropy takes a NaN for a missing value, as VOTable does.
        assert column.mask.tolist() == [math.isnan(value) for value in expected]

    @pytest.mark.parametrize("form", [TABLEDATA, BINARY2])
    @given(values=optional(st.booleans()))
    def test_truth_values(self, form, values):
        column = read_votable(document(pa.table({"a": pa.array(values, pa.bool_())}), form)).array["a"]

        assert column.tolist() == values

    @pytest.mark.parametrize("form", [TABLEDATA, BINARY2])
    @pytest.mark.parametrize("stream", [False, True])
    @given(values=optional(XML_TEXTS.filter(lambda text: text == text.strip())))
    def test_texts(self, form, stream, values):
        table = pa.table({"a": pa.array(values, pa.string())})

        column = read_votable(document(iter(table.to_batches()) if stream else table, form)).array["a"]

        assert [value or "" for value in column.tolist()] == [value or "" for value in values]

    @given(values=optional(st.text(st.characters(codec="ascii"), max_size=8)))
    def test_all_of_ascii_in_binary(self, values):
        column = read_votable(document(pa.table({"a": pa.array(values, pa.string())}), BINARY2)).array["a"]

        assert [value or "" for value in column.tolist()] == [value or "" for value in values]

    @pytest.mark.parametrize("form", [TABLEDATA, BINARY2])
    @given(values=optional(st.lists(st.floats(allow_nan=False), max_size=4)))
    def test_lists_of_floats(self, form, values):
        table = pa.table({"a": pa.array(values, pa.list_(pa.float64())), "n": list(range(len(values)))})

        array = read_votable(document(table, form)).array

        assert [list(value) for value in array["a"].data] == [value or [] for value in values]
        assert array["n"].tolist() == list(range(len(values)))

    @pytest.mark.parametrize("form", [TABLEDATA, BINARY2])
    @given(values=optional(st.lists(st.integers(-5, 5), min_size=2, max_size=2)))
    def test_pairs_of_integers(self, form, values):
        table = pa.table({"a": pa.array(values, pa.list_(pa.int32(), 2))})

        array = read_votable(document(table, form)).array

        assert [list(value) for value in array["a"].data] == [value or [] for value in values]

    @pytest.mark.parametrize("form", [TABLEDATA, BINARY2])
    @given(values=optional(st.lists(st.floats(allow_nan=False, width=32), min_size=2, max_size=2)))
    def test_pairs_of_floats(self, form, values):
        table = pa.table({"a": pa.array(values, pa.list_(pa.float32(), 2))})

        read = read_votable(document(table, form))

        assert read.fields[0].arraysize == "2"
        expected = [[math.nan] * 2 if value is None else value for value in values]
        assert all(same(one, other) for one, other in zip(read.array["a"].data.tolist(), expected, strict=True))


@pytest.mark.parametrize("kind", [CSV, TSV])
@given(data=st.data())
def test_delimited_rows(kind, data):
    rows = data.draw(
        st.lists(
            st.tuples(st.none() | integers("i8"), st.floats(), st.none() | st.text(max_size=8), st.booleans()),
            min_size=1,
            max_size=8,
        )
    )
    numbers, floats, texts, flags = (list(column) for column in zip(*rows, strict=True))
    table = pa.table(
        {"n": pa.array(numbers, pa.int64()), "f": floats, "t": pa.array(texts, pa.string()), "b": flags}
    )

    content = document(table, kind)

    if kind == CSV:
        names, *read = read_csv(content)
        expected = [text or "" for text in texts]
    else:
        names, *read = (line.split("\t") for line in content.decode().removesuffix("\n").split("\n"))
        expected = [(text or "").translate(dict.fromkeys(map(ord, "\t\r\n"), " ")) for text in texts]
    assert names == ["n", "f", "t", "b"]
    assert [int(row[0]) if row[0] else None for row in read] == numbers
    assert same([float(row[1]) for row in read], floats)
    assert [row[2] for row in read] == expected
    assert [row[3] for row in read] == [str(flag).lower() for flag in flags]


@given(
    st.lists(
        st.tuples(
            st.none() | integers("i8"),
            st.none() | st.floats(),
            st.none() | st.text(max_size=8),
            st.none() | st.lists(st.floats(), max_size=3),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_json(rows):
    kinds = [pa.int64(), pa.float64(), pa.string(), pa.list_(pa.float64())]
    columns = [pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), kinds, strict=True)]

    read = read_json(document(pa.table(columns, names=["n", "f", "t", "l"]), JSON))

    def number(value):
        return (
            None if value is None or math.isnan(value) else {math.inf: "+Inf", -math.inf: "-Inf"}.get(value, value)
        )

    assert [column["name"] for column in read["metadata"]] == ["n", "f", "t", "l"]
    assert read["data"] == [
        [n, number(f), t, None if values is None else [number(value) for value in values]]
        for n, f, t, values in rows
    ]
    assert read["query_status"] == "OK"


class TestFITS:
    @pytest.mark.parametrize("kind", INTEGERS)
    @given(data=st.data())
    def test_integers(self, kind, data):
        limits = np.iinfo(kind)
        values = data.draw(optional(integers(kind)).filter(lambda all_: {None, limits.min, limits.max} - {*all_}))

        data, header = read_fits(document(pa.table({"a": pa.array(values, INTEGERS[kind])}), FITS))

        null = header.get("TNULL1")
        assert data["a"].dtype.newbyteorder("=") == np.dtype(kind)
        assert [None if value == null else value for value in data["a"].tolist()] == values

    @given(
        st.lists(
            st.tuples(
                st.floats(),
                st.none() | st.booleans(),
                st.none() | ASCII,
                st.none() | st.lists(st.floats(allow_nan=False, width=32), max_size=3),
                st.lists(st.integers(0, 9), min_size=2, max_size=2),
            ),
            min_size=1,
            max_size=8,
        )
    )
    def test_the_other_kinds(self, rows):
        kinds = [pa.float64(), pa.bool_(), pa.string(), pa.list_(pa.float32()), pa.list_(pa.int16(), 2)]
        columns = [pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), kinds, strict=True)]

        data, _ = read_fits(document(pa.table(columns, names=["f", "b", "t", "l", "p"]), FITS))

        floats, flags, texts, lists, pairs = zip(*rows, strict=True)
        assert same(data["f"].tolist(), floats)
        assert data["b"].tolist() == [{True: b"T", False: b"F", None: b""}[flag] for flag in flags]
        assert [text.rstrip() for text in data["t"]] == [(text or "").rstrip() for text in texts]
        assert [list(value) for value in data["l"]] == [value or [] for value in lists]
        assert [list(value) for value in data["p"]] == list(pairs)


@given(
    st.lists(
        st.tuples(st.none() | integers("i8"), st.none() | st.floats(allow_nan=False), st.none() | st.text()),
        max_size=9,
    )
)
def test_parquet(rows):
    kinds = [pa.int64(), pa.float64(), pa.string()]
    columns = [[row[number] for row in rows] for number in range(3)]
    table = pa.table([pa.array(c, kind) for c, kind in zip(columns, kinds, strict=True)], names=["a", "b", "c"])

    assert read_parquet(document(table, PARQUET)).equals(table)
