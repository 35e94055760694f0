"""The log of an attempt, its beginning and its end: what the core says on stdout, stderr and with ``job.log``.

Imports nothing of the package.
"""

import contextlib
import os
from pathlib import Path

# Which part of the room is for the beginning. Half of the rest stays each time something is left out.
_HEAD = 0.25


class Log:
    """The file: takes what it is told, keeps so many bytes of it, and never fails, whatever becomes of the file.

    What is left out in the middle is counted by a line in its place; then a new file takes the place of the old
    one, so that who reads it always finds a whole one.
    """

    def __init__(self) -> None:
        self._path = Path()
        self._file = -1
        self._room = 0
        self._size = 0
        self._head = 0
        self._tail_begins = 0
        self._missing = 0

    def open(self, path: Path, room: int) -> None:
        """Begin the file; this process' own stdout and stderr, which are the server's, go there, too."""
        with contextlib.suppress(OSError):
            self._use(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600))
            self._path = path
            self._room = room
            self._head = self._tail_begins = int(room * _HEAD)

    def _use(self, file: int) -> None:
        self._file = file
        os.dup2(file, 1)
        os.dup2(file, 2)

    def write(self, said: bytes) -> None:
        """Add to the log."""
        while said and self._room:
            piece, said = said[: self._room - self._size], said[self._room - self._size :]
            with contextlib.suppress(OSError):  # a full disk
                os.write(self._file, piece)
            self._size += len(piece)
            if self._size >= self._room:
                self._shorten()

    def _shorten(self) -> None:
        """Leave out the older half of what comes after the head; if that cannot be done, the log ends here."""
        room, self._room = self._room, 0
        with contextlib.suppress(OSError):
            size = os.fstat(self._file).st_size
            kept = (room - self._head) // 2
            tail = os.pread(self._file, kept, max(size - kept, 0))
            tail = tail[tail.find(b"\n", 0, 1000) + 1 :]
            self._missing += size - self._tail_begins - len(tail)
            begin = os.pread(self._file, self._head, 0) + b"\n[... %d bytes are left out ...]\n" % self._missing
            self._replace(begin + tail)
            self._tail_begins = len(begin)
            self._size = len(begin) + len(tail)
            self._room = room

    def _replace(self, content: bytes) -> None:
        draft = self._path.with_name(f".{self._path.name}")
        file = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.write(file, content)
        draft.replace(self._path)
        os.close(self._file)
        self._use(file)
