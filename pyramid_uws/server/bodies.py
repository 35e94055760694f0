"""Bodies of requests on their way in: where they are kept until they are complete, and what if there is no room.

waitress keeps a body of more than ``inbuf_overflow`` bytes in a file. Where that cannot be written any more, the
rest of the body is read and thrown away, so that the client is there to hear why.
"""

import contextlib
import errno
import os
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

from waitress.parser import HTTPRequestParser
from waitress.receiver import FixedStreamReceiver
from waitress.utilities import Error

#: What says that there is no room.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

#: The largest body that waitress takes, unless the ini file says otherwise or the site takes more; it is the site
#: that refuses one with a sentence.
LARGEST = 1024**3


class InsufficientStorage(Error):  # type: ignore[misc]
    """What waitress answers then."""

    code = 507
    reason = "Insufficient Storage"


class Nowhere:
    """A buffer that keeps nothing."""

    def append(self, data: bytes) -> None:
        """Throw the data away."""

    def getfile(self) -> BytesIO:
        """Return an empty file."""
        return BytesIO()

    def close(self) -> None:
        """Do nothing."""

    def __len__(self) -> int:
        return 0


class BodyParser(HTTPRequestParser):  # type: ignore[misc]
    """waitress' parser, which survives that a body cannot be kept."""

    completed: bool
    error: Any
    is_lost = False

    def received(self, data: bytes) -> int:
        """Take what has come; return how much of it belongs to this request."""
        try:
            consumed: int = super().received(data)
        except OSError as problem:
            if problem.errno not in FULL:
                raise
            return self._lose(data)
        if self.completed and self.is_lost:
            self.error = self.error or InsufficientStorage("There is no room for the body; nothing was kept.")
        return consumed

    def _lose(self, data: bytes) -> int:
        """Give up what is kept of the body, and read on if its end will be known."""
        self.is_lost = True
        with contextlib.suppress(OSError):  # what is still in a buffer cannot be written either
            self.body_rcv.buf.close()
        self.body_rcv.buf = Nowhere()
        if isinstance(self.body_rcv, FixedStreamReceiver):
            return self.received(data)
        self.error = InsufficientStorage("There is no room for the body; nothing was kept.")
        self.completed = True
        return len(data)


def keep_bodies_in(folder: str | None) -> None:
    """Have temporary files, and so bodies, in a folder, which is made if it is missing; without one in TMPDIR."""
    if folder:
        Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES), folder)
        tempfile.tempdir = str(Path(folder).absolute())


def largest_body(app: Any) -> int:
    """Return how large a body may become: as the site has it, if that can be known."""
    site = getattr(getattr(app, "registry", None), "uws", None)
    most: int = 0 if site is None else site.settings.max_body
    return max(most + 1024**2, LARGEST)
