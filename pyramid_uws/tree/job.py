"""One job: plain values, changed only by its job list."""

from typing import TYPE_CHECKING, Any

from persistent import Persistent
from zope.interface import implementer

from pyramid_uws.interfaces import IJob
from pyramid_uws.uws.instants import format_instant
from pyramid_uws.uws.phases import PENDING, QUEUED

from .rights import ACL, job_acl

if TYPE_CHECKING:
    from .joblist import Joblist


@implementer(IJob)
class Job(Persistent):
    """A job (UWS 1.1, section 2.1). Instants are µs since 1970 UTC or None, durations whole seconds.

    ``groups`` are those of the owner when the job was made, or run by the owner.
    ``parameters`` are ``(name, text)`` pairs; ``references`` are parameters sent as files: ``(name, media
    type, size in bytes, file)``; ``results`` are ``(id, media type, size in bytes, sha256)``, ``former`` those of
    an archived job, whose files are gone; ``error`` is
    ``("fatal" | "transient", message, detail)``, and ``blames_client`` tells whether it is in what was sent;
    ``progress`` is ``(fraction, text)``; ``worker`` is the name of
    the dispatcher that made the last attempt; ``lowered`` is by how much the priority is lower than the service's;
    ``held`` is since when the job waits for a place in the queue, and ``not_before`` when it may be started;
    ``failures`` is how many attempts have failed and were, or are to be, made again, and ``last_failure`` why;
    ``abandoned`` tells that it was aborted since its client had gone;
    ``shares`` are the ways to it that were given away: ``(id, hash of the secret)``;
    ``base`` is the URL of the site as whoever made the job knows it; ``origin`` is, if nobody owns the job, what
    the address counts as from which it was made (see :mod:`pyramid_uws.uws.quotas`).
    """

    __name__: str
    __parent__: "Joblist"

    # Class attributes are the defaults of fields that come later in a job's life or in a later version.
    phase: str = PENDING
    owner: str | None = None
    groups: tuple[str, ...] = ()
    runid: str | None = None
    queued: int | None = None
    held: int | None = None
    not_before: int | None = None
    lowered: int = 0
    started: int | None = None
    ended: int | None = None
    destruction: int | None = None
    quote: int | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    references: tuple[tuple[str, str, int, str], ...] = ()
    results: tuple[tuple[str, str, int, str], ...] = ()
    former: tuple[tuple[str, str, int, str], ...] = ()
    failure: tuple[str, str, str] | None = None
    blames_client: bool = False
    progress: tuple[float, str] | None = None
    reason: str | None = None
    attempt: int = 0
    failures: int = 0
    last_failure: str | None = None
    worker: str | None = None
    abort_requested: int | None = None
    abandoned: bool = False
    shares: tuple[tuple[str, str], ...] = ()
    base: str = ""
    origin: str = ""

    def __init__(self, job_id: str, *, created: int, execution_duration: int, **facts: Any) -> None:
        self.__name__ = job_id
        self.created = created
        self.execution_duration = execution_duration
        for name, value in facts.items():
            if value != getattr(Job, name):  # what is as ever need not be stored
                setattr(self, name, value)

    def __getitem__(self, name: str) -> Any:
        """Return the attribute of that name, made on the way; ``KeyError`` when the job has none."""
        return self.child(self, name)

    def child(self, place: Any, name: str) -> Any:
        """Return the attribute of that name, for a place in the tree that shows this job."""
        return self._service.__parent__.attributes[name](place, name)

    @property
    def _service(self) -> Any:
        return self.__parent__.__parent__.__parent__

    @property
    def __acl__(self) -> ACL:
        return job_acl(self.owner, self._service.rights)

    @property
    def job_id(self) -> str:
        """The id, which is the job's path segment."""
        return self.__name__

    @property
    def payer(self) -> str:
        """Who pays for the job: its owner, or the address from which it was made; "" if nobody knows."""
        return self.owner or self.origin

    @property
    def error(self) -> tuple[str, str, bool] | None:
        """Type, message, and whether there is more to tell than the message."""
        if self.failure is None:
            return None
        kind, message, detail = self.failure
        return kind, message, bool(detail)

    @property
    def failure_text(self) -> str:
        """The message of the error and whatever else is known of it; empty if there is none."""
        _, message, detail = self.failure or ("", "", "")
        return f"{message}\n\n{detail}" if detail else message

    @property
    def info(self) -> tuple[tuple[str, str], ...]:
        """What jobInfo tells: name and text."""
        told: list[tuple[str, str]] = []
        if self.progress is not None:
            fraction, text = self.progress
            told.append(("progress", f"{fraction:.4g}"))
            if text:
                told.append(("progressText", text))
        if self.reason:
            told.append(("reason", self.reason))
        if self.failures:
            told += [("attempt", str(self.failures + 1)), ("lastFailure", self.last_failure or "")]
        if self.not_before is not None and self.phase == QUEUED:
            told.append(("nextAttempt", format_instant(self.not_before)))
        if self.former:
            told.append(("formerResults", "; ".join(map(_provenance, self.former))))
        return tuple(told)


def _provenance(result: tuple[str, str, int, str]) -> str:
    """Write what a result was, so that a copy of it can be told to be one."""
    result_id, media_type, size, sha256 = result
    return f"{result_id} ({media_type}, {size} bytes, sha256 {sha256})"
