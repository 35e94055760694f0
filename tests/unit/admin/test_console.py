"""What is said where, and when somebody is asked."""

import io
import json

import pytest

from pyramid_uws.admin.console import Console, NobodyToAsk


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def answer(monkeypatch):
    """Return a function that has a terminal at which this will be typed."""
    return lambda typed: monkeypatch.setattr("sys.stdin", Terminal(typed))


def test_text_and_complaints_go_different_ways(capsys):
    console = Console(as_json=False)

    console.say(["one", "two"])
    console.give({"left": "out"})
    console.complain("There are two:\n  \x1ba\n  b")

    said, complained = capsys.readouterr()
    assert said == "one\ntwo\n"
    assert complained == "uws-admin: There are two:\n  \\x1ba\n  b\n"


def test_an_empty_complaint_is_a_line_all_the_same(capsys):
    Console(as_json=False).complain("")

    assert capsys.readouterr().err == "uws-admin: \n"


def test_json_is_all_there_is_on_stdout_if_it_is_wanted(capsys):
    console = Console(as_json=True)

    console.say(["one"])
    console.give({"owner": "Zoë\x1b"})

    said = capsys.readouterr().out
    assert json.loads(said) == {"owner": "Zoë\x1b"}
    assert "\x1b" not in said


@pytest.mark.parametrize(
    ("typed", "agreed"), [("y\n", True), (" YES \n", True), ("n\n", False), ("\n", False), ("", False)]
)
def test_only_a_yes_is_a_yes(answer, capsys, typed, agreed):
    answer(typed)

    assert Console(as_json=False).confirm(["listed before"], "Delete this job?") is agreed

    said, asked = capsys.readouterr()
    assert said == ""
    assert asked == "Delete this job? [y/N] "


def test_with_json_the_list_stands_with_the_question(answer, capsys):
    answer("y\n")

    assert Console(as_json=True).confirm(["a job"], "Delete this job?")

    said, asked = capsys.readouterr()
    assert said == ""
    assert asked == "a job\nDelete this job? [y/N] "


def test_nobody_is_asked_where_nobody_is(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))

    with pytest.raises(NobodyToAsk, match="--yes"):
        Console(as_json=False).confirm([], "Really?")
