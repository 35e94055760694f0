"""What becomes of the journal of a transaction; and where the audit log is."""

import errno

import pytest
from pyramid.exceptions import ConfigurationError

from pyramid_uws.execution.recording import Recorder, open_audit
from pyramid_uws.execution.writer import PhaseChanged
from pyramid_uws.observing.activity import Actor, Subject
from pyramid_uws.observing.appending import LineFile
from pyramid_uws.observing.audit import Act
from pyramid_uws.observing.numbers import Numbers
from pyramid_uws.settings import read_settings

SUBJECT = Subject("sky", "j1", "alice", "run")


class Book:
    def __init__(self):
        self.acts = []

    def write(self, acts):
        self.acts += acts


def test_it_is_counted_written_down_and_told():
    numbers, book, told = Numbers(), Book(), []
    made = PhaseChanged("sky", "async", "j1", None, "PENDING", owner="alice", runid="run")
    ended = PhaseChanged(
        "sky", "async", "j1", "EXECUTING", "ERROR", owner="alice", runid="run", ran=1_500_000, failure="fatal"
    )
    by_alice = [
        Act("created", SUBJECT, Actor("alice")),
        Act("uploaded", SUBJECT, Actor("alice"), {"bytes": 10}),
    ]

    Recorder(numbers, book, told.extend).record([made, *by_alice, ended])

    assert told == [made, ended]
    assert (numbers.created["sky"], numbers.ended["sky", "ERROR"], numbers.upload_bytes) == (1, 1, 10)
    assert book.acts[:2] == by_alice
    facts = {"phase": "ERROR", "error": "fatal", "milliseconds": 1500}
    assert book.acts[2:] == [Act("ended", SUBJECT, Actor(), facts)]


def test_listeners_are_not_told_of_what_changes_no_phase():
    told = []

    Recorder(Numbers(), Book(), told.append).record([Act("changed", SUBJECT, Actor("alice"))])

    assert told == []


def settings(tmp_path, audit):
    return read_settings({"uws.var": str(tmp_path), "uws.audit": audit})


def test_the_file_begins_in_the_folder_of_the_site_unless_it_says_otherwise(tmp_path):
    open_audit(settings(tmp_path, "audit"))
    open_audit(settings(tmp_path, str(tmp_path / "elsewhere")))

    assert {path.name for path in tmp_path.iterdir()} == {"audit", "elsewhere"}


def test_without_the_setting_there_is_none(tmp_path):
    assert not open_audit(settings(tmp_path, "")).is_on


def test_a_place_where_no_file_can_be_is_told_at_start(tmp_path):
    with pytest.raises(ConfigurationError, match=r"setting uws\.audit = /nonesuch/x: the file cannot be written"):
        open_audit(settings(tmp_path, "/nonesuch/x"))


def test_a_full_disk_does_not_stop_the_start(tmp_path, monkeypatch):
    def full(_file):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(LineFile, "check", full)

    assert open_audit(settings(tmp_path, "audit")).is_on
