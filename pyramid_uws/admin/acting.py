"""Having something done: by the running server, or by this very process while none runs."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from pyramid_uws.exceptions import UWSError
from pyramid_uws.settings import Settings

from .actions import ActingSite, Actions
from .client import NoServer, ask
from .looking import locked_is_said
from .operator import name_of
from .wire import MOST_JOBS

Perform = Callable[[Mapping[str, Any]], Any]
Visit = Callable[[], AbstractContextManager[ActingSite]]

#: Seconds within which a server says that it is there, and has done something; packing takes its time.
PING_SECONDS = 10.0
ACTION_SECONDS = 180.0
PACK_SECONDS = 12 * 3600.0


def ping(settings: Settings) -> dict[str, Any] | None:
    """Return what the running server says of itself, None if there is none."""
    try:
        server: dict[str, Any] = ask(settings.socket, {"do": "ping"}, PING_SECONDS)
    except NoServer:
        return None
    return server


@contextmanager
def performing(settings: Settings, visit: Visit) -> Iterator[Perform]:
    """Yield what carries out requests: the server, or the site that ``visit`` opens for itself alone."""
    if ping(settings) is None:
        check_owner(settings.var)
        with locked_is_said(settings.storage), visit() as site:
            yield Actions(site, serving=False).perform
    else:
        yield lambda request: ask(
            settings.socket, request, PACK_SECONDS if request["do"] == "pack" else ACTION_SECONDS
        )


def check_owner(folder: Path) -> None:
    """Refuse to leave files behind that the server could not write to."""
    owner = _owner_of(folder)
    if owner is not None and owner != os.geteuid():
        name = name_of(owner)
        raise UWSError(
            f"{folder} belongs to the user {name}; while no server runs, only that user can act: sudo -u {name} …"
        )


def _owner_of(folder: Path) -> int | None:
    return folder.stat().st_uid if folder.exists() else None


def act_on(perform: Perform, name: str, jobs: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Do it to the jobs, some at a time, and yield what became of each: ``job_id``, ``done`` and ``note``."""
    for first in range(0, len(jobs), MOST_JOBS):
        yield from perform({"do": name, "jobs": jobs[first : first + MOST_JOBS]})
