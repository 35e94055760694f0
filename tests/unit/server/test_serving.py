"""The parking server in this process, with an application of a few lines: what it makes of its answers."""

import re
import socket
import threading
import time

import pytest

from pyramid_uws.server import parking
from pyramid_uws.server.capacity import Capacity
from pyramid_uws.server.parking import ParkingServer
from tests.support.http import wait_for
from tests.support.server import HOST

PLACES = Capacity(parked=100, aside=100, working=100)


class Board:
    """An application that shows a number; whoever asks for ``/wait`` is told when it has changed.

    ``runs`` notes who was run; ``respond`` may be replaced to answer who waited, ``elsewhere`` who did not.
    """

    def __init__(self):
        self.number = 0
        self.rings = {}
        self.runs = []
        self.respond = self.elsewhere = self.plainly
        self.lock = threading.Lock()

    def subscribe(self, key, ring):
        self.rings[key] = ring

    def unsubscribe(self, key, ring):
        del self.rings[key]

    def change(self):
        self.number += 1
        for ring in list(self.rings.values()):
            ring()

    def __call__(self, environ, start_response):
        self.runs.append(environ["QUERY_STRING"])
        if environ["PATH_INFO"] != "/wait":
            return self.elsewhere(environ, start_response)
        place = environ["pyramid_uws.park"]
        if place.memory is None:
            place.memory = self.number
        if place.free and self.number == place.memory:
            place.watch(self, b"number", "alike")
            if self.number == place.memory:
                place.park(time.monotonic() + 20)
        return self.respond(environ, start_response)

    def plainly(self, _environ, start_response, *headers):
        body = str(self.number).encode()
        start_response("200 OK", [("Content-Length", str(len(body))), *headers])
        return [body]


@pytest.fixture
def board():
    return Board()


@pytest.fixture
def stop():
    return threading.Event()


@pytest.fixture
def server(board, stop):
    options = {"listen": f"{HOST}:0", "threads": "4", "channel_request_lookahead": "5"}
    server = ParkingServer(board, PLACES, options)
    thread = threading.Thread(target=server.run, args=(stop.is_set,))
    thread.start()
    server.thread = thread
    yield server
    stop.set()
    server.aside.ring()
    thread.join(10)


@pytest.fixture
def ask(server):
    """Return a function that sends GETs for a path and returns the connections."""
    lines = []

    def ask(count, path="/wait?{}"):
        made = [socket.create_connection((HOST, int(server.server.effective_port)), 20) for _ in range(count)]
        lines.extend(made)
        for number, line in enumerate(made):
            line.sendall(f"GET {path.format(number)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        return made

    yield ask
    for line in lines:
        line.close()


def answer(line):
    """Return status line, headers and body of the next answer."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += line.recv(1000)
    head, _, body = data.partition(b"\r\n\r\n")
    size = int(re.search(rb"Content-Length: (\d+)", head)[1])
    while len(body) < size:
        body += line.recv(1000)
    return head, body


def receive(line, end):
    """Return what comes up to these bytes."""
    data = b""
    while not data.endswith(end):
        piece = line.recv(1000)
        assert piece, data
        data += piece
    return data


def in_pieces(_environ, start):
    start("200 OK", [("Content-Type", "text/plain")])
    return iter([b"one", b"two"])


def unchanged(_environ, start):
    start("304 Not Modified", [("ETag", '"x"')])
    return []


@pytest.mark.parametrize(("respond", "end"), [(in_pieces, b"0\r\n\r\n"), (unchanged, b"\r\n\r\n")])
def test_a_connection_goes_on_after_an_answer_that_tells_its_own_end(board, ask, respond, end):
    board.elsewhere = respond
    (line,) = ask(1, "/")

    for _ in range(3):
        assert b"Connection: close" not in receive(line, end)
        line.sendall(b"GET /again HTTP/1.1\r\nHost: x\r\n\r\n")
    assert receive(line, end)
    line.sendall(b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"Connection: close" in receive(line, end)
    assert line.recv(1) == b""


@pytest.mark.parametrize("request_line", [b"HEAD /x HTTP/1.1", b"GET /x HTTP/1.0"])
def test_a_connection_ends_where_nothing_else_tells_the_end_of_the_answer(board, ask, request_line):
    board.elsewhere = in_pieces
    (line,) = ask(1, "/")
    receive(line, b"0\r\n\r\n")

    line.sendall(request_line + b"\r\nHost: x\r\nConnection: keep-alive\r\n\r\n")

    while line.recv(1000):
        pass


def in_no_pieces(_environ, start):
    start("200 OK", [("Content-Type", "text/plain")])
    return iter([])


def test_an_answer_to_head_ends_with_its_headers(board, ask):
    board.elsewhere = in_no_pieces
    (line,) = ask(1, "/")
    receive(line, b"0\r\n\r\n")

    line.sendall(b"HEAD /x HTTP/1.1\r\nHost: x\r\n\r\n")
    said = b""
    while piece := line.recv(1000):
        said += piece

    assert b"Transfer-Encoding: chunked" in said
    assert said.partition(b"\r\n\r\n")[2] == b""


def test_one_run_answers_all(server, board, ask):
    lines = ask(10)
    wait_for(lambda: len(server.lot) == len(server.aside.channels) == 10)
    first = len(board.runs)

    board.change()

    assert {answer(line)[1] for line in lines} == {b"1"}
    assert len(board.runs) == first + 1


@pytest.mark.parametrize("cookie", ["Set-Cookie", "set-cookie"])
def test_an_answer_with_a_cookie_is_for_one_alone(server, board, ask, cookie):
    board.respond = lambda environ, start: board.plainly(environ, start, (cookie, f"n={environ['QUERY_STRING']}"))
    lines = ask(5)
    wait_for(lambda: len(server.lot) == 5)

    board.change()

    cookies = {re.search(rb"Set-Cookie: (\S+)", answer(line)[0])[1] for line in lines}
    assert cookies == {b"n=%d" % number for number in range(5)}


def test_an_answer_that_is_made_on_the_way_is_for_one_alone(server, board, ask):
    board.respond = lambda environ, start: iter(board.plainly(environ, start))
    lines = ask(5)
    wait_for(lambda: len(server.lot) == 5)
    first = len(board.runs)

    board.change()

    assert {answer(line)[1] for line in lines} == {b"1"}
    assert len(board.runs) == first + 5


def test_a_failure_is_for_one_alone(server, board, ask):
    failures = iter([ValueError("once")])

    def fail_once(environ, start):
        for failure in failures:
            raise failure
        return board.plainly(environ, start)

    board.respond = fail_once
    lines = ask(3)
    wait_for(lambda: len(server.lot) == 3)

    board.change()

    assert sorted(answer(line)[0][:12] for line in lines) == [b"HTTP/1.1 200", b"HTTP/1.1 200", b"HTTP/1.1 500"]


def test_after_a_run_that_ends_like_a_process_the_others_are_told(server, board, ask):
    failures = iter([SystemExit("not here")])

    def leave_once(environ, start):
        for failure in failures:
            raise failure
        return board.plainly(environ, start)

    board.respond = leave_once
    lines = ask(3)
    wait_for(lambda: len(server.lot) == 3)

    board.change()

    wait_for(lambda: len(server.lot) == 0)
    told = [line for line in lines if line in readable(lines)]
    assert [answer(line)[1] for line in told] == [b"1", b"1"]


def readable(lines):
    """Return those that have something to read, once two have."""

    def two():
        found = []
        for line in lines:
            line.setblocking(False)
            try:
                line.recv(1, socket.MSG_PEEK)
                found.append(line)
            except BlockingIOError:
                pass
            line.setblocking(True)
        return found if len(found) == 2 else None

    return wait_for(two)


def test_a_long_courier_lets_others_have_their_turn(server, board, ask, monkeypatch):
    monkeypatch.setattr(parking, "SLICE", 0.0)
    lines = ask(20)
    wait_for(lambda: len(server.lot) == 20)

    board.change()

    assert {answer(line)[1] for line in lines} == {b"1"}


def test_one_quiet_while_it_is_served_is_set_aside_and_answered(server, board, ask):
    gate = threading.Event()
    board.elsewhere = lambda environ, start: (gate.wait(10), Board.plainly(board, environ, start))[1]
    (line,) = ask(1, "/slow")
    wait_for(lambda: server.aside.channels)

    gate.set()

    assert answer(line)[1] == b"0"


def test_one_that_hangs_up_while_it_is_served_is_closed(server, board, ask):
    gate = threading.Event()
    board.elsewhere = lambda environ, start: (gate.wait(10), Board.plainly(board, environ, start))[1]
    (line,) = ask(1, "/slow")
    wait_for(lambda: server.aside.channels)

    line.close()

    wait_for(lambda: not server.server.active_channels)
    gate.set()


def test_it_does_not_wait_for_ever_for_those_who_are_owed_an_answer(server, board, ask, stop, monkeypatch, caplog):
    monkeypatch.setattr(parking, "PATIENCE", 0.2)
    monkeypatch.setattr(parking, "THREADS_END", 0.1)
    gate = threading.Event()
    board.elsewhere = lambda environ, start: (gate.wait(10), Board.plainly(board, environ, start))[1]
    (line,) = ask(1, "/slow")
    wait_for(lambda: board.runs)

    stop.set()
    server.aside.ring()
    server.thread.join(5)
    gate.set()

    assert not server.thread.is_alive()
    assert "before everybody was answered" in caplog.text
    assert line.recv(1) == b""
