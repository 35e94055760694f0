"""CSV, JSON and texts, also those that are cut, long, deep or wrong."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.previews import jsontext

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES, st.integers(0, 300))
def test_the_beginning_of_json_is_completed_or_refused(value, cut):
    text = json.dumps([value, value], ensure_ascii=False)

    try:
        completed = jsontext._completed(text[:cut])
    except ValueError:
        return

    assert isinstance(json.loads(completed), list)


def test_a_list_of_objects_is_a_table(look):
    told = look(b'[{"a": 1, "b": "x"}, {"a": 2.5, "c": [1, 2]}]', "application/json")

    assert [column["name"] for column in told["table"]["columns"]] == ["a", "b", "c"]
    assert told["table"]["rows"] == [["1", "x", ""], ["2.5", "", "1 2"]]


def test_other_json_is_shown_indented(look):
    told = look(b'{"a":{"b":[1,2]}}', "application/json")

    assert told["text"] == json.dumps({"a": {"b": [1, 2]}}, indent=2)
    assert told["is_whole"]


def test_of_long_json_the_beginning_is_a_table(look):
    rows = [{"ra": index % 360, "dec": 0, "text": "x" * 100} for index in range(30_000)]

    told = look(json.dumps(rows).encode(), "application/json")

    assert len(told["table"]["rows"]) == 20
    assert told["table"]["total"] is None
    assert told["plot"]["rows"] == 10_000


@pytest.mark.parametrize(
    "data", [b"[" * 100_000, b'{"a":' * 1000 + b"1", b"[1,", b"{'a': 1}", b"[" + b"9" * 5000 + b"]"]
)
def test_json_that_cannot_be_read_is_shown_as_text(look, data):
    told = look(data, "application/json")

    assert told["notes"][0].startswith("The JSON cannot be read: ")
    assert told["text"].startswith(data[:5].decode())


@pytest.mark.parametrize(
    ("data", "names", "first"),
    [
        (b"# a comment\n\na,b\n1,2\n", ["a", "b"], ["1", "2"]),
        (b"a;b\r\n1;2\r\n", ["a", "b"], ["1", "2"]),
        (b'"a,1",b\n"x\ny",2\n', ["a,1", "b"], ["x\ufffdy", "2"]),
        (b"1,2\n3,4\n", ["column 1", "column 2"], ["1", "2"]),
        (b"a,b,c\n1\n", ["a", "b", "c"], ["1", "", ""]),
        (b"\xef\xbb\xbfa,b\n1,\xff\n", ["a", "b"], ["1", "\ufffd"]),
    ],
)
def test_csv_is_read_as_others_write_it(look, data, names, first):
    table = look(data, "text/csv")["table"]

    assert [column["name"] for column in table["columns"]] == names
    assert table["rows"][0] == first


def test_lines_of_csv_are_counted(look):
    plain = look(b"a,b\n" + b"1,2\n" * 50_000 + b"3,4", "text/csv")["table"]
    quoted = look(b'a,b\n"1",2\n' + b"1,2\n" * 50_000, "text/csv")["table"]

    assert (plain["total"], plain["is_exact"]) == (50_001, True)
    assert (quoted["total"], quoted["is_exact"]) == (50_001, False)


@pytest.mark.parametrize(
    "data", [b"\n\n", b"a" * 3_000_000, b",".join([b"a"] * 5000), b'a,b\n"' + b"x" * 3_000_000]
)
def test_csv_that_is_none_is_told_in_a_sentence(look, data):
    told = look(data, "text/csv")

    assert told["notes"] or len(told["table"]["rows"]) <= 1


def test_markup_is_text(look):
    told = look(b"<html><script>alert(1)</script></html>", "text/html")

    assert told["text"] == "<html><script>alert(1)</script></html>"
    assert told["table"] is told["image"] is None


def test_of_a_long_text_the_beginning_is_shown(look):
    told = look("ä".encode() * 100_000, "text/plain")

    assert told["text"] == "ä" * 16 * 1024
    assert not told["is_whole"]


def test_texts_that_are_no_utf8_are_shown(look):
    assert look(b"caf\xe9\x1b[31m", "text/plain")["text"] == "café\ufffd[31m"


def test_what_is_compressed_is_looked_into_and_no_further_than_its_beginning(look):
    told = look(gzip.compress(b"ra,dec\n" + b"1,2\n" * 20_000_000), "text/csv")

    assert told["table"]["rows"][0] == ["1", "2"]
    assert told["notes"][0] == "The file is compressed; this is its beginning."
    assert told["table"]["total"] is None


@pytest.mark.parametrize(
    "inner", [gzip.compress(b"x"), b"\x89PNG\r\n\x1a\n", b""], ids=["compressed", "a picture", "nothing"]
)
def test_what_is_compressed_twice_or_no_text_has_no_preview(look, inner):
    told = look(gzip.compress(inner), "application/gzip")

    assert told["notes"]
    assert told["text"] is None


@pytest.mark.parametrize("media_type", ["text/csv", "application/x-votable+xml", "application/json", "image/fits"])
def test_of_an_empty_file_nothing_is_said_but_that(look, media_type):
    told = look(b"", media_type)

    assert (told["notes"], told["text"], told["table"]) == ((), "", None)
