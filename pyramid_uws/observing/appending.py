"""A file to which several processes append whole lines, and which they rotate.

Whoever appends holds the kernel's lock of the file (``flock``), looks whether the name still leads to it (another
process, or logrotate, may have put it aside), and writes at its end in one go. What a full disk has let through in
part is taken back; what a process that was killed has left in part is cut off by the next.
"""

import contextlib
import errno
import fcntl
import logging
import os
import stat
import threading
import time
from pathlib import Path

log = logging.getLogger(__name__)

#: How long one waits for the lock (s), and how long between two looks; who has it needs microseconds.
PATIENCE = 0.25
PAUSE = 0.001

#: How much is read at once in search of the last whole line.
_CHUNK = 65536


class LineFile:
    """Appends to ``path``, which is begun anew at ``size`` bytes (0: never); ``keep`` older ones stay beside it.

    Not more than one thread appends at a time, and it may take a moment: everything fails with an ``OSError``.
    """

    def __init__(self, path: Path, *, size: int = 0, keep: int = 0) -> None:
        self.path = path
        self._size = size
        self._keep = keep
        self._lock = threading.Lock()
        self._descriptor = -1
        self._identity = (-1, -1)
        self._end = -1
        self._rotates = True

    def append(self, lines: bytes, patience: float = PATIENCE) -> None:
        """Write lines, all of them or none; ``patience`` is for others who write (s)."""
        with self._lock:
            try:
                self._append(lines, time.monotonic() + patience)
            except OSError:
                self._close()  # it may be another file that is in its place when this is tried again
                raise

    def check(self) -> None:
        """Make the file if it is not there, and see that it can be written to."""
        self.append(b"")

    def close(self) -> None:
        """Let go of the file; the next line opens it again."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    def _append(self, lines: bytes, deadline: float) -> None:
        size = self._take(deadline)
        try:
            # What ends where we have left it is whole, as we have left it.
            end = size if size == self._end else _mend(self._descriptor, size)
            self._end = -1
            if self._size and end and end + len(lines) > self._size:
                end = self._begun_anew(end, deadline)
            if lines:
                _write_all(self._descriptor, lines, end)
            self._end = end + len(lines)
        finally:
            if self._descriptor >= 0:
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _take(self, deadline: float) -> int:
        """Lock the file that is at the path now; return its size."""
        while True:
            if self._descriptor < 0:
                self._descriptor = _open(self.path)
                self._identity = _identity(os.fstat(self._descriptor))
                self._end = -1
            _wait_for_lock(self._descriptor, deadline)
            with contextlib.suppress(FileNotFoundError):
                there = self.path.lstat()
                if _identity(there) == self._identity:
                    return there.st_size
            self._close()

    def _begun_anew(self, end: int, deadline: float) -> int:
        """Go on in a new file; in the old one, if that cannot be. Return where it ends."""
        try:
            self._rotate()
        except OSError as problem:
            if self._rotates:
                log.error("%s cannot be put aside and grows on: %s", self.path, problem.strerror)  # noqa: TRY400 - the sentence says it all
            self._rotates = False
            return end
        self._rotates = True
        self._take(deadline)
        return 0

    def _rotate(self) -> None:
        """Put the file aside as ``.1`` and older ones one further, and let go of it, and so of its lock."""
        names = [self.path, *(self.path.with_name(f"{self.path.name}.{n}") for n in range(1, self._keep + 1))]
        names[-1].unlink(missing_ok=True)
        for older, newer in zip(names[:0:-1], names[-2::-1], strict=True):
            if newer.exists():
                newer.rename(older)
        self._close()


def _open(path: Path) -> int:
    """Open the file, made for the server's user alone; what is no plain file would not do."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(path, flags, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "this is no plain file", str(path))
    return descriptor


def _wait_for_lock(descriptor: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(PAUSE)
        else:
            return


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _mend(descriptor: int, size: int) -> int:
    """Cut off the beginning of a line whose writer was killed in the middle of it; return where the file ends."""
    end = size
    while end:
        begin = max(0, end - (1 if end == size else _CHUNK))
        newline = os.pread(descriptor, end - begin, begin).rfind(b"\n")
        if newline >= 0:
            end = begin + newline + 1
            break
        end = begin
    if end != size:
        os.ftruncate(descriptor, end)
    return end


def _write_all(descriptor: int, lines: bytes, end: int) -> None:
    """Write at the end of the file; if not all of it finds room, none of it stays."""
    written = 0
    try:
        while written < len(lines):
            written += os.write(descriptor, lines[written:])
    except OSError:
        os.ftruncate(descriptor, end)
        raise
