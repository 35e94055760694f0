"""The process of a fork server: imports what cores need, then forks keepers, each before it is needed.

Its only thread does nothing else, so that forking is safe and quick. Run by :mod:`.forkserver` as
``python -m pyramid_uws.execution.forking DESCRIPTOR PARENT``; on the socket come first what to import, then the
directories of attempts to launch, each answered. It ends when its parent process does.

May import :mod:`.keeper` and what that does.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from pyramid_uws.parameters.own import find_callable

from . import linux
from .keeper import keep

#: The longest message on the socket, in bytes.
LONGEST_MESSAGE = 200_000

#: Seconds within which a keeper has to report.
PATIENCE = 10.0

# Milliseconds without a launch before the next keeper is made.
_PAUSE = 3


def serve(channel: socket.socket, parent: int) -> None:
    """Import what is wanted, then make keepers until the parent process is gone."""
    # The channel tells of the parent's end, too, unless a fork of the parent holds it open.
    life = os.pidfd_open(parent)
    poll = select.poll()
    poll.register(channel, select.POLLIN)
    poll.register(life, select.POLLIN)
    troubles = list(_prepare(json.loads(channel.recv(LONGEST_MESSAGE))))
    channel.send(json.dumps({"troubles": troubles}).encode())
    # The kernel buries the keepers.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    nest = Nest((channel.fileno(), life))
    pause: int | None = 0
    while True:
        events = poll.poll(pause)
        if not events:
            nest.fill()
            pause = None
        elif [descriptor for descriptor, _ in events] == [channel.fileno()]:
            path = channel.recv(LONGEST_MESSAGE)
            if not path:
                return
            channel.send(nest.launch(path))
            # The job just launched shall have the processor first; it may be a short one.
            pause = _PAUSE
        else:
            return


def _prepare(wanted: dict[str, Any]) -> Iterable[str]:
    """Import and call what is wanted; yield what went wrong."""
    sys.path[:] = wanted["path"]
    for name in wanted["modules"]:
        try:
            importlib.import_module(name)
        except (Exception, SystemExit) as problem:  # noqa: BLE001 - somebody else's module
            yield f"{name} cannot be imported: {type(problem).__name__}: {problem}"
    for name in wanted["preload"]:
        try:
            find_callable(name)()
        except (Exception, SystemExit) as problem:  # noqa: BLE001 - somebody else's function
            yield f"{name} failed: {type(problem).__name__}: {problem}"
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads > 1:
        yield f"{threads - 1} threads were started by imports; jobs will not have them, and may hang for it"
    # What is here stays: the garbage collectors of the forks need not touch, and thereby copy, it.
    gc.collect()
    gc.freeze()


class Nest:
    """The next keeper, made beforehand: what takes longest is to fork and to come to oneself.

    ``own`` are descriptors that a keeper must not have.
    """

    def __init__(self, own: tuple[int, ...]) -> None:
        self._own = own
        self._orders = -1
        self._reports = -1

    def fill(self) -> None:
        """Make the next keeper; that this may fail is for the next launch to say."""
        with contextlib.suppress(OSError):
            self._fork()

    def launch(self, path: bytes) -> bytes:
        """Give the next keeper its order; return its report."""
        report = self._command(path)
        if not report:  # nobody was there, or somebody has killed it
            try:
                self._fork()
            except OSError as problem:
                return _error(f"no process can be made ({problem.strerror})")
            report = self._command(path)
        return report or _error("its keeper has ended at once")

    def _fork(self) -> None:
        orders, self._orders = os.pipe2(os.O_CLOEXEC)
        self._reports, reports = os.pipe2(os.O_CLOEXEC)
        try:
            child = os.fork()
        except OSError:
            self._forget()
            raise
        else:
            if child == 0:
                self._become_keeper(orders, reports)
        finally:
            os.close(orders)
            os.close(reports)

    def _become_keeper(self, orders: int, reports: int) -> NoReturn:
        try:
            for descriptor in (self._orders, self._reports, *self._own):
                os.close(descriptor)
            keep(orders, reports)
        except BaseException:  # noqa: BLE001 - the edge of the process
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(0)

    def _command(self, path: bytes) -> bytes:
        """Give the order to the keeper that is there, if one is; return its report, if it makes one."""
        if self._orders < 0:
            return b""
        try:
            os.write(self._orders, path)
            poll = select.poll()
            poll.register(self._reports, select.POLLIN)
            if not poll.poll(PATIENCE * 1000):
                return _error(f"its keeper was silent for {PATIENCE} s")
            return os.read(self._reports, 4096)
        except BrokenPipeError:
            return b""
        finally:
            self._forget()

    def _forget(self) -> None:
        """The keeper is on its own, or dead."""
        os.close(self._orders)
        os.close(self._reports)
        self._orders = self._reports = -1


def _error(text: str) -> bytes:
    return json.dumps({"error": text}).encode()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    linux.set_name("uws-forkserver")
    with contextlib.suppress(ConnectionError, ProcessLookupError):  # the parent is gone
        serve(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]))
