"""Somebody who goes on asking while others wait: GET after GET, with pauses, until told to end.

python -m benchmarks.probe PORT PATH     prints [[start, latency], …] in seconds, as JSON, at the end of stdin
"""

import json
import select
import subprocess
import sys
import time
from typing import Self

from .client import Client, get
from .servers import SCRIPTS

PAUSE = 0.004


class Probe:
    """The process, seen from the benchmark's."""

    def __init__(self, port: int, path: str) -> None:
        command = [sys.executable, "-m", "benchmarks.probe", str(port), path]
        self._process = subprocess.Popen(
            command, cwd=SCRIPTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        self._asked: list[tuple[float, float]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """End the process and take what it has seen; a second time does nothing."""
        if self._process.returncode is None:
            output, _ = self._process.communicate(timeout=150)
            self._asked = [(start, latency) for start, latency in json.loads(output)]

    def between(self, start: float, end: float) -> list[float]:
        """Return the latencies of the requests that were under way in that time (s, monotonic clock)."""
        return [latency for begun, latency in self._asked if begun < end and begun + latency > start]


def main() -> None:
    request = get(sys.argv[2])
    asked = []
    with Client(int(sys.argv[1])) as client:
        while not select.select([sys.stdin], [], [], PAUSE)[0]:
            start = time.monotonic()
            client.ask(request)
            asked.append((start, time.monotonic() - start))
    print(json.dumps(asked))


if __name__ == "__main__":
    main()
