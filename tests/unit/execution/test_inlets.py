import os

import pytest

from pyramid_uws.execution import inlets
from pyramid_uws.execution.inlets import Pipe


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
