"""What the processes of a job may use: set in the core, looked after by the keeper, told in sentences.

The kernel holds each process to its memory, CPU time, size of files and open files. What counts for a job as a
whole, CPU time again, disk and number of processes, its keeper looks at.

May import ``uws`` of the package, and :mod:`.files` and :mod:`.processes` of this folder.
"""

import errno
import os
import resource
import signal
import time
from pathlib import Path

from pyramid_uws.uws.limits import Limits

from .files import size_of_tree
from .processes import cpu_seconds, descendants

#: Seconds between looks at what a job uses as a whole.
PERIOD = 0.5

#: Looking at the disk may take this part of the keeper's time; where there are many files, it looks less often.
_SHARE = 0.05

_CPU, _MEMORY, _FILE_SIZE, _OPEN_FILES = "max_cpu", "max_memory", "max_file_size", "max_open_files"
_PROCESSES, _DISK = "max_processes", "max_disk"

_SENTENCES = {
    _CPU: "The job was ended because it used up the {} s of CPU time that it may have",
    _MEMORY: "The job needed more memory than the {} it may have",
    _FILE_SIZE: "The job wrote a file larger than the {} it may be",
    _OPEN_FILES: "The job opened more than the {} files it may have open at once",
    _PROCESSES: "The job was ended because it had more processes than the {} it may have at once",
    _DISK: "The job was ended because it had more on disk than the {} it may have",
}
_SIZES = frozenset({_MEMORY, _FILE_SIZE, _DISK})

_UNITS = ("kB", "MB", "GB", "TB")

_BY_ERROR = {errno.ENOMEM: _MEMORY, errno.EFBIG: _FILE_SIZE, errno.EMFILE: _OPEN_FILES}
_BY_SIGNAL: dict[int, str] = {signal.SIGXCPU: _CPU, signal.SIGXFSZ: _FILE_SIZE}


def bind(limits: Limits) -> None:
    """Have the kernel hold this process, and each that it starts, to the limits. They cannot be lifted."""
    _bind(resource.RLIMIT_CORE, 0)
    if limits.max_memory:
        # What is there already, all that the fork server has imported, is not the core's doing.
        _bind(resource.RLIMIT_AS, _mapped() + limits.max_memory)
    if limits.max_file_size:
        _bind(resource.RLIMIT_FSIZE, limits.max_file_size)
    if limits.max_open_files:
        _bind(resource.RLIMIT_NOFILE, limits.max_open_files)
    if limits.max_cpu:
        # SIGXCPU at the limit; SIGKILL for a process that does not mind.
        _bind(resource.RLIMIT_CPU, limits.max_cpu, margin=1)


def bind_program(limits: Limits) -> None:
    """Have the kernel hold a program that this process is about to become to its memory, which is all its own."""
    if limits.max_memory:
        _bind(resource.RLIMIT_AS, limits.max_memory)


def _bind(kind: int, most: int, margin: int = 0) -> None:
    _, hard = resource.getrlimit(kind)
    most, last = (bound if hard == resource.RLIM_INFINITY else min(bound, hard) for bound in (most, most + margin))
    resource.setrlimit(kind, (most, last))


def _mapped() -> int:
    """Return how much address space this process has, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def met_by_error(limits: Limits, problem: BaseException) -> str:
    """Return the name of the limit of which an exception tells, or nothing."""
    name: str | None = None
    if isinstance(problem, MemoryError):
        name = _MEMORY
    elif isinstance(problem, OSError):
        name = _BY_ERROR.get(problem.errno or 0)
    return name if name and getattr(limits, name) else ""


def met_by_signal(limits: Limits, number: int) -> str:
    """Return the name of the limit of which the signal tells that ended a process, or nothing."""
    name = _BY_SIGNAL.get(number)
    return name if name and getattr(limits, name) else ""


def sentence(limits: Limits, name: str) -> str:
    """Return what the user is told of a limit that was met."""
    bound = getattr(limits, name)
    return _SENTENCES[name].format(_readable(bound) if name in _SIZES else bound) + "."


def _readable(size: int) -> str:
    """Return a size in bytes, in the largest unit (of 1024) that it is a multiple of."""
    for power in range(len(_UNITS), 0, -1):
        if size % 1024**power == 0:
            return f"{size // 1024**power} {_UNITS[power - 1]}"
    return f"{size} bytes"


class Watch:
    """Looks, now and then, at what a job uses as a whole; for its keeper, whose descendants are the job's."""

    def __init__(self, limits: Limits, folder: Path) -> None:
        self._limits = limits
        self._folder = folder
        self._next = time.monotonic()
        self._next_on_disk = self._next

    def next_look(self, until: float | None) -> float | None:
        """Return when to look (monotonic seconds), or ``until`` if that is earlier; None is never."""
        if not (self._limits.max_cpu or self._limits.max_processes or self._limits.max_disk):
            return until
        return self._next if until is None else min(self._next, until)

    def look(self) -> str:
        """Return the name of the limit that was exceeded, or nothing; also when it is not yet time to look."""
        instant = time.monotonic()
        if instant < self._next:
            return ""
        self._next = instant + PERIOD
        if self._limits.max_processes and self._too_many():
            return _PROCESSES
        if self._limits.max_cpu and self._too_long():
            return _CPU
        if self._limits.max_disk and instant >= self._next_on_disk and self._too_much():
            return _DISK
        return ""

    def _too_many(self) -> bool:
        return sum(1 for _ in descendants(os.getpid())) > self._limits.max_processes

    def _too_long(self) -> bool:
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        living = sum(cpu_seconds(identity.pid) for identity in descendants(os.getpid()))
        return ended.ru_utime + ended.ru_stime + living > self._limits.max_cpu

    def _too_much(self) -> bool:
        began = time.monotonic()
        size = size_of_tree(self._folder)
        ended = time.monotonic()
        self._next_on_disk = ended + (ended - began) / _SHARE
        return size > self._limits.max_disk
