"""What a service allows its jobs: frozen numbers and the rules that clamp wishes to them."""

from dataclasses import dataclass
from types import MappingProxyType

from .instants import clamp_instant

SECOND = 1_000_000
LONGEST = 2**31 - 1  # executionDuration is an xs:int

#: Less than this and Python itself would fail before the core begins; sizes in bytes.
LEAST = MappingProxyType(
    {"max_memory": 16 * 1024**2, "max_file_size": 64 * 1024, "max_open_files": 32, "max_disk": 1024**2}
)
LEAST_LOG = 1024


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Durations in seconds, 0 meaning unlimited; counts are numbers of jobs or rows, 0 meaning unlimited.

    ``execution_duration``, ``lifetime`` and ``maxrec`` are what a job gets that asks for nothing; the ``max_``
    ones what it can get at most (UWS 1.1, sections 2.1.4 and 2.1.5; DALI 1.2, section 4.3.4).
    ``max_running`` counts on one host, the others on all. A client of ``sync`` waits for ``sync_limit`` at most;
    its job lives on for ``sync_lifetime`` after that.

    ``max_upload`` is the largest file sent or fetched, in bytes, ``max_uploads`` how many uploads a job may have.

    What an attempt may use: ``max_memory``, ``max_file_size`` (each process), ``max_disk`` and ``max_log`` in
    bytes, ``max_cpu`` in seconds, ``max_open_files`` (each process) and ``max_processes``; 0 is unlimited, but for
    ``max_log``, which is always bounded.
    """

    execution_duration: int = 3600
    max_execution_duration: int = 86400
    sync_limit: int = 60
    sync_lifetime: int = 300
    lifetime: int = 2 * 86400
    max_lifetime: int = 30 * 86400
    max_running: int = 0
    max_running_per_owner: int = 0
    max_queued: int = 0
    max_queued_per_owner: int = 0
    maxrec: int = 0
    max_maxrec: int = 0
    max_upload: int = 0
    max_uploads: int = 20
    max_memory: int = 0
    max_cpu: int = 0
    max_file_size: int = 0
    max_open_files: int = 0
    max_processes: int = 0
    max_disk: int = 0
    max_log: int = 10 * 1024**2

    def __post_init__(self) -> None:
        """Refuse durations that the schema of UWS has no room for, and what no core could begin with."""
        for name in ("execution_duration", "max_execution_duration"):
            if getattr(self, name) > LONGEST:
                raise ValueError(f"{name} = {getattr(self, name)}: expected at most {LONGEST} s")
        if self.sync_limit < 1:
            raise ValueError(f"sync_limit = {self.sync_limit}: expected at least 1 s")
        for name, least in LEAST.items():
            if 0 < getattr(self, name) < least:
                raise ValueError(f"{name} = {getattr(self, name)}: expected at least {least}, or 0: unlimited")
        if self.max_log < LEAST_LOG:
            raise ValueError(f"max_log = {self.max_log}: expected at least {LEAST_LOG}")

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
