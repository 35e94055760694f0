"""Processes seen from outside: who one is, whether it lives, what descends from it, how to end it for good.

A pid alone says little, for pids are used again; a process is known by its pid, the clock tick at which it
started, and the boot in which that tick counts. Linux only. May import ``linux`` of this folder.
"""

import contextlib
import functools
import itertools
import os
import select
import signal
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from .linux import MARK

_PROC = Path("/proc")

#: Seconds for which processes that do not go are killed again; the kernel may be busy writing their pages.
PATIENCE = 10.0


@functools.cache
def _boot() -> str:
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:  # not in every sandbox; then a reboot is not told from a long sleep
        return ""


@dataclass(frozen=True, order=True)
class Identity:
    """One process among all there ever are: pid, start in clock ticks since the boot, the boot."""

    pid: int
    start_time: int
    boot: str

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """Return who has that pid now, or None if nobody has."""
        stat = _stat(pid)
        return None if stat is None else cls(pid, stat.start_time, _boot())


class _Stat(NamedTuple):
    """What counts of ``/proc/PID/stat``."""

    state: str
    parent: int
    session: int
    start_time: int


def _stat(pid: int) -> _Stat | None:
    """Return the facts about a living process; a zombie is dead, though nobody has buried it yet."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - read for every process there is
            line = file.read()
    except OSError:
        return None
    # The second field is the program's name in parentheses, which may itself hold blanks and parentheses.
    fields = line[line.rindex(b")") + 2 :].split()
    state = fields[0].decode()
    if state in "ZXx":
        return None
    return _Stat(state, int(fields[1]), int(fields[3]), int(fields[19]))


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a living process and of those of its children that have been waited for."""
    try:
        line = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:  # it has ended
        return 0.0
    fields = line[line.rindex(b")") + 2 :].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def alive(identity: Identity) -> bool:
    """Tell whether the process is still there."""
    return Identity.of(identity.pid) == identity


def open_pidfd(identity: Identity) -> int | None:
    """Return a file descriptor that becomes readable when the process ends; None if it has ended."""
    try:
        pidfd = os.pidfd_open(identity.pid)
    except ProcessLookupError:
        return None
    # Whoever has the pid now has it for as long as the descriptor is open and the process is not dead.
    if alive(identity):
        return pidfd
    os.close(pidfd)
    return None


def send(identity: Identity, *signals: signal.Signals) -> bool:
    """Send the signals to this very process; tell whether it was there and ours to signal."""
    pidfd = open_pidfd(identity)
    if pidfd is None:
        return False
    try:
        for number in signals:
            signal.pidfd_send_signal(pidfd, number)
    except (ProcessLookupError, PermissionError):
        return False
    finally:
        os.close(pidfd)
    return True


def descendants(pid: int) -> Iterator[Identity]:
    """Yield the living descendants of a process as it finds them, parents before their children."""
    waiting = _children(pid)
    while waiting:
        child = waiting.pop()
        identity = Identity.of(child)
        if identity is not None:
            yield identity
        waiting.extend(_children(child))


def _children(pid: int) -> list[int]:
    """Return the pids of the children; some may be missed while they come and go."""
    if not _lists_children():
        return [child for child in _pids() if (stat := _stat(child)) is not None and stat.parent == pid]
    children: list[int] = []
    with contextlib.suppress(OSError):  # it has ended meanwhile
        for thread in (_PROC / str(pid) / "task").iterdir():
            with contextlib.suppress(OSError):  # only the thread has
                children.extend(map(int, (thread / "children").read_bytes().split()))
    return children


@functools.cache
def _lists_children() -> bool:
    """Tell whether the kernel lists them; reading all of /proc for them is too slow to catch a fork bomb."""
    return (_PROC / f"self/task/{os.getpid()}/children").exists()


def of_job(mark: str) -> set[Identity]:
    """Return the living processes of an attempt, by the mark in their environment.

    Those that have wiped it belong to the attempt, too, if they share a session with, or descend from, one that
    has not.
    """
    stats = {pid: stat for pid in _pids() if (stat := _stat(pid)) is not None}
    sought = f"{MARK}={mark}".encode()
    found = {pid for pid in stats if sought in _environment(pid)}
    # Not the session of a living leader who has no mark: somebody may have marked a process by hand. Nor number
    # 0, which stands for all sessions from outside a container.
    sessions = {stats[pid].session for pid in found} - (stats.keys() - found) - {0}
    found |= {pid for pid, stat in stats.items() if stat.session in sessions}
    found = _with_descendants(found, {pid: stat.parent for pid, stat in stats.items()})
    return {Identity(pid, stats[pid].start_time, _boot()) for pid in found if pid != os.getpid()}


def _pids() -> list[int]:
    return [int(entry.name) for entry in os.scandir(_PROC) if entry.name.isdigit()]


def _environment(pid: int) -> list[bytes]:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123 - read for every process there is
            return file.read().split(b"\0")
    except OSError:  # it has ended, or is somebody else's
        return []


def _with_descendants(found: set[int], parents: dict[int, int]) -> set[int]:
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found = found | more
    return found


def end_everything(keeper: Identity | None, mark: str, patience: float = PATIENCE) -> int:
    """KILL every process of an attempt, its keeper included; return how many are left after all.

    This is for attempts whose keeper is dead or does not react: a living one knows better who is its own.
    """
    deadline = time.monotonic() + patience
    left: set[Identity] = set() if keeper is None else {keeper}
    # Whoever was found once is waited for: when those with a mark are gone, those without are not found again.
    while left := {identity for identity in left if alive(identity)} | of_job(mark):
        for identity in left:
            send(identity, signal.SIGKILL)
        if time.monotonic() > deadline:
            break
        _wait_for_an_end(left, 0.05)
    return len(left)


def _wait_for_an_end(identities: Iterable[Identity], timeout: float) -> None:
    """Wait until one of the processes has ended (of the first few, if they are many), or the time is up."""
    with contextlib.ExitStack() as stack:
        poll = select.poll()
        for identity in itertools.islice(identities, 16):
            pidfd = open_pidfd(identity)
            if pidfd is None:
                return
            stack.callback(os.close, pidfd)
            poll.register(pidfd, select.POLLIN)
        poll.poll(timeout * 1000)
