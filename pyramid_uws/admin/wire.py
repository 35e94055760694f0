"""What is spoken on the control socket: a line of JSON asks, a line of JSON answers, and neither is endless.

``{"do": "delete", "jobs": [{"service": …, "renderer": …, "job_id": …}]}`` is answered by ``{"value": …}`` or by
``{"error": "a sentence"}``. Imports nothing of the package but its exceptions.
"""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyramid_uws.exceptions import BadRequest

#: The longest request and the longest answer, in bytes.
LONGEST_REQUEST = 64 * 1024
LONGEST_ANSWER = 1024 * 1024

#: How many jobs a request may name.
MOST_JOBS = 200

_CHUNK = 16 * 1024


@contextmanager
def short_path(path: Path) -> Iterator[str]:
    """Yield another path to the same file, short enough for a socket's address (108 bytes)."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def send(connection: socket.socket, message: Any, timeout: float) -> None:
    """Send the message as one line; ``OSError`` if the other side does not take it in time (s)."""
    connection.settimeout(timeout)
    connection.sendall(json.dumps(message).encode() + b"\n")


class Lines:
    """The messages that arrive on a connection."""

    def __init__(self, connection: socket.socket, longest: int) -> None:
        self._connection = connection
        self._longest = longest
        self._read = b""

    def next(self, timeout: float | None) -> Any:
        """Return the next message, None at the end of all; ``TimeoutError`` if it is not all here in time (s).

        :class:`BadRequest` if it is too long or no JSON; nothing sensible can be read from there on.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while b"\n" not in self._read:
            if len(self._read) > self._longest:
                break
            chunk = self._receive(deadline)
            if not chunk:
                return None
            self._read += chunk
        line, _, self._read = self._read.partition(b"\n")
        if len(line) > self._longest:
            raise BadRequest(f"A message has at most {self._longest} bytes.")
        return _parse(line)

    def _receive(self, deadline: float | None) -> bytes:
        if deadline is not None:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError("no whole message arrived")
            self._connection.settimeout(remaining)
        else:
            self._connection.settimeout(None)
        return self._connection.recv(_CHUNK)


def _parse(line: bytes) -> Any:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise BadRequest("A message is a line with an object in JSON.")
    return message
