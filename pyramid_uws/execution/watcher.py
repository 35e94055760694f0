"""Wake-ups from the database: whoever waits for a job is told when its object changes.

ZODB's own invalidations are the wake-ups, keyed by oid, so changes of this process and of others come the
same way and nobody notifies by hand. Where the hook is missing (it is not ZODB's public interface), waiting
falls back on looking again every half second.
"""

import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

log = logging.getLogger(__name__)

#: However quiet the database is, look again after this many seconds.
SAFETY_POLL = 5.0
SLOW_POLL = 0.5


class Watcher:
    """Tells threads of changes of persistent objects."""

    def __init__(self, database: Any) -> None:
        self._lock = threading.Lock()
        self._bells: dict[bytes, set[threading.Event]] = {}
        self.poll = SAFETY_POLL
        try:
            self._instance = database._mvcc_storage.new_instance()  # noqa: SLF001 - see the module's docstring
            if not hasattr(self._instance, "_invalidate"):
                raise AttributeError("_invalidate")
            self._instance._invalidate = lambda _tid, oids: self.wake(oids)  # noqa: SLF001
            self._instance._invalidateCache = self.wake_all  # noqa: SLF001
        except AttributeError as missing:
            self._instance = None
            self.poll = SLOW_POLL
            log.warning("waiting polls the database, for it tells of no changes (%s)", missing)

    def close(self) -> None:
        """Let go of the database and of everybody who waits."""
        if self._instance is not None:
            self._instance.release()
        self.wake_all()

    @contextmanager
    def listen(self, oid: bytes) -> Iterator[threading.Event]:
        """Yield a bell that rings at each change of the object; hang it up before looking at the object."""
        bell = threading.Event()
        with self._lock:
            self._bells.setdefault(oid, set()).add(bell)
        try:
            yield bell
        finally:
            with self._lock:
                bells = self._bells[oid]
                bells.discard(bell)
                if not bells:
                    del self._bells[oid]

    def wake(self, oids: Iterable[bytes]) -> None:
        """Ring the bells of these objects; called by the database while it commits."""
        with self._lock:
            if self._bells:
                for oid in oids:
                    for bell in self._bells.get(oid, ()):
                        bell.set()

    def wake_all(self) -> None:
        """Ring every bell: what changed is not known."""
        with self._lock:
            for bells in self._bells.values():
                for bell in bells:
                    bell.set()
