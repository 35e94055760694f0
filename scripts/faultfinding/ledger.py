"""What clients know for sure, and what was found to be otherwise."""

import contextlib
import dataclasses
import math
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.support.http import FINAL


@dataclass
class Known:
    """A job whose creation was acknowledged with a 303."""

    url: str
    size: int  # of its result, in bytes
    overstays: bool  # it wants to work longer than it may
    asked: float  # when its creation was asked for, by the monotonic clock
    final: str | None = None
    deleted: bool = False
    doubtful: bool = False  # it was asked to delete it, and perhaps nobody answered
    aborted: bool = False  # or it was asked to
    harmed: bool = False  # a fault may have struck it, so that it may fail
    survived: bool = False  # its core was at work when the web process was killed
    spoilt: bool = False  # deleted, and back again from a backup: its files are gone

    @property
    def job_id(self) -> str:
        """The id, which is the end of the URL."""
        return self.url.rpartition("/")[2]


@dataclass(frozen=True)
class Finding:
    """A promise that was broken: ``lost``, ``stuck``, ``orphan`` or ``broken``."""

    kind: str
    sentence: str


@dataclass
class Ledger:
    """All jobs known, and all findings."""

    jobs: dict[str, Known] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    acknowledged: int = 0
    refused: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    again: Counter[str] = field(default_factory=Counter)  # how often a job, by URL, may be begun once more
    struck: float = 0.0  # when a fault struck all that had not ended, by the monotonic clock

    def acknowledge(self, job: Known) -> None:
        """Note a job whose creation was answered; a fault may have struck before the answer came."""
        job.harmed = job.asked < self.struck
        self.jobs[job.url] = job
        self.acknowledged += 1

    def find(self, kind: str, sentence: str) -> None:
        """Note a broken promise."""
        self.findings.append(Finding(kind, sentence))

    def see(self, job: Known, phase: str) -> None:
        """Note a phase; a final one must be the one that was seen before."""
        if job.final is not None and phase != job.final:
            self.find("broken", f"{job.url} was {job.final} and is {phase}")
        if phase in FINAL:
            if job.final is None:
                self.ends[phase] += 1
            job.final = phase

    def harm(self, job_ids: set[str] | None = None) -> None:
        """Note that a fault struck these jobs, or all that had not ended."""
        if job_ids is None:
            self.struck = time.monotonic()
        for job in list(self.jobs.values()):
            if job.final is None and (job_ids is None or job.job_id in job_ids):
                job.harmed = True

    @contextlib.contextmanager
    def harming(self) -> Iterator[None]:
        """Note that a fault strikes all that is there while the block lasts, and what is made meanwhile."""
        self.harm()
        self.struck = math.inf
        try:
            yield
        finally:
            self.harm()

    def survive(self, job_ids: set[str]) -> None:
        """Note that these jobs were at work when the web process was killed."""
        for job in list(self.jobs.values()):
            job.survived = job.survived or job.job_id in job_ids

    # A backup, and the way back to it

    def snapshot(self) -> dict[str, Known]:
        """Return what is known now, to be kept with a backup."""
        return {job.url: dataclasses.replace(job) for job in list(self.jobs.values())}

    def go_back(self, snapshot: dict[str, Known], copied: float) -> list[Known]:
        """Know what was known at a backup; return the jobs that are newer, and so must not exist.

        They are not lost: whoever goes back to a backup gives them up. ``copied`` is when the copy was complete,
        by the monotonic clock; of jobs that were being made meanwhile nothing is known.
        """
        present = self.jobs
        self.jobs = {url: dataclasses.replace(job) for url, job in snapshot.items()}
        for url, job in self.jobs.items():
            later = present.get(url)
            if job.final is None:
                self.again[url] += 1  # what has ended since is run again
                job.harmed = True
            if not job.deleted and (later is None or later.deleted or later.doubtful):
                job.doubtful = job.spoilt = True
        return [job for url, job in present.items() if url not in self.jobs and job.asked > copied]
