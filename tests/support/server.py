"""A real server, as `pserve` runs it, on a loopback port and a folder of its own.

with Server(tmp_path, settings={"uws.grace": "2"}) as server:
    job = create(server.joblist("sleeper"), SECONDS=60, PHASE="RUN")
    server.kill()
    server.start()
"""

import configparser
import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

import requests

from . import measuring, processes
from .http import Session
from .preloaded import PROJECT, SERVER, Process, start

START_SECONDS = 120
STOP_SECONDS = 60
HOST = "127.0.0.1"
# Below the ports that the system hands out by itself, so that a stopped server finds its port free again; where
# tests run in several processes each has ports of its own, so that none takes what another is about to listen on.
_PROCESS = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
PORTS = range(20_000, 32_000)[_PROCESS :: int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))]

SETTINGS = {
    "use": "egg:pyramid_uws",
    "uws.list_anonymous": "true",
    "uws.development": "false",
    # Processes of jobs are found by their mark, and their coverage counts.
    "uws.environment": "UWS_TEST_* BROKEN",
}
SERVER_SETTINGS = {"use": "egg:pyramid_uws", "host": HOST, "threads": "16"}
LOGGING = {
    "loggers": {"keys": "root, pyramid_uws, waitress_queue"},
    "handlers": {"keys": "stderr"},
    "formatters": {"keys": "plain"},
    "logger_root": {"level": "WARNING", "handlers": "stderr"},
    "logger_pyramid_uws": {"level": "DEBUG", "handlers": "", "qualname": "pyramid_uws"},
    "logger_waitress_queue": {"level": "ERROR", "handlers": "", "qualname": "waitress.queue"},
    "handler_stderr": {"class": "StreamHandler", "args": "(sys.stderr,)", "formatter": "plain"},
    "formatter_plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
}

#: Services by name; `services=` chooses among them, `sections=` adds keys and more services.
SERVICES = {
    "countdown": {
        "core": "pyramid_uws.demo.countdown:core",
        "parameters": "pyramid_uws.demo.countdown:PARAMETERS",
        "max_execution_duration": "86400",
    },
} | {
    name: {
        "core": f"tests.support.cores:{name}",
        "parameters": f"tests.support.cores:PARAMETERS_{name.upper()}",
        "title": f"The {name} core",
    }
    for name in ("quick", "sleeper", "stubborn", "chatty", "failing", "crashing", "echo", "several", "within")
}


class Server:
    """A server process, its ini file and its folder; not running until it is started or entered.

    ``settings`` go to ``[app:main]``, ``server_settings`` to ``[server:main]``, ``sections`` to the sections
    they name, all on top of what is there; a value of None takes a key away, and a % is written %%.
    ``services`` names those of SERVICES that are wanted, all of them unless given. The code that runs in a server
    counts as covered if it is ``measured``, which takes as much time again as the tests do.
    """

    process: Process | None = None

    def __init__(
        self,
        folder: Path,
        *,
        settings: Mapping[str, str | None] | None = None,
        server_settings: Mapping[str, str | None] | None = None,
        sections: Mapping[str, Mapping[str, str | None]] | None = None,
        services: Iterable[str] | None = None,
        measured: bool = False,
    ):
        self.folder = folder.resolve()
        self.measured = measured
        self.folder.mkdir(parents=True, exist_ok=True)
        self.var = self.folder / "var"
        self.ini = self.folder / "site.ini"
        self.log_file = self.folder / "log"
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.mark = uuid.uuid4().hex
        chosen = {f"uws:service:{name}": SERVICES[name] for name in (SERVICES if services is None else services)}
        base = {
            "app:main": SETTINGS | {"uws.var": str(self.var)},
            "server:main": SERVER_SETTINGS | {"port": str(self.port)},
        }
        given = {"app:main": settings or {}, "server:main": server_settings or {}}
        write_ini(self.ini, base | chosen | LOGGING, given, sections or {})

    # Life

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the process (again: same folder, same port) and wait until it answers."""
        assert not self.is_running, "the server is running already"
        self.process = start(self.command(), self.folder, self._environment(), self.log_file)
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.kill()
            raise

    def stop(self, timeout: float = STOP_SECONDS) -> int:
        """Ask the process to end (SIGTERM), wait until it has, and return its exit status.

        The end must have been in good order, and no thread of the server may ever have died of an exception.
        """
        assert self.process is not None, "the server was never started"
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"no end {timeout} s after SIGTERM\n{self.log_tail()}") from None
        assert status in {0, -signal.SIGTERM}, f"exit status {status}\n{self.log_tail()}"
        assert "Exception in thread" not in self.log, self.log_tail()
        return status

    def kill(self) -> None:
        """End the process without warning (SIGKILL); what it has started is left alone."""
        assert self.process is not None, "the server was never started"
        self.process.kill()
        self.process.wait(STOP_SECONDS)

    def close(self) -> None:
        """Stop the process if it runs, and kill what it has left behind."""
        try:
            if self.is_running:
                self.stop()
        finally:
            processes.kill_all(self.mark, self.folder)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    # What a test wants to know

    def joblist(self, service: str, renderer: str = "async") -> str:
        """Return the URL of a service's job list."""
        return f"{self.url}/{service}/{renderer}"

    @property
    def log(self) -> str:
        """Everything all its processes have written to stdout and stderr."""
        return self.log_file.read_text(encoding="utf-8", errors="replace") if self.log_file.exists() else ""

    def log_tail(self, rows: int = 60) -> str:
        return "\n".join(self.log.splitlines()[-rows:])

    def processes(self) -> list[int]:
        """Return the pids of the server and of all it has started, directly or not, that are alive."""
        return processes.find(self.mark, self.folder)

    def descendants(self) -> list[int]:
        """Return the pids of all it has started that are alive."""
        return [pid for pid in self.processes() if self.process is None or pid != self.process.pid]

    # Steps

    def command(self) -> list[str]:
        """Return what is to be run."""
        return [sys.executable, *SERVER, str(self.ini)]

    def _environment(self) -> dict[str, str]:
        path = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
        inherited = os.environ | (measuring.measured() if self.measured else {})
        return inherited | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1", processes.MARK: self.mark}

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        seen = "nothing"
        with Session() as session:
            while time.monotonic() < deadline:
                if not self.is_running:
                    raise AssertionError(f"exit status {self.process.returncode} at start\n{self.log_tail()}")
                with contextlib.suppress(requests.ConnectionError, requests.Timeout):
                    seen = session.get(self.url + "/", timeout=5).status_code
                if seen == 200:
                    return
                time.sleep(0.05)
        raise AssertionError(f"GET / gave {seen} for {START_SECONDS} s\n{self.log_tail()}")


def write_ini(path: Path, *layers: Mapping[str, Mapping[str, str | None]]) -> None:
    """Write an ini file with the sections of all layers; a later one wins, and None takes a key away."""
    content: dict[str, dict[str, str | None]] = {}
    for layer in layers:
        for section, values in layer.items():
            content.setdefault(section, {}).update(values)
    ini = configparser.RawConfigParser()
    ini.optionxform = str
    for section, values in content.items():
        ini[section] = {key: value for key, value in values.items() if value is not None}
    with path.open("w", encoding="utf-8") as stream:
        ini.write(stream)


def free_port() -> int:
    """Return a port of the loopback interface on which nothing listens."""
    for port in random.sample(PORTS, 100):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind((HOST, port))
            return port
    raise AssertionError(f"no free port found between {PORTS[0]} and {PORTS[-1]}")
