"""What there is of a job beside what its server tells: files, processes, transactions."""

import contextlib
import os
import stat
from pathlib import Path

from ZODB.FileStorage import FileStorage

from .http import wait_for
from .server import Server


def job_id(job: str) -> str:
    return job.rpartition("/")[2]


def below(folder: Path) -> list[Path]:
    """Return everything below the folder, sorted; folders that vanish meanwhile are no trouble."""
    return sorted(Path(place, name) for place, *entries in os.walk(folder) for names in entries for name in names)


def open_to_others(folder: Path) -> list[Path]:
    """Return what is below the folder with which others than its owner may do something."""
    found = []
    for path in below(folder):
        with contextlib.suppress(FileNotFoundError):
            mode = path.lstat().st_mode
            if not stat.S_ISLNK(mode) and mode & (stat.S_IRWXG | stat.S_IRWXO):
                found.append(path)
    return found


def containing(folder: Path, *words: str) -> list[tuple[str, str]]:
    """Return the names of files below the folder in which one of the words is, with the word."""
    found = []
    for path in filter(Path.is_file, below(folder)):
        with contextlib.suppress(FileNotFoundError):
            content = path.read_bytes()
            found += [(path.name, word) for word in words if word.encode() in content]
    return found


def files(server: Server, job: str) -> list[Path]:
    """Return everything in the server's folders that has to do with the job."""
    return [path for path in below(server.var) if job_id(job) in str(path)]


def stored(server: Server) -> list[Path]:
    """Return the files that the server keeps for its jobs: parameters, results, references to both."""
    return [path for path in below(server.var / "results") if path.is_file()]


def pids_of_stubborn(folder: Path) -> list[int]:
    """Return the pids of the stubborn core's processes, once all of them are there."""
    names = ("core", "child", "session", "daemon")
    wait_for(lambda: all((folder / name).exists() for name in names), what="the core's children")
    return [int((folder / name).read_text()) for name in names]


def count_transactions(server: Server) -> int:
    """Return how many transactions the database of a server that does not run holds."""
    assert not server.is_running
    storage = FileStorage(str(server.var / "uws.fs"), read_only=True)
    try:
        return sum(1 for _ in storage.iterator())
    finally:
        storage.close()
