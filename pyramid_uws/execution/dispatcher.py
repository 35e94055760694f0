"""The dispatcher: claims queued jobs, follows their processes, harvests what they leave, reaps the expired.

A thread of the web process, or of ``uws-worker``. It meets the processes only in their job directories and by
pid and start time, so after a crash the next dispatcher adopts what still runs (see :mod:`.recovery`).
"""

import contextlib
import logging
import os
import selectors
import signal
import threading
import time
from collections import Counter
from concurrent.futures import Future
from typing import Any, TypeVar

from pyramid_uws.definition import Definitions
from pyramid_uws.exceptions import Overloaded, UWSError
from pyramid_uws.observing.activity import Subject, about
from pyramid_uws.settings import Settings
from pyramid_uws.tree import Root, job_renderers
from pyramid_uws.uws import phases
from pyramid_uws.uws.instants import now
from pyramid_uws.uws.limits import SECOND

from .admission import release
from .arriving import files_of, to_fetch
from .changes import Claimed, call_up, claim, hand_over, refuse, report
from .choosing import Chooser, anybody_held
from .endings import ABORT, OVERDUE, STOP
from .forkserver import LaunchFailed
from .harvesting import Harvester, trouble
from .home import Home
from .jobdir import JobDirectory, JobSpec
from .limiting import Limiter
from .neighbours import Neighbours, slots_of
from .nursery import Nurseries
from .processes import end_everything, open_pidfd
from .reading import Reader
from .reaping import reap_all
from .recovery import recover, sweep_store
from .runs import MARGIN, Address, Harvest, Run
from .store import ResultStore
from .writer import Writer

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Seconds between looks at the progress of running jobs, and at fork servers that are not ready yet.
PERIOD = 0.3

#: Seconds until something is tried again for which the database could not be written.
PAUSE = 2.0

#: The longest the dispatcher sleeps, in seconds, however quiet it is.
LONGEST_SLEEP = 30.0

#: Folders of younger jobs (µs) may belong to one that a neighbour is creating, upload and all.
AGE = 86400 * SECOND

#: Phases in which a job has an attempt; one that was taken from its worker has not.
_AT_WORK = frozenset({phases.EXECUTING, phases.SUSPENDED, phases.UNKNOWN})


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
        self.settings = settings
        self.home = Home(settings)
        self.neighbours = neighbours
        self.definitions = definitions
        self.writer = writer
        self.store = store
        self.reader = Reader(database)
        self.harvester = Harvester(settings, definitions, writer, store)
        self.beat = time.monotonic()
        self._database = database
        self._limiter = Limiter(settings, definitions)
        self._chooser = Chooser(definitions, self._limiter, slots_of(settings))
        self._is_hungry = False
        self._nurseries = Nurseries(definitions, settings.environment)
        self._runs: dict[Address, Run] = {}
        self._refused = False
        self._next_date: int | None = None
        self._selector = selectors.DefaultSelector()
        self._bell_out, self._bell_in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._selector.register(self._bell_out, selectors.EVENT_READ)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="uws-dispatcher", daemon=True)
        self._sweeper = threading.Thread(target=self._sweep, name="uws-sweeper", daemon=True)

    # Called by other threads

    def start(self) -> None:
        """Begin to work: take over what an earlier dispatcher left, then the queue."""
        self.home.open()
        log.info("jobs are held to their limits by rlimits and by their keepers; cgroups are not used")
        self._nurseries.start()
        if self.neighbours is not None:
            self.neighbours.listen(self._wake_if_hungry)
        self._thread.start()
        self._sweeper.start()

    def wake(self) -> None:
        """Say that there may be something to do."""
        with contextlib.suppress(BlockingIOError):  # it rings already
            os.write(self._bell_in, b"!")

    def stop(self) -> None:
        """End, and with it the running jobs, as ``on_stop`` says."""
        self._stopping.set()
        self.wake()
        self._thread.join()
        self._sweeper.join()
        if self.neighbours is not None:
            self.neighbours.leave(still_running=bool(self._runs))
        self.home.close()

    def _wake_if_hungry(self) -> None:
        """Look what somebody has changed, if there is a slot for a job; called while the database commits."""
        if self._is_hungry:
            self.wake()

    # The threads

    def _sweep(self) -> None:
        reader = Reader(self._database)
        try:
            before = now() if self.neighbours is None else now() - AGE
            sweep_store(reader, self.store, before, self._stopping.is_set)
        except Exception:  # the edge of the thread
            log.exception("the sweep of the result store ended early")
        finally:
            reader.close()

    def _work(self) -> None:
        recovered = False
        while not self._stopping.is_set():
            try:
                if not recovered:
                    if self.neighbours is not None:
                        self.neighbours.join(self.home, self.harvester.on_stop, self.harvester.retries)
                    recover(self)
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
        self._refused = False
        self._fill()  # while the ends of others are being committed
        if self.harvester.conclude() and self._is_hungry:
            self._fill()  # these may have made room
        self._keep_dates()
        self._follow()
        self._harvest_ended(self._timeout())

    def _timeout(self) -> float:
        """Return how many seconds the dispatcher may sleep."""
        if self._refused or self.harvester.waiting:
            return PAUSE
        if not self._nurseries.all_ready():
            return PERIOD
        dates = [run.kill_at or run.overdue_at for run in self._runs.values()]
        longest = LONGEST_SLEEP if self.neighbours is None else self.neighbours.poll
        timeout = min([longest, *(date - time.monotonic() for date in dates if date is not None)])
        if self._runs:
            timeout = min(timeout, PERIOD)
        if self._next_date is not None:
            timeout = min(timeout, (self._next_date - now()) / SECOND)
        return max(timeout, 0.0)

    # Following what runs

    def directory(self, job_id: str, attempt: int) -> JobDirectory:
        """Return the directory of an attempt."""
        return JobDirectory(self.home.folder / f"{job_id}.{attempt}")

    def follow(self, run: Run) -> bool:
        """Take a run among those that are looked after; False if it has ended already."""
        pidfd = None if run.keeper is None else open_pidfd(run.keeper)
        if pidfd is None:
            return False
        run.pidfd = pidfd
        if run.duration:
            run.overdue_at = run.began + run.duration + self.settings.grace + MARGIN
        self._runs[run.address] = run
        self._selector.register(pidfd, selectors.EVENT_READ, run)
        return True

    def _follow(self) -> None:
        """Look after every run: aborted or deleted, overstaying, progressing."""
        if not self._runs:
            return
        with self.reader.reading() as root:
            unwanted = [run for run in self._runs.values() if run.asked is None and _is_unwanted(root, run)]
        for run in unwanted:
            self._ask_to_end(run, ABORT)
        for run in self._runs.values():
            self._end_if_late(run)
            progress = run.directory.progress()
            if progress is not None and progress != run.progress:
                run.progress = progress
                hand_over(self.writer, report(run.address, progress))

    def _ask_to_end(self, run: Run, why: str) -> None:
        """Ask the keeper to end its job, and set the date at which it will be made to."""
        run.asked = why
        run.kill_at = time.monotonic() + self.settings.grace + MARGIN
        with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
            signal.pidfd_send_signal(run.pidfd, signal.SIGTERM)

    def _end_if_late(self, run: Run) -> None:
        """Kill from outside what its keeper has not ended: the keeper itself may be stopped or stuck."""
        due = run.overdue_at if run.asked is None else run.kill_at
        if due is None or due > time.monotonic():
            return
        with about(run.subject):
            log.warning("job %s: its keeper did not end it; all its processes are killed", run.address.job_id)
        run.asked = run.asked or OVERDUE
        run.kill_at = time.monotonic() + MARGIN
        end_everything(run.keeper, run.directory.marker)

    # Harvesting what has ended

    def _harvest_ended(self, timeout: float) -> None:
        """Sleep until something is to be done; harvest the runs that have ended, and have that committed."""
        events = self._selector.select(timeout)
        ended = [key.data for key, _ in events if key.data is not None]
        if len(ended) < len(events):
            os.read(self._bell_out, 65536)
        if ended and not self._may_act() and not self._stopping.is_set():
            self._stopping.wait(PERIOD)  # until it is known what has become of the jobs
            return
        self.harvester.hand_over([harvest for run in ended if (harvest := self._harvest(run)) is not None])

    def _harvest(self, run: Run) -> Harvest | None:
        """Return what the run has left; None if its job was taken from us, and may have results of another."""
        del self._runs[run.address]
        self._selector.unregister(run.pidfd)
        os.close(run.pidfd)
        with self.reader.reading() as root:
            is_ours = _is_ours(root, run)
        if is_ours:
            return self.harvester.gather(run)
        end_everything(run.keeper, run.directory.marker)
        run.directory.remove()
        return None

    def _may_act(self) -> bool:
        """Tell whether no other worker can believe that this one is dead."""
        return self.neighbours is None or self.neighbours.has_lease()

    # What is to be done at a date

    def _keep_dates(self) -> None:
        """Destroy the jobs whose time is up, have those that are due wait for a slot; note the next date."""
        with self.reader.reading() as root:
            due = [
                Address(renderer.__parent__.__name__, renderer.__name__, job_id)
                for renderer in job_renderers(root)
                for job_id in renderer.joblist.due(now())
            ]
            expired = [
                Address(renderer.__parent__.__name__, renderer.__name__, job_id)
                for renderer in job_renderers(root)
                for job_id in renderer.joblist.expired(now())
            ]
            later = [renderer.joblist.next_destruction(after=now()) for renderer in job_renderers(root)]
            later += [renderer.joblist.next_due() for renderer in job_renderers(root)]
        self._next_date = min((date for date in later if date is not None), default=None)
        called_up = [hand_over(self.writer, call_up(address, now())) for address in due]
        for called in called_up:
            self._value_of(called)
        for address, future in reap_all(self.writer, expired, self.definitions):
            if self._value_of(future):
                with about(Subject(address.service, address.job_id)):
                    log.info("job %s of %s has reached its destruction time", address.job_id, address.service)
                self.store.remove(address.job_id)

    def _value_of(self, future: Future[T]) -> T | None:
        """Return what a change of a job has come to; None if it could not be made."""
        try:
            return future.result()
        except Overloaded:
            self._refused = True
        except UWSError as problem:
            log.info("a job has changed meanwhile: %s", problem)
        except Exception:  # the edge of a job; the others go on
            log.exception("the change of a job has failed")
        return None

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
            hand_over(self.writer, refuse(address, f"The service {address.service!r} is no longer offered."))
        handed = [hand_over(self.writer, claim(address, self.home.name, self._limiter)) for address in addresses]
        for future in handed:
            claimed = self._value_of(future)
            if claimed is not None:
                with about(claimed.subject):
                    self._launch(claimed)
        if any_held:
            self._release()
        self._is_hungry = any_held or self._free() > 0

    def _free(self) -> int:
        """Return how many more jobs may run here."""
        return self._chooser.slots - len(self._runs)

    def _to_start(self, root: Root) -> list[Address]:
        if not self._may_act() or self.harvester.waiting or self._stopping.is_set():
            return []
        running = Counter(run.address.service for run in self._runs.values())
        return self._chooser.to_start(root, running, self._nurseries.ready)

    def _release(self) -> None:
        """Let held jobs into the queue as far as there are places, and look at the queue again then."""
        with self.reader.reading() as root:
            addresses = self._chooser.to_release(root)
        released = [hand_over(self.writer, release(address, self._limiter)) for address in addresses]
        for future in released:
            if self._value_of(future):
                self.wake()

    def _launch(self, claimed: Claimed) -> None:
        address = claimed.address
        directory = self.directory(address.job_id, claimed.attempt)
        try:
            directory.create(self._spec(claimed))
            keeper = self._nurseries.launch(self.definitions[address.service], directory)
        except Exception as problem:  # the edge of a job: it is claimed, and has to end
            surprise = not isinstance(problem, LaunchFailed)
            log.error("job %s of %s: %s", address.job_id, address.service, problem, exc_info=surprise)  # noqa: TRY400
            end_everything(None, directory.marker)
            ending = trouble("The job could not be started", problem)
            self.harvester.write([Harvest(address, claimed.attempt, directory, ending, subject=claimed.subject)])
            return
        began = time.monotonic()
        run = Run(
            address, claimed.attempt, directory, keeper, claimed.duration, began, claimed.failures, claimed.subject
        )
        if not self.follow(run):  # it has ended already
            self.harvester.write([self.harvester.gather(run)])

    def _spec(self, claimed: Claimed) -> JobSpec:
        definition = self.definitions[claimed.address.service]
        job_id, files = claimed.address.job_id, files_of(claimed.references)
        return JobSpec(
            job_id=job_id,
            attempt=claimed.attempt,
            service=definition.name,
            core=definition.core,
            command=definition.command,
            declarations=definition.parameters,
            parameters=claimed.parameters,
            style=claimed.style,
            uploads={name: str(self.store.reference(job_id, file)) for name, file in files.items()},
            to_fetch=to_fetch(definition, claimed.parameters),
            fetching=self.settings.fetching,
            owner=claimed.owner,
            groups=claimed.groups,
            runid=claimed.runid,
            duration=claimed.duration,
            grace=self.settings.grace,
            limits=claimed.limits,
            options=definition.options,
            url=claimed.url,
            value_labels=claimed.value_labels,
            lease=str(self.neighbours.lease.path) if self.neighbours and self.neighbours.lease else "",
        )

    # Stopping

    def _end_runs(self) -> None:
        """End the runs as their services want it when the server stops; the others are left to be adopted."""
        self.harvester.conclude()
        self._follow()  # what was aborted by now ends for that reason
        for run in self._runs.values():
            if run.asked is None and self.harvester.on_stop(run.address.service) != "leave":
                self._ask_to_end(run, STOP)
        while any(run.asked for run in self._runs.values()):
            self._harvest_ended(PERIOD)
            self.harvester.conclude()
            for run in self._runs.values():
                if run.asked is not None:
                    self._end_if_late(run)


def _is_unwanted(root: Root, run: Run) -> bool:
    """Tell whether the run's job was deleted or is to be aborted."""
    joblist = run.address.joblist(root)
    if run.address.job_id not in joblist:
        return True
    return joblist[run.address.job_id].abort_requested is not None or not _is_ours(root, run)


def _is_ours(root: Root, run: Run) -> bool:
    """Tell whether the run's job is in the hands of no other attempt; one that was deleted is not."""
    joblist = run.address.joblist(root)
    if run.address.job_id not in joblist:
        return True
    job = joblist[run.address.job_id]
    return job.attempt == run.attempt and job.phase in _AT_WORK
