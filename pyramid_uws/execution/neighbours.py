"""Several who start jobs over one database: how they hear of new jobs, and take those of the dead.

A worker shows by its heartbeat that it lives. Whoever sees that it has not moved for ``uws.worker_timeout``, by
his own clock, declares it dead and takes its jobs from it, all in one transaction, which conflicts with a
heartbeat made meanwhile. A worker that is cut off has ended its attempts by then, for its :mod:`.lease` is over.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyramid_uws.exceptions import UWSError
from pyramid_uws.settings import Settings
from pyramid_uws.tree import Root, job_renderers
from pyramid_uws.uws import phases
from pyramid_uws.uws.instants import now
from pyramid_uws.uws.limits import SECOND

from .changes import finish
from .endings import lost
from .home import Home
from .jobdir import JobDirectory
from .lease import Lease
from .reading import Reader
from .retrying import Retries
from .runs import MARGIN, Address, Harvest
from .watcher import Watcher
from .writer import Journal, Writer

log = logging.getLogger(__name__)

#: The longest time between two heartbeats, in seconds.
LONGEST_PERIOD = 10.0

#: Seconds between two looks at the queue, if nothing was heard of it.
POLL = 2.0

#: For how long those declared dead are remembered, in µs.
_MEMORY = 7 * 86400 * SECOND

OnStop = Callable[[str], str]
RetriesOf = Callable[[str], Retries]


def slots_of(settings: Settings) -> int:
    """Return how many jobs run at once."""
    return settings.max_running or os.cpu_count() or 1


class Neighbours:
    """What a dispatcher has to do with others; ``beating`` if it shows a heartbeat itself, as workers do."""

    def __init__(
        self, settings: Settings, database: Any, writer: Writer, watcher: Watcher, *, beating: bool
    ) -> None:
        self.poll = POLL
        self.lease: Lease | None = None
        self._settings = settings
        self._writer = writer
        self._watcher = watcher
        self._reader = Reader(database)
        self._beating = beating
        self._timeout = settings.worker_timeout
        self._period = min(self._timeout / 6, LONGEST_PERIOD)
        self._counts: dict[str, tuple[int, float]] = {}
        self._looked = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="uws-heartbeat", daemon=True)
        self._home: Home | None = None
        self._on_stop: OnStop | None = None
        self._retries: RetriesOf | None = None

    # The dispatcher's side

    def listen(self, ring: Callable[[], object]) -> None:
        """Have ``ring`` called at each change of the database."""
        self._watcher.subscribe_to_all(ring)

    def join(self, home: Home, on_stop: OnStop, retries: RetriesOf) -> None:
        """Show the first heartbeat, if there is to be any, and begin to look after the others."""
        self._home, self._on_stop, self._retries = home, on_stop, retries
        if self._beating:
            self.lease = Lease(home.lease)
            self._beat()
        if not self._thread.is_alive():
            self._thread.start()

    def has_lease(self) -> bool:
        """Tell whether nobody can believe us dead, so that jobs may be started and brought in."""
        return self.lease is None or not self.lease.is_over()

    def leave(self, *, still_running: bool) -> None:
        """End; a worker that leaves no running jobs behind says goodbye."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._reader.close()
        if self._beating and self._home is not None and not still_running:
            try:
                self._writer.do(goodbye(self._home.name))
            except UWSError as problem:
                log.warning("worker %s could not say goodbye: %s", self._home.name, problem)

    # The thread

    def _work(self) -> None:
        while not self._stopping.wait(self._period):
            try:
                if self._beating:
                    self._beat()
                self._look()
            except UWSError as problem:
                log.warning("no heartbeat: %s", problem)
            except Exception:  # the edge of the thread: it must go on
                log.exception("looking after the other workers failed")

    def _beat(self) -> None:
        assert self._home is not None
        assert self.lease is not None
        began = time.monotonic()
        if self._writer.do(beat(self._home.name, slots_of(self._settings))):
            log.warning("worker %s was declared dead; its jobs were taken from it", self._home.name)
        self.lease.renew(began + self._timeout - self._settings.grace - MARGIN)

    def _look(self) -> None:
        """Note whose heartbeat has moved; declare dead whose has not for too long."""
        moment = time.monotonic()
        if moment - self._looked > 3 * self._period:
            self._counts.clear()  # we were away ourselves; that others were still says nothing
        self._looked = moment
        with self._reader.reading() as root:
            beats = {heart.name: heart.beats for heart in root.heartbeats() if not heart.gone}
        for name, count in beats.items():
            known, since = self._counts.get(name, (None, moment))
            if known != count:
                self._counts[name] = count, moment
            elif moment - since > self._timeout and not (self._home and name == self._home.name):
                self._declare_dead(name, count)

    def _declare_dead(self, name: str, beats: int) -> None:
        assert self._on_stop is not None
        assert self._retries is not None
        taken = self._writer.do(declare_dead(name, beats, self._on_stop, self._retries))
        if taken is not None:
            log.warning("worker %s is dead; %d jobs were taken from it", name, len(taken))


# Changes


def beat(name: str, slots: int) -> Callable[[Root, Journal], bool]:
    """Show a heartbeat; tells whether the worker had been declared dead."""

    def change(root: Root, _journal: Journal) -> bool:
        heart = root.heartbeat(name)
        was_gone = heart.gone
        heart.gone = False
        heart.beats += 1
        heart.seen = now()
        if heart.pid != os.getpid() or was_gone:
            heart.host, heart.pid, heart.slots, heart.started = socket.gethostname(), os.getpid(), slots, now()
        return was_gone

    return change


def goodbye(name: str) -> Callable[[Root, Journal], None]:
    """Forget a worker that has ended."""

    def change(root: Root, _journal: Journal) -> None:
        if root.workers is not None and name in root.workers:
            del root.workers[name]

    return change


def declare_dead(
    name: str, beats: int, on_stop: OnStop, retries: RetriesOf
) -> Callable[[Root, Journal], list[Address] | None]:
    """Take all jobs from a worker whose heartbeat still stands at ``beats``; None if it has moved after all."""

    def change(root: Root, journal: Journal) -> list[Address] | None:
        workers = {heart.name: heart for heart in root.heartbeats()}
        heart = workers.get(name)
        if heart is None or heart.gone or heart.beats != beats:
            return None
        heart.gone = True
        for other in workers.values():
            if other.gone and other.seen < now() - _MEMORY:
                goodbye(other.name)(root, journal)
        taken = []
        for renderer in job_renderers(root):
            for job in list(renderer.joblist.in_phase(phases.EXECUTING)):
                if job.worker == name:
                    address = Address.of(renderer, job.job_id)
                    # What the attempt has left is where we cannot see it.
                    nothing = JobDirectory(Path(f"{job.job_id}.{job.attempt}"))
                    harvest = Harvest(address, job.attempt, nothing, lost(on_stop(address.service)))
                    finish(harvest, retries(address.service))(root, journal)
                    taken.append(address)
        return taken

    return change
