"""Harvesting: what an attempt has left is judged, its results are stored, its end is committed.

Whatever is wrong with one attempt, its job ends, and the others are not held up.
"""

import contextlib
import logging
import textwrap
from collections.abc import Iterable
from concurrent.futures import Future

from pyramid_uws.definition import Definitions
from pyramid_uws.exceptions import NoSuchJob, NotAllowedNow, Overloaded, UWSError
from pyramid_uws.observing.activity import about
from pyramid_uws.settings import Settings
from pyramid_uws.uws import phases

from .changes import finish, hand_over
from .endings import Ending, judge
from .files import remove_tree
from .forkserver import LaunchFailed
from .processes import end_everything
from .retrying import NEVER, Retries
from .runs import Harvest, Run
from .store import ResultStore
from .writer import Writer

log = logging.getLogger(__name__)


class Harvester:
    """Takes what attempts have left; ``waiting`` is what the database has not taken yet."""

    def __init__(self, settings: Settings, definitions: Definitions, writer: Writer, store: ResultStore) -> None:
        self.waiting: list[Harvest] = []
        self._handed: list[tuple[Harvest, Future[None]]] = []
        self._settings = settings
        self._definitions = definitions
        self._writer = writer
        self._store = store

    def on_stop(self, service: str) -> str:
        """Return what becomes of the service's running jobs when the server is stopped."""
        definition = self._definitions.get(service)
        return (definition.on_stop if definition else None) or self._settings.on_stop

    def retries(self, service: str) -> Retries:
        """Return how often the service has failed attempts made again."""
        definition = self._definitions.get(service)
        return NEVER if definition is None else Retries(definition.retries, definition.retry_pause)

    def gather(self, run: Run) -> Harvest:
        """Judge how an attempt ended, and move its results into the store."""
        with about(run.subject):
            try:
                return self._gather(run)
            except Exception as problem:  # the edge of a job: it has to end, however its directory looks
                log.exception("what job %s has left could not be stored", run.address.job_id)
                ending = trouble("What the job has left could not be stored", problem)
                return Harvest(run.address, run.attempt, run.directory, ending, subject=run.subject)

    def _gather(self, run: Run) -> Harvest:
        directory, address = run.directory, run.address
        outcome = directory.outcome()
        if outcome is None or outcome.left_over:
            end_everything(run.keeper, directory.marker)
        if outcome is not None and outcome.traceback:
            log.warning("job %s of %s failed:\n%s", address.job_id, address.service, _quoted(outcome.traceback))
        ending = judge(
            outcome,
            run.asked,
            duration=run.duration,
            on_stop=self.on_stop(address.service),
            show_detail=self._settings.development,
        )
        # If the disk is full, this may be why; results and database are to have the room.
        with contextlib.suppress(OSError):
            remove_tree(directory.scratch)
        again = self.retries(address.service).applies(ending, run.failures)
        wanted = ending.phase != phases.QUEUED and not again
        results = self._store.take(address.job_id, directory) if wanted else ()
        return Harvest(address, run.attempt, directory, ending, results, directory.progress(), run.subject)

    def write(self, harvests: Iterable[Harvest]) -> None:
        """Commit these harvests, and those that wait, together; what cannot be committed waits."""
        self.hand_over(harvests)
        self.conclude()

    def hand_over(self, harvests: Iterable[Harvest]) -> None:
        """Have these harvests, and those that wait, committed; :meth:`conclude` waits for that."""
        waiting, self.waiting = self.waiting, []
        for harvest in (*waiting, *harvests):
            change = finish(harvest, self.retries(harvest.address.service))
            self._handed.append((harvest, hand_over(self._writer, change)))

    def conclude(self) -> bool:
        """Wait until what was handed over is committed; tell whether there was any.

        What could not be committed waits for another time.
        """
        handed, self._handed = self._handed, []
        for harvest, future in handed:
            with about(harvest.subject):
                self._conclude_or_wait(harvest, future)
        return bool(handed)

    def _conclude_or_wait(self, harvest: Harvest, future: Future[None]) -> None:
        job_id = harvest.address.job_id
        try:
            self._conclude(harvest, future)
        except Overloaded as problem:
            log.warning("the end of job %s cannot be written yet: %s", job_id, problem)
            self.waiting.append(harvest)
        except Exception:  # the edge of a job; the next start will try again
            log.exception("the end of job %s is not complete", job_id)

    def _conclude(self, harvest: Harvest, future: Future[None]) -> None:
        """Wait for the commit; after that an attempt's directory is not needed any more."""
        try:
            future.result()
        except (NoSuchJob, NotAllowedNow):  # it was deleted or archived meanwhile
            self._store.remove(harvest.address.job_id)
        harvest.directory.remove()


def _quoted(text: str) -> str:
    """Return what a core says so that no line of it can pass for one of the log, nor command a terminal."""
    plain = (
        char if char.isprintable() or char in "\t\n" else char.encode("unicode_escape").decode() for char in text
    )
    return textwrap.indent("".join(plain), "    ", lambda _line: True).rstrip()


def trouble(what: str, problem: Exception) -> Ending:
    """Return the ending of an attempt over which the server itself, not the core, has met a problem."""
    if isinstance(problem, (UWSError, LaunchFailed)):  # they say it in a sentence
        return Ending(phases.ERROR, ("transient", str(problem), ""))
    reason = (problem.strerror if isinstance(problem, OSError) else None) or type(problem).__name__
    return Ending(phases.ERROR, ("transient", f"{what} ({reason}); run the job again later.", ""))
