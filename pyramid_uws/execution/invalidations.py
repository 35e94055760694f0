"""Where changes of the database are learned of: ZODB's invalidations, which reach all who read the database.

There are three sources, the best one that the storage offers is taken. Each calls ``tell`` with the oids of
the objects that a commit has changed, or with None when anything may have changed.

- :class:`Pushed`: FileStorage and ZEO. An instance of ZODB's own MVCC adapter is told of every commit, those
  of other processes included; we listen in its place. This is no public interface of ZODB.
- :class:`Polled`: storages with an MVCC of their own (RelStorage), which tell nobody; they are asked.
- :class:`Unknown`: a storage with neither. Anything may have changed at any time.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any, Protocol

log = logging.getLogger(__name__)

Tell = Callable[[Iterable[bytes] | None], None]

#: How often a source is asked (s): whether anything was missed; what has changed.
SAFETY_PERIOD = 5.0
POLL_PERIOD = 0.5


class Source(Protocol):
    """What the watcher wants of a source."""

    #: Seconds between two calls of ``check``.
    period: float

    def settle(self) -> None:
        """Return when a snapshot taken from now on shows everything that was told up to now."""

    def check(self) -> None:
        """Do what is to be done now and then; called in the watcher's thread."""

    def close(self) -> None:
        """Let go of the database."""


class Pushed:
    """Told of every commit while it is made; the check is for connections that were lost on the way."""

    period = SAFETY_PERIOD

    def __init__(self, database: Any, tell: Tell) -> None:
        self._adapter = database._mvcc_storage  # noqa: SLF001 - see the module's docstring
        self._lock = self._adapter._lock  # noqa: SLF001 - see the module's docstring
        self._tell = tell
        self._instance = self._adapter.new_instance()
        if not (hasattr(self._instance, "_invalidate") and hasattr(self._instance, "_invalidateCache")):
            self._instance.release()
            raise AttributeError("_invalidate")
        self._told = database.lastTransaction()
        self._missed: bytes | None = None
        self._instance._invalidate = self._on_commit  # noqa: SLF001 - see the module's docstring
        self._instance._invalidateCache = lambda: tell(None)  # noqa: SLF001 - see the module's docstring

    def _on_commit(self, tid: bytes, oids: Iterable[bytes]) -> None:
        self._told = tid
        self._tell(oids)

    def settle(self) -> None:
        """Wait for the end of the round in which a commit is being told.

        The adapter tells its instances one after the other under its lock, us perhaps before the connection
        with which somebody is going to look. A commit that is pushed by ZEO changes ``lastTransaction`` even
        later, so whoever looks in between still sees the state before.
        """
        with self._lock:
            pass

    def check(self) -> None:
        """Tell that anything may have changed, if the storage has a commit that was not told within a period."""
        self._instance.sync()
        last = self._adapter.lastTransaction()
        if self._missed is not None and self._told < self._missed:
            self._told = self._missed
            log.warning("the database has changed without telling; all who wait look again")
            self._tell(None)
        self._missed = last if last > self._told else None

    def close(self) -> None:
        """Listen no longer."""
        self._instance.release()


class Polled:
    """Asks the storage what has changed, by ZODB's public interface ``IMVCCStorage``."""

    period = POLL_PERIOD

    def __init__(self, database: Any, tell: Tell) -> None:
        self._tell = tell
        self._instance = database.storage.new_instance()
        self._instance.poll_invalidations()

    def settle(self) -> None:
        """Return at once: what this instance has seen is committed, and there for everybody."""

    def check(self) -> None:
        """Tell what has changed since the last time."""
        oids = self._instance.poll_invalidations()
        if oids is None or oids:
            self._tell(oids)

    def close(self) -> None:
        """Give the instance back."""
        self._instance.release()


class Unknown:
    """Has whoever waits look again and again."""

    period = POLL_PERIOD

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def settle(self) -> None:
        """Return at once: there is nothing to wait for."""

    def check(self) -> None:
        """Tell that anything may have changed."""
        self._tell(None)

    def close(self) -> None:
        """Do nothing."""


def open_source(database: Any, tell: Tell) -> Source:
    """Return the best source that there is for the database; say so if it is not the first."""
    try:
        return Pushed(database, tell)
    except AttributeError as missing:
        log.warning("waiting polls the database, for it tells of no changes (%s)", missing)
    try:
        return Polled(database, tell)
    except AttributeError:
        return Unknown(tell)
