"""The core of datalink services: a product for each combination of the parameters' values (SODA 1.0, section 6).

It runs in the process of a job, and finds the pieces of its service in ``job.options``.
"""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, BinaryIO, Final, Protocol

from pyramid_uws.exceptions import CoreError
from pyramid_uws.uws.users import User

from .combinations import Combination, combinations
from .faults import NotForAll, NotForYou, UsageError, labelled, may_pass
from .manifest import Entry, manifest
from .pieces import Datalink, Pieces, assemble
from .problems import NoOverlap

#: The media types of what is no product.
TEXT: Final = "text/plain"
MANIFEST: Final = "application/x-votable+xml"


class Job(Protocol):
    """What the core needs of its job."""

    id: str
    url: str
    owner: str | None
    groups: frozenset[str]

    @property
    def options(self) -> Mapping[str, Any]:
        """The pieces of the service, as :class:`Datalink` takes them."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Declared names and their parsed values."""

    def add_result(self, id: str, media_type: str, content: str) -> None:  # noqa: A002 - the framework's name
        """Keep a result."""

    def open_result(self, id: str, media_type: str) -> AbstractContextManager[BinaryIO]:  # noqa: A002 - likewise
        """Open a result for writing; it is kept when the block ends without an error."""

    def progress(self, fraction: float, text: str = "") -> None:
        """Tell how much is done, from 0 to 1."""

    def log(self, message: str) -> None:
        """Write a line to the job's log."""


def core(job: Job) -> None:
    """Make all products, and the manifest that tells which is which.

    A combination without a product has a result that says so. The job fails if none could even be tried.
    """
    pieces = assemble(Datalink.from_mapping(job.options))
    try:
        wanted = combinations(job.parameters, pieces.datalink.max_results)
    except UsageError as problem:
        raise CoreError(labelled(problem)) from problem
    maker = _Maker(job, pieces, len(wanted))
    job.add_result("manifest", MANIFEST, manifest(map(maker.make, wanted), job.url))
    if maker.problem is not None and not maker.tried:
        raise CoreError(labelled(maker.problem), transient=may_pass(maker.problem)) from maker.problem


class _Maker:
    """Makes one product after the other. ``tried`` counts those that got as far as the data."""

    def __init__(self, job: Job, pieces: Pieces, total: int) -> None:
        self.tried = 0
        self.problem: Exception | None = None
        self._job = job
        self._user = None if job.owner is None else User(job.owner, job.groups)
        self._pieces = pieces
        self._total = total
        self._done = 0
        self._observations: dict[str, Any] = {}

    def make(self, combination: Combination) -> Entry:
        """Make the product of a combination; without one, the result says why."""
        try:
            entry = self._cut_out(combination)
            self.tried += 1
        except MemoryError:  # which is the whole job's affair
            raise
        except Exception as problem:  # noqa: BLE001 - the edge of a combination: the others go on
            self.tried += isinstance(problem, NoOverlap)
            self.problem = self.problem or problem
            entry = self._excuse(combination, problem)
        self._done += 1
        self._tell(combination, 0.0)
        return entry

    def _cut_out(self, combination: Combination) -> Entry:
        observation = self._observation(combination.id)
        wish = self._job.parameters.get("RESPONSEFORMAT")
        media_type = self._pieces.format(observation, combination.cut, wish)
        with self._job.open_result(combination.result, media_type) as file:
            self._pieces.function(
                observation,
                combination.cut,
                file,
                media_type,
                history=[f"Cut out by {self._job.url or self._job.id}"],
                progress=lambda fraction: self._tell(combination, fraction),
            )
            size = file.seek(0, os.SEEK_END)
        return Entry(combination, media_type, size)

    def _observation(self, name: str) -> Any:
        if name not in self._observations:
            observation = self._pieces.find(name)
            if not self._pieces.permits(observation, self._user):
                kind = NotForAll if self._user is None else NotForYou
                raise kind(f"ID={name!r}: these data are not for everybody.")
            self._observations[name] = observation
        return self._observations[name]

    def _excuse(self, combination: Combination, problem: Exception) -> Entry:
        """Have the result of a combination say why there is no product."""
        message = labelled(problem)
        text = f"{message}\n"
        self._job.log(f"{combination.result}: {message}")
        self._job.add_result(combination.result, TEXT, text)
        return Entry(combination, TEXT, len(text.encode()), message)

    def _tell(self, combination: Combination, fraction: float) -> None:
        at_work = min(self._done + 1, self._total)
        text = f"{at_work} of {self._total}: {combination.id}, {combination.cut}"
        self._job.progress((self._done + fraction) / self._total, text)
