"""What a service allows its jobs: frozen numbers and the rules that clamp wishes to them."""

from dataclasses import dataclass

from .instants import clamp_instant

SECOND = 1_000_000
LONGEST = 2**31 - 1  # executionDuration is an xs:int


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Durations in seconds, 0 meaning unlimited; counts are numbers of jobs or rows, 0 meaning unlimited.

    ``execution_duration``, ``lifetime`` and ``maxrec`` are what a job gets that asks for nothing; the ``max_``
    ones what it can get at most (UWS 1.1, sections 2.1.4 and 2.1.5; DALI 1.2, section 4.3.4).
    ``max_running`` counts on one host, the others on all.
    """

    execution_duration: int = 3600
    max_execution_duration: int = 86400
    lifetime: int = 2 * 86400
    max_lifetime: int = 30 * 86400
    max_running: int = 0
    max_running_per_owner: int = 0
    max_queued: int = 0
    max_queued_per_owner: int = 0
    maxrec: int = 0
    max_maxrec: int = 0

    def __post_init__(self) -> None:
        """Refuse durations that the schema of UWS has no room for."""
        for name in ("execution_duration", "max_execution_duration"):
            if getattr(self, name) > LONGEST:
                raise ValueError(f"{name} = {getattr(self, name)}: expected at most {LONGEST} s")

    def clamp_rows(self, wish: int | None) -> int | None:
        """Return how many rows a table may have, given MAXREC or None; None is unlimited."""
        limits = [self.maxrec or None if wish is None else wish, self.max_maxrec or None]
        return min((limit for limit in limits if limit is not None), default=None)

    def clamp_duration(self, wish: int) -> int:
        """Return the execution duration (s) that a job gets for its wish; 0 asks for unlimited."""
        if not self.max_execution_duration:
            return wish
        return min(wish or self.max_execution_duration, self.max_execution_duration)

    def first_destruction(self, created: int) -> int | None:
        """Return the destruction instant (µs) of a job that asked for none, or None if it lives on."""
        return self.clamp_destruction(created, created + self.lifetime * SECOND) if self.lifetime else None

    def clamp_destruction(self, created: int, wish: int) -> int:
        """Return the destruction instant (µs) that a job created at ``created`` (µs) gets for its wish."""
        if not self.max_lifetime:
            return clamp_instant(wish)
        return min(clamp_instant(wish), clamp_instant(created + self.max_lifetime * SECOND))
