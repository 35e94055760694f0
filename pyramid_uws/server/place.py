"""A request's place in the parking lot: what the application finds in ``environ["pyramid_uws.park"]``.

The way to wait for a change of something::

    place = environ.get("pyramid_uws.park")   # None: this server cannot park
    place.memory                              # None in the first run; what was noted there in later ones
    place.if_lost = abort                     # called if the client goes away while the request is parked
    place.free                                # if not, answer now
    place.watch(changes, key, alike)          # from here on no change is missed
    ...                                       # look; answer if there is something to tell
    place.park(until)                         # leaves the application by an exception

``park`` throws the run away. After a change of ``key``, or when the time is up, the application is called
again with the same request, from the start. So what has an effect, and what reads the body, is done in the first
run only, and ``memory`` tells which that is.
"""

import time
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, Protocol

if TYPE_CHECKING:
    from .groups import Group
    from .lot import Lot


class Parked(BaseException):
    """A run ends, the request goes on. No ``except Exception`` on the way out may take it for a failure."""


class Changes(Protocol):
    """Who tells of changes."""

    def subscribe(self, key: bytes, ring: Callable[[], object], /) -> None:
        """Have ``ring`` called, in any thread, at each change of ``key``."""

    def unsubscribe(self, key: bytes, ring: Callable[[], object], /) -> None:
        """Have it called no more."""


class Answer(NamedTuple):
    """A finished answer, without what belongs to one connection."""

    status: str
    headers: Sequence[tuple[str, str]]
    body: bytes


class Place:
    """One request that may be parked, through all its runs. There are many, so it is small."""

    __slots__ = (
        "among",  # the dict of places in which it waits, None while it is run
        "answer",  # the answer made in this run, if others wait for it
        "channel",  # the connection; None once the place is left
        "followers",  # those who are given this one's answer, or the word that there is none
        "given",  # the answer it is given
        "group",  # None before it watches and after it has left
        "if_lost",  # the application's wish, called in a thread of the server when the client has gone
        "is_timed",  # whether its time is in the lot's calendar
        "last_call",  # it must answer in this run
        "lot",
        "memory",  # the application's own note
        "ran",  # whether the application was called in this run
        "request_id",  # the application's name for the request, the same in all its runs
        "resumed",  # whether this run counts among those that the lot lets go at once
        "seen",  # how many changes its group knew of when it began to watch
        "until",  # time.monotonic() at which it is answered whatever has happened
    )

    def __init__(self, lot: "Lot", channel: Any) -> None:
        self.lot = lot
        self.channel = channel
        self.memory: Any = None
        self.request_id: str | None = None
        self.if_lost: Callable[[], object] | None = None
        self.group: Group | None = None
        self.among: dict[Place, None] | None = None
        self.followers: dict[Place, None] = {}
        self.answer: Answer | None = None
        self.given: Answer | None = None
        self.is_timed = self.last_call = self.ran = self.resumed = False
        self.seen = 0
        self.until = 0.0

    @property
    def free(self) -> bool:
        """Whether the request may be parked; if not, it is to be answered now."""
        return not self.last_call and self.lot.has_room_for(self)

    @property
    def parked(self) -> int:
        """How many requests are parked, or would be if there is nothing to tell."""
        return len(self.lot)

    def watch(self, changes: Changes, key: bytes, alike: Hashable) -> None:
        """Miss no change of ``key`` from now on.

        Requests of the same key that are equally ``alike`` are answered alike: what makes one of them answer
        makes all of them answer, and its answer is theirs. In ``alike`` goes all that the answer and the right
        to it depend on.
        """
        self.lot.watch(self, changes, key, alike)

    def park(self, until: float) -> NoReturn:
        """Throw this run away; run again after a change, or at ``until`` (``time.monotonic()``)."""
        if self.group is None:
            raise RuntimeError("who parks has to watch something first")
        self.until = until
        raise Parked

    @property
    def is_late(self) -> bool:
        """Whether its time is up."""
        return self.until <= time.monotonic()
