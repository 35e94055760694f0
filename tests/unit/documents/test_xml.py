import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pyramid_uws.documents.xml import (
    document,
    element,
    empty,
    escape_attribute,
    escape_text,
    local_name,
    nillable,
    parent,
    replace_illegal,
    representable,
    start,
)

EVERY_CHARACTER = "".join(map(chr, range(sys.maxunicode + 1)))


@given(data=st.data())
def test_a_parser_reads_back_any_text(data, texts, carried, parse):
    text = data.draw(texts)

    root = parse(f"<a>{escape_text(text)}</a>")

    assert (root.text or "") == carried(text)


@given(data=st.data())
def test_a_parser_reads_back_any_attribute(data, texts, carried, parse):
    text = data.draw(texts)

    root = parse(f'<a b="{escape_attribute(text)}"/>')

    assert root.get("b") == carried(text)


@given(data=st.data())
def test_a_text_is_representable_when_nothing_of_it_must_be_replaced(data, texts, carried):
    text = data.draw(texts)

    assert representable(text) == (carried(text) == text)
    assert replace_illegal(text) == carried(text)


def test_every_character_there_is_survives_or_is_replaced(carried, parse):
    expected = carried(EVERY_CHARACTER)

    assert parse(f"<a>{escape_text(EVERY_CHARACTER)}</a>").text == expected
    assert parse(f'<a b="{escape_attribute(EVERY_CHARACTER)}"/>').get("b") == expected
    assert replace_illegal(EVERY_CHARACTER) == expected


def test_single_characters_take_the_same_way_as_texts(carried):
    for character in EVERY_CHARACTER[:0x11000]:
        assert representable(character) == (carried(character) == character)
        assert escape_text(character) == escape_text(" " + character)[1:]
        assert escape_attribute(character) == escape_attribute(" " + character)[1:]
        assert replace_illegal(character) == carried(character)


@pytest.mark.parametrize("character", ["\0", "\x08", "\x0b", "\x1f", "\ufffe", "\uffff"])
def test_what_is_not_representable_is_what_parsers_refuse(character, parse):
    assert not representable(character)

    with pytest.raises(etree.XMLSyntaxError):
        parse(f"<a>{character}</a>")


def test_line_ends_and_tabs_survive_in_text_and_attributes(parse):
    text = "\r\n\ta\rb\n"

    root = parse(element("a", text, {"b": text}))

    assert root.text == text
    assert root.get("b") == text


def test_a_text_cannot_end_its_element_or_a_cdata_section():
    assert escape_text("]]></a><b>&amp;") == "]]&gt;&lt;/a&gt;&lt;b&gt;&amp;amp;"


def test_an_attribute_cannot_end_its_quotes():
    assert escape_attribute('" b="') == "&quot; b=&quot;"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("progress", "progress"),
        ("rows.read-1", "rows.read-1"),
        ("a b:c<d>", "a_b_c_d_"),
        ("1st", "_1st"),
        ("-", "_-"),
        ("größe", "gr__e"),
        ("", "_"),
    ],
)
def test_any_text_can_be_made_a_local_name(text, name):
    assert local_name(text) == name


@given(data=st.data())
def test_a_parser_takes_every_local_name(data, texts, parse):
    name = local_name(data.draw(texts))

    assert parse(empty(name)).tag == name


def test_elements_are_written_with_their_attributes():
    assert start("a", {"b": "1", "c": "&"}) == '<a b="1" c="&amp;">'
    assert start("a") == "<a>"
    assert empty("a", {"b": "1"}) == '<a b="1"/>'
    assert element("a", "<", {"b": "1"}) == '<a b="1">&lt;</a>'


def test_an_absent_text_is_nil_and_an_empty_one_is_not():
    assert nillable("a", None) == '<a xsi:nil="true"/>'
    assert nillable("a", "") == "<a></a>"
    assert nillable("a", "x") == "<a>x</a>"


def test_children_stand_on_lines_of_their_own():
    assert parent("a", [empty("b"), empty("c")], {"d": "1"}) == '<a d="1">\n<b/>\n<c/>\n</a>'
    assert parent("a", []) == "<a/>"


def test_a_document_begins_with_its_declaration():
    assert document("a", [empty("b")]) == '<?xml version="1.0" encoding="UTF-8"?>\n<a>\n<b/>\n</a>\n'
