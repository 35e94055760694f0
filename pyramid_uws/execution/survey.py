"""What goes on at a site, as its operators want to see it: queue, running jobs, disks, workers, what went wrong.

The tree is looked at as of the request, this host as it is now. Nothing is stored, and what it costs is bounded:
lists are cut, folders are looked through for a while only, and a survey holds for twenty times as long as it took.
"""

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from pyramid_uws.observing.logs import Complaint
from pyramid_uws.observing.numbers import Numbers, SlowCommit
from pyramid_uws.settings import Settings
from pyramid_uws.tree import ARCHIVE, LIVE, Heartbeat, Job, JobRenderer, Root, job_renderers
from pyramid_uws.uws.instants import now, parse_instant
from pyramid_uws.uws.limits import SECOND
from pyramid_uws.uws.phases import ERROR, EXECUTING, HELD

from .choosing import Chooser
from .home import attempt_folder
from .jobdir import JobDirectory
from .neighbours import slots_of
from .processes import alive
from .usage import Room, Usage, room_of, usage_of

#: How long a survey holds, in times of what it took.
SHARE = 20

#: How many of each are shown.
MOST_NEXT = 10
MOST_RUNNING = 50
MOST_FAILED = 20
MOST_COMPLAINTS = 30
MOST_SLOW = 10

#: How many of each list's newest jobs are looked at for those that have failed, and since when (µs).
MOST_LOOKED_AT = 500
OF_LATE = 3600 * SECOND

#: How long (s) is looked at what running jobs take, and into the folders of results and of work.
PATIENCE = 0.3

#: How the URI of a file storage begins.
FILE = "file://"

#: A worker that was not seen for so many times of its time limit is called late.
LATE = 1


@dataclass(frozen=True)
class Line:
    """The jobs of a list that wait or run. ``is_offered`` tells whether the service is still there."""

    service: str
    renderer: str
    is_offered: bool
    queued: int
    held: int
    running: int
    oldest: int | None


@dataclass(frozen=True)
class Seen:
    """A job that waits, runs or has failed, and since when."""

    service: str
    renderer: str
    job_id: str
    owner: str | None
    runid: str | None
    since: int | None


@dataclass(frozen=True)
class Waiting(Seen):
    """A job in the queue; ``expected`` is when it is likely to start, if anybody can tell."""

    expected: int | None


class Progress(NamedTuple):
    """How far a job says it is."""

    fraction: float
    text: str


@dataclass(frozen=True)
class Running(Seen):
    """A job at work; ``usage`` is None if it runs elsewhere, or was not looked at for want of time."""

    progress: Progress | None
    ends: int | None
    is_aborted: bool
    worker: str | None
    usage: Usage | None


@dataclass(frozen=True)
class Failed(Seen):
    """A job that has failed of late."""

    kind: str
    message: str


@dataclass(frozen=True)
class Disk:
    """A file system with what of the site lies on it; sizes in bytes."""

    holds: tuple[str, ...]
    total: int
    free: int
    is_short: bool


@dataclass(frozen=True)
class Store:
    """Something of the site on disk."""

    name: str
    where: str
    room: Room | None


@dataclass(frozen=True)
class Worker:
    """Somebody who runs jobs, as the last heartbeat tells."""

    name: str
    host: str
    pid: int
    slots: int
    started: int
    seen: int
    is_dead: bool
    is_late: bool


@dataclass(frozen=True)
class Commits:
    """The transactions of this process: how many, and how long (s) half of them and the longest percent take."""

    count: int
    failed: int
    median: float | None
    longest: float | None
    slow: tuple[SlowCommit, ...]


@dataclass(frozen=True)
class Survey:
    """All of it, at an instant (µs)."""

    at: int
    host: str
    pid: int
    started: int
    slots: int | None
    lines: tuple[Line, ...]
    next: tuple[Waiting, ...]
    running: tuple[Running, ...]
    running_in_all: int
    failed: tuple[Failed, ...]
    disks: tuple[Disk, ...]
    stores: tuple[Store, ...]
    workers: tuple[Worker, ...]
    commits: Commits
    complaints: tuple[Complaint, ...]


class Surveyor:
    """Looks at a site, a :class:`~pyramid_uws.site.Site`, whose chooser knows who is next."""

    def __init__(self, site: Any, chooser: Chooser) -> None:
        self._site = site
        self._chooser = chooser
        self._settings: Settings = site.settings
        self._slots = None if site.dispatcher is None else slots_of(site.settings)
        self._lock = threading.Lock()
        self._holds_until = 0.0
        self._found: Survey | None = None

    def survey(self, root: Root) -> Survey:
        """Return what is to be seen, or was a moment ago."""
        with self._lock:
            began = time.monotonic()
            if self._found is None or began >= self._holds_until:
                self._found = self._look(root)
                ended = time.monotonic()
                self._holds_until = ended + SHARE * (ended - began)
            return self._found

    def _look(self, root: Root) -> Survey:
        site, moment = self._site, now()
        renderers = list(job_renderers(root))
        return Survey(
            at=moment,
            host=socket.gethostname(),
            pid=os.getpid(),
            started=site.started,
            slots=self._slots,
            lines=tuple(_line(renderer, site.definitions) for renderer in renderers),
            next=tuple(self._next(root)),
            running=tuple(self._running(renderers)),
            running_in_all=sum(renderer.joblist.count_in(EXECUTING) for renderer in renderers),
            failed=tuple(_failed(renderers, moment - OF_LATE)),
            disks=tuple(_disks(self._settings)),
            stores=tuple(self._stores(root)),
            workers=tuple(self._worker(heart, moment) for heart in root.heartbeats()),
            commits=_commits(site.numbers),
            complaints=tuple(_of_late(site.errors.latest(), moment - OF_LATE)),
        )

    # Jobs

    def _next(self, root: Root) -> Iterator[Waiting]:
        """Yield those whose turn it is next."""
        for address, _ in islice(self._chooser.order(root), MOST_NEXT):
            renderer = root[address.service][address.renderer]
            job = renderer.joblist[address.job_id]
            prospect = self._site.outlook.of(job)
            said = None if prospect is None else dict(prospect.info).get("expectedStart")
            expected = None if said is None else parse_instant(said)
            yield Waiting(**_seen(renderer, job, job.queued), expected=expected)

    def _running(self, renderers: Iterable[JobRenderer]) -> Iterator[Running]:
        """Yield those at work, the newest of each list first."""
        deadline = time.monotonic() + PATIENCE
        found = ((each, job) for each in renderers for job in each.joblist.in_phase(EXECUTING))
        for renderer, job in islice(found, MOST_RUNNING):
            yield Running(
                **_seen(renderer, job, job.started),
                progress=None if job.progress is None else Progress(*job.progress),
                ends=job.quote,
                is_aborted=job.abort_requested is not None,
                worker=job.worker,
                usage=self._usage(job, deadline),
            )

    def _usage(self, job: Job, deadline: float) -> Usage | None:
        if time.monotonic() > deadline:
            return None
        folder = attempt_folder(self._settings, job.worker, f"{job.job_id}.{job.attempt}")
        keeper = None if folder is None else JobDirectory(folder).keeper()
        if folder is None or keeper is None or not alive(keeper):
            return None
        return usage_of(keeper, folder, deadline)

    # What it rests on

    def _stores(self, root: Root) -> Iterator[Store]:
        databases = root._p_jar.db().databases  # noqa: SLF001 - persistent's public way to the database
        uris = {LIVE: ("database", self._settings.storage), ARCHIVE: ("archive", self._settings.archive_uri)}
        for name, (called, uri) in uris.items():
            if name in databases:
                size = int(databases[name].getSize())
                yield Store(called, _file_of(uri), None if size == 0 else Room(size, 1, is_all=True))
        for called, folder in (("results", self._settings.results), ("work", self._settings.work)):
            yield Store(called, str(folder), room_of([folder], time.monotonic() + PATIENCE))

    def _worker(self, heart: Heartbeat, moment: int) -> Worker:
        return Worker(
            name=heart.name,
            host=heart.host,
            pid=heart.pid,
            slots=heart.slots,
            started=heart.started,
            seen=heart.seen,
            is_dead=heart.gone,
            is_late=moment - heart.seen > LATE * self._settings.worker_timeout * SECOND,
        )


def _seen(renderer: JobRenderer, job: Job, since: int | None) -> dict[str, Any]:
    """Return what is shown of every job, by name."""
    return {
        "service": renderer.__parent__.__name__,
        "renderer": renderer.__name__,
        "job_id": job.job_id,
        "owner": job.owner,
        "runid": job.runid,
        "since": since,
    }


def _line(renderer: JobRenderer, definitions: Any) -> Line:
    joblist = renderer.joblist
    oldest = next(joblist.queued(), None)
    return Line(
        service=renderer.__parent__.__name__,
        renderer=renderer.__name__,
        is_offered=renderer.__parent__.__name__ in definitions,
        queued=joblist.queue.size() + len(joblist.later),
        held=joblist.count_in(HELD),
        running=joblist.count_in(EXECUTING),
        oldest=None if oldest is None else oldest[0],
    )


def _failed(renderers: Iterable[JobRenderer], since: int) -> list[Failed]:
    """Return those that have failed since an instant (µs), among the newest of each list, the latest first."""
    found = [
        Failed(**_seen(renderer, job, job.ended), kind=kind, message=message)
        for renderer in renderers
        for job in islice(renderer.joblist.jobs.values(), MOST_LOOKED_AT)
        if job.phase == ERROR and (job.ended or 0) >= since
        for kind, message, _ in [job.failure or ("", "", "")]
    ]
    return sorted(found, key=attrgetter("since"), reverse=True)[:MOST_FAILED]


def _disks(settings: Settings) -> Iterator[Disk]:
    """Yield the file systems on which the folders of the site are, each once."""
    folders = {"database": settings.var, "results": settings.results, "work": settings.work}
    devices: dict[int, list[str]] = {}
    for name, folder in folders.items():
        devices.setdefault(_existing(folder).stat().st_dev, []).append(name)
    for names in devices.values():
        use = shutil.disk_usage(_existing(folders[names[0]]))
        yield Disk(tuple(names), use.total, use.free, use.free < settings.min_free)


def _file_of(uri: str) -> str:
    """Return the file of a file storage; nothing for others, in whose URIs there may be passwords."""
    return uri.removeprefix(FILE).partition("?")[0] if uri.startswith(FILE) else ""


def _existing(folder: Path) -> Path:
    """Return the folder, or the next one above that is there."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def _commits(numbers: Numbers) -> Commits:
    with numbers.lock:
        commits, slow = numbers.commits, list(numbers.slow_commits)
        return Commits(
            count=commits.count,
            failed=numbers.failed_commits,
            median=commits.quantile(0.5),
            longest=commits.quantile(0.99),
            slow=tuple(slow[: -MOST_SLOW - 1 : -1]),
        )


def _of_late(complaints: Iterable[Complaint], since: int) -> Iterator[Complaint]:
    return islice((each for each in complaints if each.when >= since), MOST_COMPLAINTS)
