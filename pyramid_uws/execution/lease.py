"""The lease of a worker: until when its attempts may go on without a word from it.

Other workers take the jobs of one that has not been heard of for a while; by then its attempts must have ended,
also if it was killed, is stopped, or cannot reach the database. So after each heartbeat a worker notes in a file
of its work folder until when that is certain, by the host's monotonic clock, and the keepers look.
"""

import os
import time
from pathlib import Path

#: Seconds between two looks of a keeper.
PERIOD = 0.5


class Lease:
    """The file; the worker renews it, the keepers of its attempts look whether it is over."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def renew(self, until: float) -> None:
        """Let it last until that time (monotonic seconds)."""
        draft = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        draft.write_text(f"{until:.3f}\n")
        draft.replace(self.path)

    def is_over(self) -> bool:
        """Tell whether it is; one that cannot be read is."""
        try:
            return time.monotonic() >= float(self.path.read_text())
        except (OSError, ValueError):
            return True

    def next_look(self, deadline: float | None) -> float:
        """Return when a keeper that has this deadline is to wake up (monotonic seconds)."""
        soon = time.monotonic() + PERIOD
        return soon if deadline is None else min(soon, deadline)
