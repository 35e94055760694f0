"""Jobs as documents show them: as they are stored, with what can be said of them beyond that."""

from typing import Any

from pyramid.request import Request

from pyramid_uws.execution.outlook import Prospect
from pyramid_uws.tree import Job


class Foreseen:
    """A job and its prospect, if there is one."""

    def __init__(self, job: Job, prospect: Prospect | None) -> None:
        self._job = job
        self.prospect = prospect

    def __getattr__(self, name: str) -> Any:
        return getattr(self._job, name)

    @property
    def quote(self) -> int | None:
        """When the job is likely to end (UWS 1.1, section 2.1.6; µs)."""
        return self._job.quote if self.prospect is None else self.prospect.quote

    @property
    def info(self) -> tuple[tuple[str, str], ...]:
        """What jobInfo tells: name and text."""
        return self._job.info if self.prospect is None else self._job.info + self.prospect.info


def foreseen(request: Request, job: Job) -> Any:
    """Return the job as it is to be shown now, a :class:`Foreseen`."""
    return Foreseen(job, request.registry.uws.outlook.of(job))
