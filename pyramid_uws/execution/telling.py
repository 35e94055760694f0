"""Programs that tell how far they are: lines ``progress 0.3 reading`` on stdout are taken out, others are logged.

May import :mod:`.corejob` of this folder.
"""

import contextlib
import os
import re
import select

from .corejob import CoreJob

_LINE = re.compile(rb"progress[ \t]+(\d{0,3}(?:\.\d{0,9})?)(%?)(?:[ \t]+(.*))?\r?", re.DOTALL)
_CHUNK = 65536

#: A pipe may hold as much.
_PIPE = 1024 * 1024


class Telling:
    """What a program that runs says on stdout, which is :attr:`writing`."""

    def __init__(self, job: CoreJob) -> None:
        self._job = job
        self._reading, self.writing = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._reading, False)
        self._begun = b""
        self._is_over = False

    def follow(self, pid: int) -> None:
        """Take what is said until that child has ended; what others still say then is lost."""
        os.close(self.writing)
        pidfd = os.pidfd_open(pid)
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        poll.register(self._reading, select.POLLIN)
        ended = False
        while not ended:
            ended = pidfd in {descriptor for descriptor, _ in poll.poll()}
            # What the pipe holds at the end is taken, too, and not what others go on to say.
            reads = _PIPE // _CHUNK if ended else 1
            while reads and self._read():
                reads -= 1
            if self._is_over and not ended:
                poll.unregister(self._reading)
        self._tell(self._begun, b"")
        os.close(pidfd)
        os.close(self._reading)

    def _read(self) -> bool:
        """Take what there is, at most a chunk; tell whether there was something."""
        try:
            said = os.read(self._reading, _CHUNK)
        except BlockingIOError:
            return False
        self._is_over = not said
        self._take(said)
        return bool(said)

    def _take(self, said: bytes) -> None:
        *lines, self._begun = (self._begun + said).split(b"\n")
        for line in lines:
            self._tell(line, b"\n")
        if len(self._begun) > _CHUNK:
            self._tell(self._begun, b"")
            self._begun = b""

    def _tell(self, line: bytes, end: bytes) -> None:
        found = _LINE.fullmatch(line)
        if found is None or found[1] in {b"", b"."}:
            with contextlib.suppress(BrokenPipeError):
                whole = line + end
                while whole:
                    whole = whole[os.write(1, whole) :]
        else:
            fraction = float(found[1]) / (100 if found[2] else 1)
            self._job.progress(fraction, (found[3] or b"").decode(errors="replace"))
