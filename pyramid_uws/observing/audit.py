"""The audit log: who did what to which job, a line of JSON for each.

A line is in the file before whoever has asked for something has the answer. Nothing that goes wrong here harms a
request: lines that cannot be written are kept, a bounded number of them, and written when that is possible again;
the server's log says once that it is not, and once that it is again.
"""

import json
import logging
from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from . import activity
from .activity import Actor, Subject
from .appending import PATIENCE, LineFile

log = logging.getLogger(__name__)

#: How many lines wait for a file that cannot be written, at most.
MOST_WAITING = 10_000

#: How much is written down of a text, or of how many texts in a list.
LONGEST_TEXT = 500
LONGEST_LIST = 50


class Act(NamedTuple):
    """Something that was done: to what, by whom, and what else: texts, whole numbers, lists of these."""

    event: str
    subject: Subject
    actor: Actor
    facts: dict[str, Any] = {}


def line(act: Act, instant: datetime) -> str:
    """Return the line of an act, with its newline. Whatever the values are, it is one line of ASCII."""
    subject, actor = act.subject, act.actor
    told = {
        "time": instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03}Z",
        "event": act.event,
        "service": subject.service,
        "job": subject.job,
        "owner": subject.owner,
        "runid": subject.runid,
        "who": actor.who,
        "scheme": actor.scheme,
        "token": actor.key,
        "address": actor.address,
        "request": actor.request_id,
        **act.facts,
    }
    return json.dumps({name: _bounded(value) for name, value in told.items()}, allow_nan=False) + "\n"


def _bounded(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= LONGEST_TEXT else value[: LONGEST_TEXT - 1] + "…"
    if isinstance(value, list | tuple):
        return [_bounded(item) for item in value[:LONGEST_LIST]]
    return value if value is None or isinstance(value, int) else _bounded(str(value))


class Audit:
    """Writes acts down, if there is a file to write them to, that is, if it ``is_on``."""

    def __init__(self, file: LineFile | None) -> None:
        self._file = file
        self.is_on = file is not None
        self._waiting: deque[str] = deque(maxlen=MOST_WAITING)
        self._lost = 0
        self._is_well = True

    def note(self, event: str, subject: Subject | None = None, **facts: Any) -> None:
        """Write down what the present thread has just done."""
        if self._file is not None:
            about = activity.subject() if subject is None else subject
            self.write([Act(event, about, activity.actor(), facts)])

    def write(self, acts: Iterable[Act]) -> None:
        """Write down acts, together."""
        if self._file is None:
            return
        instant = datetime.now(UTC)
        self._append(self._file, [line(act, instant) for act in acts])

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    def _append(self, file: LineFile, lines: list[str]) -> None:
        waiting = [*_drained(self._waiting), *lines]
        if not waiting:
            return
        try:
            file.append("".join(waiting).encode(), PATIENCE if self._is_well else 0.0)
        except OSError as problem:
            self._lost += max(0, len(self._waiting) + len(waiting) - MOST_WAITING)
            self._waiting.extend(waiting)
            if self._is_well:
                log.error("the audit log %s cannot be written: %s", file.path, problem.strerror or problem)  # noqa: TRY400 - the sentence says it all
            self._is_well = False
        else:
            if not self._is_well:
                log.warning("the audit log %s is written again; lines that are lost: %d", file.path, self._lost)
            self._is_well, self._lost = True, 0


def _drained(lines: deque[str]) -> Iterable[str]:
    """Take what waits; another thread may do so, too."""
    while lines:
        try:
            yield lines.popleft()
        except IndexError:
            return
