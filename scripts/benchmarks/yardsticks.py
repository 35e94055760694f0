"""What the machine can do at this moment: a plain request, a durable write, a bare child of a fork server.

python -m benchmarks.yardsticks     prints the times of multiprocessing's fork server, as JSON
"""

import json
import multiprocessing
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from pyramid_uws.execution.forkserver import ForkServer
from pyramid_uws.execution.jobdir import JobDirectory, JobSpec
from pyramid_uws.execution.processes import open_pidfd

from . import core
from .client import drive, get
from .samples import Sample, timed
from .servers import SCRIPTS, Hello

#: How many jobs a site runs at once unless it is told otherwise.
SLOTS = os.cpu_count() or 1


def hello(server: Hello, clients: int, seconds: float) -> Sample:
    """Ask the plain application."""
    request = get("/hello")
    return drive(server.port, iter(lambda: request, None), clients, seconds)


def append_and_sync(folder: Path, seconds: float) -> Sample:
    """Append 4 kB to a file and fsync it, again and again."""
    path = folder / "yardstick"
    block = os.urandom(4096)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def append() -> None:
        os.write(descriptor, block)
        os.fsync(descriptor)

    try:
        return timed(append, seconds=seconds)
    finally:
        os.close(descriptor)
        path.unlink()


class Children:
    """Bare children of our own fork server: what dispatcher, database and HTTP come on top of."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        self._server = ForkServer([core.__name__])

    def __enter__(self) -> Self:
        self._server.start()
        self.one_by_one(3)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def one_by_one(self, count: int) -> Sample:
        """Launch one at a time, each until its outcome is there."""
        sample = Sample()
        began = time.perf_counter()
        for _ in range(count):
            start = time.perf_counter()
            directory, pidfd = self._launch()
            select.select([pidfd], [], [])
            self._check(directory, pidfd)
            sample.latencies.append(time.perf_counter() - start)
        sample.seconds = time.perf_counter() - began
        return sample

    def at_once(self, count: int) -> Sample:
        """Keep as many running as a site does by itself."""
        sample = Sample()
        running: dict[int, tuple[JobDirectory, float]] = {}
        began = time.perf_counter()
        launched = 0
        while launched < count or running:
            while len(running) < SLOTS and launched < count:
                start = time.perf_counter()
                directory, pidfd = self._launch()
                running[pidfd] = (directory, start)
                launched += 1
            for pidfd in select.select(list(running), [], [])[0]:
                directory, start = running.pop(pidfd)
                self._check(directory, pidfd)
                sample.latencies.append(time.perf_counter() - start)
        sample.seconds = time.perf_counter() - began
        return sample

    def _launch(self) -> tuple[JobDirectory, int]:
        self._number += 1
        directory = JobDirectory(self._folder / f"child.{self._number}")
        directory.create(
            JobSpec(job_id="child", attempt=self._number, service="", core=f"{core.__name__}:trivial")
        )
        keeper = self._server.launch(directory.path)
        pidfd = open_pidfd(keeper)
        # A keeper that has ended already is as good as one that is about to.
        return directory, os.open(os.devnull, os.O_RDONLY) if pidfd is None else pidfd

    def _check(self, directory: JobDirectory, pidfd: int) -> None:
        os.close(pidfd)
        outcome = directory.outcome()
        if outcome is None or outcome.ended != "returned":
            raise RuntimeError(f"a bare child did not return: {outcome}")
        directory.remove()


def multiprocessing_children(count: int) -> Sample:
    """Return the times of multiprocessing's fork server, from a process of its own."""
    command = [sys.executable, "-m", "benchmarks.yardsticks", str(count)]
    output = subprocess.run(command, cwd=SCRIPTS, check=True, capture_output=True, text=True).stdout
    latencies = json.loads(output)
    return Sample(latencies, sum(latencies))


def main() -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([core.__name__])

    def run() -> None:
        process = context.Process(target=core.trivial, args=(None,))
        process.start()
        process.join()

    run()
    print(json.dumps(timed(run, count=int(sys.argv[1])).latencies))


if __name__ == "__main__":
    main()
