"""The job list against a model of a few lines: the same lists, the same indexes, the same refusals."""

from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from pyramid_uws.exceptions import NoSuchJob, NotAllowedNow
from pyramid_uws.tree import AsyncRenderer, Job, Root, count_all
from pyramid_uws.tree.indexes import IndexSet
from pyramid_uws.tree.pages import page_of_all, page_of_owner
from pyramid_uws.uws import phases
from pyramid_uws.uws.ids import new_id
from pyramid_uws.uws.jobfilter import JobFilter
from pyramid_uws.uws.quotas import ADDRESS
from tests.support.examples import examples

OWNERS = st.sampled_from([None, "alice", "bob"])
ORIGINS = st.sampled_from(["", f"{ADDRESS}192.0.2.1", f"{ADDRESS}2001:db8::/64"])
FILES = st.lists(st.integers(0, 9), max_size=2).map(
    lambda sizes: tuple((f"f{number}", "text/plain", size, "") for number, size in enumerate(sizes))
)
PHASE_SETS = st.sets(st.sampled_from(phases.PHASES))


def make_list():
    return Root().add("service").add("async", AsyncRenderer).joblist


class JoblistMachine(RuleBasedStateMachine):
    jobs = Bundle("jobs")

    def __init__(self):
        super().__init__()
        self.joblist = make_list()
        self.model = {}

    @rule(
        target=jobs,
        created=st.integers(0, 50),
        owner=OWNERS,
        origin=ORIGINS,
        destruction=st.none() | st.integers(0, 50),
        files=FILES,
    )
    def create(self, created, owner, origin, destruction, files):
        job = Job(
            new_id(created),
            created=created,
            execution_duration=1,
            owner=owner,
            origin="" if owner else origin,
            destruction=destruction,
            references=files,
        )
        self.joblist.add(job)
        self.model[job.job_id] = job
        return job.job_id

    @rule(
        job_id=jobs,
        to=st.sampled_from(phases.PHASES),
        instant=st.integers(0, 50),
        later=st.none() | st.integers(0, 50),
        lowered=st.integers(0, 2),
    )
    def move(self, job_id, to, instant, later, lowered):
        job = self.joblist[job_id]
        before = job.phase
        facts = {
            phases.QUEUED: {"queued": instant, "not_before": later, "held": None, "lowered": lowered},
            phases.HELD: {"held": instant, "lowered": lowered},
            phases.EXECUTING: {"started": instant},
        }.get(to, {})
        if to in phases.MOVES[before]:
            self.joblist.move(job, before, to, **facts)
            assert job.phase == to
        else:
            with pytest.raises(NotAllowedNow):
                self.joblist.move(job, before, to, **facts)
            assert job.phase == before

    @rule(job_id=jobs, destruction=st.none() | st.integers(0, 50), runid=st.none() | st.text(max_size=3))
    def update(self, job_id, destruction, runid):
        self.joblist.update(self.joblist[job_id], destruction=destruction, runid=runid)

    @rule(job_id=jobs, results=FILES, files=FILES)
    def bring(self, job_id, results, files):
        if self.joblist[job_id].phase != phases.ARCHIVED:
            self.joblist.update(self.joblist[job_id], results=results, references=files)

    @rule(job_id=consumes(jobs))
    def remove(self, job_id):
        self.joblist.remove(job_id)
        del self.model[job_id]
        with pytest.raises(NoSuchJob):
            self.joblist.get(job_id)

    @precondition(lambda self: self.model)
    @rule(
        wanted=PHASE_SETS, after=st.none() | st.integers(-1, 51), last=st.none() | st.integers(1, 4), owner=OWNERS
    )
    def select(self, wanted, after, last, owner):
        expected = [
            (job.job_id, job.phase, job.runid, job.owner, job.created)
            for job in sorted(self.model.values(), key=lambda job: job.job_id)
            if job.owner == owner
            and (job.phase in wanted if wanted else job.phase != phases.ARCHIVED)
            and (after is None or job.created > max(after, 0))
        ][:last]
        rows = self.joblist.select(JobFilter(frozenset(wanted), after, last), owner)
        assert [tuple(row) for row in rows] == expected

    @precondition(lambda self: self.model)
    @rule(
        wanted=PHASE_SETS,
        after=st.none() | st.integers(-1, 51),
        runid=st.none() | st.text(max_size=1),
        owner=OWNERS | st.just("everybody"),
        most=st.integers(1, 4),
    )
    def turn_pages(self, wanted, after, runid, owner, most):
        wanted = JobFilter(frozenset(wanted), after, None, runid)
        turn = page_of_all if owner == "everybody" else partial(page_of_owner, owner=owner)
        expected = [
            job_id
            for job_id, job in sorted(self.model.items())
            if owner in {"everybody", job.owner}
            and job.phase in wanted.shown
            and (after is None or job.created > max(after, 0))
            and (runid or "").casefold() in (job.runid or "").casefold()
        ]
        found = []
        while True:
            page = turn(self.joblist, wanted, most=most)
            assert len(page.jobs) == most or page.older is None
            assert not page.is_cut
            found += [job.job_id for job in page.jobs]
            if page.older is None:
                break
            wanted = replace(wanted, older=page.older)
        assert found == expected
        if owner != "everybody":
            rows = self.joblist.select(replace(wanted, older=None), owner)
            assert [row.job_id for row in rows] == expected

    @invariant()
    def accounts_agree_with_the_jobs(self):
        root = self.joblist.__parent__.__parent__.__parent__
        kept = [job for job in self.model.values() if job.payer and job.phase != phases.ARCHIVED]
        expected = {
            payer: (
                sum(job.payer == payer for job in kept),
                sum(file[2] for job in kept if job.payer == payer for file in (*job.results, *job.references)),
            )
            for payer in {job.payer for job in kept}
        }
        assert {payer: account.weight for payer, account in root.accounts.items()} == expected
        assert count_all(root) == expected

    @invariant()
    def indexes_agree_with_the_jobs(self):
        assert set(self.joblist.jobs) == set(self.model)
        for phase in phases.ACTIVE:
            expected = {job_id for job_id, job in self.model.items() if job.phase == phase}
            assert set(self.joblist.active[phase]) == expected
        jobs = self.model.values()
        queued = [job for job in jobs if job.phase == phases.QUEUED and job.not_before is None]
        assert list(self.joblist.queued()) == sorted((job.queued, job.job_id) for job in queued)
        held = [job for job in jobs if job.phase == phases.HELD]
        for lines, expected in ((self.joblist.queue, queued), (self.joblist.held, held)):
            check_lines(lines, expected)
        later = {job.job_id: job.not_before for job in jobs if job.phase == phases.QUEUED and job not in queued}
        assert set(self.joblist.due(25)) == {job_id for job_id, instant in later.items() if instant <= 25}
        assert self.joblist.next_due() == min(later.values(), default=None)
        doomed = {job_id for job_id, job in self.model.items() if _will_go(job, 25)}
        assert set(self.joblist.expired(25)) == doomed


def check_lines(lines, expected):
    """Check that the jobs expected, and no others, stand in lines, each in its own."""
    turns = list(lines.in_turn())
    assert [turn[:3] for turn in turns] == sorted(turn[:3] for turn in turns)
    stands = {job_id: (turn.owner, turn.lowered) for turn in lines.in_turn() for job_id in turn.job_ids}
    assert stands == {job.job_id: (job.payer, job.lowered) for job in expected}
    assert lines.size() == len(expected)
    for owner in ("", "alice", "bob"):
        assert lines.size_of(owner) == sum((job.owner or "") == owner for job in expected)


def _will_go(job, instant):
    return job.destruction is not None and job.destruction <= instant and job.phase != phases.ARCHIVED


TestJoblist = JoblistMachine.TestCase
TestJoblist.settings = examples(40, stateful_step_count=30)


def test_a_move_from_a_phase_the_job_has_left_is_refused():
    joblist = make_list()
    job = Job(new_id(1), created=1, execution_duration=1)
    joblist.add(job)
    joblist.move(job, phases.PENDING, phases.ABORTED)

    with pytest.raises(NotAllowedNow, match="is ABORTED"):
        joblist.move(job, phases.PENDING, phases.QUEUED)


def test_a_phase_changes_by_move_only():
    joblist = make_list()
    job = Job(new_id(1), created=1, execution_duration=1)
    joblist.add(job)

    with pytest.raises(ValueError, match="move"):
        joblist.update(job, phase=phases.COMPLETED)


@given(st.lists(st.integers(0, 100), min_size=1))
def test_the_next_destruction_is_the_earliest_after_an_instant(instants):
    joblist = make_list()
    for instant in instants:
        joblist.add(Job(new_id(1), created=1, execution_duration=1, destruction=instant))

    assert joblist.next_destruction(after=50) == min((i for i in instants if i > 50), default=None)


def queue(joblist, owner, instant):
    job = Job(new_id(instant), created=instant, execution_duration=1, owner=owner)
    joblist.add(job)
    joblist.move(job, phases.PENDING, phases.QUEUED, queued=instant)
    return job


def owners_in_turn(joblist):
    return [turn.owner for turn in joblist.queue.in_turn()]


def test_whose_job_is_started_goes_behind_the_others():
    joblist = make_list()
    first, *_ = [queue(joblist, "alice", instant) for instant in (1, 2, 3)]
    queue(joblist, "bob", 4)
    assert owners_in_turn(joblist) == ["alice", "bob"]

    joblist.move(first, phases.QUEUED, phases.EXECUTING, started=5)
    queue(joblist, None, 6)

    assert owners_in_turn(joblist) == ["bob", "alice", ""]


def test_who_takes_a_job_out_of_the_queue_keeps_the_turn():
    joblist = make_list()
    first, *_ = [queue(joblist, "alice", instant) for instant in (1, 3)]
    queue(joblist, "bob", 2)

    joblist.move(first, phases.QUEUED, phases.ABORTED)

    assert owners_in_turn(joblist) == ["alice", "bob"]


def test_a_list_stored_before_there_were_lines_is_brought_up_to_date():
    joblist = make_list()
    jobs = [queue(joblist, "alice", instant) for instant in (1, 2)]
    joblist.queue = IndexSet((job.queued, job.job_id) for job in jobs)
    del joblist.held, joblist.later

    joblist.renew()
    joblist.renew()

    assert list(joblist.queued()) == [(job.queued, job.job_id) for job in jobs]
    check_lines(joblist.queue, jobs)
    check_lines(joblist.held, [])


class TestPages:
    def test_what_is_rare_is_looked_for_so_far_and_no_farther(self, monkeypatch):
        monkeypatch.setattr("pyramid_uws.tree.pages.ROWS_LOOKED_AT", 10)
        joblist = make_list()
        for instant in range(25):
            runid = "needle" if instant == 3 else None
            joblist.add(Job(new_id(instant), created=instant, execution_duration=1, runid=runid))
        wanted = JobFilter(runid="NEEDLE")

        pages = []
        while not pages or pages[-1].older:
            pages.append(page_of_owner(joblist, wanted, None, 5))
            wanted = replace(wanted, older=pages[-1].older)

        assert [[job.created for job in page.jobs] for page in pages] == [[], [], [3]]
        assert [page.is_cut for page in pages] == [True, True, False]

    def test_a_page_goes_on_where_a_job_was_that_is_gone(self):
        joblist = make_list()
        for instant in range(4):
            joblist.add(Job(new_id(instant), created=instant, execution_duration=1))
        older = page_of_owner(joblist, JobFilter(), None, 2).older
        joblist.remove(older)

        page = page_of_owner(joblist, JobFilter(older=older), None, 2)

        assert [job.created for job in page.jobs] == [1, 0]

    def test_only_what_is_shown_is_loaded(self):
        joblist = make_list()
        for instant in range(100):
            joblist.add(Job(new_id(instant), created=instant, execution_duration=1))
        loaded = []
        joblist.get = lambda job_id: loaded.append(job_id) or joblist.jobs[job_id]

        page = page_of_owner(joblist, JobFilter(), None, 7)

        assert [job.job_id for job in page.jobs] == loaded
        assert len(loaded) == 7
