"""Wake-ups from the database: whoever waits for a job is told when its object changes.

ZODB's own invalidations are the wake-ups, keyed by oid, so changes of this process and of others come the
same way and nobody notifies by hand. Where they come from is the matter of :mod:`.invalidations`.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from .invalidations import open_source

log = logging.getLogger(__name__)

#: Called when an object has changed: in the thread that commits and under a lock of the database, so all it
#: may do is to leave a note for another thread.
Ring = Callable[[], object]


class Watcher:
    """Tells of changes of persistent objects.

    Whoever wants to miss nothing does three things in this order: ``subscribe`` (or hang up the bell), then
    ``settle``, then look at the object in a new snapshot. Having been told, he settles again before he looks.
    """

    def __init__(self, database: Any) -> None:
        self._lock = threading.Lock()
        self._bells: dict[bytes, set[Ring]] = {}
        self._big_bells: set[Ring] = set()
        self._source = open_source(database, self.wake)
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self.settle = self._source.settle
        #: Seconds between two looks of the watcher itself; whoever holds a bell need not look more often.
        self.poll = self._source.period

    def close(self) -> None:
        """Let go of the database and of everybody who waits."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join(self._source.period)
        self._source.close()
        self.wake(None)

    def subscribe(self, oid: bytes, ring: Ring) -> None:
        """Have ``ring`` called at each change of the object, and whenever it may have changed."""
        with self._lock:
            self._bells.setdefault(oid, set()).add(ring)
            self._start()

    def subscribe_to_all(self, ring: Ring) -> None:
        """Have ``ring`` called, until the end, at each change of whatever object."""
        with self._lock:
            self._big_bells.add(ring)
            self._start()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="uws-watcher", daemon=True)
            self._thread.start()

    def unsubscribe(self, oid: bytes, ring: Ring) -> None:
        """Have it called no more; one last call may be on its way."""
        with self._lock:
            rings = self._bells[oid]
            rings.discard(ring)
            if not rings:
                del self._bells[oid]

    @contextmanager
    def listen(self, oid: bytes) -> Iterator[threading.Event]:
        """Yield a bell that rings at each change of the object; hang it up before looking at the object."""
        bell = threading.Event()
        self.subscribe(oid, bell.set)
        try:
            yield bell
        finally:
            self.unsubscribe(oid, bell.set)

    def wake(self, oids: Iterable[bytes] | None) -> None:
        """Ring the bells of these objects, or all of them; called by the database while it commits."""
        with self._lock:
            rings = list(self._big_bells)
            if self._bells:
                rung = self._bells.values() if oids is None else [self._bells.get(oid, ()) for oid in oids]
                rings += [ring for some in rung for ring in some]
        for ring in rings:  # not under the lock: who is told may have a lock of his own, and subscribe under it
            ring()

    def _run(self) -> None:
        while not self._closed.wait(self._source.period):
            try:
                self._source.check()
            except Exception as problem:  # noqa: BLE001 - the edge of the thread; the database may come back
                log.warning("the database does not tell whether anything has changed: %r", problem)
