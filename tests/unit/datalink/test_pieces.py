"""The pieces of a service as they are called: what a site has written may fail, and gives nothing away by that."""

import logging
import sys

import pytest

from pyramid_uws.datalink import NotFound, Unreadable
from pyramid_uws.datalink.pieces import Datalink, Pieces


def pieces(generator=str, access=lambda _observation, _user: True):
    nothing = {"links": (), "parameters": str, "format": str, "estimate": int}
    return Pieces(datalink=Datalink(), generator=generator, access=access, **nothing)


def broken(sentence):
    def generator(_name):
        raise Unreadable(sentence)

    return generator


@pytest.mark.parametrize("sentence", ["m13.fits is cut off.", "The spectrum in m13.fits has no wavelengths."])
@pytest.mark.parametrize("name", ["m13.fits", "2026/m13.fits"])
def test_why_a_file_cannot_be_read_is_told_to_who_knows_its_name(name, sentence):
    with pytest.raises(Unreadable) as told:
        pieces(broken(sentence)).find(name)

    assert str(told.value) == sentence


@pytest.mark.parametrize("name", ["ivo://example/log?18", "log/", "", "m13", "fits"])
def test_others_are_not_told_what_the_file_is_called(name, caplog):
    with caplog.at_level(logging.WARNING), pytest.raises(Unreadable) as told:
        pieces(broken("secret-m13.fits is cut off.")).find(name)

    assert str(told.value) == f"What ID={name!r} stands for cannot be read; the log of the server says why."
    assert "secret-m13.fits is cut off." in caplog.text


def test_an_id_of_nothing_is_told_as_such():
    def generator(name):
        raise NotFound(name)

    with pytest.raises(NotFound):
        pieces(generator).find("x")


@pytest.mark.parametrize(("answer", "permits"), [(True, True), (1, True), (None, False), ("", False)])
def test_an_answer_is_taken_for_yes_or_no(answer, permits):
    assert pieces(access=lambda _observation, _user: answer).permits("x", None) is permits


def test_what_wants_to_end_the_process_fails():
    with pytest.raises(RuntimeError, match="wanted to end the process, with 3"):
        pieces(access=lambda _observation, _user: sys.exit(3)).permits("x", None)
    with pytest.raises(RuntimeError, match="wanted to end the process, with None"):
        pieces(generator=lambda _name: sys.exit()).find("x")
