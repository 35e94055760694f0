"""Who may do what with a service and the jobs of others: names of users and groups, as ACLs have them."""

from dataclasses import dataclass
from typing import Final

#: Pyramid's names for everybody, and for whoever has logged in.
EVERYBODY: Final = "system.Everyone"
USERS: Final = "system.Authenticated"

#: What an ini file calls them.
WORDS: Final = {"everybody": (EVERYBODY,), "users": (USERS,), "nobody": ()}


@dataclass(frozen=True, kw_only=True)
class Rights:
    """Who may see a service, list jobs of their own in it and create some; and do what with the jobs of others.

    None is whoever may see the service. Owners may do everything with their jobs, and admins with all.
    """

    may_see: tuple[str, ...] = (EVERYBODY,)
    may_list: tuple[str, ...] | None = None
    may_create: tuple[str, ...] | None = None
    may_read: tuple[str, ...] = ()
    may_change: tuple[str, ...] = ()
    may_delete: tuple[str, ...] = ()


def read_principals(text: str) -> tuple[str, ...] | None:
    """Read names of users, ``group:NAME``, ``everybody``, ``users`` or ``nobody``; nothing is None."""
    names = text.split()
    for name in names:
        if name.startswith("system."):
            raise ValueError(f"{name} is a name of our own; write everybody or users")
    if "nobody" in names and len(names) > 1:
        raise ValueError("nobody stands alone")
    found = tuple(principal for name in names for principal in WORDS.get(name, (name,)))
    return found if names else None
