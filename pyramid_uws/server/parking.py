"""The parking server: waitress with a lot, connections set aside, a loop of its own, and an end in good order."""

import logging
import select
import time
from collections.abc import Callable, Iterable
from typing import Any

import waitress
from waitress import wasyncore
from waitress.server import BaseWSGIServer

from .aside import Aside, wants_loop
from .capacity import Capacity
from .channel import ParkingChannel, leave_lot, noting
from .lot import Lot
from .threads import Threads

log = logging.getLogger(__name__)

#: The longest sleep of the loop (s).
LONGEST = 1.0

#: How long a courier may work before others have their turn, and how long he rests then (s): the loop, which reads
#: what they ask for, gets the interpreter only now and then while he works.
SLICE = 0.005
REST = 0.002

#: When the server stops: how long those who wait may take to be answered, at most; how long a client may take
#: to say what it wants; how long the threads may take to end (s).
PATIENCE = 15.0
LAST_WORDS = 0.5
THREADS_END = 5.0

#: So many rounds in which nothing happens show that everybody has got his answer.
QUIET_ROUNDS = 3


class Courier:
    """A task for waitress' threads: hands over answers that are ready, a few milliseconds at a time."""

    def __init__(self, lot: Lot, add_task: Callable[[Any], None]) -> None:
        self._lot = lot
        self._add_task = add_task

    def service(self) -> None:
        """Hand over some; if more are left, queue up behind the requests that have come meanwhile."""
        end = time.monotonic() + SLICE
        while (channel := self._lot.next_gift()) is not None:
            channel.service()
            if time.monotonic() > end:
                time.sleep(REST)
                self._add_task(self)
                return

    def cancel(self) -> None:
        """Do nothing: waitress drops the task, for it is stopping."""


class Errand:
    """A task for waitress' threads: one call of a function that must not keep the loop waiting."""

    def __init__(self, function: Callable[[], object]) -> None:
        self._function = function

    def service(self) -> None:
        """Call it."""
        self._function()

    def cancel(self) -> None:
        """Do nothing: waitress drops the task, for it is stopping."""


def listen(app: Callable[..., Iterable[bytes]], sockets: dict[int, Any], **options: Any) -> Any:
    """Make a server of waitress; if it cannot be, no socket stays open."""
    try:
        return waitress.create_server(app, map=sockets, **options)
    except BaseException:
        wasyncore.close_all(sockets)
        raise


class ParkingServer:
    """Listens and serves, in the thread that calls :meth:`run`."""

    def __init__(self, app: Callable[..., Iterable[bytes]], capacity: Capacity, options: dict[str, str]) -> None:
        self._sockets: dict[int, Any] = {}
        options = options | {"connection_limit": str(capacity.working)}
        threads = Threads()
        self.server = listen(noting(app), self._sockets, _dispatcher=threads, **options)
        threads.set_thread_count(self.server.adj.threads)
        self._listeners = [it for it in self._sockets.values() if isinstance(it, BaseWSGIServer)]
        first, adjustments = self._listeners[0], self._listeners[0].adj
        self.aside = Aside(
            self._sockets, leave_lot, limit=capacity.aside, idle_timeout=adjustments.channel_timeout
        )
        self.lot = Lot(
            limit=capacity.parked,
            at_once=max(1, adjustments.threads // 2),
            run=first.add_task,
            ring=self.aside.ring,
            give=lambda: first.add_task(courier),
            call=lambda function: first.add_task(Errand(function)),
        )
        courier = Courier(self.lot, first.add_task)
        for listener in self._listeners:
            listener.channel_class = ParkingChannel
            listener.parking = self

    def run(self, is_stopped: Callable[[], bool]) -> None:
        """Serve until ``is_stopped``; whoever turns that round rings ``aside`` as well."""
        while not is_stopped():
            self._round(LONGEST)
        self._end()

    def _round(self, longest: float) -> None:
        self.aside.tidy()
        pause = self.lot.tend()
        # waitress takes whole milliseconds, and being called too early would mean another round.
        sleep = longest if pause is None else min(longest, pause + 0.001)
        wasyncore.loop(sleep, use_poll=True, map=self._sockets, count=1)

    # The end

    def _end(self) -> None:
        """Answer everybody who has been heard, and leave."""
        log.info("stopping; %d requests wait", len(self.lot))
        began = time.monotonic()
        self.lot.close()
        self._stop_listening()
        quiet = 0
        while quiet < QUIET_ROUNDS and (passed := time.monotonic() - began) < PATIENCE:
            self._round(0.02)
            quiet = 0 if any(_is_owed(channel, passed) for channel in self._channels()) else quiet + 1
        if quiet < QUIET_ROUNDS:
            log.warning("stopped before everybody was answered: %d requests waited", len(self.lot))
        self._listeners[0].task_dispatcher.shutdown(timeout=THREADS_END)
        wasyncore.close_all(self._sockets)

    def _stop_listening(self) -> None:
        """Take in those who have been connected by the system already, then nobody any more."""
        for listener in self._listeners:
            while _has_news(listener.socket):
                listener.handle_accept()
            wasyncore.dispatcher.close(listener)

    def _channels(self) -> list[Any]:
        return [channel for listener in self._listeners for channel in list(listener.active_channels.values())]


def _is_owed(channel: Any, passed: float) -> bool:
    """Tell whether a client is owed something, ``passed`` seconds after the server was told to stop."""
    if channel.requests or wants_loop(channel):
        return True
    is_speaking = channel.request is not None
    has_just_come = time.time() - channel.creation_time < LAST_WORDS
    has_never_spoken = channel.last_activity == channel.creation_time
    return passed < LAST_WORDS and (is_speaking or (has_just_come and has_never_spoken))


def _has_news(sock: Any) -> bool:
    poller = select.poll()
    poller.register(sock, select.POLLIN)
    return bool(poller.poll(0))
