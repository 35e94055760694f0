"""Waiting for a job, as GET with WAIT (UWS 1.1, section 2.2.1.2) and synchronous requests do.

A request that waits is parked, where the server can do that; else it is held in a thread.

Held in a thread, a request waits outside any transaction, and at most half the server's threads wait; more
callers are answered early, which the standard allows.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from pyramid.request import Request

from pyramid_uws.exceptions import NoSuchJob
from pyramid_uws.tree import Job
from pyramid_uws.tree.shares import MARK
from pyramid_uws.uws.control import Wait
from pyramid_uws.uws.phases import ABORTABLE, ACTIVE, BLOCKING

from .parked import PARK, park_until_change, park_until_end

#: Told by the server that ships with the package: how many threads it has.
THREADS = "pyramid_uws.threads"
THREADS_UNKNOWN = 4

#: Told by it, too: a callable that knows whether the server is about to end.
STOPPING = "pyramid_uws.stopping"

#: Told by waitress: a callable that knows whether nobody waits for the answer any more.
HUNG_UP = "waitress.client_disconnected"

#: Service, renderer, job id.
Path = tuple[str, str, str]

#: Seconds between looks whether the client has hung up.
LOOK_PERIOD = 1.0


class WaitingRoom:
    """Counts those who wait in a thread."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._waiting = 0

    def enter(self, threads: int) -> bool:
        """Take a place, if one is free."""
        with self._lock:
            if self._waiting >= (self._limit or max(1, threads // 2)):
                return False
            self._waiting += 1
            return True

    @property
    def waiting(self) -> int:
        """How many wait."""
        return self._waiting

    def leave(self) -> None:
        """Give the place back."""
        with self._lock:
            self._waiting -= 1


def wait_for_change(request: Request, job: Job, wait: Wait) -> Job:
    """Hold the request until the job leaves its phase, or the time is up; return the job as it is then.

    :class:`NoSuchJob` if it was deleted meanwhile. A request that is parked leaves by an exception and comes
    in again from the start.
    """
    if not wait.seconds and wait.seconds is not None:
        return job
    phase = job.phase
    if phase not in BLOCKING or (wait.phases and phase not in wait.phases):
        return job
    site = request.registry.uws
    longest = site.settings.max_wait
    seconds = longest if wait.seconds is None else min(wait.seconds, longest)
    place = request.environ.get(PARK)
    if place is not None:
        address = _path(job)
        return park_until_change(request, place, job, seconds, lambda: _look_again(request, address))
    if not site.waiting_room.enter(request.environ.get(THREADS, THREADS_UNKNOWN)):
        return job
    try:
        return _hold(request, job, time.monotonic() + seconds, lambda job: job.phase != phase)
    finally:
        site.waiting_room.leave()


def wait_for_answer(request: Request, path: Path, until: float) -> Job:
    """Hold the request until the job has ended, or ``until`` (``time.monotonic()``); return it as it is then.

    It returns early where no more requests can be held. :class:`NoSuchJob` if the job was deleted.
    """
    job = _look_again(request, path)
    place = request.environ.get(PARK)
    if place is not None:
        return park_until_end(request, place, job, until, lambda: _look_again(request, path))
    room: WaitingRoom = request.registry.uws.waiting_room
    if not room.enter(request.environ.get(THREADS, THREADS_UNKNOWN)):
        return job
    try:
        return _hold(request, job, until, lambda job: job.phase not in ACTIVE)
    finally:
        room.leave()


def has_hung_up(request: Request) -> bool:
    """Tell whether the client has gone, as far as the server knows."""
    hung_up, stopping = (request.environ.get(name, bool) for name in (HUNG_UP, STOPPING))
    return bool(hung_up() and not stopping())


def wait_for_end(request: Request, job: Job, seconds: float) -> None:
    """Hold the request until a job that is to be aborted has ended, a few seconds at most."""
    room: WaitingRoom = request.registry.uws.waiting_room
    if not room.enter(request.environ.get(THREADS, THREADS_UNKNOWN)):
        return
    try:
        _hold(request, job, time.monotonic() + seconds, lambda job: job.phase not in ABORTABLE)
    except NoSuchJob:
        return
    finally:
        room.leave()


def _hold(request: Request, job: Job, deadline: float, done: Callable[[Job], bool]) -> Job:
    address = _path(job)
    hung_up = request.environ.get(HUNG_UP, bool)
    watcher = request.registry.uws.watcher
    with watcher.listen(job._p_oid) as bell:  # noqa: SLF001 - oids are persistent's public identity
        while True:
            bell.clear()
            job = _look_again(request, address)
            remaining = deadline - time.monotonic()
            if done(job) or remaining <= 0 or hung_up():
                return job
            request.uws_snapshot.leave()
            bell.wait(min(remaining, watcher.poll, LOOK_PERIOD))


def _path(job: Job) -> Path:
    renderer = job.__parent__.__parent__
    return renderer.__parent__.__name__, renderer.__name__, job.__name__


def _look_again(request: Request, address: Path) -> Job:
    """Return the job in a new snapshot, which shows all changes of which anybody was told."""
    request.registry.uws.watcher.settle()
    root: Any = request.uws_snapshot.renew()
    try:
        job: Job = root[address[0]][address[1]][address[2]]
    except KeyError:
        raise NoSuchJob(address[2].partition(MARK)[0]) from None
    return job
