"""waitress' threads, of which the one that worked last works next.

A condition wakes who has waited longest, so a few clients would keep all threads busy in turn, each of them with
cold caches. This way there may be many threads for the worst hour, and the quiet hours do not pay for them.
"""

import threading
from typing import Any

from waitress.task import ThreadedTaskDispatcher


class LatestFirst(threading.Condition):
    """A condition that wakes who came last; without time limits."""

    def __init__(self, lock: Any) -> None:
        super().__init__(lock)
        self._bells: list[threading.Lock] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Wait to be notified."""
        assert timeout is None
        bell = threading.Lock()
        bell.acquire()
        self._bells.append(bell)
        self.release()
        try:
            bell.acquire()
        finally:
            self.acquire()
        return True

    def notify(self, n: int = 1) -> None:
        """Wake so many."""
        for _ in range(min(n, len(self._bells))):
            self._bells.pop().release()

    def notify_all(self) -> None:
        """Wake everybody."""
        self.notify(len(self._bells))


class Threads(ThreadedTaskDispatcher):
    """The threads of a server; ``set_thread_count`` starts them."""

    def __init__(self) -> None:
        super().__init__()
        self.queue_cv = LatestFirst(self.lock)
