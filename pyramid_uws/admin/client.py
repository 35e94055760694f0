"""Asking a running server through its control socket."""

import contextlib
import socket
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyramid_uws.exceptions import BadRequest, UWSError

from .wire import LONGEST_ANSWER, Lines, send, short_path

#: Seconds for being taken note of at all.
CONNECT_SECONDS = 5

#: The kernel's ``struct timeval``.
_TIME = struct.Struct("ll")


class NoServer(UWSError):
    """Nobody listens at the control socket."""


class NoAnswer(UWSError):
    """Somebody listens at the control socket, but gives no answer that could be used."""


class Refused(UWSError):
    """The server said why it does not do it."""


def ask(path: Path, request: Mapping[str, Any], timeout: float) -> Any:
    """Send the request to the server that listens at ``path`` and return its answer, which may take a time (s)."""
    with _connect(path) as connection:
        try:
            with contextlib.suppress(BrokenPipeError):  # it has hung up already, having said why
                send(connection, request, CONNECT_SECONDS)
            answer = Lines(connection, LONGEST_ANSWER).next(timeout)
        except TimeoutError:
            raise NoAnswer(
                f"The server that listens at {path} has not answered for {timeout:g} s; it may have been stopped, "
                "or has too much to do. What was asked for may still be done."
            ) from None
        except (OSError, BadRequest) as problem:
            raise NoAnswer(
                f"The server that listens at {path} does not speak to this command: {problem}"
            ) from problem
    if answer is None:
        raise NoAnswer(f"The server that listens at {path} ended before it answered; it may have done its work.")
    if "error" in answer:
        raise Refused(str(answer["error"]))
    return answer.get("value")


def _connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # With a time limit of Python's own, a server with many connections waiting is not waited for at all.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _TIME.pack(CONNECT_SECONDS, 0))
        with short_path(path) as name:
            connection.connect(name)
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        raise NoServer(f"No server listens at {path}.") from None
    except BlockingIOError:
        connection.close()
        raise NoAnswer(
            f"The server that listens at {path} has too many commands waiting; try again in a moment."
        ) from None
    except OSError as problem:
        connection.close()
        raise NoAnswer(f"The control socket {path} cannot be used: {problem.strerror or problem}.") from problem
    return connection
