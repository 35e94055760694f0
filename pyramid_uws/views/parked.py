"""Waiting on a server that can park: no thread is held, the request is run again when there is reason to.

What the server offers is explained in :mod:`pyramid_uws.server.place`; this room knows it by its shape only,
for any server may offer it.
"""

import time
from collections.abc import Callable, Hashable
from hashlib import blake2b
from typing import Any, NoReturn, Protocol

from pyramid.request import Request

from pyramid_uws.tree import Job
from pyramid_uws.uws.phases import ACTIVE

from .forms import read_query

#: Where the server offers to park the request.
PARK = "pyramid_uws.park"

#: Headers that tell by which way a request came; neither the answer nor the right to it depends on them.
ON_THE_WAY = frozenset(
    {
        "HTTP_CONNECTION",
        "HTTP_FORWARDED",
        "HTTP_KEEP_ALIVE",
        "HTTP_TRACEPARENT",
        "HTTP_TRACESTATE",
        "HTTP_VIA",
        "HTTP_X_FORWARDED_FOR",
        "HTTP_X_REAL_IP",
        "HTTP_X_REQUEST_ID",
    }
)

_ABOUT_WAITING = frozenset({"WAIT", "PHASE"})


class Place(Protocol):
    """What the server offers."""

    memory: Any
    request_id: str | None
    if_lost: Callable[[], object] | None

    @property
    def parked(self) -> int:
        """How many requests are parked."""

    @property
    def free(self) -> bool:
        """Whether the request may be parked."""

    def watch(self, changes: Any, key: bytes, alike: Hashable, /) -> None:
        """Miss no change from now on."""

    def park(self, until: float, /) -> NoReturn:
        """End this run of the request."""


def park_until_change(
    request: Request, place: Place, job: Job, seconds: float, look_again: Callable[[], Job]
) -> Job:
    """Return the job if it is to be shown now; else leave, to be called again after a change.

    The phase first seen and the end of the waiting are those of the first run, however many there are.
    """
    if place.memory is None:
        place.memory = (job.phase, time.monotonic() + seconds)
    phase, until = place.memory
    if job.phase != phase or not place.free:
        return job
    oid = job._p_oid  # noqa: SLF001 - oids are persistent's public identity
    place.watch(request.registry.uws.watcher, oid, _alike(request, phase))
    job = look_again()
    if job.phase == phase:
        place.park(until)
    return job


def park_until_end(request: Request, place: Place, job: Job, until: float, look_again: Callable[[], Job]) -> Job:
    """Return the job if it has ended, or must not be waited for any more; else leave as above.

    Nobody else is given this answer, whoever asks for the same.
    """
    if job.phase not in ACTIVE or not place.free or until <= time.monotonic():
        return job
    oid = job._p_oid  # noqa: SLF001 - as above
    place.watch(request.registry.uws.watcher, oid, job.job_id)
    job = look_again()
    if job.phase in ACTIVE:
        place.park(until)
    return job


def _alike(request: Request, phase: str) -> bytes:
    """Return what is equal for requests that get the same answer, and have the same right to it.

    All that was sent counts, credentials above all, so whoever shares an answer would have been given the same
    one; what does not count is named above.
    """
    environ = request.environ
    sent = sorted(
        (key, value) for key, value in environ.items() if key.startswith("HTTP_") and key not in ON_THE_WAY
    )
    asked = [pair for pair in read_query(request) if pair[0].upper() not in _ABOUT_WAITING]
    said = (phase, request.path_url, asked, environ.get("REMOTE_USER"), sent)
    return blake2b(repr(said).encode(), digest_size=16).digest()
