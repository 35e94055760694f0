"""The fork server: a process that has imported what cores need, and forks a keeper for every attempt.

It has one thread, a session of its own, and no state beyond its imports: it may be killed at any time, the
keepers go on. It ends when the process that started it does. :class:`ForkServer` is that process's side.

The process may import :mod:`.keeper` and what that does.
"""

import contextlib
import gc
import importlib
import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from . import linux
from .child import load
from .jobdir import JobDirectory
from .keeper import keep
from .processes import Identity

log = logging.getLogger(__name__)

#: Seconds within which a fork has to be made, or the fork server is taken for stuck.
FORK_PATIENCE = 10.0

_LONGEST_MESSAGE = 200_000

# Milliseconds without a launch before the next keeper is made.
_PAUSE = 10

# A library that starts a thread per core in every job would make the jobs of a busy host fight each other;
# and threads started here would not survive the fork.
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class LaunchFailed(OSError):
    """An attempt could not be started, and will not be: its directory is void."""


class ForkServer:
    """The fork server, seen from the process that has it. For use by one thread.

    ``modules`` are imported and ``preload`` (``package.module:function``) are called in it; where that fails
    the jobs that need it will fail and say so. ``patience`` is how many seconds a launch waits for that.
    """

    def __init__(
        self,
        modules: Sequence[str] = (),
        preload: Sequence[str] = (),
        *,
        python: str = sys.executable,
        patience: float = 60.0,
    ) -> None:
        self._modules = list(modules)
        self._preload = list(preload)
        self._python = python
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._ready = False
        self._broken = False

    def start(self) -> None:
        """Start the process if it is not running; its imports are not waited for."""
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - ourselves
                # -P: a file in the current folder must not pass for a module.
                [self._python, "-P", "-m", __name__, str(theirs.fileno()), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                env={**_ONE_THREAD, **os.environ, **linux.room_for_mark()},
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._channel = ours
        wanted = {"path": sys.path, "modules": self._modules, "preload": self._preload}
        ours.send(json.dumps(wanted).encode())

    def ready(self, timeout: float = 0.0) -> bool:
        """Tell whether a launch need not wait for imports; wait so many seconds for that.

        A process that was killed is started anew. One that has died of its imports is not, but "ready" to tell
        so at the next launch.
        """
        if self._broken:
            return True
        try:
            self.start()
            self._await_imports(timeout)
        except TimeoutError:
            return False
        except OSError as problem:
            log.error("a fork server ended while it imported %s: %s", self._modules, problem)  # noqa: TRY400
            self._broken = True
        return True

    def launch(self, path: Path) -> Identity:
        """Start the attempt in that directory and return its keeper.

        :class:`LaunchFailed` says that there is no keeper and that none will come.
        """
        directory = JobDirectory(path)
        try:
            return self._launch(path)
        except OSError as first:
            problem = first
        if directory.void():
            raise LaunchFailed(f"The job could not be started: {problem}.") from problem
        keeper = directory.keeper()
        assert keeper is not None
        return keeper

    def _launch(self, path: Path) -> Identity:
        """Start the attempt, with a new fork server if this one does not answer."""
        try:
            answer = self._ask(path)
        except OSError as problem:
            if isinstance(problem, TimeoutError) and not self._ready:
                raise  # a slow import is no reason to begin it again
            log.warning("a fork server does not answer and is started anew: %s", problem)
            self.close()
            answer = self._ask(path)
        if "error" in answer:
            raise LaunchFailed(answer["error"])
        return Identity(**answer)

    def _ask(self, path: Path) -> dict[str, Any]:
        self.start()
        self._await_imports(self._patience)
        assert self._channel is not None
        self._channel.send(os.fsencode(path))
        return self._receive(FORK_PATIENCE * 2)

    def _await_imports(self, timeout: float) -> None:
        if not self._ready:
            for trouble in self._receive(timeout)["troubles"]:
                log.warning("fork server: %s", trouble)
            self._ready = True

    def _receive(self, timeout: float) -> dict[str, Any]:
        """Return the next message; ``TimeoutError`` if none comes, another ``OSError`` if none can come."""
        assert self._channel is not None
        poll = select.poll()
        poll.register(self._channel, select.POLLIN)
        if not poll.poll(timeout * 1000):
            raise TimeoutError(f"no answer within {timeout} s")
        message = self._channel.recv(_LONGEST_MESSAGE)
        if not message:
            raise ConnectionError("it has ended")
        return dict(json.loads(message))

    def close(self) -> None:
        """End the process. The keepers it has made go on."""
        self._ready = self._broken = False
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self._process is not None:
            # It has nothing to lose, and may be deep in an import.
            self._process.kill()
            self._process.wait()
            self._process = None


# The process


def serve(channel: socket.socket, parent: int) -> None:
    """Import what is wanted, then make keepers until the parent process is gone."""
    # The channel tells of the parent's end, too, unless a fork of the parent holds it open.
    life = os.pidfd_open(parent)
    poll = select.poll()
    poll.register(channel, select.POLLIN)
    poll.register(life, select.POLLIN)
    troubles = list(_prepare(json.loads(channel.recv(_LONGEST_MESSAGE))))
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
            path = channel.recv(_LONGEST_MESSAGE)
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
            load(name)()
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
        sys.stdout.flush()
        sys.stderr.flush()
        orders, self._orders = os.pipe2(os.O_CLOEXEC)
        self._reports, reports = os.pipe2(os.O_CLOEXEC)
        if os.fork() == 0:
            try:
                for descriptor in (self._orders, self._reports, *self._own):
                    os.close(descriptor)
                keep(orders, reports)
            except BaseException:  # noqa: BLE001 - the edge of the process
                sys.excepthook(*sys.exc_info())
            finally:
                os._exit(0)
        os.close(orders)
        os.close(reports)

    def _command(self, path: bytes) -> bytes:
        if self._orders < 0:
            return b""
        try:
            os.write(self._orders, path)
            if not select.select([self._reports], [], [], FORK_PATIENCE)[0]:
                return _error(f"its keeper was silent for {FORK_PATIENCE} s")
            return os.read(self._reports, 4096)
        except BrokenPipeError:
            return b""
        finally:
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
