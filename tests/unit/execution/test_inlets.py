import os

import pytest

from pyramid_uws.execution import inlets
from pyramid_uws.execution.inlets import Log, Pipe


@pytest.fixture
def said():
    return bytearray()


@pytest.fixture
def pipe(said):
    return Pipe(said.extend)


class TestPipe:
    def test_it_hands_on_what_is_said(self, pipe, said):
        os.write(pipe.writer, b"hello")

        assert pipe.take()
        assert said == b"hello"

    def test_while_nothing_is_said_it_does_not_wait(self, pipe, said):
        assert pipe.take()
        pipe.drain()
        assert said == b""

    def test_it_knows_when_nobody_is_left(self, pipe):
        os.close(pipe.writer)

        assert not pipe.take()

    def test_it_can_be_emptied(self, pipe, said, monkeypatch):
        monkeypatch.setattr(inlets, "_CHUNK", 2)
        os.write(pipe.writer, b"hello")
        os.close(pipe.writer)

        pipe.drain()

        assert said == b"hello"


class TestLog:
    @pytest.fixture
    def log(self, tmp_path, monkeypatch):
        # The test's own stdout and stderr stay where they are.
        monkeypatch.setattr(os, "dup2", lambda *_arguments: None)
        log = Log()
        log.open(tmp_path / "log")
        return log

    def test_it_keeps_what_it_is_told(self, log, tmp_path):
        log.write(b"one\n")
        log.write(b"two\n")

        assert (tmp_path / "log").read_text() == "one\ntwo\n"
        assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize("parts", [[b"abcdef"], [b"abcd", b"ef"], [b"abcde", b"f"], [b"ab", b"cdef", b"gh"]])
    def test_it_ends_at_its_limit(self, tmp_path, monkeypatch, parts):
        monkeypatch.setattr(os, "dup2", lambda *_arguments: None)
        monkeypatch.setattr(inlets, "LOG_ROOM", 5)
        log = Log()
        log.open(tmp_path / "log")

        for part in parts:
            log.write(part)

        assert (tmp_path / "log").read_text() == "abcde\n[the log ends here: it has become too long]\n"

    def test_without_a_file_it_keeps_nothing_and_does_not_mind(self, tmp_path):
        log = Log()
        log.open(tmp_path / "missing" / "log")

        log.write(b"one\n")

        assert list(tmp_path.iterdir()) == []
