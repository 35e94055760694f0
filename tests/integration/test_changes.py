"""What the dispatcher has written, on a real file storage: each change holds against whatever came before it."""

from pathlib import Path

import pytest
from ZODB.DB import DB
from ZODB.FileStorage import FileStorage

from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.exceptions import NoSuchJob, NotAllowedNow
from pyramid_uws.execution.changes import claim, finish, refuse, report
from pyramid_uws.execution.endings import ABORTED, VOID, Ending
from pyramid_uws.execution.jobdir import JobDirectory
from pyramid_uws.execution.limiting import Limiter
from pyramid_uws.execution.reaping import reap
from pyramid_uws.execution.runs import Address, Harvest
from pyramid_uws.execution.writer import PhaseChanged, Writer
from pyramid_uws.settings import read_settings
from pyramid_uws.tree import AsyncRenderer, Job, get_root, match_tree
from pyramid_uws.uws import phases
from pyramid_uws.uws.ids import new_id
from pyramid_uws.uws.limits import SECOND

NO_LIMITS = Limiter(read_settings({}), {})
RESULTS = (("result", "text/plain", 4, "00"),)
COMPLETED = Ending(phases.COMPLETED)
FAILED = Ending(phases.ERROR, ("fatal", "no", ""))
REMOVING = ServiceDefinition(name="service", core="a:b")
ARCHIVING = ServiceDefinition(name="service", core="a:b", on_destruction="archive")


@pytest.fixture
def journal():
    return []


@pytest.fixture
def database(tmp_path):
    database = DB(FileStorage(str(tmp_path / "test.fs")))
    yield database
    database.close()


@pytest.fixture
def writer(database, journal):
    writer = Writer(database, journal.extend)
    writer.start()
    writer.do(lambda root, _journal: match_tree(root, {"service": {"async": AsyncRenderer}}))
    yield writer
    writer.stop()


@pytest.fixture
def published(writer, journal):
    def published():
        writer.do(lambda _root, _journal: None)  # the writer publishes before it goes on to this
        return journal

    return published


@pytest.fixture
def job_in(writer):
    """Return a function that makes a job, takes it through phases, and returns its address."""

    def job_in(*steps, **facts):
        address = Address("service", "async", new_id(1))

        def change(root, _journal):
            joblist = address.joblist(root)
            joblist.add(Job(address.job_id, created=1, execution_duration=7, **facts))
            for step in steps:
                joblist.move(joblist[address.job_id], joblist[address.job_id].phase, step, queued=1)

        writer.do(change)
        return address

    return job_in


@pytest.fixture
def read(database):
    def read(address, *names):
        with database.transaction() as connection:
            job = address.joblist(get_root(connection)).get(address.job_id)
            return tuple(getattr(job, name) for name in names)

    return read


AT_WORK = (phases.QUEUED, phases.EXECUTING)


def harvest(address, ending, attempt=0, **facts):
    return Harvest(address, attempt, JobDirectory(Path("nowhere")), ending, **facts)


class TestClaim:
    def test_a_queued_job_is_taken_with_all_its_attempt_needs(self, writer, job_in, read, published):
        address = job_in(
            phases.QUEUED, owner="alice", runid="r", parameters=(("A", "1"),), reason="again", attempt=1
        )

        claimed = writer.do(claim(address, "first", NO_LIMITS))

        assert (claimed.address, claimed.attempt, claimed.duration) == (address, 2, 7)
        assert (claimed.owner, claimed.runid, claimed.parameters) == ("alice", "r", (("A", "1"),))
        phase, started, quote, reason, attempt = read(address, "phase", "started", "quote", "reason", "attempt")
        assert (phase, reason, attempt) == (phases.EXECUTING, None, 2)
        assert quote - started == 7 * SECOND
        assert published() == [PhaseChanged("service", "async", address.job_id, phases.QUEUED, phases.EXECUTING)]

    @pytest.mark.parametrize("steps", [(), AT_WORK, (phases.ABORTED,)])
    def test_a_job_that_has_moved_meanwhile_is_not(self, writer, job_in, steps):
        with pytest.raises(NotAllowedNow):
            writer.do(claim(job_in(*steps), "first", NO_LIMITS))

    def test_of_two_claims_one_is_the_first(self, writer, job_in):
        address = job_in(phases.QUEUED)

        first, second = (
            writer.submit(claim(address, "first", NO_LIMITS)),
            writer.submit(claim(address, "first", NO_LIMITS)),
        )

        assert first.result(10).attempt == 1
        with pytest.raises(NotAllowedNow):
            second.result(10)


class TestReport:
    def test_progress_is_noted_while_the_job_is_at_work(self, writer, job_in, read):
        address = job_in(*AT_WORK)

        writer.do(report(address, (0.5, "half")))

        assert read(address, "progress") == ((0.5, "half"),)

    @pytest.mark.spec("U-87")
    def test_it_comes_too_late_for_a_job_that_has_ended_or_gone(self, writer, job_in, read):
        address, gone = job_in(*AT_WORK, phases.ABORTED), Address("service", "async", new_id(1))

        writer.do(report(address, (0.5, "half")))
        writer.do(report(gone, (0.5, "half")))

        assert read(address, "progress") == (None,)


class TestFinish:
    @pytest.mark.spec("U-61")
    def test_phase_results_and_end_come_in_one_stroke(self, writer, job_in, read, published):
        address = job_in(*AT_WORK)

        writer.do(finish(harvest(address, COMPLETED, results=RESULTS, progress=(1.0, "done"))))

        phase, results, progress, ended, failure = read(
            address, "phase", "results", "progress", "ended", "failure"
        )
        assert (phase, results, progress, failure) == (phases.COMPLETED, RESULTS, (1.0, "done"), None)
        assert ended is not None
        assert published() == [
            PhaseChanged("service", "async", address.job_id, phases.EXECUTING, phases.COMPLETED)
        ]

    @pytest.mark.spec("U-87")
    @pytest.mark.parametrize("ending", [COMPLETED, FAILED, ABORTED, VOID])
    @pytest.mark.parametrize("end", sorted(phases.FINAL))
    def test_a_final_phase_is_never_left_whatever_a_late_worker_reports(
        self, writer, job_in, read, published, ending, end
    ):
        address = job_in(*AT_WORK, end, ended=5)

        writer.do(finish(harvest(address, ending, results=RESULTS)))

        assert read(address, "phase", "results", "ended") == (end, (), 5)
        assert published() == []

    def test_an_earlier_attempt_has_no_say(self, writer, job_in, read):
        address = job_in(*AT_WORK, attempt=2)

        writer.do(finish(harvest(address, COMPLETED, attempt=1, results=RESULTS)))

        assert read(address, "phase", "results") == (phases.EXECUTING, ())

    @pytest.mark.spec("U-79", "U-81")
    @pytest.mark.parametrize("ending", [COMPLETED, FAILED, VOID])
    def test_a_job_that_is_to_be_aborted_is_however_it_ended(self, writer, job_in, read, ending):
        address = job_in(*AT_WORK, abort_requested=5)

        writer.do(finish(harvest(address, ending, results=RESULTS)))

        assert read(address, "phase", "results", "failure") == (phases.ABORTED, RESULTS, None)

    @pytest.mark.parametrize(
        ("abandoned", "reason"), [(False, "Aborted on request."), (True, "The client has gone.")]
    )
    def test_why_it_is_aborted_is_told(self, writer, job_in, read, abandoned, reason):
        address = job_in(*AT_WORK, abort_requested=5, abandoned=abandoned)

        writer.do(finish(harvest(address, COMPLETED)))

        assert read(address, "phase", "reason") == (phases.ABORTED, reason)

    def test_a_void_attempt_puts_the_job_back_where_it_was_in_the_queue(self, writer, job_in, read):
        address = job_in(*AT_WORK, started=5, quote=6, progress=(0.5, ""))

        writer.do(finish(harvest(address, VOID)))

        assert read(address, "phase", "started", "quote", "progress", "ended") == (
            phases.QUEUED,
            None,
            None,
            None,
            None,
        )
        assert read(address, "queued", "reason") == (1, VOID.reason)

    @pytest.mark.spec("U-88")
    def test_who_brings_results_for_a_job_that_is_archived_or_gone_is_told_so(self, writer, job_in, read):
        archived = job_in(phases.ABORTED, phases.ARCHIVED)

        with pytest.raises(NotAllowedNow, match="ARCHIVED"):
            writer.do(finish(harvest(archived, COMPLETED, results=RESULTS)))
        with pytest.raises(NoSuchJob):
            writer.do(finish(harvest(Address("service", "async", new_id(1)), COMPLETED)))
        assert read(archived, "phase", "results") == (phases.ARCHIVED, ())


class TestRefuse:
    def test_a_queued_job_fails_with_the_sentence(self, writer, job_in, read):
        address = job_in(phases.QUEUED, quote=6)

        writer.do(refuse(address, "no longer offered"))

        assert read(address, "phase", "failure", "quote") == (
            phases.ERROR,
            ("fatal", "no longer offered", ""),
            None,
        )

    @pytest.mark.parametrize("steps", [(), AT_WORK, (phases.ABORTED,)])
    def test_others_stay_as_they_are(self, writer, job_in, read, steps):
        address = job_in(*steps)
        before = read(address, "phase")

        writer.do(refuse(address, "no longer offered"))

        assert read(address, "phase") == before


class TestReap:
    ENDS = [(), (phases.QUEUED,), AT_WORK, (*AT_WORK, phases.COMPLETED), (phases.HELD,), (phases.ABORTED,)]

    @pytest.mark.spec("U-118")
    @pytest.mark.parametrize("definition", [REMOVING, None])
    @pytest.mark.parametrize("steps", ENDS)
    def test_a_job_whose_time_is_up_is_removed_in_whatever_phase(self, writer, job_in, read, definition, steps):
        address = job_in(*steps, destruction=100)

        assert writer.do(reap(address, definition, 100))
        with pytest.raises(NoSuchJob):
            read(address, "phase")

    @pytest.mark.spec("U-88")
    @pytest.mark.parametrize("steps", ENDS)
    def test_or_archived_without_its_files_if_the_service_wants_it_so(self, writer, job_in, read, steps):
        address = job_in(
            *steps, destruction=100, results=RESULTS, references=(("A", "", 1, "1"),), parameters=(("B", "2"),)
        )

        assert writer.do(reap(address, ARCHIVING, 100))
        assert read(address, "phase", "results", "references", "parameters", "former") == (
            phases.ARCHIVED,
            (),
            (),
            (("B", "2"),),
            RESULTS,
        )

    @pytest.mark.spec("U-61")
    @pytest.mark.parametrize(("steps", "ended"), [((), True), (AT_WORK, True), ((phases.ABORTED,), False)])
    def test_one_that_had_not_ended_ends_then(self, writer, job_in, read, steps, ended):
        address = job_in(*steps, destruction=100)

        writer.do(reap(address, ARCHIVING, 100))

        assert (read(address, "ended") != (None,)) == ended

    @pytest.mark.parametrize("destruction", [101, None])
    def test_a_job_whose_time_was_put_off_meanwhile_stays(self, writer, job_in, read, destruction):
        address = job_in(destruction=destruction)

        assert not writer.do(reap(address, REMOVING, 100))
        assert read(address, "phase") == (phases.PENDING,)

    def test_an_archived_job_is_not_archived_again(self, writer, job_in, published):
        address = job_in(phases.ABORTED, phases.ARCHIVED, destruction=100)

        assert not writer.do(reap(address, ARCHIVING, 100))
        assert published() == []
