"""What a browser sends of a form: read, written as a client would, and examined for all that is wrong with it."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pyramid.request import Request

from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.exceptions import BadRequest, BadValue, UWSError
from pyramid_uws.execution.arriving import NOTHING, Kept, Reference, less
from pyramid_uws.execution.examining import upload_slot
from pyramid_uws.execution.worker_system import WorkerSystem
from pyramid_uws.pages.fields import takes_lines
from pyramid_uws.pages.filled import (
    FROM,
    LIMITS,
    NAME,
    Filled,
    contradictions,
    keep_of,
    pairs_sent,
    typed,
    uploads_of,
)
from pyramid_uws.tree import Job
from pyramid_uws.uws.control import Pairs, read_control, single
from pyramid_uws.uws.instants import now

from .incoming import Incoming, incoming_form


class WrongFields(BadRequest):
    """Some of the fields cannot stay as they are; the submission knows which, and why."""


class Submission:
    """One submission of a form. ``draft`` is the job that it changes; ``find`` finds the one that is run again.

    ``filled`` is what was typed, ``errors`` are sentences by the names of fields in capitals, ``lost`` the fields
    whose files a browser does not send again by itself. ``without`` are the slots of the draft that are given up.
    """

    def __init__(
        self, definition: ServiceDefinition, *, draft: Job | None = None, find: Callable[[str], Job] | None = None
    ) -> None:
        self.definition = definition
        self.draft = draft
        self.find = find
        self.filled = Filled()
        self.errors: dict[str, str] = {}
        self.lost: frozenset[str] = frozenset()
        self.without: frozenset[str] = frozenset()
        self.before = NOTHING
        self.earlier: Job | None = None

    @property
    def runid(self) -> str | None:
        """The name that a draft is given; None if it stays as it is."""
        named = self.filled.first(NAME)
        return named if named or (self.draft is not None and self.draft.runid) else None

    @contextmanager
    def reading(self, request: Request, system: WorkerSystem, job_id: str) -> Iterator[Incoming]:
        """Read the request as :func:`~.incoming.incoming_form` does; :class:`WrongFields` if anything is wrong."""
        with incoming_form(request, system, job_id, patient=True) as incoming:
            self.filled = typed([*incoming.control, *incoming.others])
            self.lost = frozenset(name for name, *_ in incoming.references)
            self._take_again(system, incoming)
            files = {name for name, *_ in incoming.references}
            incoming.others = pairs_sent(self.definition, self.filled, files)
            self._keep()
            self._examine(system, incoming, files)
            if self.errors:
                raise WrongFields("Nothing was kept: some fields have to be mended first.")
            yield incoming

    def locate(self, problem: UWSError) -> str:
        """Put what is wrong with one field beside it; return what is left to be said of all."""
        if not isinstance(problem, BadValue):
            return "" if isinstance(problem, WrongFields) else problem.message
        names = {parameter.key for parameter in self.definition.parameters} | {NAME, *LIMITS}
        if problem.name.upper() not in names:
            return problem.message
        self.errors.setdefault(problem.name.upper(), self._sentence(problem))
        return ""

    # Files that are there already

    def _take_again(self, system: WorkerSystem, incoming: Incoming) -> None:
        """Copy the files of the job that is run again, where they are wanted and no other came."""
        text = self.filled.first(FROM)
        if not text or self.find is None:
            return
        self.earlier = self.find(text)
        came = {name.upper() for name, *_ in incoming.references}
        for prefix, name, (_, media_type, _, file) in held_by(self.definition, self.filled, self.earlier):
            has_other = name.upper() in came or self.filled.first(f"{prefix}:url") or self.filled.get(prefix)
            if incoming.keep is not None and self.filled.first(keep_of(prefix)) and not has_other:
                source = system.store.reference(self.earlier.job_id, file)
                with incoming.keep(name, media_type) as target, source.open("rb") as content:
                    shutil.copyfileobj(content, target)

    def _keep(self) -> None:
        """Give up what the draft has, but for what no field asks for, and files that are to be kept."""
        if self.draft is None:
            return
        pairs, references = self.draft.parameters, self.draft.references
        asked = {parameter.key for parameter in self.definition.parameters}
        asked |= {upload_slot(text.partition(",")[0]) for name, text in pairs if name == "UPLOAD"}
        wanted = {
            reference[0].upper()
            for prefix, _, reference in held_by(self.definition, self.filled, self.draft)
            if self.filled.first(keep_of(prefix)) and not self.filled.first(f"{prefix}:url")
        }
        self.without = frozenset(asked - wanted)
        self.before = less(Kept(pairs, references), self.without)

    # What is wrong

    def _examine(self, system: WorkerSystem, incoming: Incoming, files: set[str]) -> None:
        """Note what is wrong with each field."""
        whole = single(incoming.control, "PHASE") == "RUN"
        wrong = system.problems(incoming.sent, self.before, whole=whole)
        self.errors = {key: self._sentence(problem) for key, problem in wrong.items()}
        self.errors |= _wrong_control(incoming.control, self._sentence)
        for upload in uploads_of(self.definition, self.filled):
            if upload.name and upload_slot(upload.name) in wrong:
                self.errors[f"{upload.prefix}:".upper()] = self._sentence(wrong[upload_slot(upload.name)])
        for prefix, sentence in contradictions(self.definition, self.filled, files).items():
            self.errors[f"{prefix}:".upper()] = sentence
        for name, problem in incoming.too_large.items():
            prefix, colon, _ = name.partition(":")
            self.errors[f"{prefix}{colon}".upper()] = problem.message.replace(f"The file {name}", "This file")

    def _sentence(self, problem: UWSError) -> str:
        """Return what is said beside a field; among several values, which one is meant."""
        if not isinstance(problem, BadValue):
            return problem.message
        lines = {each.key for each in self.definition.parameters if takes_lines(each)}
        if problem.name.upper() in lines or not problem.reason:
            return problem.message
        return f"{problem.reason[0].upper()}{problem.reason[1:]}."


def _wrong_control(control: Pairs, sentence: Callable[[UWSError], str]) -> dict[str, str]:
    found = {}
    for name in (NAME, *LIMITS):
        try:
            read_control([pair for pair in control if pair[0].upper() == name], now())
        except BadValue as problem:
            found[name] = sentence(problem)
    return found


def held_by(definition: ServiceDefinition, filled: Filled, job: Job) -> Iterator[tuple[str, str, Reference]]:
    """Yield the files that a job has and the form asks for: prefix, name of the file field, reference."""
    references = {reference[0].upper(): reference for reference in job.references}
    for parameter in definition.parameters:
        if (reference := references.get(parameter.key)) is not None:
            yield parameter.name, parameter.name, reference
    for upload in uploads_of(definition, filled):
        if upload.name and (reference := references.get(upload_slot(upload.name))) is not None:
            yield upload.prefix, upload.file, reference


def in_words_of_the_api(job: Job) -> list[tuple[str, str]]:
    """Return what a job has as a link would say it."""
    named = [] if job.runid is None else [(NAME, job.runid)]
    return [*job.parameters, *named]
