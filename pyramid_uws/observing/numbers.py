"""What is counted of a process: commits, waiting and running of jobs, how they end; and of requests, if wanted.

All of it begins anew with the process, and knows only what this process has done. What the database knows is asked
of the database.
"""

import threading
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Sequence
from math import inf
from typing import NamedTuple, Protocol

from pyramid_uws.uws.instants import now
from pyramid_uws.uws.limits import SECOND
from pyramid_uws.uws.phases import EXECUTING, FINAL

#: Upper bounds of what values are sorted into, in seconds: transactions, requests, and how long jobs take.
COMMIT_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
REQUEST_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
JOB_BOUNDS = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 43200.0, 86400.0, 604800.0)

#: A transaction that takes longer (s) is a slow one; so many of them are remembered.
SLOW = 0.25
MOST_SLOW = 50


class Histogram:
    """How many values were how large; not beyond the bounds given, in order."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self.counts)

    def quantile(self, share: float) -> float | None:
        """Return the bound that this share (0 to 1) of the values does not exceed; None if there are no values."""
        if not (count := self.count):
            return None
        seen = 0
        for bound, number in zip((*self.bounds, inf), self.counts, strict=True):
            seen += number
            if seen >= share * count:
                return bound
        raise AssertionError("not reached")


class SlowCommit(NamedTuple):
    """A transaction that took long: when it was done (µs since 1970, UTC), seconds, changes in it."""

    when: int
    seconds: float
    changes: int


class Change(Protocol):
    """A change of a job's phase, as the journal of a transaction has it; times in µs."""

    @property
    def service(self) -> str:
        """Whose job it is."""

    @property
    def before(self) -> str | None:
        """The phase that was left; None: the job was made."""

    @property
    def after(self) -> str | None:
        """The phase that was entered; None: the job was deleted."""

    @property
    def waited(self) -> int | None:
        """How long the job waited for its first start."""

    @property
    def ran(self) -> int | None:
        """How long it ran."""

    @property
    def failure(self) -> str | None:
        """Of what kind its error is: ``fatal``, ``transient``, or ``client`` for bad parameters."""


class Numbers:
    """The numbers of a process. Whoever looks takes ``lock``."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.commits = Histogram(COMMIT_BOUNDS)
        self.slow_commits: deque[SlowCommit] = deque(maxlen=MOST_SLOW)
        self.failed_commits = 0
        #: By service.
        self.created: Counter[str] = Counter()
        self.waits: dict[str, Histogram] = {}
        self.runs: dict[str, Histogram] = {}
        #: By service and phase; by service and kind of error.
        self.ended: Counter[tuple[str, str]] = Counter()
        self.failed: Counter[tuple[str, str]] = Counter()
        self.uploads = 0
        self.upload_bytes = 0
        #: By method and status; by view. Empty unless somebody is to be told.
        self.requests: Counter[tuple[str, int]] = Counter()
        self.durations: dict[str, Histogram] = {}

    def committed(self, seconds: float, changes: int) -> None:
        """Count a transaction."""
        with self.lock:
            self.commits.add(seconds)
            if seconds > SLOW:
                self.slow_commits.append(SlowCommit(now(), seconds, changes))

    def not_committed(self) -> None:
        """Count a transaction that failed."""
        with self.lock:
            self.failed_commits += 1

    def changed(self, change: Change) -> None:
        """Count what has become of a job."""
        service, after = change.service, change.after
        with self.lock:
            if change.before is None:
                self.created[service] += 1
            if after == EXECUTING and change.waited is not None:
                _of(self.waits, service, JOB_BOUNDS).add(change.waited / SECOND)
            if after in FINAL:
                self.ended[service, after] += 1
                if change.ran is not None:
                    _of(self.runs, service, JOB_BOUNDS).add(change.ran / SECOND)
                if change.failure is not None:
                    self.failed[service, change.failure] += 1

    def uploaded(self, size: int) -> None:
        """Count a file that was sent (bytes)."""
        with self.lock:
            self.uploads += 1
            self.upload_bytes += size

    def answered(self, method: str, status: int, view: str, seconds: float) -> None:
        """Count a request."""
        key = (method, status)
        with self.lock:
            self.requests[key] = self.requests.get(key, 0) + 1
            _of(self.durations, view, REQUEST_BOUNDS).add(seconds)


def _of(histograms: dict[str, Histogram], name: str, bounds: Sequence[float]) -> Histogram:
    found = histograms.get(name)
    if found is None:
        found = histograms[name] = Histogram(bounds)
    return found
