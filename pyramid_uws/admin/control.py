"""The control socket of a running server: how ``uws-admin`` reaches the one process that may write.

A stream socket in the folder ``uws.var``, mode 0600, and the kernel is asked who has connected: the server's user
and root are served, nobody else. A thread for each connection, a few at most; what they send is bounded in size
and time. Requests are carried out by whoever made this, see :mod:`.actions`.
"""

import contextlib
import logging
import os
import selectors
import socket
import stat
import struct
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pyramid_uws.exceptions import BadRequest, UWSError
from pyramid_uws.observing.activity import acting_as

from .operator import operator
from .wire import LONGEST_REQUEST, Lines, send, short_path

log = logging.getLogger(__name__)

#: Connections served at once, and how many more may queue for being told that these are enough.
MOST_CONNECTIONS = 8
BACKLOG = 32

#: Seconds in which a request must have arrived, an answer been taken, and requests end when the server stops.
REQUEST_SECONDS = 10.0
ANSWER_SECONDS = 10.0
CLOSE_SECONDS = 10.0

#: Seconds of rest when the kernel gives no more connections (too many open files).
REST = 0.5

_CREDENTIALS = struct.Struct("3i")


class ControlSocket:
    """Listens at ``path`` and hands requests to ``perform``, which returns what can be written as JSON."""

    def __init__(self, path: Path, perform: Callable[[Mapping[str, Any]], Any]) -> None:
        self.path = path
        self._perform = perform
        self._listener: socket.socket | None = None
        self._identity: tuple[int, int] | None = None
        self._bell_out, self._bell_in = -1, -1
        self._lock = threading.Lock()
        self._served: dict[threading.Thread, socket.socket] = {}
        self._closing = False
        self._thread = threading.Thread(target=self._accept, name="uws-control", daemon=True)

    # Life

    def open(self) -> None:
        """Begin to listen. Without a socket the server is none the worse, so that is only a warning."""
        try:
            self._listener = self._listen()
        except OSError as problem:
            log.warning("there is no control socket for uws-admin: %s: %s", self.path, problem)
        if self._listener is not None:
            self._bell_out, self._bell_in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
            self._thread.start()

    def close(self) -> None:
        """Take no more requests, and wait a while for those at work; a second time does nothing."""
        if self._listener is None:
            return
        with self._lock:
            self._closing = True
            served = dict(self._served)
        os.write(self._bell_in, b"!")
        self._thread.join()
        self._listener.close()
        self._remove()
        deadline = time.monotonic() + CLOSE_SECONDS
        for thread, connection in served.items():
            with contextlib.suppress(OSError):  # it has ended by itself
                connection.shutdown(socket.SHUT_RD)
            thread.join(max(0.0, deadline - time.monotonic()))
        os.close(self._bell_out)
        os.close(self._bell_in)
        self._listener = None

    def _listen(self) -> socket.socket | None:
        """Make the socket under another name and put it in its place, where one of a dead server may be."""
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        with short_path(self.path) as path, short_path(draft) as drawn:
            if _answers(path):
                log.warning("another server of this site listens at %s; this one does without", self.path)
                return None
            draft.unlink(missing_ok=True)
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                listener.bind(drawn)
                draft.chmod(stat.S_IRUSR | stat.S_IWUSR)
                listener.listen(BACKLOG)
                listener.setblocking(False)
                self._identity = _identity(draft)
                draft.replace(self.path)
            except BaseException:
                listener.close()
                draft.unlink(missing_ok=True)
                raise
        return listener

    def _remove(self) -> None:
        """Remove the socket, unless somebody has put another one there."""
        with contextlib.suppress(FileNotFoundError):
            if _identity(self.path) == self._identity:
                self.path.unlink()

    # The thread that listens

    def _accept(self) -> None:
        assert self._listener is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._bell_out, selectors.EVENT_READ)
            while not self._closing:
                selector.select()
                try:
                    connection, _ = self._listener.accept()
                except BlockingIOError:  # it has hung up, or this is the bell
                    continue
                except OSError as problem:
                    log.warning("the control socket takes no connection: %s", problem)
                    time.sleep(REST)
                    continue
                self._receive(connection)

    def _receive(self, connection: socket.socket) -> None:
        """Serve the connection in a thread of its own, or send it away."""
        user = _user_of(connection)
        if user not in {0, os.geteuid()}:
            log.warning("user %d was refused at the control socket", user)
            return _send_away(connection, "The control socket is for the server's own user.")
        thread = threading.Thread(target=self._serve, args=[connection, user], name="uws-control", daemon=True)
        with self._lock:
            if len(self._served) >= MOST_CONNECTIONS or self._closing:
                return _send_away(connection, "The server has too many control connections; try again.")
            self._served[thread] = connection
        try:
            return thread.start()
        except RuntimeError as problem:  # the kernel has no thread to spare
            log.warning("the control socket serves nobody: %s", problem)
            with self._lock:
                del self._served[thread]
            return connection.close()

    # The threads that serve

    def _serve(self, connection: socket.socket, user: int) -> None:
        lines = Lines(connection, LONGEST_REQUEST)
        try:
            with acting_as(operator(user)):
                while self._answer_next(connection, lines):
                    pass
        except OSError as problem:  # it hung up, or was too slow
            log.debug("a control connection ended: %s", problem)
        finally:
            with self._lock:
                del self._served[threading.current_thread()]
            connection.close()

    def _answer_next(self, connection: socket.socket, lines: Lines) -> bool:
        """Answer one request; False at the end, or when what comes cannot be read."""
        try:
            request = lines.next(REQUEST_SECONDS)
        except BadRequest as problem:
            send(connection, {"error": problem.message}, ANSWER_SECONDS)
            return False
        if request is None:
            return False
        send(connection, self._answer(request), ANSWER_SECONDS)
        return not self._closing

    def _answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return {"value": self._perform(request)}
        except UWSError as problem:
            return {"error": problem.message}
        except Exception as problem:  # the edge of the thread: who asked is told
            log.exception("a control request failed: %s", request.get("do"))
            return {"error": f"The server failed over this ({type(problem).__name__}); its log tells more."}


def _answers(path: str) -> bool:
    """Tell whether somebody listens there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except BlockingIOError:  # more are waiting than it has room for
            return True
        except (FileNotFoundError, ConnectionRefusedError):
            return False
    return True


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _user_of(connection: socket.socket) -> int:
    """Return the user at the other end, by the kernel's word."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(raw)[1])


def _send_away(connection: socket.socket, sentence: str) -> None:
    """Say why, if that can be done at once, and hang up."""
    with connection, contextlib.suppress(OSError):
        send(connection, {"error": sentence}, 0)
