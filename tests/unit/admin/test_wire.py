"""Lines of JSON on a socket: bounded in size and time, whatever is sent."""

import socket
import threading
import time
from pathlib import Path

import pytest

from pyramid_uws.admin.wire import Lines, send, short_path
from pyramid_uws.exceptions import BadRequest


@pytest.fixture
def ends():
    here, there = socket.socketpair()
    with here, there:
        yield here, there


@pytest.fixture
def lines(ends):
    return Lines(ends[1], 1000)


def test_messages_arrive_as_they_were_sent(ends, lines):
    send(ends[0], {"do": "ping", "text": "Zoë\n"}, 1)
    send(ends[0], {"do": "pack"}, 1)

    assert lines.next(1) == {"do": "ping", "text": "Zoë\n"}
    assert lines.next(1) == {"do": "pack"}


def test_a_message_may_come_in_pieces(ends, lines):
    def trickle():
        for byte in b'{"a": 1}\n':
            ends[0].sendall(bytes([byte]))

    thread = threading.Thread(target=trickle)
    thread.start()

    assert lines.next(None) == {"a": 1}
    thread.join()


@pytest.mark.parametrize("said", [b"", b'{"half": '])
def test_the_end_is_none(ends, lines, said):
    ends[0].sendall(said)
    ends[0].close()

    assert lines.next(1) is None


@pytest.mark.parametrize(
    "garbage",
    [b"hello", b"\xff\xfe", b"[1, 2]", b"7", b"", b"[" * 999, b'{"a":' * 150, b"x" * 1001, b"NaN", b"{}{}"],
    ids=lambda raw: str(raw[:10]),
)
def test_what_is_no_object_of_json_is_refused(ends, lines, garbage):
    ends[0].sendall(garbage + b"\n")

    with pytest.raises(BadRequest):
        lines.next(1)


def test_a_line_without_end_is_given_up_at_the_limit(ends, lines):
    ends[0].sendall(b"x" * 5000)

    with pytest.raises(BadRequest, match="at most 1000 bytes"):
        lines.next(1)


@pytest.mark.parametrize("timeout", [0, 0.05])
@pytest.mark.parametrize("said", [b"", b'{"half": '])
def test_a_message_that_does_not_come_is_not_waited_for(ends, lines, said, timeout):
    ends[0].sendall(said)

    with pytest.raises(TimeoutError):
        lines.next(timeout)


def test_a_trickle_is_no_way_to_take_longer(ends, lines):
    """The time is for the message, not for each piece of it."""
    stop = threading.Event()

    def trickle():
        while not stop.wait(0.02):
            ends[0].send(b" ")

    thread = threading.Thread(target=trickle)
    thread.start()
    began = time.monotonic()

    with pytest.raises(TimeoutError):
        lines.next(0.2)

    assert time.monotonic() - began < 5
    stop.set()
    thread.join()


def test_an_answer_that_nobody_takes_is_given_up(ends):
    with pytest.raises(TimeoutError):
        send(ends[0], "x" * 10_000_000, 0.05)


def test_a_long_path_is_made_short(tmp_path):
    folder = tmp_path.joinpath(*["x" * 50] * 4)
    folder.mkdir(parents=True)
    before = descriptors()

    with socket.socket(socket.AF_UNIX) as listener, short_path(folder / "a.socket") as path:
        listener.bind(path)

    assert (folder / "a.socket").is_socket()
    assert descriptors() == before


def descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))
