"""Lines of the audit log, and what becomes of them when they cannot be written."""

import json
import logging
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.observing.activity import NOTHING, SERVER, Actor, Subject, about, acting_as
from pyramid_uws.observing.appending import LineFile
from pyramid_uws.observing.audit import LONGEST_TEXT, MOST_WAITING, Act, Audit, line

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)
TEXTS = st.none() | st.text()
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5
)


def entries(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_line_tells_when_what_to_which_job_and_by_whom():
    act = Act(
        "changed",
        Subject("sky", "j1", "alice", "run"),
        Actor("root", "token", "192.0.2.7", "r1", "6caacff256d2"),
        {"parameters": ["MAG"]},
    )

    assert json.loads(line(act, MOMENT)) == {
        "time": "2026-01-02T03:04:05.678Z",
        "event": "changed",
        "service": "sky",
        "job": "j1",
        "owner": "alice",
        "runid": "run",
        "who": "root",
        "scheme": "token",
        "token": "6caacff256d2",
        "address": "192.0.2.7",
        "request": "r1",
        "parameters": ["MAG"],
    }


@given(TEXTS, TEXTS, TEXTS, TEXTS, st.dictionaries(st.text(), ANYTHING, max_size=3))
def test_whatever_the_values_are_it_is_one_line_of_valid_json(owner, runid, who, request_id, facts):
    subject, by = Subject("sky", "j1", owner, runid), Actor(who, None, None, request_id)

    text = line(Act("changed", subject, by, facts), MOMENT)

    def refuse(constant):
        raise AssertionError(constant)

    assert text.endswith("\n")
    assert text.isascii()
    assert len(text.splitlines()) == 1
    told = json.loads(text, parse_constant=refuse)
    assert isinstance(told, dict)
    if owner is not None and len(owner) <= LONGEST_TEXT and "owner" not in facts:
        assert told["owner"] == owner


def test_a_text_without_end_is_cut():
    told = json.loads(line(Act("changed", NOTHING, SERVER, {"name": "x" * 10_000}), MOMENT))

    assert told["name"] == "x" * (LONGEST_TEXT - 1) + "…"


def test_what_is_done_is_done_by_whoever_is_at_work_to_what_is_at_hand(tmp_path):
    audit = Audit(LineFile(tmp_path / "audit"))
    with acting_as(Actor("alice", "basic", "192.0.2.1", "r1")), about(Subject("sky", "j1", "bob", None)):
        audit.note("result_read", result="x")
    audit.note("packed")

    first, second = entries(tmp_path / "audit")

    assert (first["who"], first["job"], first["owner"], first["result"]) == ("alice", "j1", "bob", "x")
    assert (second["who"], second["job"]) == (None, None)


def test_without_a_file_nothing_is_written():
    audit = Audit(None)

    audit.note("packed")
    audit.write([Act("packed", NOTHING, SERVER)])

    assert not audit.is_on


@pytest.fixture
def blocked(tmp_path):
    """A place where there is a folder instead of a file."""
    path = tmp_path / "audit"
    path.mkdir()
    return path


def test_what_cannot_be_written_is_said_once_kept_and_written_when_it_can_be(blocked, caplog):
    audit = Audit(LineFile(blocked))

    for number in range(3):
        audit.note("changed", number=number)
    said = [(record.levelno, record.getMessage()) for record in caplog.records]
    blocked.rmdir()
    audit.note("changed", number=3)

    assert [level for level, _ in said] == [logging.ERROR]
    assert str(blocked) in said[0][1]
    assert [entry["number"] for entry in entries(blocked)] == [0, 1, 2, 3]
    assert "lost: 0" in caplog.records[-1].getMessage()


def test_no_more_than_so_many_are_kept_and_it_says_how_many_are_lost(blocked, caplog):
    audit = Audit(LineFile(blocked))
    acts = [Act("changed", NOTHING, SERVER, {"number": number}) for number in range(MOST_WAITING + 5)]

    audit.write(acts)
    audit.note("changed", number=-1)
    blocked.rmdir()
    audit.note("changed", number=-2)

    numbers = [entry["number"] for entry in entries(blocked)]
    assert (len(numbers), numbers[0], numbers[-2:]) == (MOST_WAITING + 1, 6, [-1, -2])
    assert "lost: 6" in caplog.records[-1].getMessage()
