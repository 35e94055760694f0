"""Connections set aside: parked or quiet ones, which waitress would look at in every round of its loop.

waitress asks every open connection in every round whether it wants to read or write. Ten thousand that wait
would leave time for nothing else. So a connection that is parked, or has been quiet for a moment, is taken out
of waitress' map and put into one epoll, which stands for all of them in the map: the kernel looks after them.

Only the loop's thread moves connections. A thread of the server that has changed the state of one set aside
hands it back (:meth:`Aside.hand_back`). Both write first and read afterwards: the loop marks the connection and
then looks at its state once more, the thread changes the state and then looks for the mark; so at least one of
them sees what the other did.
"""

import contextlib
import os
import select
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from waitress import wasyncore

GONE = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR

#: A connection on which nothing has happened for so long (s) is set aside.
QUIET = 0.1

#: How many events are fetched at once.
EVENTS = 1024


class Aside(wasyncore.file_dispatcher):
    """The connections set aside, and the bell that ends the loop's sleep; one file in waitress' map.

    ``leave`` is told of a channel that has lost its client, and says whether it was parked. Of more than
    ``limit`` connections, those are closed that have been idle for longest.
    """

    def __init__(
        self, sockets: dict[int, Any], leave: Callable[[Any], bool], *, limit: int, idle_timeout: float
    ) -> None:
        self._epoll = select.epoll()
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._epoll.register(self._bell, select.EPOLLIN)
        self._sockets = sockets
        self._leave = leave
        self._limit = limit
        self._idle_timeout = idle_timeout
        self.channels: dict[int, Any] = {}
        self._idle: dict[int, Any] = {}  # those without a request, the one set aside first in front
        self._handed_back: deque[Any] = deque()
        self.quiet_since = 0.0
        super().__init__(self._epoll.fileno(), map=sockets)

    # In any thread

    def ring(self) -> None:
        """End the loop's sleep. Safe in signal handlers: no lock is taken, nothing ever blocks."""
        os.eventfd_write(self._bell, 1)

    def hand_back(self, channel: Any) -> None:
        """Have the loop look at a connection set aside whose state has changed."""
        self._handed_back.append(channel)
        self.ring()

    # In the loop's thread

    def tidy(self) -> None:
        """Do what is to be done before each round."""
        now = time.time()
        self.quiet_since = now - QUIET
        for _ in range(len(self._handed_back)):  # more may come all the time
            channel = self._handed_back.popleft()
            if channel.aside:
                self._look_at(channel)
        self._close_idle(now - self._idle_timeout)

    def set_aside(self, channel: Any) -> bool:
        """Take a connection out of the map; tell whether it stays out.

        While it has a request, only the loss of its client matters; what else it sends stays in the kernel.
        """
        fd, is_busy = channel.socket.fileno(), bool(channel.requests)
        try:
            self._epoll.register(fd, self._events(is_busy=is_busy))
        except OSError:
            return False  # no room in the kernel: waitress goes on looking after it
        self._sockets.pop(fd, None)
        self.channels[fd] = channel
        if not is_busy:
            self._idle[fd] = channel
        channel.aside = True
        if wants_loop(channel) or bool(channel.requests) != is_busy:
            self.bring_back(channel)
            return False
        return True

    def bring_back(self, channel: Any) -> None:
        """Put a connection into the map again."""
        fd = channel.socket.fileno()
        self.forget(channel, fd)
        self._sockets[fd] = channel

    def forget(self, channel: Any, fd: int) -> None:
        """Let go of a connection, which is about to be closed or brought back."""
        if self.channels.pop(fd, None) is not None:
            self._idle.pop(fd, None)
            self._epoll.unregister(fd)
            channel.aside = False

    def _look_at(self, channel: Any) -> None:
        """See what a connection handed back has become."""
        fd = channel.socket.fileno()
        if wants_loop(channel):
            self.bring_back(channel)
            if not channel.total_outbufs_len:
                wasyncore.write(channel)  # it only wants to be closed
        elif not channel.requests:
            self._idle[fd] = channel
            self._epoll.modify(fd, self._events(is_busy=False))

    @staticmethod
    def _events(*, is_busy: bool) -> int:
        return GONE | select.EPOLLONESHOT | (0 if is_busy else select.EPOLLIN)

    def _close_idle(self, since: float) -> None:
        """Close what has been idle for too long, or is one too many: a client may expect that at any time."""
        while self._idle:
            channel = next(iter(self._idle.values()))
            if channel.last_activity >= since and len(self.channels) <= self._limit:
                return
            channel.handle_close()

    # What waitress calls

    def readable(self) -> bool:
        """Ask to be told of events."""
        return True

    def writable(self) -> bool:
        """Never write."""
        return False

    def handle_read(self) -> None:
        """See to the connections on which something has happened."""
        for fd, event in self._epoll.poll(0, EVENTS):
            if fd == self._bell:
                with contextlib.suppress(BlockingIOError):
                    os.eventfd_read(self._bell)
            elif fd in self.channels:
                self._handle(self.channels[fd], event)

    def _handle(self, channel: Any, event: int) -> None:
        if self._leave(channel):
            channel.handle_close()  # it was parked, and its client has gone
            return
        self.bring_back(channel)
        if event & select.EPOLLIN:
            wasyncore.read(channel)
        else:
            channel.is_lost = True

    def close(self) -> None:
        """Close all that is set aside. Not the bell: a thread that commits may be about to ring it."""
        for channel in list(self.channels.values()):
            channel.handle_close()
        super().close()


def wants_loop(channel: Any) -> bool:
    """Tell whether a connection has something to write or is to be closed."""
    return bool(channel.total_outbufs_len or channel.close_when_flushed or channel.will_close)
