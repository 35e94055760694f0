"""What has to be said to the kernel itself: a process's name, its orphans, its parent, its mark; room for a file.

Linux only. Imports nothing of the package; most of it runs in processes just forked.
"""

import contextlib
import ctypes
import errno
import functools
import os
import resource
import signal
from pathlib import Path

#: The environment variable that every process of a job carries; its value is the job directory's name.
MARK = "PYRAMID_UWS_JOB"

#: As many bytes as a mark may have.
MARK_ROOM = 63

_BLANK = "-" * MARK_ROOM

# <linux/prctl.h>
_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PR_SET_CHILD_SUBREAPER = 36

# <linux/falloc.h>
_FALLOC_FL_KEEP_SIZE = 1

#: Of those that fill the memory the kernel shall end a core before it ends the server (0 is usual, 1000 first).
_OOM_SCORE = 500


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, argument: ctypes.c_ulong | ctypes.c_char_p) -> None:
    if _libc().prctl(option, argument, ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}) failed")


def set_name(name: str) -> None:
    """Set what ``ps`` and ``pgrep`` call this process (15 characters)."""
    _prctl(_PR_SET_NAME, ctypes.c_char_p(name.encode()))


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, however it has detached itself."""
    _prctl(_PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(1))


def die_with_parent(parent: int) -> None:
    """Have the kernel KILL this process when its parent, which must be of that pid, ends."""
    _prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))
    if os.getppid() != parent:  # it ended before it was asked for
        os.kill(os.getpid(), signal.SIGKILL)


def volunteer_for_oom() -> None:
    """Prefer this process and its children over others when memory runs out."""
    with contextlib.suppress(OSError):  # not in every sandbox
        descriptor = os.open("/proc/self/oom_score_adj", os.O_RDWR | os.O_CLOEXEC)
        try:
            if int(os.read(descriptor, 16)) < _OOM_SCORE:
                os.write(descriptor, b"%d" % _OOM_SCORE)
        finally:
            os.close(descriptor)


def oom_kills() -> int:
    """Return how many processes the kernel has killed since the boot because memory ran out."""
    with contextlib.suppress(OSError), Path("/proc/vmstat").open() as file:
        for line in file:
            name, _, count = line.partition(" ")
            if name == "oom_kill":
                return int(count)
    return 0


def room_for_mark() -> dict[str, str]:
    """Return what the environment of a process needs so that its forks can be marked."""
    return {MARK: _BLANK}


def mark_process(mark: str) -> None:
    """Have this process and whatever it forks or executes carry the mark in ``/proc/PID/environ``.

    That file shows the memory in which a program found its environment when it was executed. Setting a
    variable puts it elsewhere, so that only executed children would show the mark, not forked ones. Therefore
    the blank that came with the environment is overwritten where it stands.
    """
    if len(mark.encode()) > MARK_ROOM:
        raise ValueError(f"the mark {mark!r} is longer than {MARK_ROOM} bytes")
    getenv = _libc().getenv
    getenv.restype = ctypes.c_void_p
    getenv.argtypes = [ctypes.c_char_p]
    address = getenv(MARK.encode())
    if address and ctypes.string_at(address) == _BLANK.encode():
        ctypes.memmove(address, mark.encode().ljust(MARK_ROOM, b"\0"), MARK_ROOM)
    os.environ[MARK] = mark


def take_room(descriptor: int, offset: int, length: int) -> None:
    """Take room on disk for a part of a file, also beyond its end, which stays where it is; else ``OSError``.

    Some file systems cannot do that; then nothing happens.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    if limit != resource.RLIM_INFINITY and offset + length > limit:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    span = (ctypes.c_int64(offset), ctypes.c_int64(length))
    if _libc().fallocate(descriptor, _FALLOC_FL_KEEP_SIZE, *span) != 0:
        number = ctypes.get_errno()
        if number not in {errno.EOPNOTSUPP, errno.ENOSYS}:
            raise OSError(number, os.strerror(number))
