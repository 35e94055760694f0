"""Facts as text: aligned, short, and harmless to a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.admin.text import block, count, facts, instant, printable, seconds, size, table


@given(st.text() | st.integers() | st.none() | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_nothing_is_written_that_does_not_print(value):
    written = printable(value)

    assert written.isprintable()
    written.encode()


@pytest.mark.parametrize(
    ("hostile", "written"),
    [
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("two\nlines", "two\\nlines"),
        ("\u202eabc", "\\u202eabc"),
        ("né ★", "né ★"),
    ],
)
def test_what_commands_a_terminal_is_escaped(hostile, written):
    assert printable(hostile) == written


def test_a_table_is_aligned_and_has_no_blanks_at_the_end():
    lines = list(table(("NAME", "SIZE", "NOTE"), [("a", 1, ""), ("longer", 100, None)], right={"SIZE"}))

    assert lines == ["NAME    SIZE  NOTE", "a          1", "longer   100"]


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_a_table_has_a_line_for_each_row_whatever_is_in_it(rows):
    lines = list(table(("A", "B"), rows))

    assert len(lines) == len(rows) + 1
    assert all(line.isprintable() for line in lines)


def test_facts_that_are_not_known_are_left_out():
    lines = list(facts([("name", "x"), ("unknown", None), ("attempt", 0)], indent="  "))

    assert lines == ["  name     x", "  attempt  0"]


def test_no_facts_are_no_lines():
    assert list(facts([])) == []


def test_a_longer_text_keeps_its_lines():
    assert list(block("a\n\tb\n\x1bc")) == ["  a", "          b", "  \\x1bc"]


@pytest.mark.parametrize(
    ("octets", "written"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (12_345, "12.3 kB"),
        (999_600, "1 MB"),
        (84_155_752_448, "84.2 GB"),
        (10**18, "1e+03 PB"),
    ],
)
def test_sizes_have_three_digits(octets, written):
    assert size(octets) == written


def test_one_thing_is_no_plural():
    assert [count(0, "day"), count(1, "day"), count(1.5, "day")] == ["0 days", "1 day", "1.5 days"]


def test_instants_are_written_as_in_documents_and_shortened_to_seconds():
    assert instant(1_000_001) == "1970-01-01T00:00:01.000001Z"
    assert seconds(instant(1_000_001)) == "1970-01-01T00:00:01Z"
    assert instant(None) is None
    assert seconds(None) is None
