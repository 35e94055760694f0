"""What the dispatcher keeps of attempts: those at work, and those on their way into the database."""

from dataclasses import dataclass
from typing import Self

from pyramid_uws.observing.activity import NOTHING, Subject
from pyramid_uws.tree import Joblist, JobRenderer, Root, find_joblist

from .endings import Ending
from .jobdir import JobDirectory
from .processes import Identity

#: Seconds a keeper gets beyond its own deadlines before its job is ended from outside.
MARGIN = 2.0


StoredResult = tuple[str, str, int, str]


@dataclass(frozen=True)
class Address:
    """Where a job is in the tree."""

    service: str
    renderer: str
    job_id: str

    @classmethod
    def of(cls, renderer: JobRenderer, job_id: str) -> Self:
        """Return the address of a job of a renderer."""
        return cls(renderer.__parent__.__name__, renderer.__name__, job_id)

    def joblist(self, root: Root) -> Joblist:
        """Return the job list that holds, or held, the job."""
        return find_joblist(root, self.service, self.renderer)


@dataclass
class Run:
    """An attempt at work: its directory, its keeper, and what was asked of it.

    ``duration`` in seconds; ``began``, ``overdue_at`` and ``kill_at`` are monotonic seconds; ``asked`` is why
    it was asked to end; ``failures`` counts earlier attempts that have failed; ``subject`` is what the log tells.
    """

    address: Address
    attempt: int
    directory: JobDirectory
    keeper: Identity | None
    duration: int
    began: float
    failures: int = 0
    subject: Subject = NOTHING
    pidfd: int = -1
    overdue_at: float | None = None
    asked: str | None = None
    kill_at: float | None = None
    progress: tuple[float, str] | None = None


@dataclass
class Harvest:
    """What an attempt left, on its way into the database."""

    address: Address
    attempt: int
    directory: JobDirectory
    ending: Ending
    results: tuple[StoredResult, ...] = ()
    progress: tuple[float, str] | None = None
    subject: Subject = NOTHING
