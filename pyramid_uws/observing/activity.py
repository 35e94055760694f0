"""What the present thread is doing, for whom, and with which job: known to whatever is logged or written down."""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple, Protocol


class Actor(NamedTuple):
    """Who does something: ``who`` is a user's name, None if nobody has logged in or the server acts by itself.

    ``scheme`` is how they have said who they are, ``key`` the id of the token they have used, ``request_id`` the
    request by which they act.
    """

    who: str | None = None
    scheme: str | None = None
    address: str | None = None
    request_id: str | None = None
    key: str | None = None


class Subject(NamedTuple):
    """What it is done to."""

    service: str | None = None
    job: str | None = None
    owner: str | None = None
    runid: str | None = None


SERVER = Actor()
NOTHING = Subject()


class Activity(Protocol):
    """Something that is being done. Who and what are found out when somebody asks."""

    @property
    def request_id(self) -> str | None:
        """The id of the request, if it is one."""

    def actor(self) -> Actor:
        """Return who does it."""

    def subject(self) -> Subject:
        """Return what it is done to, as far as is known by now."""


class Known:
    """An activity of which all is known beforehand."""

    __slots__ = ("_actor", "_subject")

    def __init__(self, actor: Actor, subject: Subject) -> None:
        self._actor = actor
        self._subject = subject

    @property
    def request_id(self) -> str | None:
        """The id of the request, if it is one."""
        return self._actor.request_id

    def actor(self) -> Actor:
        """Return who does it."""
        return self._actor

    def subject(self) -> Subject:
        """Return what it is done to."""
        return self._subject


class Within:
    """A part of another activity, done to something of its own; in the name of whoever is at work anyway."""

    __slots__ = ("_subject", "_whole")

    def __init__(self, whole: Activity, subject: Subject) -> None:
        self._whole = whole
        self._subject = subject

    @property
    def request_id(self) -> str | None:
        """The id of the request, if it is one."""
        return self._whole.request_id

    def actor(self) -> Actor:
        """Return who does it."""
        return self._whole.actor()

    def subject(self) -> Subject:
        """Return what it is done to."""
        return self._subject


#: What the server does by itself.
_BY_ITSELF = Known(SERVER, NOTHING)

#: What the present thread is doing.
current: ContextVar[Activity | None] = ContextVar("activity", default=None)


def actor() -> Actor:
    """Return who is at work in this thread; the server itself if nobody else is known."""
    activity = current.get()
    return SERVER if activity is None else activity.actor()


def subject() -> Subject:
    """Return what this thread is working on."""
    activity = current.get()
    return NOTHING if activity is None else activity.subject()


@contextmanager
def acting_as(who: Actor) -> Iterator[None]:
    """Do what is in the block in somebody's name."""
    token = current.set(Known(who, NOTHING))
    try:
        yield
    finally:
        current.reset(token)


@contextmanager
def about(what: Subject) -> Iterator[None]:
    """Do what is in the block to something, in the name of whoever is at work anyway."""
    token = current.set(Within(current.get() or _BY_ITSELF, what))
    try:
        yield
    finally:
        current.reset(token)


#: Requests are told apart by the process, and by their number in it. Such an id is unique, not secret.
_NUMBERS = itertools.count(1)
_PROCESS: list[str] = []


def new_request_id() -> str:
    """Return an id that no other request has."""
    if not _PROCESS:
        _PROCESS.append(os.urandom(6).hex())
    return f"{_PROCESS[0]}-{next(_NUMBERS)}"
