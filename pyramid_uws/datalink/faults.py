"""How SODA tells of errors: texts that begin with a label (SODA 1.0, section 5.2)."""

from typing import Final

from pyramid_uws.exceptions import BadValue, CoreError, TooManyValues, UWSError

from .problems import CannotCut, NoOverlap, NotFound

#: Label -> HTTP status, for those who are answered at once.
STATUSES: Final = {
    "UsageError": 400,
    "MultiValuedParamNotSupported": 400,
    "AuthenticationError": 401,
    "AuthorizationError": 403,
    "ServiceUnavailable": 503,
    "Error": 500,
}

#: What a result says that was not made because nothing lies within its filters; no error to those who wait for it.
NOTHING_THERE: Final = "Error: no overlap: "


class UsageError(CoreError):
    """What was asked for cannot be done."""


class SeveralProducts(CoreError):
    """More was asked for than is made at once."""


class NotForAll(CoreError):
    """Who asks has to log in."""


class NotForYou(CoreError):
    """Who asks may not have the data."""


def labelled(problem: BaseException) -> str:
    """Return the sentence of an error behind its label; of errors that are not ours, their name, too."""
    if isinstance(problem, NoOverlap):
        return f"{NOTHING_THERE}{problem}"
    label = next((label for kinds, label in _LABELS if isinstance(problem, kinds)), "Error")
    if label == "Error" and may_pass(problem):
        label = "ServiceUnavailable"
    if isinstance(problem, UWSError):
        return f"{label}: {problem}"
    return f"{label}: {type(problem).__name__}: {problem}"


_LABELS: Final[tuple[tuple[tuple[type[UWSError], ...], str], ...]] = (
    ((SeveralProducts, TooManyValues), "MultiValuedParamNotSupported"),
    ((UsageError, BadValue, CannotCut, NotFound), "UsageError"),
    ((NotForAll,), "AuthenticationError"),
    ((NotForYou,), "AuthorizationError"),
)


def may_pass(problem: BaseException) -> bool:
    """Tell whether it is sensible to try again later."""
    return isinstance(problem, OSError) or getattr(problem, "transient", False) is True


def status_of(message: str) -> int:
    """Return the status for a message that begins with a label; 500 for one that does not."""
    return STATUSES.get(message.partition(":")[0], 500)
