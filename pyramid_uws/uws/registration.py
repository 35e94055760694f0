"""What registries of the Virtual Observatory want to know of a service, beyond what it does (VOResource 1.1)."""

import re
from dataclasses import dataclass

from .instants import format_instant, parse_instant

_IDENTIFIER = re.compile(
    r"ivo://[\w\d][\w\d\-_.!~*'()+=]{2,}(/[\w\d\-_.!~*'()+=]+)+",
    re.ASCII,
)
_WEB = re.compile(r"https?://[^\s<>\"]+")

#: What VOResource allows for a short name, in characters.
LONGEST_SHORT_NAME = 16


@dataclass(frozen=True, kw_only=True)
class Registration:
    """A service's part of its registry record; what is empty is left out, or said to be missing.

    ``identifier`` is made from the site's authority and the name of the service unless given. ``created`` and
    ``updated`` are instants in ISO 8601: when the record was made, and changed for the last time (as created,
    unless given). ``reference_url`` is the page of the service unless given.
    """

    identifier: str = ""
    short_name: str = ""
    subjects: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    created: str = ""
    updated: str = ""
    reference_url: str = ""
    content_types: tuple[str, ...] = ()
    content_levels: tuple[str, ...] = ()
    licence: str = ""
    licence_uri: str = ""

    def __post_init__(self) -> None:
        """Refuse what no registry would take."""
        if self.identifier and not _IDENTIFIER.fullmatch(self.identifier):
            raise ValueError(f"identifier = {self.identifier}: expected ivo://AUTHORITY/NAME")
        if len(self.short_name) > LONGEST_SHORT_NAME:
            raise ValueError(f"short_name = {self.short_name}: expected at most {LONGEST_SHORT_NAME} characters")
        if self.reference_url and not _WEB.fullmatch(self.reference_url):
            raise ValueError(f"reference_url = {self.reference_url}: expected an http or https URL")
        for name in ("created", "updated"):
            try:
                self.instant(name)
            except ValueError as problem:
                raise ValueError(f"{name} = {getattr(self, name)}: {problem}") from problem

    def instant(self, name: str) -> str:
        """Return one of the instants as registries write it, to the second."""
        text = getattr(self, name)
        return text and format_instant(parse_instant(text))[:19] + "Z"
