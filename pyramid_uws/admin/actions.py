"""What is done to jobs and database on an operator's behalf, by the server or, while none runs, by the command.

Requests are what arrived on the control socket: they are checked here.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from ZODB.POSException import POSError

from pyramid_uws.definition import Definitions
from pyramid_uws.exceptions import BadRequest, NoSuchJob, UWSError
from pyramid_uws.execution.reading import Reader
from pyramid_uws.execution.reaping import reap_all
from pyramid_uws.execution.runs import Address
from pyramid_uws.execution.store import ResultStore
from pyramid_uws.execution.watcher import Watcher
from pyramid_uws.execution.worker_system import WorkerSystem
from pyramid_uws.execution.writer import Journal, Writer
from pyramid_uws.observing.activity import acting_as, actor
from pyramid_uws.observing.audit import Audit
from pyramid_uws.settings import Settings
from pyramid_uws.tree import Root, book_of
from pyramid_uws.uws import phases
from pyramid_uws.version import __version__

from .quotawords import checked, forgotten
from .wire import MOST_JOBS

#: Seconds beyond the grace time for which an abort waits for the work to be ended.
ABORT_PATIENCE = 5.0

#: Changes that are handed to the writer at once, for common commits.
HANDS = 16

#: Longest time in days that may be named.
LONGEST_DAYS = 36_500


class ActingSite(Protocol):
    """What is wanted of a :class:`~pyramid_uws.site.Site`."""

    settings: Settings
    definitions: Definitions
    started: int
    audit: Audit
    database: Any
    store: ResultStore
    writer: Writer
    watcher: Watcher

    def wake(self) -> None:
        """Tell the dispatcher that there may be something to do."""

    def worker_system(self, service: str, renderer: str) -> WorkerSystem:
        """Return the worker system of a service's renderer."""


@dataclass(frozen=True)
class Target:
    """A job to act on; ``phase`` is the one it must still be in, None if that does not matter."""

    address: Address
    phase: str | None = None

    @classmethod
    def read(cls, value: Any) -> "Target":
        """Read what came as JSON."""
        names = ("service", "renderer", "job_id")
        if not isinstance(value, dict) or not all(isinstance(value.get(name), str) for name in names):
            raise BadRequest("A job is named by service, renderer and job_id.")
        phase = value.get("phase")
        if phase is not None and phase not in phases.PHASES:
            raise BadRequest("The phase of a job is one of UWS.")
        return cls(Address(*(value[name] for name in names)), phase)


class Actions:
    """Carries out requests on a site; ``serving``: in its server, so that it can wait for the dispatcher."""

    def __init__(self, site: ActingSite, *, serving: bool) -> None:
        self._site = site
        self._serving = serving
        self._known: dict[str, Callable[[Mapping[str, Any]], Any]] = {
            "ping": self._ping,
            "abort": lambda request: self._each(request, self._abort),
            "delete": lambda request: self._each(request, self._delete),
            "reap": lambda request: self._each(request, self._reap),
            "pack": self._pack,
            "set quota": self._set_quota,
            "unset quota": self._unset_quota,
        }

    def perform(self, request: Mapping[str, Any]) -> Any:
        """Do what is asked for and return what is to be said about it; :class:`UWSError` if it cannot be done."""
        name = request.get("do")
        action = self._known.get(name) if isinstance(name, str) else None
        if action is None:
            raise BadRequest(f"There is nothing of this name to do; known are {', '.join(self._known)}.")
        return action(request)

    def _ping(self, _request: Mapping[str, Any]) -> dict[str, Any]:
        """Tell who is here."""
        site = self._site
        return {
            "pid": os.getpid(),
            "version": __version__,
            "started": site.started,
            "dispatcher": site.settings.dispatcher,
        }

    # Jobs

    def _each(self, request: Mapping[str, Any], act: Callable[[Target], str]) -> list[dict[str, Any]]:
        """Do it to every job named, some at once; what is impossible with one does not hinder the others."""
        named = request.get("jobs")
        if not isinstance(named, list) or len(named) > MOST_JOBS:
            raise BadRequest(f"The jobs are a list of at most {MOST_JOBS}.")
        targets: Sequence[Target] = [Target.read(value) for value in named]
        by = actor()

        def one(target: Target) -> dict[str, Any]:
            try:
                with acting_as(by):
                    note, done = act(target), True
            except UWSError as problem:
                note, done = problem.message, False
            return {"job_id": target.address.job_id, "done": done, "note": note}

        with ThreadPoolExecutor(HANDS, "uws-admin") as hands:
            return list(hands.map(one, targets))

    def _system(self, address: Address) -> WorkerSystem:
        return self._site.worker_system(address.service, address.renderer)

    def _abort(self, target: Target) -> str:
        address = target.address
        if self._phase(target) == phases.ABORTED:
            return "was aborted before"
        self._system(address).abort(address.job_id)
        phase = self._settled(address)
        if phase is None or phase not in phases.AT_WORK:
            return "aborted" if phase == phases.ABORTED else f"is {phase or 'gone'}: it ended before the abort"
        if self._serving:
            return f"the abort is requested; the job is {phase} until its dispatcher has ended it"
        return f"the abort is noted; the job is {phase} until the server runs again and ends it"

    def _delete(self, target: Target) -> str:
        address = target.address
        at_work = self._phase(target) in phases.AT_WORK
        self._system(address).delete(address.job_id)
        if at_work and not self._serving:
            return "deleted; what still runs of it is ended by the server when it runs again"
        return "deleted"

    def _reap(self, target: Target) -> str:
        address = target.address
        definition = self._site.definitions.get(address.service)
        try:
            reaped = all(
                future.result() for _, future in reap_all(self._site.writer, [address], self._site.definitions)
            )
        except NoSuchJob:
            return "is gone already"
        if not reaped:
            raise UWSError(f"Job {address.job_id} is not to be destroyed at present.")
        self._site.store.remove(address.job_id)
        return "archived" if definition is not None and definition.on_destruction == "archive" else "destroyed"

    def _phase(self, target: Target) -> str:
        """Return the job's phase, if it is the one that whoever asked believes in."""
        phase, _ = self._look(target.address)
        if target.phase is not None and phase != target.phase:
            raise UWSError(
                f"Job {target.address.job_id} is {phase} by now, no longer {target.phase}; it was left alone."
            )
        return phase

    def _look(self, address: Address) -> tuple[str, bytes]:
        """Return the job's phase and oid."""
        reader = Reader(self._site.database)
        try:
            with reader.reading() as root:
                job = address.joblist(root).get(address.job_id)
                return job.phase, job._p_oid  # noqa: SLF001 - oids are persistent's public identity
        finally:
            reader.close()

    def _settled(self, address: Address) -> str | None:
        """Wait until the job is not at work any more, a few seconds at most; return its phase, None if gone."""
        site = self._site
        patience = site.settings.grace + ABORT_PATIENCE if self._serving else 0
        deadline = time.monotonic() + patience
        try:
            _, oid = self._look(address)
            with site.watcher.listen(oid) as bell:
                while True:
                    bell.clear()
                    phase, _ = self._look(address)
                    remaining = deadline - time.monotonic()
                    if phase not in phases.AT_WORK or remaining <= 0:
                        return phase
                    bell.wait(min(remaining, site.watcher.poll))
        except NoSuchJob:
            return None

    # Quotas

    def _set_quota(self, request: Mapping[str, Any]) -> dict[str, int]:
        """Say how much somebody may have; return all that is said of them now."""
        name, values = checked(request)

        def change(root: Root, _journal: Journal) -> dict[str, int]:
            book = book_of(root)
            book.set(name, values)
            return book.entries[name]

        said = self._site.writer.do(change)
        self._site.audit.note("quota_set", user=name, values=[f"{key}={value}" for key, value in values.items()])
        self._site.wake()
        return said

    def _unset_quota(self, request: Mapping[str, Any]) -> bool:
        """Forget what was said of somebody; tell whether there was anything."""
        name, keys = forgotten(request)
        was_said = self._site.writer.do(lambda root, _journal: book_of(root).unset(name, keys))
        self._site.audit.note("quota_unset", user=name, values=list(keys))
        self._site.wake()
        return was_said

    # The database

    def _pack(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Drop what was replaced or deleted more than some days ago, and give its room back, archive included."""
        days = request.get("days")
        if not isinstance(days, int | float) or not 0 <= days <= LONGEST_DAYS:
            raise BadRequest(f"The days are a number from 0 to {LONGEST_DAYS}.")
        databases = self._site.database.databases.values()
        before = sum(database.getSize() for database in databases)
        try:
            for database in databases:
                database.pack(days=days)
        except (POSError, OSError) as problem:
            raise UWSError(f"The database could not be packed: {problem}.") from problem
        self._site.audit.note("packed", days=str(days))
        return {"before": before, "after": sum(database.getSize() for database in databases)}
