"""The family of errors, which knows no HTTP.

Each carries one sentence for the person who can act; :mod:`pyramid_uws.views.errors` maps the classes to
status codes. This module imports nothing of the package.
"""


class UWSError(Exception):
    """Something was asked for that cannot be done; the message says what and why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadValue(UWSError):
    """A parameter has a value that cannot be used (HTTP 400); ``label`` is what a standard has it begin with.

    Several values, as a list or tuple, are shown one after the other. ``reason`` says why by itself, for a message
    that stands beside name and value.
    """

    def __init__(self, name: str, value: object, reason: str, label: str = "") -> None:
        shown = ", ".join(map(repr, value)) if isinstance(value, (list, tuple)) else repr(value)
        shown = shown if len(shown) <= 200 else shown[:197] + "..."
        super().__init__(f"{label and label + '; '}{name}={shown}: {reason}.")
        self.name = name
        self.reason = reason


class TooManyValues(BadValue):
    """A parameter that takes one value was given several (HTTP 400)."""


class BadRequest(UWSError):
    """The request as a whole cannot be read (HTTP 400)."""


class NotAllowedNow(UWSError):
    """The job's present phase, or a missing service, does not allow it (HTTP 403)."""


class Rejected(UWSError):
    """The service does not take this job (HTTP 403)."""


class BadCredentials(UWSError):
    """Somebody says who they are, and it cannot be believed (HTTP 401)."""


class TooMany(UWSError):
    """The same was tried too often of late (HTTP 429); ``retry_after`` in seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NoSuchJob(UWSError):
    """The job is gone, or never was (HTTP 404)."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"There is no job {job_id!r} here; it may have been deleted, or its time was up.")


class NoSuchThing(UWSError):
    """A child of a job does not exist (HTTP 404)."""


class TooLarge(UWSError):
    """More bytes were sent than the service takes (HTTP 413)."""


class Overloaded(UWSError):
    """The server cannot take this now; trying again later is sensible (HTTP 503)."""

    def __init__(self, message: str, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class CoreError(UWSError):
    """Raised by a core over what it was sent: the sentence is shown to the user as it is (HTTP 400 if he waits).

    ``transient`` says that the reason may pass, so that trying again is sensible.
    """

    def __init__(self, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.transient = transient


class CoreFault(CoreError):
    """Raised where no client can help it: a core that goes wrong, a package that is missing (HTTP 500)."""
