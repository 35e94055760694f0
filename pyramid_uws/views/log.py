"""The log of a job, while it runs and afterwards: what its last attempt has said on stdout and stderr."""

import contextlib
import os
from typing import Any, BinaryIO

from pyramid.request import Request
from pyramid.response import Response

from pyramid_uws import interfaces
from pyramid_uws.execution.home import attempt_folder
from pyramid_uws.execution.jobdir import JobDirectory
from pyramid_uws.tree import Attribute, Job
from pyramid_uws.uws.control import read_last
from pyramid_uws.uws.phases import ARCHIVED

from .contents import stream
from .forms import read_query
from .resources import add_resource_views
from .respond import plain

#: What cores write is in UTF-8, as far as they know.
TEXT = "text/plain; charset=UTF-8"

_CHUNK = 65536


def show_log(context: Attribute, request: Request) -> Response:
    """GET ``log``: the file, whole or by Range; with LAST, the last so many lines."""
    last = read_last(read_query(request))
    file = _open(context.job, request)
    if file is None:
        return plain("")
    if last is None:
        return stream(request, file, TEXT)
    with file:
        file.seek(_begin_of_last(file, last))
        return Response(file.read(), content_type="text/plain", charset="UTF-8")


def tail(job: Job, request: Request, lines: int, most: int) -> tuple[str, bool] | None:
    """Return the last lines of the log, so many and so many bytes at most, and whether there is more.

    None if there is no log.
    """
    file = None if job.phase == ARCHIVED else _open(job, request)
    if file is None:
        return None
    with file:
        size = file.seek(0, os.SEEK_END)
        begin = max(size - most, 0)
        file.seek(begin)
        said = file.read(most)
    last = said.decode(errors="replace").splitlines(keepends=True)[-lines:]
    text = "".join(last)
    return text, begin > 0 or len(text.encode()) < len(said)


def _open(job: Job, request: Request) -> BinaryIO | None:
    """Open the log of the running attempt, or else the one that was kept, if there is one."""
    site = request.registry.uws
    folder = attempt_folder(site.settings, job.worker, f"{job.job_id}.{job.attempt}")
    live = None if folder is None else JobDirectory(folder).log
    # In this order, for the one is moved to the other's place when the job has ended.
    for path in (live, site.store.folder(job.job_id) / "log"):
        with contextlib.suppress(FileNotFoundError):
            if path is not None:
                return path.open("rb")
    return None


def _begin_of_last(file: BinaryIO, lines: int) -> int:
    """Return where the last so many lines of the file begin, in bytes."""
    position = file.seek(0, os.SEEK_END) - 1  # a newline at the very end begins no line
    while position > 0:
        begin = max(position - _CHUNK, 0)
        file.seek(begin)
        piece = file.read(position - begin)
        found = len(piece)
        while (found := piece.rfind(b"\n", 0, found)) >= 0:
            lines -= 1
            if not lines:
                return begin + found + 1
        position = begin
    return 0


def includeme(config: Any) -> None:
    """Register the view of logs."""
    add_resource_views(config, interfaces.ILog, {"GET": show_log})
