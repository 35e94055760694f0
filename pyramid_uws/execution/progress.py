"""How far a core has come, in a small file mapped into its memory.

A core may tell its progress a million times; nobody wants a million file operations, nor a thread or a timer
inside somebody else's program to write the last value that a throttle has swallowed. Here telling is writing to
memory, and who wants to know reads the file, whenever and as often as he likes. A checksum guards against
reading while it is written.
"""

import mmap
import os
import zlib
from pathlib import Path

_ROOM = 1024
_LONGEST = 900
_ATTEMPTS = 5


class ProgressWriter:
    """The writing side; forked children of the core share it."""

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # Without the room on disk, writing to the memory would kill the process.
            os.posix_fallocate(descriptor, 0, _ROOM)
            self._memory = mmap.mmap(descriptor, _ROOM)
        finally:
            os.close(descriptor)

    def write(self, fraction: float, text: str) -> None:
        """Note the progress: 0 to 1 (others are clamped), and what is being done."""
        within = min(fraction, 1.0) if fraction > 0 else 0.0  # not a number is 0, too
        body = b"%.6f %s" % (within, text[:_LONGEST].encode(errors="replace")[:_LONGEST])
        record = b"%08x %04d %s" % (zlib.crc32(body), len(body), body)
        self._memory[: len(record)] = record


def read_progress(path: Path) -> tuple[float, str] | None:
    """Return fraction and text as written last; None if nothing was."""
    for _ in range(_ATTEMPTS):
        try:
            record = path.read_bytes()
        except OSError:
            return None
        if record[:1] in {b"", b"\0"}:
            return None
        checksum, _, rest = record.partition(b" ")
        length, _, rest = rest.partition(b" ")
        body = rest[: int(length)] if length.isdigit() else b""
        if checksum == b"%08x" % zlib.crc32(body):
            fraction, _, text = body.partition(b" ")
            return float(fraction), " ".join(text.decode(errors="replace").split())
    return None
