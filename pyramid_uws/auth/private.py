"""Small text files of secrets: read when they have changed, replaced as a whole, for the server's user alone."""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")
Stamp = tuple[int, int, int]


class PrivateFile(Generic[T]):
    """A file of lines, and what ``parse`` makes of them; one that is missing has no lines."""

    def __init__(self, path: Path, parse: Callable[[list[str]], T]) -> None:
        self.path = path
        self._parse = parse
        self._known: tuple[Stamp | None, T] | None = None

    def read(self) -> T:
        """Return what is in the file now; it is read again only if it has changed."""
        stamp = self._stamp()
        known = self._known
        if known is None or known[0] != stamp:
            # The stamp is the older of the two: what changes in between is seen the next time.
            known = self._known = (stamp, self._parse(self._lines()))
        return known[1]

    @contextlib.contextmanager
    def changing(self) -> Iterator[list[str]]:
        """Yield the lines, to be changed in place; nobody else changes them meanwhile."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(
            self.path.with_name(f".{self.path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lines = self._lines()
            before = list(lines)
            yield lines
            if lines != before:
                self._parse(lines)  # what could not be read again is not written
                self._replace(lines)
        finally:
            os.close(lock)

    def _stamp(self) -> Stamp | None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _lines(self) -> list[str]:
        try:
            return self.path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def _replace(self, lines: list[str]) -> None:
        """Put the lines there in one stroke that survives a power cut."""
        write_private(self.path, "".join(f"{line}\n" for line in lines).encode())


def write_private(path: Path, content: bytes) -> None:
    """Write a file for its user alone, in one stroke that survives a power cut."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
