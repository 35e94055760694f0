"""Very many clients in one process: bare connections, driven by one epoll."""

import re
import resource
import select
import socket
import struct
import time
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from .http import http

PATIENCE = 60

_LENGTH = re.compile(rb"\r\nContent-Length: (\d+)")
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Answer(NamedTuple):
    """One answer; ``at`` is time.monotonic() when it was whole."""

    status: int
    head: str
    body: bytes
    at: float

    @property
    def phase(self) -> str | None:
        """The phase in a job document."""
        found = re.search(rb"<uws:phase>(\w+)<", self.body)
        return found and found[1].decode()


class Line:
    """One connection; the answers that came over it, and whether it was closed."""

    def __init__(self, crowd: "Crowd", address: tuple[str, int] | str) -> None:
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family)
        if crowd.is_narrow:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        self.socket.connect(address)
        self.socket.setblocking(False)
        self.fd = self.socket.fileno()
        self.answers: list[Answer] = []
        self.is_closed = False
        self._crowd = crowd
        self._data = bytearray()
        self._wanted = 0  # no answer is whole before there are so many bytes

    def get(self, url: str, version: str = "1.1", **headers: str) -> Self:
        """Send a GET; an underscore in the name of a header stands for a dash."""
        address = urlsplit(url)
        lines = [f"GET {address.path}?{address.query} HTTP/{version}", f"Host: {address.netloc}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        return self

    def hang_up(self, *, rudely: bool = False) -> None:
        """Close the connection; rudely is by a reset."""
        if rudely:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._crowd.drop(self)
        self.socket.close()

    @property
    def answer(self) -> Answer:
        """The one answer."""
        (answer,) = self.answers
        return answer

    def take(self) -> None:
        """Read what has come."""
        try:
            data = self.socket.recv(1 << 20)
        except ConnectionError:
            data = b""
        self._data += data
        while len(self._data) >= max(self._wanted, 1) and self._take_answer():
            pass
        if not data:
            assert not self._data, f"closed in mid-answer: {bytes(self._data[:200])!r}"
            self.is_closed = True
            self.hang_up()

    def _take_answer(self) -> bool:
        start = self._data.find(b"\r\n\r\n") + 4
        if start < 4:
            return False
        head = bytes(self._data[:start])
        length = _LENGTH.search(head)
        self._wanted = start + (int(length[1]) if length else 0)
        if len(self._data) < self._wanted:
            return False
        body = bytes(self._data[start : self._wanted])
        self.answers.append(Answer(int(head[9:12]), head.decode(), body, time.monotonic()))
        del self._data[: self._wanted]
        self._wanted = 0
        return True


class Crowd:
    """Connections to one server; narrow ones take only a little at once."""

    def __init__(self, url: str, *, is_narrow: bool = False) -> None:
        self.url = url
        self.is_narrow = is_narrow
        self.lines: list[Line] = []
        self._epoll = select.epoll()
        self._open: dict[int, Line] = {}
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for line in list(self._open.values()):
            line.hang_up(rudely=True)  # the ports shall be free at once
        self._epoll.close()

    def line(self, address: tuple[str, int] | str | None = None) -> Line:
        """Connect once more, to the server or another address."""
        server = urlsplit(self.url)
        line = Line(self, address or (server.hostname, server.port))
        self.lines.append(line)
        self._open[line.fd] = line
        self._epoll.register(line.fd, select.EPOLLIN)
        return line

    def ask(self, count: int, url: str, **options: str) -> list[Line]:
        """Let so many ask for the same, each over a connection of his own."""
        lines = [self.line().get(url, **options) for _ in range(count)]
        self.be_heard()
        return lines

    def be_heard(self) -> None:
        """Return when the server has read, and most likely served or parked, what was sent up to now."""
        for _ in range(5):  # connections are taken in one after the other, so these come behind the others
            http.get(self.url, headers={"Connection": "close"})

    def drop(self, line: Line) -> None:
        """Listen to a connection no more."""
        if self._open.pop(line.fd, None) is not None:
            self._epoll.unregister(line.fd)

    def listen(self, seconds: float) -> None:
        """Take what comes within that time, once."""
        for fd, _ in self._epoll.poll(seconds):
            self._open[fd].take()

    def until_answered(self, lines: list[Line], count: int = 1, timeout: float = PATIENCE) -> None:
        """Wait until each of these lines has so many answers."""
        deadline = time.monotonic() + timeout
        while missing := sum(len(line.answers) < count for line in lines):
            assert time.monotonic() < deadline, f"{missing} of {len(lines)} were not answered in {timeout} s"
            assert not any(line.is_closed for line in lines if len(line.answers) < count), "cut off"
            self.listen(0.05)

    def until_closed(self, lines: list[Line], timeout: float = PATIENCE) -> None:
        """Wait until the server has closed all of these."""
        deadline = time.monotonic() + timeout
        while not all(line.is_closed for line in lines):
            assert time.monotonic() < deadline, "not closed"
            self.listen(0.05)
