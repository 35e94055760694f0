"""A lean HTTP/1.1 client: keep-alive connections driven by one epoll loop, and a single one that blocks."""

import contextlib
import re
import select
import socket
import struct
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple, Self
from urllib.parse import urlencode

from .samples import Sample

HOST = "127.0.0.1"

#: The longest a client waits for anything, in seconds.
PATIENCE = 120.0

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_LOCATION = re.compile(rb"\r\nlocation: *([^\r]+)", re.IGNORECASE)
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Answer(NamedTuple):
    """A whole answer; ``head`` has status line and headers."""

    status: int
    head: bytes
    body: bytes

    @property
    def location(self) -> str:
        """The path of the header Location."""
        found = _LOCATION.search(self.head)
        assert found is not None, self.head
        return "/" + found[1].decode().partition("://")[2].partition("/")[2]


class Parser:
    """Puts answers together from what arrives."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._head: bytes | None = None
        self._at = 0
        self._end = -1
        self._pieces: list[tuple[int, int]] = []

    def feed(self, data: bytes) -> Answer | None:
        """Take what has arrived; return the answer when it is whole."""
        self._data += data
        if self._head is None and not self._read_head():
            return None
        assert self._head is not None
        if self._end < 0 and not self._read_chunks():
            return None
        if len(self._data) < self._end:
            return None
        body = b"".join([bytes(self._data[start:end]) for start, end in self._pieces])
        answer = Answer(int(self._head[9:12]), self._head, body)
        rest = bytes(self._data[self._end :])
        self.__init__()
        self._data += rest
        return answer

    def _read_head(self) -> bool:
        end = self._data.find(b"\r\n\r\n")
        if end < 0:
            return False
        self._head = bytes(self._data[:end])
        self._at = end + 4
        if _CHUNKED.search(self._head) is None:
            length = _LENGTH.search(self._head)
            self._end = self._at + (0 if length is None else int(length[1]))
            self._pieces.append((self._at, self._end))
        return True

    def _read_chunks(self) -> bool:
        """Walk over the chunks that are there; True when the last one is."""
        while (line := self._data.find(b"\r\n", self._at)) >= 0:
            size = int(bytes(self._data[self._at : line]), 16)
            if len(self._data) < line + 2 + size + 2:
                return False
            self._at = line + 2 + size + 2
            if size == 0:
                self._end = self._at
                return True
            self._pieces.append((line + 2, line + 2 + size))
        return False


def get(path: str, **headers: str) -> bytes:
    """Write a GET request; an underscore in a header's name stands for a dash."""
    return _request("GET", path, headers)


def delete(path: str) -> bytes:
    """Write a DELETE request."""
    return _request("DELETE", path, {})


def post(path: str, **fields: str | int) -> bytes:
    """Write a POST request with a form."""
    body = urlencode(fields).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))}
    return _request("POST", path, headers) + body


def _request(method: str, path: str, headers: dict[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def _connect(port: int) -> socket.socket:
    connection = socket.create_connection((HOST, port), PATIENCE)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # Ten thousand connections in TIME_WAIT would use up the ports of the next scenario.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    return connection


class Client:
    """One connection; each request waits for its answer."""

    def __init__(self, port: int) -> None:
        self._socket = _connect(port)
        self._parser = Parser()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, request: bytes) -> Answer:
        """Send the request and return its answer, which must not tell of an error."""
        self._socket.sendall(request)
        while (answer := self._parser.feed(self._receive())) is None:
            pass
        if answer.status >= 400:
            raise RuntimeError(f"{request[:200]!r} was answered {answer.status}: {answer.body[:500]!r}")
        return answer

    def _receive(self) -> bytes:
        data = self._socket.recv(1 << 18)
        if not data:
            raise ConnectionError("the server has closed the connection in mid-answer")
        return data


class Connection:
    """One of many connections of a loop; ``on_answer`` is called with it, the answer and the latency (s)."""

    def __init__(self, loop: "Loop", on_answer: "OnAnswer") -> None:
        self._loop = loop
        self._socket = _connect(loop.port)
        self._socket.setblocking(False)
        self._parser = Parser()
        self._on_answer = on_answer
        self.sent = 0.0
        loop.add(self._socket.fileno(), self)

    def send(self, request: bytes) -> None:
        """Send a request, which is short enough for the socket's buffer."""
        self.sent = time.monotonic()
        self._socket.send(request)

    def take(self) -> None:
        """Read what has arrived."""
        try:
            data = self._socket.recv(1 << 16)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        if not data:
            self._loop.cut += 1
            self.close()
        elif (answer := self._parser.feed(data)) is not None:
            self._on_answer(self, answer, time.monotonic() - self.sent)

    def close(self) -> None:
        """Close; a second time does nothing."""
        if self._socket.fileno() >= 0:
            self._loop.drop(self._socket.fileno())
            self._socket.close()


OnAnswer = Callable[[Connection, Answer, float], None]


class Loop:
    """Many connections to one server; ``cut`` counts those that the server has closed."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cut = 0
        self._epoll = select.epoll()
        self._connections: dict[int, Connection] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in list(self._connections.values()):
            connection.close()
        self._epoll.close()

    def add(self, descriptor: int, connection: Connection) -> None:
        """Listen to a connection."""
        self._connections[descriptor] = connection
        self._epoll.register(descriptor, select.EPOLLIN)

    def drop(self, descriptor: int) -> None:
        """Listen no more."""
        with contextlib.suppress(FileNotFoundError):
            self._epoll.unregister(descriptor)
        del self._connections[descriptor]

    def run(self, seconds: float, done: Callable[[], bool] = lambda: False) -> None:
        """Take answers until ``done``, the time is up, or there is no connection left; what is there, at least."""
        deadline, remaining = time.monotonic() + seconds, seconds
        while self._connections and not done():
            for descriptor, _ in self._epoll.poll(min(max(remaining, 0.0), 0.1)):
                connection = self._connections.get(descriptor)
                if connection is not None:
                    connection.take()
            if (remaining := deadline - time.monotonic()) <= 0:
                break


def drive(
    port: int,
    requests: Iterable[bytes],
    clients: int,
    seconds: float = PATIENCE,
    keep: list[Answer] | None = None,
) -> Sample:
    """Let so many clients send the requests, each its next one when it has its answer.

    Ends when the time is up or there are no more requests; ``keep`` takes the answers.
    """
    sample = Sample()
    source = iter(requests)
    end = time.monotonic() + seconds

    def proceed(connection: Connection) -> None:
        request = next(source, None) if time.monotonic() < end else None
        if request is None:
            connection.close()
        else:
            connection.send(request)

    def on_answer(connection: Connection, answer: Answer, latency: float) -> None:
        sample.latencies.append(latency)
        sample.statuses[answer.status] += 1
        if keep is not None:
            keep.append(answer)
        proceed(connection)

    with Loop(port) as loop:
        connections = [Connection(loop, on_answer) for _ in range(clients)]
        start = time.monotonic()
        end = start + seconds
        for connection in connections:
            proceed(connection)
        loop.run(seconds + PATIENCE)
        if loop.cut:
            raise ConnectionError(f"the server has cut {loop.cut} connections")
    sample.seconds = time.monotonic() - start
    return sample
