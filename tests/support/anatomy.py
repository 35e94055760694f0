"""Who is who among the processes of a server under test, and what it has in its folders. Linux only."""

import os
import resource
import signal
from pathlib import Path

from .http import wait_for
from .server import Server

MARK = b"PYRAMID_UWS_JOB="


def job_id(job: str) -> str:
    """Return the id of the job at that URL."""
    return job.rpartition("/")[2]


def named(server: Server, name: str) -> list[int]:
    """Return the pids of the server's processes that `ps` calls by this name."""
    return [pid for pid in server.descendants() if _read(pid, "comm").strip() == name.encode()]


def of_jobs(server: Server) -> dict[int, str]:
    """Return the processes that carry the mark of a job, with their names."""
    return {pid: _read(pid, "comm").decode().strip() for pid in server.descendants() if _mark(pid)}


def of_job(server: Server, job: str, name: str = "") -> list[int]:
    """Return the pids of the processes that carry the mark of this job and have that name, if one is given."""
    return [
        pid
        for pid in server.descendants()
        if _mark(pid).startswith(job_id(job)) and name in {"", _read(pid, "comm").decode().strip()}
    ]


def jobs_of(server: Server, name: str) -> dict[int, str]:
    """Return the processes of jobs that have this name, with the ids of their jobs."""
    return {
        pid: mark.partition(".")[0]
        for pid in server.descendants()
        if (mark := _mark(pid)) and _read(pid, "comm").decode().strip() == name
    }


def wait_for_process(server: Server, job: str, name: str) -> int:
    """Wait until the job has a process of that name (`uws-core`, `uws-keeper`), and return its pid."""
    (pid,) = wait_for(lambda: of_job(server, job, name), what=f"{name} of {job}")
    return pid


def parent(pid: int) -> int:
    """Return the pid of a process's parent."""
    return int(_read(pid, "stat").rpartition(b")")[2].split()[1])


def send(signal_number: signal.Signals, *pids: int) -> None:
    """Send a signal to processes that the test has started by way of its server."""
    for pid in pids:
        os.kill(pid, signal_number)


def forbid_growth(file: Path, server: Server) -> None:
    """Have the server's own process find no room to make a file of this size, or larger, any larger."""
    _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (file.stat().st_size, hard))


def allow_growth(server: Server) -> None:
    """Have the server's own process find room again."""
    _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (hard, hard))


def attempts(server: Server) -> list[str]:
    """Return the names of the job directories there are."""
    return sorted(path.name for path in (server.var / "work").iterdir())


def _mark(pid: int) -> str:
    """Return the mark of the job that a process belongs to; empty if it belongs to none."""
    for entry in _read(pid, "environ").split(b"\0"):
        if entry.startswith(MARK):
            return entry.removeprefix(MARK).decode().strip("-")
    return ""


def _read(pid: int, file: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{file}").read_bytes()
    except OSError:  # it has ended meanwhile
        return b""
