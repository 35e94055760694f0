"""The fork server, seen from the process that has one; the other side is :mod:`.forking`.

It has a session of its own and no state beyond its imports: it may be killed at any time, the keepers go on.

May import :mod:`.forking` (for its constants), :mod:`.linux`, :mod:`.jobdir`, :mod:`.processes` of this folder.
"""

import fnmatch
import json
import logging
import os
import re
import select
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import forking, linux
from .jobdir import JobDirectory
from .processes import Identity

log = logging.getLogger(__name__)

#: Seconds without an answer after which a fork server is taken for stuck.
PATIENCE = 2 * forking.PATIENCE

#: Seconds after which imports that have ended the process are tried again.
PAUSE = 30.0

# A library that starts a thread per core in every job would make the jobs of a busy host fight each other;
# and threads started here would not survive the fork.
_ONE_THREAD = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}


#: Environment variables that every job has if the server has them: what a program needs to be found and started,
#: to speak its language, and to use as many threads as the operator wants. ``uws.environment`` names more.
PASSED_ON = (
    "PATH",
    "LD_LIBRARY_PATH",
    "PYTHONPATH",
    "PYTHONHOME",
    "LANG",
    "LANGUAGE",
    "LC_*",
    "TZ",
    *_ONE_THREAD,
)


def clean_environment(names: Sequence[str]) -> dict[str, str]:
    """Return what the fork server, and with it the jobs, get of our environment: what is named, no more.

    The fork server has our HOME, where libraries that it imports have their caches; a core has its own.
    """
    wanted = [re.compile(fnmatch.translate(name)) for name in (*PASSED_ON, "HOME", *names)]
    kept = {name: value for name, value in os.environ.items() if any(each.match(name) for each in wanted)}
    return {**_ONE_THREAD, **kept, **linux.room_for_mark()}


class LaunchFailed(OSError):
    """An attempt could not be started, and will not be: its directory is void."""


class ForkServer:
    """The fork server, seen from the process that has it. For use by one thread.

    ``modules`` are imported and ``preload`` (``package.module:function``) are called in it; where that fails
    the jobs that need it will fail and say so. ``patience`` is how many seconds a launch waits for that,
    ``import_patience`` how many it may take at all. ``environment`` names variables that jobs are to have besides
    those of :data:`PASSED_ON`. ``trouble`` is why launches are refused, if they are.
    """

    def __init__(
        self,
        modules: Sequence[str] = (),
        preload: Sequence[str] = (),
        *,
        environment: Sequence[str] = (),
        python: str = sys.executable,
        patience: float = 60.0,
        import_patience: float = 600.0,
    ) -> None:
        self.trouble = ""
        self._modules = list(modules)
        self._preload = list(preload)
        self._environment = tuple(environment)
        self._python = python
        self._patience = patience
        self._import_patience = import_patience
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._ready = False
        self._began = 0.0
        self._again_at = 0.0

    def start(self) -> None:
        """Start the process if it is not running; its imports are not waited for.

        One that has died of its imports stays as it is until that was noticed.
        """
        unnoticed = not (self._ready or self.trouble)
        if self._process is not None and (self._process.poll() is None or unnoticed):
            return
        self.close()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - ourselves
                # -P: a file in the current folder must not pass for a module. -u: what imports print is not lost.
                [self._python, "-P", "-u", "-m", forking.__name__, str(theirs.fileno()), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                env=clean_environment(self._environment),
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._channel = ours
        self._began = time.monotonic()
        wanted = {"path": sys.path, "modules": self._modules, "preload": self._preload}
        ours.send(json.dumps(wanted).encode())

    def ready(self, timeout: float = 0.0) -> bool:
        """Tell whether a launch need not wait for imports; wait so many seconds for that.

        A process that was killed is started anew. If it has died of its imports, or they take for ever, it is
        "ready" to refuse launches; the former is tried again after a pause.
        """
        if self.trouble and time.monotonic() < self._again_at:
            return True
        try:
            self.start()
            self._await_imports(timeout)
        except TimeoutError:
            if time.monotonic() < self._began + self._import_patience:
                return False
            self.trouble = f"what its service preloads was not there after {self._import_patience:.0f} s"
        except OSError as problem:
            log.error("a fork server ended while it imported %s: %s", self._modules, problem)  # noqa: TRY400 - the sentence says it all
            self.trouble = "what its service preloads cannot be loaded"
            self._again_at = time.monotonic() + PAUSE
        else:
            self.trouble = ""
        return True

    def launch(self, path: Path) -> Identity:
        """Start the attempt in that directory and return its keeper.

        :class:`LaunchFailed` says that there is no keeper and that none will come.
        """
        directory = JobDirectory(path)
        try:
            if self.trouble:
                raise LaunchFailed(self.trouble)
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
        return self._receive(PATIENCE)

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
        message = self._channel.recv(forking.LONGEST_MESSAGE)
        if not message:
            raise ConnectionError("it has ended")
        return dict(json.loads(message))

    def close(self) -> None:
        """End the process. The keepers it has made go on."""
        self._ready = False
        self.trouble = ""
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self._process is not None:
            # It has nothing to lose, and may be deep in an import.
            self._process.kill()
            self._process.wait()
            self._process = None
