"""The dispatcher: claims queued jobs, has their processes followed, and harvests what they leave.

A thread of the web process, or of ``uws-worker``. It meets the processes only in their job directories and by
pid and start time, so after a crash the next dispatcher adopts what still runs (see :mod:`.recovery`). The order
of things is here; the things themselves are in :mod:`.choosing`, :mod:`.starting`, :mod:`.following`,
:mod:`.harvesting` and :mod:`.dates`.
"""

import logging
import threading
import time
from collections import Counter
from typing import Any

from pyramid_uws.definition import Definitions
from pyramid_uws.observing.activity import about
from pyramid_uws.settings import Settings
from pyramid_uws.tree import Root
from pyramid_uws.uws.instants import now
from pyramid_uws.uws.limits import SECOND

from .admission import release
from .changes import Claimed, claim, hand_over, refuse
from .choosing import Chooser, anybody_held
from .dates import Dates
from .endings import STOP
from .errands import Errands
from .following import Runs
from .harvesting import Harvester
from .home import Home
from .limiting import Limiter
from .neighbours import Neighbours, slots_of
from .nursery import Nurseries
from .reading import Reader
from .recovery import recover, sweep_store
from .runs import Address, Harvest
from .starting import Starter
from .store import ResultStore
from .writer import Writer

log = logging.getLogger(__name__)

#: Seconds between looks at the progress of running jobs, and at fork servers that are not ready yet.
PERIOD = 0.3

#: Seconds until something is tried again for which the database could not be written.
PAUSE = 2.0

#: The longest the dispatcher sleeps, in seconds, however quiet it is.
LONGEST_SLEEP = 30.0

#: Folders of younger jobs (µs) may belong to one that a neighbour is creating, upload and all.
AGE = 86400 * SECOND


class Dispatcher:
    """Runs the jobs of a site on this host."""

    def __init__(
        self,
        settings: Settings,
        definitions: Definitions,
        database: Any,
        writer: Writer,
        store: ResultStore,
        neighbours: Neighbours | None = None,
    ) -> None:
        self.home = Home(settings)
        self.reader = Reader(database)
        self.harvester = Harvester(settings, definitions, writer, store)
        self.runs = Runs(self.reader, writer, settings.grace)
        self.beat = time.monotonic()
        self._database = database
        self._writer = writer
        self._store = store
        self._neighbours = neighbours
        self._limiter = Limiter(settings, definitions)
        self._chooser = Chooser(definitions, self._limiter, slots_of(settings))
        self._is_hungry = False
        self._nurseries = Nurseries(definitions, settings.environment)
        self._starter = Starter(settings, definitions, store, self.home, self._nurseries, neighbours)
        self._errands = Errands(writer)
        self._dates = Dates(self.reader, self._errands, store, definitions)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="uws-dispatcher", daemon=True)
        self._sweeper = threading.Thread(target=self._sweep, name="uws-sweeper", daemon=True)

    # Called by other threads

    def start(self) -> None:
        """Begin to work: take over what an earlier dispatcher left, then the queue."""
        self.home.open()
        log.info("jobs are held to their limits by rlimits and by their keepers; cgroups are not used")
        self._nurseries.start()
        if self._neighbours is not None:
            self._neighbours.listen(self._wake_if_hungry)
        self._thread.start()
        self._sweeper.start()

    def wake(self) -> None:
        """Say that there may be something to do."""
        self.runs.ring()

    def stop(self) -> None:
        """End, and with it the running jobs, as ``on_stop`` says."""
        self._stopping.set()
        self.wake()
        self._thread.join()
        self._sweeper.join()
        if self._neighbours is not None:
            self._neighbours.leave(still_running=bool(self.runs))
        self.home.close()

    def _wake_if_hungry(self) -> None:
        """Look what somebody has changed, if there is a slot for a job; called while the database commits."""
        if self._is_hungry:
            self.wake()

    # The threads

    def _sweep(self) -> None:
        reader = Reader(self._database)
        try:
            before = now() if self._neighbours is None else now() - AGE
            sweep_store(reader, self._store, before, self._stopping.is_set)
        except Exception:  # the edge of the thread
            log.exception("the sweep of the result store ended early")
        finally:
            reader.close()

    def _work(self) -> None:
        recovered = False
        while not self._stopping.is_set():
            try:
                if not recovered:
                    if self._neighbours is not None:
                        self._neighbours.join(self.home, self.harvester.on_stop, self.harvester.retries)
                    recover(self.reader, self.home, self.runs, self.harvester)
                    recovered = True
                self._pass()
            except Exception:  # the edge of the thread: it must go on
                log.exception("the dispatcher met something unforeseen; it goes on in a second")
                self._stopping.wait(1)
        self._end_runs()
        self._nurseries.close()
        self.reader.close()

    def _pass(self) -> None:
        """Do what is to be done, then sleep until there is more."""
        self.beat = time.monotonic()
        self._errands.refused = False
        self._fill()  # while the ends of others are being committed
        if self.harvester.conclude() and self._is_hungry:
            self._fill()  # these may have made room
        self._dates.keep()
        self.runs.look()
        self._harvest_ended(self._timeout())

    def _timeout(self) -> float:
        """Return how many seconds the dispatcher may sleep."""
        if self._errands.refused or self.harvester.waiting:
            return PAUSE
        if not self._nurseries.all_ready():
            return PERIOD
        timeout = LONGEST_SLEEP if self._neighbours is None else self._neighbours.poll
        if self.runs:
            timeout = min(timeout, PERIOD)
        due = self.runs.next_date()
        if due is not None:
            timeout = min(timeout, due - time.monotonic())
        if self._dates.next is not None:
            timeout = min(timeout, (self._dates.next - now()) / SECOND)
        return max(timeout, 0.0)

    # Harvesting what has ended

    def _harvest_ended(self, timeout: float) -> None:
        """Sleep until something is to be done; harvest the runs that have ended, and have that committed."""
        ended = self.runs.sleep(timeout)
        if ended and not self._may_act() and not self._stopping.is_set():
            self._stopping.wait(PERIOD)  # until it is known what has become of the jobs
            return
        self.harvester.hand_over([self.harvester.gather(run) for run in ended if self.runs.let_go(run)])

    def _may_act(self) -> bool:
        """Tell whether no other worker can believe that this one is dead."""
        return self._neighbours is None or self._neighbours.has_lease()

    # Filling free slots

    def _fill(self) -> None:
        """Start queued jobs, as far as there are slots and limits let them; have held ones take their places."""
        free = self._free()
        with self.reader.reading() as root:
            any_held = anybody_held(root)
            self._is_hungry = free > 0 or any_held
            homeless = self._chooser.homeless(root)
            addresses = self._to_start(root) if free > 0 else []
        for address in homeless:
            hand_over(self._writer, refuse(address, f"The service {address.service!r} is no longer offered."))
        claims = [claim(address, self.home.name, self._limiter) for address in addresses]
        for claimed in self._errands.values(claims):
            if claimed is not None:
                with about(claimed.subject):
                    self._start(claimed)
        if any_held:
            self._release()
        self._is_hungry = any_held or self._free() > 0

    def _free(self) -> int:
        """Return how many more jobs may run here."""
        return self._chooser.slots - len(self.runs)

    def _to_start(self, root: Root) -> list[Address]:
        if not self._may_act() or self.harvester.waiting or self._stopping.is_set():
            return []
        running = Counter(run.address.service for run in self.runs.values())
        return self._chooser.to_start(root, running, self._nurseries.ready)

    def _release(self) -> None:
        """Let held jobs into the queue as far as there are places, and look at the queue again then."""
        with self.reader.reading() as root:
            addresses = self._chooser.to_release(root)
        for is_released in self._errands.values([release(address, self._limiter) for address in addresses]):
            if is_released:
                self.wake()

    def _start(self, claimed: Claimed) -> None:
        """Start an attempt and follow it; write its end if it has ended by then."""
        started = self._starter.start(claimed)
        if isinstance(started, Harvest):
            self.harvester.write([started])
        elif not self.runs.follow(started):
            self.harvester.write([self.harvester.gather(started)])

    # Stopping

    def _end_runs(self) -> None:
        """End the runs as their services want it when the server stops; the others are left to be adopted."""
        self.harvester.conclude()
        self.runs.look()  # what was aborted by now ends for that reason
        for run in self.runs.values():
            if run.asked is None and self.harvester.on_stop(run.address.service) != "leave":
                self.runs.ask_to_end(run, STOP)
        while any(run.asked for run in self.runs.values()):
            self._harvest_ended(PERIOD)
            self.harvester.conclude()
            self.runs.end_the_late()
