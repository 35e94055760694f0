"""What the documents want to know of a job, and what all formats say alike of its parts."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol
from urllib.parse import quote

from pyramid_uws.uws.instants import format_instant
from pyramid_uws.uws.phases import ERROR

from .xml import representable

_NO_MESSAGE = "The job failed; it left no message."


class JobState(Protocol):
    """A job as the documents see it (UWS 1.1, section 2.1); instants are µs since 1970 UTC."""

    @property
    def job_id(self) -> str:
        """The last segment of the job's URL."""

    @property
    def runid(self) -> str | None:
        """What the client calls the job (section 2.1.9)."""

    @property
    def owner(self) -> str | None:
        """Who made the job, None when nobody was authenticated (section 2.1.8)."""

    @property
    def phase(self) -> str:
        """The phase (section 2.1.3)."""

    @property
    def quote(self) -> int | None:
        """When the job is likely to end (section 2.1.6)."""

    @property
    def created(self) -> int:
        """When the job was made."""

    @property
    def started(self) -> int | None:
        """When it began to execute."""

    @property
    def ended(self) -> int | None:
        """When it ended, however it did."""

    @property
    def execution_duration(self) -> int:
        """How long it may execute, in seconds; 0 means unlimited (section 2.1.4)."""

    @property
    def destruction(self) -> int | None:
        """When it will be destroyed (section 2.1.5)."""

    @property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """Names and texts; names may repeat (section 2.1.11)."""

    @property
    def references(self) -> tuple[tuple[str, str, int, str], ...]:
        """Names, media types, sizes and stored files of the parameters that were sent as files."""

    @property
    def results(self) -> tuple[tuple[str, str, int, str], ...]:
        """Ids, media types, sizes in bytes and SHA-256 sums, in hex (section 2.1.10)."""

    @property
    def error(self) -> tuple[str, str, bool] | None:
        """``fatal`` or ``transient``, a message, and whether ``error`` tells more (section 2.1.7)."""

    @property
    def info(self) -> tuple[tuple[str, str], ...]:
        """Names and texts for jobInfo (section 2.2.2.2)."""


class ParameterEntry(NamedTuple):
    """A parameter as it is listed: with its text, or the URL that returns it (UWS 1.1, section 2.2.2.4)."""

    name: str
    text: str | None
    href: str
    media_type: str | None = None


class ResultEntry(NamedTuple):
    """A result as it is listed (UWS 1.1, section 2.2.2.3)."""

    result_id: str
    href: str
    media_type: str
    size: int
    sha256: str


class ErrorEntry(NamedTuple):
    """The summary of an error (UWS 1.1, section 2.2.2.5)."""

    kind: str
    message: str
    has_detail: bool


def segment(name: str) -> str:
    """Write the name as one segment of a URL, percent-encoded where that is needed."""
    return name if name.isascii() and name.isalnum() else quote(name, safe="", errors="replace")


def optional_instant(instant: int | None) -> str | None:
    """Write an instant, if there is one."""
    return None if instant is None else format_instant(instant)


def parameter_entries(job: JobState, url: str) -> Iterator[ParameterEntry]:
    """List the parameters of the job at ``url``, those sent as files after the others, RUNID last.

    What XML cannot carry is given by reference, in JSON too, so that both say the same.
    """
    for name, text in job.parameters:
        yield _with_text(name, text, url)
    for name, media_type, *_ in job.references:
        path = "/".join(map(segment, name.split("/")))  # the files of uploads are UPLOAD/NAME
        yield ParameterEntry(name, None, f"{url}/parameters/{path}", media_type or None)
    if job.runid is not None:
        yield _with_text("RUNID", job.runid, url)


def _with_text(name: str, text: str, url: str) -> ParameterEntry:
    return ParameterEntry(name, text if representable(text) else None, f"{url}/parameters/{segment(name)}")


def result_entries(job: JobState, url: str) -> Iterator[ResultEntry]:
    """List the results of the job at ``url``."""
    for result_id, media_type, size, sha256 in job.results:
        yield ResultEntry(result_id, f"{url}/results/{segment(result_id)}", media_type, size, sha256)


def error_entry(job: JobState) -> ErrorEntry | None:
    """Return the error of the job, always one in phase ERROR, with a message that is never blank."""
    if job.error is None:
        return ErrorEntry("fatal", _NO_MESSAGE, has_detail=False) if job.phase == ERROR else None
    kind, message, has_detail = job.error
    return ErrorEntry(kind, message if message.strip() else _NO_MESSAGE, has_detail)
