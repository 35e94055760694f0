"""Telling subscribers of committed changes of phase: in order, without holding up the writer."""

import logging
import queue
import threading
from collections.abc import Callable
from typing import Any

from .writer import PhaseChanged

log = logging.getLogger(__name__)


class Announcer:
    """A thread that hands each change to ``notify``. A plain one: it works to the end of the process."""

    def __init__(self, notify: Callable[[Any], None]) -> None:
        self._notify = notify
        self._journals: queue.SimpleQueue[list[PhaseChanged] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="uws-announcer", daemon=True)

    def start(self) -> None:
        """Begin to tell."""
        self._thread.start()

    def stop(self) -> None:
        """Tell what is left to be told, then end."""
        self._journals.put(None)
        self._thread.join()

    def announce(self, changes: list[PhaseChanged]) -> None:
        """Have the changes of a commit told."""
        self._journals.put(changes)

    def _run(self) -> None:
        while (journal := self._journals.get()) is not None:
            for change in journal:
                try:
                    self._notify(change)
                except Exception:  # the edge of a subscriber: the others go on
                    log.exception("a subscriber failed over %s", change)
