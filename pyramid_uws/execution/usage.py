"""What running jobs and their folders take of this host: CPU time, memory, processes, room on disk.

It is read from ``/proc`` and from the folders when somebody asks, and no longer than may be: both can be large.
May import :mod:`.processes` of this folder.
"""

import contextlib
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .processes import Identity, cpu_seconds, descendants

_PROC = Path("/proc")

#: What is in a block of ``st_blocks``, whatever the file system's own blocks are.
_BLOCK = 512

#: How many files are looked at between two looks at the clock.
_BREATH = 256


@dataclass(frozen=True)
class Room:
    """What files take on disk, in bytes; at least that if they were too many to look at all (``is_all``)."""

    bytes: int
    files: int
    is_all: bool


@dataclass(frozen=True)
class Usage:
    """What a job takes, its keeper included: CPU time so far, memory in bytes, processes, its folder.

    Memory that processes share counts in part for each of them, so that the sum over all is what is used.
    """

    cpu_seconds: float
    memory: int
    processes: int
    disk: Room


def usage_of(keeper: Identity, folder: Path, deadline: float) -> Usage:
    """Return what a job takes, by its keeper; its folder is looked at until ``deadline`` (monotonic seconds)."""
    pids = [keeper.pid, *(each.pid for each in descendants(keeper.pid))]
    return Usage(
        cpu_seconds=sum(map(cpu_seconds, pids)),
        memory=sum(map(memory_of, pids)),
        processes=len(pids),
        disk=room_of([folder], deadline),
    )


def memory_of(pid: int) -> int:
    """Return the memory of a process in bytes, shared pages in part; 0 if it has ended or is somebody else's."""
    with contextlib.suppress(OSError, ValueError):
        for line in (_PROC / str(pid) / "smaps_rollup").read_bytes().splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def room_of(folders: Iterable[Path], deadline: float) -> Room:
    """Return what the files below the folders take; what comes and goes meanwhile may be missed."""
    size = files = 0
    waiting = [os.fspath(folder) for folder in folders]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    size += entry.stat(follow_symlinks=False).st_blocks * _BLOCK
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                        continue
                files += 1
                if files % _BREATH == 0 and time.monotonic() > deadline:
                    return Room(size, files, is_all=False)
        if waiting and time.monotonic() > deadline:
            return Room(size, files, is_all=False)
    return Room(size, files, is_all=True)
