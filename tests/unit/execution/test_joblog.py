"""The log keeps the beginning and the end of what it is told, and never fails."""

import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.execution.joblog import Log

ROOM = 1024
LEFT_OUT = re.compile(rb"\n\[\.\.\. (\d+) bytes are left out \.\.\.\]\n")


@pytest.fixture(autouse=True, scope="module")
def own_streams():
    """The test's own stdout and stderr stay where they are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "dup2", lambda *_arguments: None)
        yield


@pytest.fixture
def log(tmp_path):
    log = Log()
    log.open(tmp_path / "log", ROOM)
    return log


def test_it_keeps_what_it_is_told(log, tmp_path):
    log.write(b"one\n")
    log.write(b"two\n")

    assert (tmp_path / "log").read_text() == "one\ntwo\n"
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


@given(st.lists(st.binary(max_size=700), max_size=30))
def test_it_keeps_the_beginning_and_the_end_and_counts_the_rest(tmp_path_factory, parts):
    said = b"".join(parts)
    path = tmp_path_factory.mktemp("log") / "log"
    log = Log()
    log.open(path, ROOM)

    for part in parts:
        log.write(part)

    kept = path.read_bytes()
    assert len(kept) <= ROOM
    if len(said) < ROOM:
        assert kept == said
        return
    assert kept[: ROOM // 4] == said[: ROOM // 4]
    mark = LEFT_OUT.search(kept, ROOM // 4 - 1)
    assert said.endswith(kept[mark.end() :])
    assert len(said) == len(kept) - len(mark[0]) + int(mark[1])


def test_the_end_begins_with_a_whole_line(log, tmp_path):
    for number in range(1000):
        log.write(b"line %d\n" % number)

    lines = (tmp_path / "log").read_bytes().splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith(b"[..."))
    assert re.fullmatch(rb"line \d+", lines[at + 1])
    assert lines[-1] == b"line 999"


def test_who_reads_it_meanwhile_has_a_whole_one(log, tmp_path):
    log.write(b"a" * 1000 + b"\n")
    with (tmp_path / "log").open("rb") as reader:
        log.write(b"b" * 1000 + b"\n")

        assert reader.read().startswith(b"a" * 1000)


def test_without_a_file_it_keeps_nothing_and_does_not_mind(tmp_path):
    log = Log()
    log.open(tmp_path / "missing" / "log", ROOM)

    log.write(b"one\n")

    assert list(tmp_path.iterdir()) == []


def test_when_it_cannot_be_shortened_it_ends(log, tmp_path):
    (tmp_path / "log").unlink()
    tmp_path.rmdir()

    log.write(b"a" * 2000)
    log.write(b"b")

    assert not tmp_path.exists()
