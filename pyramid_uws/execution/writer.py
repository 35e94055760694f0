"""The one writer of a process: a thread with its own connection that commits many waiting changes at once.

A change is a small function of the root and the journal. It validates first, then mutates, and returns a
value; whoever handed it over gets that value after the commit. It carries names and plain values only, finds
its nodes anew, and may be made again. One that raises harms no other of its transaction.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

import transaction
from transaction.interfaces import TransientError
from zope.interface import implementer

from pyramid_uws.exceptions import Overloaded, UWSError
from pyramid_uws.interfaces import IPhaseChanged
from pyramid_uws.observing.audit import Act
from pyramid_uws.observing.numbers import Numbers
from pyramid_uws.tree import Root, get_root
from pyramid_uws.tree.shelf import ROOT_KEY

log = logging.getLogger(__name__)

T = TypeVar("T")

#: How many changes one transaction may hold, and how many may wait.
BATCH = 256
BACKLOG = 10_000

#: While those who handed something over last time do so again, the writer gathers it: it looks every so often (s)
#: whether there is more, for so long (s) at most.
GATHERING = 0.001
PATIENCE = 0.02

#: How often a transaction that met another process is repeated.
ATTEMPTS = 20


@implementer(IPhaseChanged)
@dataclass(frozen=True)
class PhaseChanged:
    """A job has left ``before`` (None: it was made) and entered ``after`` (None: it was deleted).

    What stands beside that is for those who count and write down: how long it has waited for its first start, and
    how long it ran (µs), as it begins and ends; and of what kind the error is with which it has ended.
    """

    service: str
    renderer: str
    job_id: str
    before: str | None
    after: str | None
    owner: str | None = field(default=None, compare=False)
    runid: str | None = field(default=None, compare=False)
    waited: int | None = field(default=None, compare=False)
    ran: int | None = field(default=None, compare=False)
    failure: str | None = field(default=None, compare=False)


#: What a transaction has brought about: moves of jobs, and what else people did.
Journal = list[PhaseChanged | Act]
Change = Callable[[Root, Journal], T]
_Waiting = tuple[Change[Any], "Future[Any]"]


class Writer:
    """Commits changes in a thread of its own.

    ``publish`` is called after a commit with its journal, before those who have handed something over are told;
    ``numbers`` count what commits take.
    """

    def __init__(self, database: Any, publish: Callable[[Journal], None], numbers: Numbers | None = None) -> None:
        self._database = database
        self._publish = publish
        self._numbers = Numbers() if numbers is None else numbers
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._expected = 1
        self._thread = threading.Thread(target=self._run, name="uws-writer", daemon=True)
        self._door = threading.Lock()
        self._closed = False
        self.healthy = True

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """Commit what was handed over, then end."""
        with self._door:
            self._closed = True
        self._waiting.put(None)
        self._thread.join()

    def submit(self, change: Change[T]) -> "Future[T]":
        """Hand a change over; the future has its value after the commit."""
        future: Future[T] = Future()
        with self._door:  # what comes after the end would wait for ever
            if self._closed:
                raise Overloaded("The server is being stopped; try again in a moment.")
            if self._waiting.qsize() >= BACKLOG:
                raise Overloaded("Too many changes are waiting to be written; try again in a moment.")
            self._waiting.put((change, future))
        return future

    def do(self, change: Change[T], timeout: float | None = 60) -> T:
        """Hand a change over and wait (s) for its value, which comes after the commit.

        A change that has not been begun in time is taken back; one that has is waited for.
        """
        return value_of(self.submit(change), timeout)

    def _run(self) -> None:
        manager = transaction.TransactionManager(explicit=True)
        connection = self._database.open(transaction_manager=manager)
        try:
            while batch := self._next_batch():
                self._write(batch, manager, connection)
        finally:
            connection.close()

    def _next_batch(self) -> list[_Waiting]:
        """Wait for a change and return it with all others that wait; empty when it is time to end.

        Those who were answered together come back one by one: they are waited for while they do.
        """
        first = self._waiting.get()
        if first is None:
            return []
        batch = [first]
        deadline = time.monotonic() + PATIENCE
        self._take_waiting(batch)
        while len(batch) < self._expected and time.monotonic() < deadline:
            time.sleep(GATHERING)
            if not self._take_waiting(batch):
                break
        self._expected = len(batch)
        return batch

    def _take_waiting(self, batch: list[_Waiting]) -> bool:
        """Add what waits to the batch; tell whether there was any and there may be more."""
        size = len(batch)
        while len(batch) < BATCH and not self._waiting.empty():
            item = self._waiting.get()
            if item is None:
                self._waiting.put(None)
                return False
            batch.append(item)
        return size < len(batch) < BATCH

    def _write(self, batch: list[_Waiting], manager: Any, connection: Any) -> None:
        batch = [(change, future) for change, future in batch if future.set_running_or_notify_cancel()]
        began = time.perf_counter()
        try:
            outcomes, journal = self._commit(batch, manager, connection)
        except Exception as problem:  # the edge of the thread: whoever waits is told
            self._numbers.not_committed()
            if self.healthy:  # or else it was said already
                log.exception("a transaction of %d changes could not be committed", len(batch))
            self.healthy = False
            failure = Overloaded(f"The database cannot be written at present ({type(problem).__name__}).", 30)
            outcomes, journal = [failure] * len(batch), []
        else:
            self._numbers.committed(time.perf_counter() - began, len(batch))
            if not self.healthy:
                log.warning("the database can be written again")
            self.healthy = True
        if journal:
            self._publish(journal)
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

    def _commit(self, batch: list[_Waiting], manager: Any, connection: Any) -> tuple[list[Any], Journal]:
        """Commit the batch, again if another process was faster; return an outcome for each change.

        First without savepoints, each of which writes down all that has changed so far; if one change of the
        batch raises, all are made again, each behind a savepoint.
        """
        apply: Callable[..., tuple[list[Any], Journal]] = _apply
        for attempt in range(1, ATTEMPTS + 1):
            manager.begin()
            try:
                outcomes, journal = apply(batch, manager, connection)
                manager.commit()
            except _OneRaised:
                manager.abort()
                apply = _apply_each
            except TransientError:
                manager.abort()
                if attempt == ATTEMPTS:
                    raise
            except BaseException:
                manager.abort()
                raise
            else:
                return outcomes, journal
        raise AssertionError("not reached")


def value_of(future: "Future[T]", timeout: float | None = 60) -> T:
    """Wait (s) for the value of a change that was handed over; one that has not been begun is taken back then."""
    try:
        return future.result(timeout)
    except TimeoutError:
        if future.cancel():
            raise Overloaded("The database is too slow at present; nothing was changed.") from None
    return future.result()


class _OneRaised(Exception):
    """A change of a batch has raised; whatever it did before that must be undone."""


def _our_root(connection: Any) -> Root:
    root = get_root(connection)
    if root is None:
        root = connection.root()[ROOT_KEY] = Root()
    return root


def _apply(batch: list[_Waiting], _manager: Any, connection: Any) -> tuple[list[Any], Journal]:
    """Make the changes in the open transaction, none of which may raise; return their values."""
    root = _our_root(connection)
    journal: Journal = []
    try:
        return [change(root, journal) for change, _ in batch], journal
    except TransientError:
        raise
    except Exception as problem:  # the edge of a change
        raise _OneRaised from problem


def _apply_each(batch: list[_Waiting], manager: Any, connection: Any) -> tuple[list[Any], Journal]:
    """Make the changes in the open transaction; an outcome is a value or the exception raised."""
    root = _our_root(connection)
    outcomes: list[Any] = []
    journal: Journal = []
    for change, _ in batch:
        savepoint = manager.savepoint()
        mark = len(journal)
        try:
            outcomes.append(change(root, journal))
        except TransientError:
            raise
        except Exception as problem:  # the edge of a change: its owner is told, the others go on
            if not isinstance(problem, UWSError):
                log.exception("a change failed")
            savepoint.rollback()
            del journal[mark:]
            outcomes.append(problem)
    return outcomes, journal
