"""What the parking server relies on in waitress, Python and the system, checked before it starts.

Some of it is not documented. Should a waitress lack any of it, the site runs on plain waitress, where requests
wait in threads.
"""

import os
import select
from collections.abc import Iterator
from importlib.metadata import version
from inspect import signature
from types import SimpleNamespace
from typing import Any

import waitress
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher, WSGITask

#: Where something is looked for -> what is.
NAMES: dict[Any, tuple[str, ...]] = {
    select: ("epoll",),
    os: ("eventfd",),
    waitress: ("create_server",),
    wasyncore: ("file_dispatcher", "loop", "read", "write", "close_all"),
    BaseWSGIServer: ("channel_class", "handle_accept", "add_task", "pull_trigger"),
    HTTPChannel: (
        *("task_class", "error_task_class", "service", "readable", "del_channel", "write_soon", "handle_close"),
        *("will_close", "close_when_flushed", "total_outbufs_len", "last_activity", "request"),
    ),
    ErrorTask: ("execute",),
    WSGITask: (
        *("execute", "finish", "write", "get_environment", "build_response_header", "set_close_on_finish"),
        *("has_body", "complete", "status", "wrote_header", "content_length"),
    ),
    ThreadedTaskDispatcher: ("add_task", "shutdown", "set_thread_count"),
}

#: Attributes that exist only once an object has been made, so they are looked for in the code that makes it.
MADE: dict[Any, tuple[str, ...]] = {
    HTTPChannel: ("requests", "server"),
    WSGITask: ("channel", "request", "response_headers", "version"),
    BaseWSGIServer: ("active_channels", "task_dispatcher", "adj"),
    ThreadedTaskDispatcher: ("lock", "queue_cv"),
}

MAJOR = "3"


class _Thrown(BaseException):
    pass


def missing() -> list[str]:
    """Return what is not as it has to be; nothing if all is well."""
    return [*_missing_names()] or [*_differences()]


def _missing_names() -> Iterator[str]:
    for place, names in NAMES.items():
        yield from (f"{place.__name__}.{name}" for name in names if not hasattr(place, name))
    for kind, names in MADE.items():
        made = set(kind.__init__.__code__.co_names)
        yield from (f"{kind.__name__}().{name}" for name in names if name not in made)


def _differences() -> Iterator[str]:
    """Yield what is there, but does something else."""
    if version("waitress").partition(".")[0] != MAJOR:
        yield f"waitress {MAJOR}.x (this is {version('waitress')})"
    for name in {"map", "_dispatcher"} - {*signature(waitress.create_server).parameters}:
        yield f"waitress.create_server({name}=)"
    if not _request_survives():
        yield "that a request is kept when its run is thrown away"


def _request_survives() -> bool:
    """Have waitress serve a request whose run ends by an exception that is no ``Exception``."""

    class Task(SimpleNamespace):
        def service(self) -> None:
            raise _Thrown

    request = SimpleNamespace(error=None)
    channel = SimpleNamespace(requests=[request], connected=True, task_class=lambda *_: Task())
    try:
        HTTPChannel.service(channel)
    except _Thrown:
        return bool(channel.requests == [request])
    except Exception:  # noqa: BLE001 - whatever this waitress wanted, it is not the one we know
        return False
    return False
