"""What can go wrong with an observation, told in a sentence; which label and status it gets is for the views."""

from typing import Any

from pyramid_uws.exceptions import UWSError


class NotFound(UWSError):
    """There is no observation of this ID."""

    def __init__(self, id: str) -> None:  # noqa: A002 - the parameter's name
        shown = repr(id) if len(id) <= 200 else repr(id[:200]) + "..."
        super().__init__(f"ID={shown}: there is no such observation here.")
        self.id = id


class Unreadable(UWSError):
    """The file of an observation cannot be read; nothing that its user does would help."""


class Uncharted(Unreadable):
    """Where the pixels lie cannot be understood; ``primary`` and ``data`` are what is known of them."""

    def __init__(self, message: str, primary: Any, data: Any) -> None:
        super().__init__(message)
        self.primary = primary
        self.data = data


class NoOverlap(UWSError):
    """Nothing of the observation is within the filters."""


class CannotCut(UWSError):
    """The observation has no such cut, or not in this format."""
