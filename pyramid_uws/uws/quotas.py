"""Quotas: how much one owner may have here, or one address from which somebody asks without logging in. Pure.

Who pays for a job or a request is told by a name: that of the user, or :data:`ADDRESS` and the address. Quotas are
said of such a name, of a group, of all who have logged in (:data:`USERS`), or of all who have not
(:data:`ANONYMOUS`). None of these names but a user's can be one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from types import MappingProxyType
from typing import Final, NamedTuple

from .rights import USERS

#: What the name of somebody begins with who has not logged in; behind it stands the address.
ADDRESS: Final = "system.address:"

#: All who have not logged in.
ANONYMOUS: Final = "system.anonymous"

GROUP: Final = "group:"

#: What people write for them.
_WORDS: Final = {"users": USERS, "anonymous": ANONYMOUS}
_SHOWN: Final = {name: word for word, name in _WORDS.items()}
_WRITTEN_ADDRESS: Final = "address:"

#: The bits of an IPv6 address that are given to a customer.
_HOST_BITS: Final = 64

#: How many answers of a table are remembered.
_MOST_KNOWN: Final = 10_000


class Quota(NamedTuple):
    """How much somebody may have; None where nothing was said, 0 where that is no limit.

    ``jobs`` are kept (those that are archived do not count), ``running`` and ``queued`` at once; ``storage`` is
    what results and files that were sent take, and ``upload`` the largest of these, in bytes; ``requests`` are in
    a minute.
    """

    jobs: int | None = None
    running: int | None = None
    queued: int | None = None
    storage: int | None = None
    upload: int | None = None
    requests: int | None = None


KEYS: Final = Quota._fields

#: Those that are in bytes; the others are numbers.
IN_BYTES: Final = frozenset({"storage", "upload"})

#: Whose quota -> key -> value.
Said = Mapping[str, Mapping[str, int]]

NOTHING_SAID: Said = MappingProxyType({})


@dataclass(frozen=True)
class Payer:
    """Who pays for a job or a request, by name, with the groups; nameless if nobody knows."""

    name: str = ""
    groups: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """How a sentence calls them."""
        if self.name.startswith(ADDRESS):
            return f"callers from {self.name.removeprefix(ADDRESS)}"
        return repr(self.name) if self.name else "callers who have not logged in"


class Quotas:
    """All that was said, and what follows from it for somebody."""

    def __init__(self, said: Said) -> None:
        self.said = said
        #: The keys of which something is said at all.
        self.keys = frozenset(key for values in said.values() for key in values)
        self._known: dict[Payer, Quota] = {}

    def of(self, payer: Payer) -> Quota:
        """Return the quota of somebody.

        For each key counts what is said of the name; if nothing is, the largest that is said of one of the groups;
        and if nothing is there, either, what is said of all who have logged in, or of all who have not.
        """
        quota = self._known.get(payer)
        if quota is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            quota = self._known[payer] = self._find(payer)
        return quota

    def _find(self, payer: Payer) -> Quota:
        if not payer.name:
            return Quota()
        default = ANONYMOUS if payer.name.startswith(ADDRESS) else USERS
        own, rest = self.said.get(payer.name, {}), self.said.get(default, {})
        groups = [self.said.get(f"{GROUP}{group}", {}) for group in payer.groups]
        best = {key: _largest(values[key] for values in groups if key in values) for key in KEYS}
        return Quota(*(own.get(key, rest.get(key) if best[key] is None else best[key]) for key in KEYS))


def _largest(values: Iterable[int]) -> int | None:
    """Return the most generous one; 0 is no limit."""
    found = list(values)
    return None if not found else 0 if 0 in found else max(found)


def combined(first: Said, over: Said) -> Said:
    """Return what is said by both; for one name and key, the second counts."""
    return {name: {**first.get(name, {}), **over.get(name, {})} for name in {**first, **over}}


# Names


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """Return what counts as one address: of IPv6, the network that is given to one customer."""
    try:
        found = ip_address(address)
    except ValueError:  # what servers call the other end of a Unix socket
        return address or "unknown"
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return f"{IPv6Address(int(found) >> _HOST_BITS << _HOST_BITS)}/{_HOST_BITS}"
    return str(found)


def read_subject(text: str) -> str:
    """Read whose quota it is: ``anonymous``, ``users``, ``group:NAME``, ``address:ADDRESS`` or a user's name."""
    if text.startswith(_WRITTEN_ADDRESS):
        address = text.removeprefix(_WRITTEN_ADDRESS).removesuffix(f"/{_HOST_BITS}")
        try:
            ip_address(address)
        except ValueError:
            if address != "localhost":  # who comes through a Unix socket
                raise ValueError(f"{address!r} is no address") from None
        return ADDRESS + network_of(address)
    if not text or text.startswith("system.") or text == GROUP or not text.isprintable():
        raise ValueError(f"expected anonymous, users, group:NAME, address:ADDRESS or a user's name, not {text!r}")
    return _WORDS.get(text, text)


def shown(name: str) -> str:
    """Write whose quota it is, as :func:`read_subject` reads it."""
    if name.startswith(ADDRESS):
        return _WRITTEN_ADDRESS + name.removeprefix(ADDRESS)
    return _SHOWN.get(name, name)
