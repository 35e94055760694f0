"""Documents of examples: what DALI 1.2, section 2.3, wants of them."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pyramid_uws.documents.examples import ExampleEntry, examples_document
from pyramid_uws.uws.standards import UWS

URL = "https://vo.example.org/crossmatch/async"
ENTRIES = (
    ExampleEntry("a", "One <b>", "What & why", (("RADIUS", "2"), ("POS", "a 'b' <c>")), URL, UWS),
    ExampleEntry("b", "Two", "", (), URL, None),
)


@pytest.fixture
def read():
    """The root of a document, read as XML without any DTD."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return lambda *given, **more: etree.fromstring(examples_document(*given, **more).encode(), parser)


@pytest.mark.spec("D-11")
def test_all_examples_are_below_one_element_that_names_the_vocabulary(read):
    root = read("Examples", ENTRIES)

    assert root.tag == "{http://www.w3.org/1999/xhtml}html"
    (vocabulary,) = root.xpath("//*[@vocab]")
    assert vocabulary.get("vocab") == "http://www.ivoa.net/rdf/examples#"
    assert root.xpath("//*[@typeof='example']") == vocabulary.xpath(".//*[@typeof='example']")
    assert root.xpath("count(//*[local-name()='script'])") == 0


@pytest.mark.spec("D-12")
def test_each_has_an_id_a_resource_and_one_name_that_is_plain_text(read):
    examples = read("Examples", ENTRIES).xpath("//*[@typeof='example']")

    assert [(each.get("id"), each.get("resource")) for each in examples] == [("a", "#a"), ("b", "#b")]
    names = [each.xpath(".//*[@property='name']") for each in examples]
    assert [[(name.text, len(name)) for name in found] for found in names] == [[("One <b>", 0)], [("Two", 0)]]


@pytest.mark.spec("D-13")
def test_parameters_are_pairs_of_key_and_value(read):
    example = read("Examples", ENTRIES).xpath("//*[@id='a']")[0]

    pairs = example.xpath(".//*[@property='generic-parameter' and @typeof='keyval']")
    assert [[(child.get("property"), child.text) for child in pair.xpath("*[@property]")] for pair in pairs] == [
        [("key", "RADIUS"), ("value", "2")],
        [("key", "POS"), ("value", "a 'b' <c>")],
    ]


@pytest.mark.spec("D-13")
def test_one_for_a_certain_endpoint_names_its_standard(read):
    root = read("Examples", ENTRIES)

    assert root.xpath("//*[@id='a']//*[@property='capability']/text()") == [UWS]
    assert root.xpath("//*[@id='b']//*[@property='capability']") == []


@pytest.mark.spec("D-13")
def test_the_way_to_more_is_a_continuation(read):
    root = read("Examples", (), [("Crossmatch", "https://vo.example.org/crossmatch/examples")])

    (link,) = root.xpath("//*[@vocab]//*[@property='continuation']")
    assert (link.get("resource"), link.get("href")) == ("", "https://vo.example.org/crossmatch/examples")


@given(st.lists(st.tuples(st.sampled_from("AB"), st.text()), max_size=3))
def test_a_command_line_says_the_same(pairs):
    text = examples_document("x", [ExampleEntry("a", "One", "", tuple(pairs), URL, None)])

    (command,) = etree.fromstring(text.encode()).xpath("//*[local-name()='pre']/text()")
    words = shlex.split(command)
    assert words[:3] == ["curl", "-i", URL]
    assert [word.partition("=")[0] for word in words[4::2]] == [name for name, _ in pairs]
