"""The worker system of a service: one verb a method, each one commit of the writer.

It is what DaCHS calls by this name: the policy that takes a service's jobs through their life. A service may
name its own (``worker_system=``), derived from this one.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Any, TypeVar

from zope.interface import implementer

from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.exceptions import BadValue, NotAllowedNow, Rejected, UWSError
from pyramid_uws.interfaces import IWorkerSystem
from pyramid_uws.observing.activity import Actor, actor
from pyramid_uws.parameters import complete
from pyramid_uws.parameters.hosts import Fetching
from pyramid_uws.parameters.values import Pairs
from pyramid_uws.tree import Job, Joblist, Root, find_joblist
from pyramid_uws.tree.shares import MOST_SHARES, new_share
from pyramid_uws.uws import phases
from pyramid_uws.uws.control import Control
from pyramid_uws.uws.instants import clamp_instant, format_instant, now
from pyramid_uws.uws.limits import SECOND
from pyramid_uws.uws.quotas import Payer

from .admission import check_priority, enqueue, lowered_by
from .arriving import (
    NOTHING,
    Kept,
    Reference,
    Sent,
    arrive,
    check_required,
    check_sources,
    given_as_files,
    less,
    uploads_of,
)
from .endings import ABANDONED
from .examining import problems
from .limiting import Limiter
from .moving import move, note, note_act
from .quotas import known_payer, octets_of, root_of
from .store import ResultStore
from .together import do_each, one_by_one
from .writer import Change, Journal, Writer

T = TypeVar("T")

#: The dispatcher looks at least this often (µs) by itself whether jobs are to be destroyed.
SOON = 60 * SECOND

#: Phases in which the execution duration may still be changed (UWS 1.1, section 2.1.4).
_NOT_STARTED = frozenset({phases.PENDING, phases.HELD, phases.QUEUED})


@implementer(IWorkerSystem)
class WorkerSystem:
    """The jobs of one renderer of one service. ``wake`` tells the dispatcher that something is to be done.

    ``limiter`` knows how many jobs may wait, ``fetching`` from where uploads may be fetched.

    ``style`` is how conditions are written there, the renderer's ``parameter_style``. If values are checked
    ``late``, it is the job that tells what is wrong with them, when it is run.
    """

    def __init__(
        self,
        service: str,
        renderer: str,
        definition: ServiceDefinition | None,
        *,
        writer: Writer,
        store: ResultStore,
        wake: Callable[[], None],
        limiter: Limiter,
        style: str = "dali",
        fetching: Fetching = Fetching(),  # noqa: B008 - it is frozen
        late: bool = False,
    ) -> None:
        self.service = service
        self.renderer = renderer
        self.definition = definition
        self.writer = writer
        self.store = store
        self.wake = wake
        self.limiter = limiter
        self.style = style
        self.fetching = fetching
        self.late = late

    # Verbs

    def create(
        self,
        job_id: str,
        created: int,
        owner: str | None,
        control: Control,
        sent: Sent,
        *,
        base: str = "",
        payer: Payer | None = None,
    ) -> None:
        """Make a job, and run it if the control parameters say so (UWS 1.1, section 2.2.3.1).

        ``base`` is the URL of the site, for jobs that tell where they are found. ``payer`` is whose quota counts:
        the owner's unless given; the job has the groups told with it.
        """
        payer = payer or Payer(owner or "")
        limits = self._offered().limits
        if control.phase not in {None, "RUN"}:
            raise BadValue("PHASE", control.phase, "a job can be created with PHASE=RUN only, or without")
        if control.action is not None:
            raise BadValue("ACTION", control.action, "there is no job yet to act on")
        wish = limits.execution_duration if control.execution_duration is None else control.execution_duration
        destruction = limits.first_destruction(created)
        if control.destruction is not None:
            destruction = limits.clamp_destruction(created, control.destruction)
        kept = self._arrived(Kept(), sent)
        by = actor()

        def change(root: Root, journal: Journal) -> None:
            joblist = self._joblist(root)
            self.limiter.quotas.admit(root, payer, octets_of(kept.references))
            job = Job(
                job_id,
                created=created,
                execution_duration=limits.clamp_duration(wish),
                owner=owner,
                groups=payer.groups,
                runid=control.runid,
                destruction=destruction,
                parameters=kept.pairs,
                references=kept.references,
                base=base,
                origin="" if owner else payer.name,
            )
            joblist.add(job)
            root.know(payer.name, payer.groups)
            note(journal, joblist, job, None, job.phase)
            note_act(journal, joblist, job, "created", by, parameters=_names(kept.pairs))
            _note_uploads(journal, joblist, job, by, sent)
            if control.phase == "RUN":
                self._run(joblist, job, journal)
                note_act(journal, joblist, job, "run", by)

        self.writer.do(change)
        if control.phase == "RUN" or (destruction is not None and destruction < created + SOON):
            self.wake()

    def run(self, job_id: str, payer: Payer | None = None) -> None:
        """PHASE=RUN (UWS 1.1, section 2.2.3.5).

        ``payer`` is who wants it: if that is the owner, the job has the groups told now.
        """

        def change(joblist: Joblist, job: Job, journal: Journal) -> None:
            if payer is not None and payer.name == job.owner and payer.groups != job.groups:
                joblist.update(job, groups=payer.groups)
            self._run(joblist, job, journal)

        self._change(job_id, change, "run")

    def abort(self, job_id: str) -> None:
        """PHASE=ABORT (UWS 1.1, section 2.2.3.6); work in progress is ended by the dispatcher."""
        self._change(job_id, self._abort, "abort")

    def abort_all(self, job_ids: Iterable[str]) -> dict[str, UWSError]:
        """Abort many jobs, many with one commit; return those that could not be, and why."""
        return self._each(job_ids, "abort", lambda job_id: self._on_job(job_id, self._abort, "abort"))

    def abandon(self, job_id: str) -> None:
        """Abort a job whose client has gone, and have it say so."""

        def change(joblist: Joblist, job: Job, journal: Journal) -> None:
            asked = job.phase == phases.ABORTED or job.abort_requested is not None
            self._abort(joblist, job, journal)
            if not asked:
                why = {"reason": ABANDONED.reason} if job.phase == phases.ABORTED else {"abandoned": True}
                joblist.update(job, **why)

        self._change(job_id, change, "abort", why="the client has gone")

    def delete(self, job_id: str) -> None:
        """Remove the job, whatever it is doing, and its files (UWS 1.1, section 2.2.3.2)."""
        self.writer.do(self._removal(job_id))
        self.wake()
        self.store.remove(job_id)

    def delete_all(self, job_ids: Iterable[str]) -> dict[str, UWSError]:
        """Remove many jobs, many with one commit; return those that could not be, and why."""
        return self._each(job_ids, "delete", self._removal, self.store.remove)

    def check(self, sent: Sent, before: Kept = NOTHING) -> None:
        """Raise what running a job with these parameters would raise; ``before`` is what it has already."""
        kept = self._arrived(before, sent)
        self._check_complete(kept.pairs, kept.references)

    def problems(self, sent: Sent, before: Kept = NOTHING, *, whole: bool) -> dict[str, UWSError]:
        """Return all that is wrong with single parameters and uploads (:func:`~.examining.problems`)."""
        return problems(self._offered(), self.style, self.fetching, before, sent, whole=whole)

    def keep(self, job_id: str) -> None:
        """Have a job that was to be destroyed soon live as long as one that asks for nothing."""

        def change(joblist: Joblist, job: Job, _journal: Journal) -> None:
            joblist.update(job, destruction=self._offered().limits.first_destruction(job.created))

        self._change(job_id, change)

    def set_parameters(
        self,
        job_id: str,
        sent: Sent,
        runid: str | None = None,
        *,
        replace: bool = False,
        without: Collection[str] = (),
    ) -> None:
        """Change parameters of a PENDING job (UWS 1.1, section 2.1.11).

        Values of multiple parameters are added to those that are there, unless they are to replace them. What was
        in the slots of ``without`` is given up first (:func:`~.arriving.less`).
        """
        by = actor()

        def change(joblist: Joblist, job: Job, journal: Journal) -> set[str]:
            self._offered()
            if job.phase != phases.PENDING:
                raise NotAllowedNow(
                    f"Job {job_id} is {job.phase}; its parameters can be changed while it is PENDING."
                )
            before = {reference[3] for reference in job.references}
            remaining = less(Kept(job.parameters, job.references), without)
            kept = self._arrived(remaining, sent, replace=replace)
            more = octets_of(kept.references) - octets_of(job.references)
            if more > 0:
                root = root_of(joblist)
                self.limiter.quotas.admit_bytes(root, known_payer(root, job.payer), more)
            facts = {} if runid is None else {"runid": runid}
            joblist.update(job, parameters=kept.pairs, references=kept.references, **facts)
            what = [*_names(sent.pairs), *without, *(() if runid is None else ("RUNID",))]
            note_act(journal, joblist, job, "changed", by, parameters=what)
            _note_uploads(journal, joblist, job, by, sent)
            return before - {reference[3] for reference in kept.references}

        for file in self._change(job_id, change):
            self.store.remove_reference(job_id, file)

    def set_destruction(self, job_id: str, wish: int) -> None:
        """Set the destruction time (µs), as far as the service allows (UWS 1.1, section 2.2.3.3)."""

        def change(joblist: Joblist, job: Job, _journal: Journal) -> None:
            limits = self._offered().limits
            _refuse_archived(job)
            joblist.update(job, destruction=limits.clamp_destruction(job.created, wish))

        self._change(
            job_id, change, "changed", parameters=["DESTRUCTION"], wish=format_instant(clamp_instant(wish))
        )

    def set_execution_duration(self, job_id: str, wish: int) -> None:
        """Set the execution duration (s), as far as the service allows (UWS 1.1, section 2.2.3.4)."""

        def change(joblist: Joblist, job: Job, _journal: Journal) -> None:
            limits = self._offered().limits
            if job.phase not in _NOT_STARTED:
                raise NotAllowedNow(
                    f"Job {job_id} is {job.phase}; its execution duration can be changed until it starts."
                )
            joblist.update(job, execution_duration=limits.clamp_duration(wish))

        self._change(job_id, change, "changed", parameters=["EXECUTIONDURATION"], wish=wish)

    def share(self, job_id: str) -> str:
        """Make another way to the job, by which it can be read; return its secret, of which a hash is kept."""
        share_id, secret, hashed = new_share()

        def change(joblist: Joblist, job: Job, _journal: Journal) -> None:
            _refuse_archived(job)
            if len(job.shares) >= MOST_SHARES:
                raise Rejected(f"Job {job_id} is shared {MOST_SHARES} times already; end some of that first.")
            joblist.update(job, shares=(*job.shares, (share_id, hashed)))

        self._change(job_id, change, "shared", share=share_id)
        return secret

    def end_share(self, job_id: str, share_id: str) -> None:
        """Have one of these ways lead nowhere."""

        def change(joblist: Joblist, job: Job, _journal: Journal) -> None:
            joblist.update(job, shares=tuple(share for share in job.shares if share[0] != share_id))

        self._change(job_id, change, "share_ended", share=share_id)

    # Policy: what a worker system of one's own replaces

    def _run(self, joblist: Joblist, job: Job, journal: Journal) -> None:
        if job.phase not in phases.RUNNABLE:
            raise NotAllowedNow(f"Job {job.job_id} is {job.phase}; it can be run while it is PENDING or HELD.")
        lowered = self._check_complete(job.parameters, job.references)
        root = root_of(joblist)
        self.limiter.quotas.admit_bytes(root, known_payer(root, job.payer), 0)
        enqueue(journal, joblist, job, self._offered(), self.limiter, lowered)

    def _abort(self, joblist: Joblist, job: Job, journal: Journal) -> None:
        if job.phase == phases.ABORTED:
            return
        if job.phase not in phases.ABORTABLE:
            raise NotAllowedNow(f"Job {job.job_id} is {job.phase}; there is nothing left to abort.")
        if job.phase in phases.AT_WORK:
            if job.abort_requested is None:
                joblist.update(job, abort_requested=now())
        else:
            move(journal, joblist, job, phases.ABORTED, ended=now(), quote=None, reason=None)

    # Helpers

    def _offered(self) -> ServiceDefinition:
        if self.definition is None or self.renderer not in self.definition.renderers:
            what = f"{self.service}/{self.renderer}" if self.definition else self.service
            raise Rejected(f"The service {what!r} is no longer offered; its jobs can be read and deleted.")
        return self.definition

    def _joblist(self, root: Root) -> Joblist:
        return find_joblist(root, self.service, self.renderer)

    def _change(
        self, job_id: str, change: Callable[[Joblist, Job, Journal], T], event: str = "", **facts: Any
    ) -> T:
        """Change a job; an ``event`` is what the audit log calls that, with what else is to be said about it."""
        value = self.writer.do(self._on_job(job_id, change, event, **facts))
        self.wake()
        return value

    def _on_job(
        self, job_id: str, change: Callable[[Joblist, Job, Journal], T], event: str, **facts: Any
    ) -> Change[T]:
        by = actor()

        def on_root(root: Root, journal: Journal) -> T:
            joblist = self._joblist(root)
            job = joblist.get(job_id)
            value = change(joblist, job, journal)
            if event:
                note_act(journal, joblist, job, event, by, **facts)
            return value

        return on_root

    def _removal(self, job_id: str) -> Change[None]:
        by = actor()

        def change(root: Root, journal: Journal) -> None:
            joblist = self._joblist(root)
            job = joblist.remove(job_id)
            note(journal, joblist, job, job.phase, None)
            note_act(journal, joblist, job, "deleted", by, phase=job.phase)

        return change

    def _each(
        self,
        job_ids: Iterable[str],
        verb: str,
        change_of: Callable[[str], Change[None]],
        afterwards: Callable[[str], None] = lambda _job_id: None,
    ) -> dict[str, UWSError]:
        """Do what the verb does to each job; who has given the verb another meaning is asked for one at a time."""
        ids = list(dict.fromkeys(job_ids))
        if getattr(type(self), verb) is not getattr(WorkerSystem, verb):
            return one_by_one(ids, getattr(self, verb))
        outcomes = do_each(self.writer, [change_of(job_id) for job_id in ids])
        self.wake()
        problems = {}
        for job_id, outcome in zip(ids, outcomes, strict=True):
            if isinstance(outcome, UWSError):
                problems[job_id] = outcome
            else:
                afterwards(job_id)
        return problems

    def _check_complete(self, pairs: Pairs, references: tuple[Reference, ...]) -> int:
        """Check the parameters completely; return by how much they lower the priority."""
        definition = self._offered()
        try:
            check_required(definition, pairs)
            files = given_as_files(definition, Kept(pairs, references))
            values = complete(definition.parameters, pairs, files, self.style)
        except BadValue:
            if not self.late:
                raise
            return 0
        if definition.command is not None:  # what cannot be an argument is told now, not by the job
            paths = dict.fromkeys((*files, *uploads_of(definition, pairs)), "/")
            definition.command.arguments(definition.parameters, values, paths)
        by_key = {name.upper(): value for name, value in values.items()}
        return lowered_by(definition, by_key.get((definition.priority_parameter or "").upper()))

    def _arrived(self, kept: Kept, sent: Sent, *, replace: bool = False) -> Kept:
        """Return what a job has after more was sent to it."""
        definition = self._offered()
        check_priority(definition, sent.pairs)
        arrived = arrive(definition, None if self.late else self.style, kept, sent, replace=replace)
        check_sources(definition, arrived.pairs, self.fetching)
        return arrived


def _names(pairs: Pairs) -> list[str]:
    """Return the names of parameters, each once; what values they have is nobody else's business."""
    return list(dict.fromkeys(name for name, _ in pairs))


def _note_uploads(journal: Journal, joblist: Joblist, job: Job, by: Actor, sent: Sent) -> None:
    for name, media_type, size, _ in sent.references:
        note_act(journal, joblist, job, "uploaded", by, name=name, type=media_type, bytes=size)


def _refuse_archived(job: Job) -> None:
    if job.phase == phases.ARCHIVED:
        raise NotAllowedNow(f"Job {job.job_id} is ARCHIVED; it can be read and deleted.")
