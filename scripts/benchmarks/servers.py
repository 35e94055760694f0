"""Server processes of the benchmark's own: started, observed through /proc, ended; never anybody else's."""

import configparser
import contextlib
import functools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pyramid_uws.execution.linux import die_with_parent

from .client import HOST, Client, get

SCRIPTS = Path(__file__).resolve().parents[1]
PROJECT = SCRIPTS.parent

START_SECONDS = 120.0
STOP_SECONDS = 60.0

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = os.sysconf("SC_CLK_TCK")

APPLICATION = {"use": "egg:pyramid_uws", "uws.list_anonymous": "true"}
SERVICES = {
    "uws:service:trivial": {"core": "benchmarks.core:trivial", "preload": "benchmarks.core:trivial"},
    "uws:service:small": {"core": "benchmarks.core:small"},
    "uws:service:archive": {"core": "benchmarks.core:trivial"},
}
LOGGING = {
    "loggers": {"keys": "root, waitress_queue"},
    "handlers": {"keys": "stderr"},
    "formatters": {"keys": "plain"},
    "logger_root": {"level": "WARNING", "handlers": "stderr"},
    "logger_waitress_queue": {"level": "ERROR", "handlers": "", "qualname": "waitress.queue"},
    "handler_stderr": {"class": "StreamHandler", "args": "(sys.stderr,)", "formatter": "plain"},
    "formatter_plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
}


class Server:
    """A process that serves at a loopback port of its own while the ``with`` block lasts."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = free_port()
        self.log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """Return what is to be run."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # Life

    def start(self) -> float:
        """Start the process; return how many seconds it took until its first answer."""
        paths = os.pathsep.join(filter(None, [str(SCRIPTS), os.environ.get("PYTHONPATH")]))
        began = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                env=os.environ | {"PYTHONPATH": paths, "PYTHONWARNINGS": "ignore"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # However this process ends, that one does, too. No other thread can be in the middle of something.
                preexec_fn=functools.partial(die_with_parent, os.getpid()),  # noqa: PLW1509 - see above
            )
        try:
            self._wait_until_it_answers(began + START_SECONDS)
        except BaseException:
            self.stop()
            raise
        return time.monotonic() - began

    def _wait_until_it_answers(self, deadline: float) -> None:
        while time.monotonic() < deadline and self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ConnectionError), Client(self.port) as client:
                client.ask(get("/availability" if isinstance(self, Site) else "/hello"))
                return
            time.sleep(0.005)
        raise RuntimeError(f"a server does not start:\n{self.log_tail()}")

    def stop(self) -> None:
        """Ask the process to end, and make it if it does not."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def log_tail(self, lines: int = 30) -> str:
        """Return the end of what the process had to say."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    # Observing

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process is not None, "the server does not run"
        return self._process.pid

    def rss(self) -> int:
        """Return the resident memory in bytes."""
        return int(self._proc("statm").split()[1]) * _PAGE

    def reset_peak(self) -> int:
        """Let the peak of resident memory be what is resident now, and return that (bytes)."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        return self.peak()

    def peak(self) -> int:
        """Return the peak of resident memory in bytes."""
        lines = dict(line.split(":", 1) for line in self._proc("status").splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024

    def cpu_seconds(self) -> float:
        """Return the processor time used so far."""
        fields = self._proc("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def sockets(self) -> int:
        """Return how many sockets are open."""
        found = 0
        for descriptor in Path(f"/proc/{self.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                found += descriptor.readlink().name.startswith("socket:")
        return found

    def settle(self, seconds: float, busy: float = 0.05) -> None:
        """Wait until the process uses less than that share of a core, at most so many seconds."""
        deadline = time.monotonic() + seconds
        quiet = 0
        while quiet < 2 and time.monotonic() < deadline:
            before = self.cpu_seconds()
            time.sleep(0.4)
            quiet = quiet + 1 if self.cpu_seconds() - before <= 0.4 * busy else 0

    def _proc(self, name: str) -> str:
        return Path(f"/proc/{self.pid}/{name}").read_text()


class Hello(Server):
    """The yardstick for requests."""

    def command(self) -> list[str]:
        """Return what is to be run."""
        return [sys.executable, "-m", "benchmarks.hello", str(self.port)]


class Site(Server):
    """The server under test: pserve with an ini file of its own.

    ``storage`` is the file of the database; ``settings`` go to ``[app:main]`` on top of what is there.
    """

    def __init__(
        self,
        folder: Path,
        storage: Path | None = None,
        *,
        threads: int = 16,
        settings: Mapping[str, str] | None = None,
        server_settings: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(folder)
        self.storage = storage or folder / "uws.fs"
        own = {"uws.var": str(folder / "var"), "uws.storage": f"file://{self.storage}"}
        listening = {"use": "egg:pyramid_uws", "host": HOST, "port": str(self.port), "threads": str(threads)}
        sections = {
            "app:main": APPLICATION | own | dict(settings or {}),
            "server:main": listening | dict(server_settings or {}),
        }
        self._ini = folder / "site.ini"
        _write_ini(self._ini, sections | SERVICES | LOGGING)

    def command(self) -> list[str]:
        """Return what is to be run."""
        return [sys.executable, "-m", "pyramid.scripts.pserve", str(self._ini)]

    def file_size(self) -> int:
        """Return the size of the database file in bytes."""
        return self.storage.stat().st_size

    def state(self) -> dict[str, float]:
        """Return what every figure is given along: memory and file size in MB."""
        return {"rss_mb": self.rss() / 1e6, "file_mb": self.file_size() / 1e6}


class Demonstration(Site):
    """The site of development.ini, in a folder of its own."""

    def command(self) -> list[str]:
        """Return what is to be run."""
        return [
            *(sys.executable, "-m", "pyramid.scripts.pserve", str(PROJECT / "development.ini")),
            *(f"http_port={self.port}", f"var={self.folder / 'var'}"),
        ]


def _write_ini(path: Path, sections: Mapping[str, Mapping[str, str]]) -> None:
    ini = configparser.RawConfigParser()
    ini.read_dict(sections)
    with path.open("w", encoding="utf-8") as stream:
        ini.write(stream)


def free_port() -> int:
    """Return a port of the loopback interface on which nothing listens."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
