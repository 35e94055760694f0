"""The job list against a model of a few lines: the same lists, the same indexes, the same refusals."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from pyramid_uws.exceptions import NoSuchJob, NotAllowedNow
from pyramid_uws.tree import AsyncRenderer, Job, Root
from pyramid_uws.uws import phases
from pyramid_uws.uws.ids import new_id
from pyramid_uws.uws.jobfilter import JobFilter

OWNERS = st.sampled_from([None, "alice", "bob"])
PHASE_SETS = st.sets(st.sampled_from(phases.PHASES))


def make_list():
    return Root().add("service").add("async", AsyncRenderer).joblist


class JoblistMachine(RuleBasedStateMachine):
    jobs = Bundle("jobs")

    def __init__(self):
        super().__init__()
        self.joblist = make_list()
        self.model = {}

    @rule(target=jobs, created=st.integers(0, 50), owner=OWNERS, destruction=st.none() | st.integers(0, 50))
    def create(self, created, owner, destruction):
        job = Job(new_id(created), created=created, execution_duration=1, owner=owner, destruction=destruction)
        self.joblist.add(job)
        self.model[job.job_id] = job
        return job.job_id

    @rule(job_id=jobs, to=st.sampled_from(phases.PHASES), queued=st.integers(0, 50))
    def move(self, job_id, to, queued):
        job = self.joblist[job_id]
        before = job.phase
        facts = {"queued": queued} if to == phases.QUEUED else {}
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

    @invariant()
    def indexes_agree_with_the_jobs(self):
        assert set(self.joblist.jobs) == set(self.model)
        for phase in phases.ACTIVE:
            expected = {job_id for job_id, job in self.model.items() if job.phase == phase}
            assert set(self.joblist.active[phase]) == expected
        queue = sorted((job.queued, job_id) for job_id, job in self.model.items() if job.phase == phases.QUEUED)
        assert list(self.joblist.queued()) == queue
        doomed = {job_id for job_id, job in self.model.items() if _will_go(job, 25)}
        assert set(self.joblist.expired(25)) == doomed


def _will_go(job, instant):
    return job.destruction is not None and job.destruction <= instant and job.phase != phases.ARCHIVED


TestJoblist = JoblistMachine.TestCase
TestJoblist.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


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
