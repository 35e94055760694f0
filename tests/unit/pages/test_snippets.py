"""Texts to copy: what is in them is what the program is to get, whatever the values are."""

import ast
import shlex
from itertools import pairwise
from urllib.parse import parse_qsl, urlsplit

import pytest

from pyramid_uws.pages.snippets import Call, Calls, snippets

ODD = 'it\'s "$HOME" `id` \\ & é\n--x %41 +'
PAIRS = (("TEXT", ODD), ("BAND", "1 2"), ("BAND", "3 4"), ("RESPONSEFORMAT", "csv"))
WHOLE = Calls(
    job=Call("http://h/s/async", PAIRS),
    once=Call("http://h/s/sync", PAIRS),
    links=Call("http://h/s/links", (("ID", ODD),)),
    tables=True,
)


def found(program, calls=WHOLE):
    return [snippet.text for snippet in snippets(calls) if snippet.program == program]


def sent(words):
    """Return the pairs that curl would send."""
    return [tuple(word.split("=", 1)) for flag, word in pairwise(words) if flag == "--data-urlencode"]


def test_curl_sends_what_is_meant():
    job, once, links = found("curl")

    assert sent(shlex.split(job.split("\ncurl")[0].removeprefix("JOB=$(").removesuffix(")"))) == [
        *PAIRS,
        ("PHASE", "RUN"),
    ]
    assert sent(shlex.split(once)) == list(PAIRS)
    assert sent(shlex.split(links)) == [("ID", ODD)]


def test_python_sends_what_is_meant():
    for text in found("pyvo")[:2]:
        (wish,) = [node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Assign)][:1]
        assert {**ast.literal_eval(wish), "RESPONSEFORMAT": "csv"} == {
            "TEXT": ODD,
            "BAND": ["1 2", "3 4"],
            "RESPONSEFORMAT": "csv",
        }


def test_python_can_be_compiled():
    assert all(compile(text, "snippet", "exec") for text in found("pyvo"))


def test_what_wants_a_votable_asks_for_no_other_format():
    _, table, _ = found("pyvo")

    assert "RESPONSEFORMAT" not in table + found("STILTS")[0]


def test_stilts_reads_from_one_word():
    once, links, _ = (shlex.split(text) for text in found("STILTS"))

    assert parse_qsl(urlsplit(once[2].removeprefix("in=")).query) == list(PAIRS[:3])
    assert parse_qsl(urlsplit(links[2].removeprefix("in=")).query) == [("ID", ODD)]


@pytest.mark.parametrize("program", ["curl", "pyvo", "STILTS"])
def test_what_a_service_does_not_have_is_not_told(program):
    assert found(program, Calls()) == []


def test_answers_that_are_no_tables_are_for_curl():
    only_once = Calls(once=Call("http://h/s/sync", ()))

    assert [snippet.program for snippet in snippets(only_once)] == ["curl"]
