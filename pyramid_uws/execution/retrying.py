"""Attempts that failed for a reason that may pass are made again, after a pause that grows."""

from dataclasses import dataclass

from pyramid_uws.uws import phases

from .endings import Ending

#: The longest pause that doubling leads to, in seconds.
LONGEST_PAUSE = 3600.0


@dataclass(frozen=True)
class Retries:
    """How often a failed attempt is made again, and after which pause (s) for the first time; it doubles."""

    limit: int = 0
    pause: float = 0.0

    def applies(self, ending: Ending, failures: int) -> bool:
        """Tell whether a job that ended so, having failed so often before, is to be run again.

        One that was aborted, whose time was used up, or whose failure would come again, is not.
        """
        is_transient = ending.failure is not None and ending.failure[0] == "transient"
        return ending.phase == phases.ERROR and is_transient and failures < self.limit

    def pause_after(self, failures: int) -> float:
        """Return how many seconds to wait after so many failures."""
        longest = max(LONGEST_PAUSE, self.pause)
        return min(self.pause * 2.0 ** min(failures - 1, 40), longest)  # more doublings a float cannot hold


NEVER = Retries()
