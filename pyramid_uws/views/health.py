"""Whether the site can do what it is for: take jobs and run them. Nothing is written to find out."""

import shutil
import time
from collections.abc import Iterable, Iterator
from typing import Any

from pyramid.location import lineage

from pyramid_uws.settings import Settings
from pyramid_uws.tree import Heartbeat, Root
from pyramid_uws.uws.instants import now
from pyramid_uws.uws.limits import SECOND

#: A dispatcher that has not moved for this many seconds is stuck.
STUCK = 90

#: The clocks of hosts differ: a worker counts as there a little longer than others would wait for it.
_PATIENCE = 2


def complaints(site: Any, context: Any) -> list[str]:
    """Return a sentence for whatever keeps the site from taking and running jobs; none if all is well.

    ``site`` is a :class:`~pyramid_uws.site.Site`, ``context`` a node of its tree.
    """
    *_, root = lineage(context)
    return [
        *_of_database(site),
        *_of_those_who_run_jobs(site, root),
        *_of_disks(site.settings),
    ]


def _of_database(site: Any) -> Iterator[str]:
    is_connected = getattr(site.database.storage, "is_connected", None)  # a client of ZEO has it
    if not site.writer.healthy or not (is_connected is None or is_connected()):
        yield "The database cannot be written at present."


def _of_those_who_run_jobs(site: Any, root: Root) -> Iterator[str]:
    if site.dispatcher is not None:
        if time.monotonic() - site.dispatcher.beat > STUCK:
            yield "No jobs are being started at present."
    elif not alive(root.heartbeats(), site.settings.worker_timeout):
        yield "No worker is there at present that would start jobs."


def alive(hearts: Iterable[Heartbeat], timeout: float) -> bool:
    """Tell whether a worker is at work by one of the heartbeats."""
    oldest = now() - int(_PATIENCE * timeout * SECOND)
    return any(not heart.gone and heart.seen > oldest for heart in hearts)


def _of_disks(settings: Settings) -> Iterator[str]:
    """Complain once, however many of the folders are short of room."""
    try:
        least = min(shutil.disk_usage(folder).free for folder in (settings.var, settings.results, settings.work))
    except OSError:
        yield "The folders of the site cannot be reached at present."
        return
    if least < settings.min_free:
        yield "There is too little room left on disk."
