"""What is to be done with jobs at a date: they are destroyed or archived, or wait for a slot after a pause."""

import logging
from collections.abc import Iterator

from pyramid_uws.definition import Definitions
from pyramid_uws.observing.activity import Subject, about
from pyramid_uws.tree import Root, job_renderers
from pyramid_uws.uws.instants import now

from .changes import call_up
from .errands import Errands
from .reading import Reader
from .reaping import reap_all
from .runs import Address
from .store import ResultStore

log = logging.getLogger(__name__)


class Dates:
    """Keeps the dates of all jobs; ``next`` is the next one there is (µs)."""

    def __init__(self, reader: Reader, errands: Errands, store: ResultStore, definitions: Definitions) -> None:
        self.next: int | None = None
        self._reader = reader
        self._errands = errands
        self._store = store
        self._definitions = definitions

    def keep(self) -> None:
        """Destroy the jobs whose time is up, have those that are due wait for a slot; note the next date."""
        with self._reader.reading() as root:
            due = [
                Address.of(renderer, job_id)
                for renderer in job_renderers(root)
                for job_id in renderer.joblist.due(now())
            ]
            expired = [
                Address.of(renderer, job_id)
                for renderer in job_renderers(root)
                for job_id in renderer.joblist.expired(now())
            ]
            self.next = min(_later(root), default=None)
        for _ in self._errands.values([call_up(address, now()) for address in due]):
            pass  # each has been waited for
        self._reap(expired)

    def _reap(self, expired: list[Address]) -> None:
        for address, future in reap_all(self._errands.writer, expired, self._definitions):
            if self._errands.value_of(future):
                with about(Subject(address.service, address.job_id)):
                    log.info("job %s of %s has reached its destruction time", address.job_id, address.service)
                self._store.remove(address.job_id)


def _later(root: Root) -> Iterator[int]:
    """Yield the next dates of each job list."""
    for renderer in job_renderers(root):
        for date in (renderer.joblist.next_destruction(after=now()), renderer.joblist.next_due()):
            if date is not None:
                yield date
