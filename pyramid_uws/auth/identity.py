"""Who somebody is, as a scheme has found out."""

from dataclasses import dataclass, field

from pyramid.authorization import Authenticated, Everyone

from pyramid_uws.exceptions import BadCredentials

#: What no name of a user begins with: names and these stand side by side in ACLs.
GROUP = "group:"
RESERVED = (GROUP, "system.")

LONGEST_NAME = 200


@dataclass(frozen=True)
class Identity:
    """A user who is logged in. ``scheme`` is how; ``is_ambient`` tells whether browsers log in by themselves.

    ``key`` is the id of the token that was used, if it has one.
    """

    userid: str
    groups: frozenset[str] = field(default_factory=frozenset)
    scheme: str = ""
    is_ambient: bool = False
    key: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        """Refuse names that could be taken for something else."""
        for name in (self.userid, *self.groups):
            check_name(name)

    @property
    def principals(self) -> list[str]:
        """What ACLs know the user by."""
        return [Everyone, Authenticated, self.userid, *(GROUP + group for group in sorted(self.groups))]


def check_name(name: str) -> None:
    """Refuse what cannot be the name of a user or a group."""
    if not (0 < len(name) <= LONGEST_NAME and name.isprintable() and name.strip() == name):
        raise BadCredentials(f"{name[:LONGEST_NAME]!r} cannot be the name of a user or a group.")
    if name.startswith(RESERVED):
        raise BadCredentials(f"{name!r} cannot be the name of a user or a group: it begins as one of our own.")
