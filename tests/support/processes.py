"""Finding and ending the processes that a server under test has started, however they have hidden.

A process belongs to a server if the environment it was started with holds the server's mark, or if it works
in a folder below the server's. Both outlive double forks and new sessions. Linux only: it reads /proc.
"""

import contextlib
import os
import signal
import time
from pathlib import Path

#: Set for every server under test to a value of its own.
MARK = "UWS_TEST_SERVER"

ROUNDS = 250


def belongs(pid: int, mark: str, folder: Path) -> bool:
    """Tell whether a process is alive and one of the server's."""
    process = Path("/proc") / str(pid)
    try:
        environment = (process / "environ").read_bytes().split(b"\0")
        place = (process / "cwd").readlink()
    except OSError:
        return False
    return is_alive(pid) and (f"{MARK}={mark}".encode() in environment or place.is_relative_to(folder))


def is_alive(pid: int) -> bool:
    """Tell whether there is a process of this pid that is more than a zombie."""
    try:
        status = (Path("/proc") / str(pid) / "stat").read_text()
    except OSError:
        return False
    # The name in parentheses may hold anything.
    return status.rpartition(")")[2].split()[0] not in {"Z", "X"}


def find(mark: str, folder: Path) -> list[int]:
    """Return the pids of the server's processes, this very process excepted."""
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in pids if pid != os.getpid() and belongs(pid, mark, folder)]


def kill_all(mark: str, folder: Path) -> list[int]:
    """Kill the server's processes, those started meanwhile included, and return their pids."""
    killed = []
    for _ in range(ROUNDS):
        for pid in find(mark, folder):
            # The descriptor makes sure that it is this process that is killed, not a successor in its pid.
            with contextlib.suppress(ProcessLookupError), pidfd(pid) as descriptor:
                if belongs(pid, mark, folder):
                    signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                    killed.append(pid)
        if not find(mark, folder):
            return killed
        time.sleep(0.02)
    raise AssertionError(f"still alive after SIGKILL: {find(mark, folder)}")


@contextlib.contextmanager
def pidfd(pid: int):
    descriptor = os.pidfd_open(pid)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
