"""Processes of servers and workers whose imports are done when they begin.

Imports take a second of processor time, and hundreds of such processes are started. So one process for all of
them imports what they import, and forks whenever one is wanted; what is forked runs the function that the command
runs, with arguments, environment, folder and streams of its own, and ends as any Python does. What an interpreter
reads at its very start (PYTHONPATH, what coverage is to measure) it has from the first process: whoever wants that
otherwise, and whoever is started by another command, begins with nothing, by subprocess.
"""

import contextlib
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, TextIO

#: What is run by these words after the interpreter's name: its module as a program, or a line.
WORKER = ("-c", "import sys; from pyramid_uws.worker import main; sys.exit(main())")
SERVER = ("-m", "pyramid.scripts.pserve")
_FUNCTIONS = {SERVER: "pyramid.scripts.pserve:main", WORKER: "pyramid_uws.worker:main"}

#: What a server that has started has imported, and nothing that it has not.
_MODULES = (
    "pyramid.scripts.pserve",
    "pyramid_uws.application",
    "pyramid_uws.worker",
    "pyramid_uws.server.runner",
    "pyramid_uws.views.error_pages",
    "pyramid_uws.views.form",
    "pyramid_uws.views.job",
    "pyramid_uws.views.joblist",
    "pyramid_uws.views.site",
    "pyramid_uws.views.openapi",
    "pyramid_uws.datalink.core",
    "ZEO.ClientStorage",
    "ZODB.config",
)

#: The project, from where everything is imported.
PROJECT = Path(__file__).resolve().parents[2]

#: The environment of all that is started here, unless a test wants another.
ENVIRONMENT: Mapping[str, str] = {
    **{name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")},
    "PYTHONPATH": os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")])),
    "PYTHONUNBUFFERED": "1",
}


def start(command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path) -> "Process":
    """Start a process that adds to a log what it says, leads a session of its own and has nothing to read."""
    log.touch()
    function = _FUNCTIONS.get(tuple(command[1:3]))
    if function is None or command[0] != sys.executable or _early(environment) != _early(ENVIRONMENT):
        with log.open("ab") as stream:
            return subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C in the terminal is for the test runner
            )
    return Forked(_parent(), [function, *command[3:]], str(folder), dict(environment), str(log))


def _early(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what an interpreter reads before anything else."""
    return {key: value for key, value in environment.items() if key.startswith(("PYTHON", "COVERAGE"))}


class Parent:
    """The process that forks; called with a question, it answers with a number."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())],
                cwd=PROJECT,
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._stream = ours.makefile("rw", encoding="utf-8")

    def __call__(self, *question: Any) -> int:
        with self._lock:
            self._stream.write(json.dumps(question) + "\n")
            self._stream.flush()
            return int(self._stream.readline())


#: There is one for each process of the tests; it ends when they have ended, as nobody asks it any more.
_parent = cache(Parent)


class Forked:
    """A process that the parent has forked; what of `subprocess.Popen` is used."""

    def __init__(self, parent: Parent, *facts: Any) -> None:
        self.pid = parent("fork", *facts)
        self.returncode: int | None = None
        self._parent = parent
        self._end = os.pidfd_open(self.pid)

    def poll(self) -> int | None:
        """Return the exit status if the process has ended, as `subprocess.Popen.poll` does."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status once the process has ended; raise `subprocess.TimeoutExpired`."""
        if self.returncode is None:
            if not select.select([self._end], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            self.returncode = self._parent("reap", self.pid)
            os.close(self._end)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


Process = subprocess.Popen | Forked


def main(descriptor: str) -> None:
    """Be the parent; in what was forked, be that."""
    for module in _MODULES:
        import_module(module)
    gc.freeze()
    with socket.socket(fileno=int(descriptor)) as questions:
        facts = _answer(questions.makefile("rw", encoding="utf-8"))
    if facts:
        sys.exit(_become(*facts)())


def _answer(stream: TextIO) -> list[Any] | None:
    """Fork and reap as asked; return None when nobody asks any more, and in what was forked what it is to be."""
    while line := stream.readline():
        verb, *facts = json.loads(line)
        if verb == "reap":
            answer = os.waitstatus_to_exitcode(os.waitpid(facts[0], 0)[1])
        elif not (answer := os.fork()):
            return facts
        stream.write(f"{answer}\n")
        stream.flush()
    return None


def _become(arguments: list[str], folder: str, environment: dict[str, str], log: str) -> Callable[[], int]:
    """Have this process be as if it had been started so; return what it is to do."""
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.close(descriptor)
    sys.argv[:] = arguments
    sys.path[0] = folder
    return resolve_name(arguments[0])


if __name__ == "__main__":
    main(*sys.argv[1:])
