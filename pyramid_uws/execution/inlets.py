"""What a keeper listens to: signals, what the core says for the log, and what it says of its end.

All are file descriptors that can be polled. Imports nothing of the package.
"""

import contextlib
import os
import signal
from collections.abc import Callable
from types import FrameType

_CHUNK = 65536


class Signals:
    """SIGTERM and SIGCHLD, as a file descriptor that becomes readable; the terminal's are ignored."""

    def __init__(self) -> None:
        self.told_to_end = False
        self.descriptor, self.writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self.writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._take)
        signal.signal(signal.SIGCHLD, self._take)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)

    def _take(self, number: int, _frame: FrameType | None) -> None:
        self.told_to_end = self.told_to_end or number == signal.SIGTERM

    def take(self) -> bool:
        """Make the descriptor wait for the next signal; there is always a next one."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.descriptor, 4096)
        return True


class Pipe:
    """A pipe from the core, whose content goes to ``sink``."""

    def __init__(self, sink: Callable[[bytes], object]) -> None:
        self.descriptor, self.writer = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self.descriptor, False)
        self._sink = sink

    def take(self) -> bool:
        """Take what there is, at most a chunk; False when nobody is left who could say more."""
        with contextlib.suppress(BlockingIOError):
            said = os.read(self.descriptor, _CHUNK)
            self._sink(said)
            return bool(said)
        return True

    def drain(self) -> None:
        """Take all there is."""
        with contextlib.suppress(BlockingIOError):
            while said := os.read(self.descriptor, _CHUNK):
                self._sink(said)
