"""What the page of a job shows: plain values, made of what the view has read, and of nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pyramid_uws.documents.state import ResultEntry, parameter_entries, result_entries
from pyramid_uws.documents.xml import replace_illegal
from pyramid_uws.uws import phases
from pyramid_uws.uws.limits import SECOND, Limits

from .codelines import CodeLines, code_lines
from .timeline import Step, timeline

#: Of a value, so many characters are shown at once.
LONG = 300

_DAY = 86400 * SECOND

#: Phases in which the execution duration may still be changed (UWS 1.1, section 2.1.4).
_NOT_STARTED = frozenset({phases.PENDING, phases.HELD, phases.QUEUED})

#: Phases in which something is seen on the page without a change of phase.
MOVING = frozenset({phases.QUEUED, phases.HELD, phases.EXECUTING, phases.SUSPENDED, phases.UNKNOWN})


@dataclass(frozen=True)
class May:
    """What the one who is looking may do with the job."""

    change: bool = False
    delete: bool = False
    share: bool = False


@dataclass(frozen=True)
class Offer:
    """What the service of the job is, as far as the page tells; ``form`` is where another job can be made of it.

    Without ``form`` nothing can be changed any more: the service is gone.
    """

    title: str
    url: str
    list_url: str | None
    form: str | None = None
    limits: Limits = Limits()  # noqa: RUF009 - it is frozen
    on_destruction: str = "remove"
    has_links: bool = False


@dataclass(frozen=True)
class LogTail:
    """The last lines of the log; ``is_cut`` tells that there is more before them."""

    text: str
    is_cut: bool


@dataclass(frozen=True)
class ParameterLine:
    """A parameter: its text, or the file that was sent. ``is_long`` texts are folded."""

    name: str
    text: str | None
    href: str
    media_type: str | None
    size: int | None
    is_long: bool


@dataclass(frozen=True)
class Life:
    """Until when the job may be kept: choices (label, instant in µs), the last being the latest."""

    now: int
    choices: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class JobPage:
    """All that the templates of a job are given. Instants are in µs."""

    url: str
    job_id: str
    runid: str | None
    owner: str | None
    phase: str
    service: Offer
    steps: list[Step]
    fraction: float | None
    doing: str
    log: LogTail | None
    parameters: list[ParameterLine]
    results: list[ResultEntry]
    former: list[tuple[str, str, int, str]]
    size: int
    execution_duration: int
    destruction: int | None
    life: Life | None
    code: list[CodeLines]
    shares: int
    actions: frozenset[str]

    @property
    def is_active(self) -> bool:
        """Whether something may still happen to the job."""
        return self.phase in phases.ACTIVE

    @property
    def is_moving(self) -> bool:
        """Whether there may be something to see before the phase changes."""
        return self.phase in MOVING

    @property
    def failed(self) -> bool:
        """Whether there is an error to tell of."""
        return any(step.failure for step in self.steps)


def job_page(job: Any, url: str, service: Offer, may: May, log: LogTail | None) -> JobPage:
    """Return what is shown of a job at a URL, a :class:`~pyramid_uws.tree.Job` with what is foreseen of it."""
    is_shared = job.__name__ != job.job_id
    fraction, doing = job.progress or (None, "")
    results = [_shown(result) for result in result_entries(job, url)]
    actions = frozenset(_actions(job, service, may))
    return JobPage(
        url=url,
        job_id=job.job_id,
        runid=None if job.runid is None else replace_illegal(job.runid),
        owner=None if job.owner is None else replace_illegal(job.owner),
        phase=job.phase,
        service=service,
        steps=timeline(job, service.on_destruction),
        fraction=fraction,
        doing=replace_illegal(doing),
        log=None if log is None else replace(log, text=replace_illegal(log.text)),
        parameters=list(_parameters(job, url)),
        results=results,
        former=[(result_id, replace_illegal(kind), size, said) for result_id, kind, size, said in job.former],
        size=sum(result.size for result in results),
        execution_duration=job.execution_duration,
        destruction=job.destruction,
        life=_life(job, service.limits) if "extend" in actions else None,
        code=code_lines(url, job.phase, results, is_owned=job.owner is not None and not is_shared),
        shares=len(job.shares),
        actions=actions,
    )


def _shown(result: ResultEntry) -> ResultEntry:
    """Return a result of which all can be shown: cores call types what they like."""
    return result._replace(
        result_id=replace_illegal(result.result_id), media_type=replace_illegal(result.media_type)
    )


def _actions(job: Any, service: Offer, may: May) -> Iterator[str]:
    """Yield what can be done with the job in its phase by who is looking."""
    is_offered = service.form is not None
    if may.change and is_offered and job.phase in phases.RUNNABLE:
        yield "run"
    if may.change and is_offered and job.phase == phases.PENDING:
        yield "edit"
    if may.change and job.phase in phases.ABORTABLE and job.abort_requested is None:
        yield "abort"
    if may.change and is_offered and job.phase in _NOT_STARTED:
        yield "duration"
    if may.change and is_offered and job.phase != phases.ARCHIVED:
        yield "extend"
    if may.delete:
        yield "delete"
    if may.share and job.phase != phases.ARCHIVED:
        yield "share"
    if may.share and service.has_links and job.results:
        yield "link"
    if is_offered and job.__name__ == job.job_id:
        yield "again"


def _life(job: Any, limits: Limits) -> Life | None:
    """Return by how much the life of the job can be made longer."""
    if job.destruction is None:
        return None
    wishes = [("1 day longer", 1), ("1 week longer", 7), ("30 days longer", 30)]
    latest = limits.clamp_destruction(job.created, job.destruction + 30 * _DAY)
    choices = [(label, job.destruction + days * _DAY) for label, days in wishes]
    within = [(label, instant) for label, instant in choices if instant < latest]
    if latest > job.destruction:
        within.append(("30 days longer" if latest == choices[-1][1] else "as long as allowed", latest))
    return Life(job.destruction, tuple(within))


def _parameters(job: Any, url: str) -> Iterator[ParameterLine]:
    sizes = {name: size for name, _, size, _ in job.references}
    for entry in parameter_entries(job, url):
        size = sizes.get(entry.name) if entry.text is None else None
        name = replace_illegal(entry.name)
        is_long = len(entry.text or "") > LONG
        media_type = None if entry.media_type is None else replace_illegal(entry.media_type)
        yield ParameterLine(name, entry.text, entry.href, media_type, size, is_long)
