"""Records of the log tell job, owner, RUNID and request; the last of those that complain are kept for a look.

In the ini file, a formatter has these as ``%(job)s``, ``%(owner)s``, ``%(runid)s`` and ``%(request_id)s``::

    [formatter_plain]
    class = pyramid_uws.observing.logs.LineFormatter
    format = %(asctime)s %(levelname)s [%(request_id)s %(job)s] %(name)s: %(message)s
"""

import json
import logging
import traceback
from collections import deque
from typing import NamedTuple

from pyramid_uws.uws.instants import format_instant
from pyramid_uws.uws.limits import SECOND

from . import activity

#: What records are given, and what stands there if there is no such thing.
FIELDS = ("request_id", "service", "job", "owner", "runid")
NONE = "-"

#: How many complaints are kept, and how much (characters) of a message and of a traceback.
MOST_ERRORS = 100
LONGEST_MESSAGE = 2_000
LONGEST_TRACEBACK = 8_000

#: The loggers whose complaints are kept: none is below another.
WATCHED = ("pyramid_uws", "waitress")


def add_circumstances(record: logging.LogRecord) -> None:
    """Have a record tell what its thread is doing; once, however many handlers there are."""
    for name, value in _circumstances(record).items():
        setattr(record, name, _on_a_line(value))


def _circumstances(record: logging.LogRecord) -> dict[str, str]:
    """Return the fields by name, as they were when somebody first asked; empty if there is no such thing."""
    found: dict[str, str] | None = getattr(record, "circumstances", None)
    if found is None:
        doing = activity.current.get()
        about = activity.NOTHING if doing is None else doing.subject()
        request_id = None if doing is None else doing.request_id
        values = (request_id, about.service, about.job, about.owner, about.runid)
        found = {name: value or "" for name, value in zip(FIELDS, values, strict=True)}
        record.circumstances = found
    return found


def _on_a_line(text: str) -> str:
    """Return what somebody has chosen so that it cannot pass for anything else in the line of a log."""
    if not text:
        return NONE
    return text if text.isprintable() and " " not in text else json.dumps(text)


class CircumstancesFilter(logging.Filter):
    """Lets every record through, with the fields; for those who set up logging by code."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the fields."""
        add_circumstances(record)
        return True


class LineFormatter(logging.Formatter):
    """Python's own, which knows the fields, too."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text."""
        add_circumstances(record)
        return super().format(record)


class JsonFormatter(logging.Formatter):
    """An object a line; times are UTC, and what is not known is left out."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line of JSON."""
        told = {
            "time": format_instant(round(record.created * SECOND)),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
            "thread": record.threadName,
        }
        told |= {name: value for name, value in _circumstances(record).items() if value}
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told)


class Complaint(NamedTuple):
    """What was logged as a warning or an error; ``when`` in µs since 1970, UTC."""

    when: int
    level: str
    logger: str
    message: str
    traceback: str
    request_id: str
    service: str
    job: str
    owner: str
    runid: str


class RecentErrors(logging.Handler):
    """Keeps the last warnings and errors of this process, the newest last, and counts them by level."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.kept: deque[Complaint] = deque(maxlen=MOST_ERRORS)
        self.counts: dict[str, int] = {}

    def listen(self) -> None:
        """Begin to keep them."""
        for name in WATCHED:
            logging.getLogger(name).addHandler(self)

    def leave(self) -> None:
        """End that; what was kept stays."""
        for name in WATCHED:
            logging.getLogger(name).removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record, without what it refers to."""
        try:
            complaint = _complaint(record)
        except Exception:  # noqa: BLE001 - the edge of a handler, as logging has it
            self.handleError(record)
            return
        self.kept.append(complaint)
        self.counts[record.levelname] = self.counts.get(record.levelname, 0) + 1

    def latest(self) -> list[Complaint]:
        """Return those that are kept, the newest first."""
        return list(self.kept)[::-1]


def _complaint(record: logging.LogRecord) -> Complaint:
    told = "" if record.exc_info is None else "".join(traceback.format_exception(*record.exc_info))
    return Complaint(
        when=round(record.created * SECOND),
        level=record.levelname,
        logger=record.name,
        message=record.getMessage()[:LONGEST_MESSAGE],
        traceback=told[-LONGEST_TRACEBACK:],
        **_circumstances(record),
    )
