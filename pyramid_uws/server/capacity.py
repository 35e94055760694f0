"""How many connections the server can have: what the process may open, and who gets which share of it."""

import logging
import resource
from typing import NamedTuple

log = logging.getLogger(__name__)

#: How many requests are parked at most, unless the ini file says otherwise.
PARK_LIMIT = 12_000

#: How many connections waitress looks after itself, unless the ini file says otherwise.
CONNECTION_LIMIT = 1000

#: Descriptors for everything that is no connection: database, results, jobs, pipes.
RESERVED = 400

#: What a system gives at most that gives as much as one likes.
PLENTY = 1 << 20


class Capacity(NamedTuple):
    """Shares of the file descriptors.

    ``parked`` requests at most, ``aside`` connections that are parked or idle, and ``working`` others.
    """

    parked: int
    aside: int
    working: int


def raise_file_limit() -> int:
    """Raise the soft limit of open files to the hard one; return it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        hard = PLENTY
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return hard


def read_park_limit(text: str | None) -> int | None:
    """Read ``park_limit``; None if it is not given, 0 if nothing shall be parked."""
    if text is None:
        return None
    if not text.strip().isdecimal():
        raise ValueError(f"[server:main] park_limit = {text}: expected a whole number that is not negative")
    return int(text)


def divide(files: int, wanted: int | None, connections: int) -> Capacity:
    """Divide the files that may be open; less is parked than was wanted if there are too few."""
    left = max(files - RESERVED, files // 4)
    working = min(connections, left // 2)
    parked = min(PARK_LIMIT if wanted is None else wanted, left - working)
    if wanted is not None and parked < wanted:
        log.warning(
            "park_limit = %d is more than the limit of %d open files allows (RLIMIT_NOFILE); it is %d now",
            *(wanted, files, parked),
        )
    return Capacity(parked, left - working, working)
