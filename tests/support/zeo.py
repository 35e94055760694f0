"""A ZEO server, and workers of a site beside its web server."""

import configparser
import contextlib
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from .http import wait_for
from .preloaded import WORKER, Process, start
from .server import HOST, Server, free_port, write_ini

STOP_SECONDS = 20


class Storage:
    """A ZEO server in a process of its own."""

    def __init__(self, folder: Path):
        self._file = folder / "shared.fs"
        self._log = folder / "zeo.log"
        self._process = None
        self.port = free_port()
        self.uri = f"zeo://{HOST}:{self.port}?wait_timeout=20"

    def start(self) -> None:
        options = ["--address", f"{HOST}:{self.port}", "--filename", str(self._file)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "ZEO.runzeo", *options],
                cwd=self._file.parent,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_for(self._answers, what="ZEO")

    def _answers(self):
        with contextlib.suppress(OSError), socket.create_connection((HOST, self.port)):
            return True

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(STOP_SECONDS)


class Worker:
    """A ``uws-worker`` for the ini file of a server; the server's `close` ends what it leaves behind."""

    def __init__(self, server: Server, name: str, **settings: str):
        self.name = name
        own = {f"uws.{key}": value for key, value in {"worker": name, **settings}.items()}
        ini = configparser.RawConfigParser()
        ini.optionxform = str
        ini.read(server.ini)
        self.ini = server.folder / f"{name}.ini"
        write_ini(self.ini, {section: dict(ini[section]) for section in ini.sections()}, {"app:main": own})
        self._server = server
        self.command = [sys.executable, *WORKER, str(self.ini)]
        self.environment = server._environment()
        self.log_file = server.folder / f"{name}.log"
        self.process: Process | None = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.stop()

    def start(self, timeout: float = 30) -> None:
        """Start it and wait until it is ready."""
        offset = self.log_file.stat().st_size if self.log_file.exists() else 0
        self.process = start(self.command, self._server.folder, self.environment, self.log_file)
        wait_for(lambda: "is ready for jobs" in self.log[offset:], timeout, what=f"worker {self.name}")

    def stop(self) -> None:
        """Ask it to end, and see that it ends in good order."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(STOP_SECONDS) == 0, self.log
        assert "Traceback" not in self.log, self.log

    def kill(self) -> None:
        """End it without warning; what it has started is left alone."""
        self.process.kill()
        self.process.wait(STOP_SECONDS)

    @property
    def log(self) -> str:
        return self.log_file.read_text()


@contextlib.contextmanager
def zeo(folder: Path) -> Iterator[Storage]:
    """Run a ZEO server."""
    storage = Storage(folder)
    storage.start()
    try:
        yield storage
    finally:
        storage.stop()
