"""What runs: server, database, disks, and each service's jobs."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pyramid_uws.settings import Settings
from pyramid_uws.tree import ARCHIVE, LIVE, Heartbeat, Joblist, JobRenderer, Root, job_renderers
from pyramid_uws.uws.instants import format_instant, now
from pyramid_uws.uws.phases import ACTIVE, EXECUTING, PHASES, QUEUED

from .looking import file_of, look, shown, sizes
from .text import count, facts, instant, seconds, size, table

#: What is in a block of ``st_blocks``, whatever the file system's own blocks are.
_BLOCK = 512


def status(settings: Settings, server: Mapping[str, Any] | None, *, answers: bool) -> dict[str, Any]:
    """Return what is known of the site; ``server`` is what a running one says of itself, if it answers."""
    found: dict[str, Any] = look(settings, _tree_status)
    return {
        "server": server and {**server, "started": format_instant(server["started"])},
        "socket": str(settings.socket),
        "answers": answers,
        "storage": _storage_status(settings.storage, found["bytes"].get(LIVE)),
        "archive": _storage_status(settings.archive_uri, found.pop("bytes").get(ARCHIVE)),
        "results": _disk_use(settings.results),
        "work": _disk_use(settings.work),
        "freeBytes": _free(settings.results),
        **found,
    }


def _tree_status(root: Root) -> dict[str, Any]:
    moment = now()
    joblists = [renderer.joblist for renderer in job_renderers(root)]
    dates = [joblist.next_destruction(after=moment) for joblist in joblists]
    return {
        "bytes": sizes(root),
        "nextDestruction": instant(min((date for date in dates if date is not None), default=None)),
        "expired": sum(1 for joblist in joblists for _ in joblist.expired(moment)),
        "workers": [_worker_status(heart) for heart in root.heartbeats()],
        "services": [_service_status(renderer) for renderer in job_renderers(root)],
    }


def _worker_status(heart: Heartbeat) -> dict[str, Any]:
    return {
        "worker": heart.name,
        "host": heart.host,
        "pid": heart.pid,
        "slots": heart.slots,
        "started": format_instant(heart.started),
        "seen": format_instant(heart.seen),
        "dead": heart.gone,
    }


def _service_status(renderer: JobRenderer) -> dict[str, Any]:
    joblist = renderer.joblist
    oldest = next(joblist.queued(), None)
    return {
        "service": renderer.__parent__.__name__,
        "renderer": renderer.__name__,
        "phases": _count(joblist),
        "queued": joblist.count_in(QUEUED),
        "oldestQueued": None if oldest is None else format_instant(oldest[0]),
        "running": [
            {
                "jobId": job.job_id,
                "ownerId": job.owner,
                "startTime": instant(job.started),
                "progress": job.progress and {"fraction": job.progress[0], "text": job.progress[1]},
                "abortRequested": job.abort_requested is not None,
            }
            for job in joblist.in_phase(EXECUTING)
        ],
    }


def _count(joblist: Joblist) -> dict[str, int]:
    """Count the jobs by phase: the active ones have an index, the others are walked through."""
    trees = [joblist.refs, *(() if (shelf := joblist.shelf) is None else (shelf.refs,))]
    walked = Counter(phase for tree in trees for refs in tree.values() for phase, _ in refs.values())
    numbers = {phase: joblist.count_in(phase) if phase in ACTIVE else walked[phase] for phase in PHASES}
    return {phase: number for phase, number in numbers.items() if number}


def _storage_status(storage: str, octets: int | None) -> dict[str, Any] | None:
    """Return where a storage is, its size, and that of what packing a file storage has left beside it."""
    if octets is None:
        return None
    file = file_of(storage)
    old = None if file is None else file.with_name(f"{file.name}.old")
    left = old.stat().st_size if old is not None and old.exists() else None
    return {"where": shown(storage), "bytes": octets, "oldBytes": left}


def _free(folder: Path) -> int:
    """Return how much room is left where the folder is, or will be."""
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    return shutil.disk_usage(existing).free


def _disk_use(folder: Path) -> dict[str, Any]:
    """Return how much room the files below a folder take on disk; those that vanish meanwhile do not count."""
    files = room = 0
    waiting = [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        room += entry.stat(follow_symlinks=False).st_blocks * _BLOCK
                        files += 1
        except FileNotFoundError:
            continue
    return {"folder": str(folder), "files": files, "bytes": room}


# As text


def status_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Write what :func:`status` has found."""
    expired = f", {count(found['expired'], 'job')} overdue" if found["expired"] else ""
    yield from facts(
        [
            ("server", _server(found)),
            ("database", _storage(found["storage"])),
            ("archive", found["archive"] and _storage(found["archive"])),
            ("results", _folder(found["results"])),
            ("work", _folder(found["work"])),
            ("free", f"{size(found['freeBytes'])} on the disk of the results"),
            ("next destruction", f"{seconds(found['nextDestruction']) or 'none'}{expired}"),
        ]
    )
    if found["workers"]:
        yield ""
        workers = ("WORKER", "HOST", "PID", "SLOTS", "SINCE", "LAST HEARTBEAT")
        yield from table(workers, [_worker(worker) for worker in found["workers"]], right={"PID", "SLOTS"})
    yield ""
    yield from _services(found["services"])
    running = [(service, job) for service in found["services"] for job in service["running"]]
    if running:
        yield ""
        head = ("RUNNING", "SERVICE", "OWNER", "SINCE", "PROGRESS")
        yield from table(head, [_running(service["service"], job) for service, job in running])


def _storage(found: Mapping[str, Any]) -> str:
    old = "" if found["oldBytes"] is None else f", and {size(found['oldBytes'])} that the last packing left"
    return f"{size(found['bytes'])} in {found['where']}{old}"


def _server(found: Mapping[str, Any]) -> str:
    server = found["server"]
    if not found["answers"]:
        return "does not answer"
    if server is None:
        return f"no server (nobody listens at {found['socket']})"
    jobs = "runs jobs" if server["dispatcher"] == "embedded" else "runs no jobs itself"
    return f"pid {server['pid']}, version {server['version']}, since {seconds(server['started'])}, {jobs}"


def _worker(worker: Mapping[str, Any]) -> tuple[Any, ...]:
    seen = f"{seconds(worker['seen'])}{' (dead)' if worker['dead'] else ''}"
    return worker["worker"], worker["host"], worker["pid"], worker["slots"], seconds(worker["started"]), seen


def _folder(use: Mapping[str, Any]) -> str:
    return f"{size(use['bytes'])}, {count(use['files'], 'file')} in {use['folder']}"


def _services(services: list[dict[str, Any]]) -> Iterator[str]:
    shown_phases = [phase for phase in PHASES if any(phase in service["phases"] for service in services)]
    head = ["SERVICE", *shown_phases, "OLDEST QUEUED"]
    rows = [
        [
            f"{service['service']}/{service['renderer']}",
            *(service["phases"].get(phase, 0) for phase in shown_phases),
            seconds(service["oldestQueued"]) or "-",
        ]
        for service in services
    ]
    yield from table(head, rows, right=shown_phases)


def _running(service: str, job: Mapping[str, Any]) -> tuple[Any, ...]:
    progress = job["progress"]
    told = f"{progress['fraction']:.0%} {progress['text']}" if progress else "-"
    asked = " (to be aborted)" if job["abortRequested"] else ""
    return job["jobId"], service, job["ownerId"] or "-", seconds(job["startTime"]), told + asked
