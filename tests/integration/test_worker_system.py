"""The worker system on a real file storage and a real result store: one verb a method, one commit a verb."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ZODB.DB import DB
from ZODB.FileStorage import FileStorage

from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.exceptions import BadRequest, BadValue, NoSuchJob, NotAllowedNow, Rejected
from pyramid_uws.execution.limiting import Limiter
from pyramid_uws.execution.store import ResultStore
from pyramid_uws.execution.worker_system import Sent, WorkerSystem
from pyramid_uws.execution.writer import PhaseChanged, Writer
from pyramid_uws.parameters import Parameter
from pyramid_uws.settings import read_settings
from pyramid_uws.tree import AsyncRenderer, Job, find_joblist, get_root, match_tree
from pyramid_uws.uws import phases
from pyramid_uws.uws.control import Control
from pyramid_uws.uws.ids import new_id
from pyramid_uws.uws.instants import now
from pyramid_uws.uws.limits import SECOND, Limits
from pyramid_uws.uws.quotas import Payer
from tests.support.examples import examples
from tests.support.http import wait_for

DEFINITION = ServiceDefinition(
    name="service",
    core="a:b",
    parameters=(
        Parameter(name="ONE"),
        Parameter(name="NUMBER", type="int"),
        Parameter(name="MANY", multiple=True),
        Parameter(name="NEEDED", required=True),
    ),
    limits=Limits(execution_duration=50, max_execution_duration=100, lifetime=500, max_lifetime=1000),
)
NOTHING = Control()
RUN = Control(phase="RUN")


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    database = DB(FileStorage(str(tmp_path_factory.mktemp("database") / "test.fs")))
    yield database
    database.close()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return ResultStore(tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="module")
def wakes():
    return []


@pytest.fixture(scope="module")
def journal():
    return []


@pytest.fixture(scope="module")
def writer(database, journal):
    writer = Writer(database, journal.extend)
    writer.start()
    writer.do(lambda root, _journal: match_tree(root, {"service": {"async": AsyncRenderer}}))
    yield writer
    writer.stop()


@pytest.fixture
def published(writer, journal):
    """Return a function that returns the moves of jobs that were published in this test."""

    def published():
        writer.do(lambda _root, _journal: None)  # the writer publishes before it goes on to this
        return [entry for entry in journal[before:] if isinstance(entry, PhaseChanged)]

    before = len(journal)
    return published


@pytest.fixture(scope="module")
def make_system(writer, store, wakes):
    def make_system(definition):
        return WorkerSystem(
            "service",
            "async",
            definition,
            writer=writer,
            store=store,
            wake=lambda: wakes.append(1),
            limiter=Limiter(read_settings({}), {} if definition is None else {"service": definition}),
        )

    return make_system


@pytest.fixture(scope="module")
def system(make_system):
    return make_system(DEFINITION)


@pytest.fixture(scope="module")
def orphan(make_system):
    """The worker system of a service that is not offered any more."""
    return make_system(None)


@pytest.fixture(scope="module")
def create(system):
    def create(*pairs, control=NOTHING, references=(), owner=None, payer=None):
        created = now()
        job_id = new_id(created)
        system.create(job_id, created, owner, control, Sent(pairs, references), payer=payer)
        return job_id

    return create


@pytest.fixture(scope="module")
def read(database):
    def read(job_id, *names):
        with database.transaction() as connection:
            job = find_joblist(get_root(connection), "service", "async").get(job_id)
            return tuple(getattr(job, name) for name in names)

    return read


@pytest.fixture(scope="module")
def put_into(writer):
    def put_into(job_id, *steps):
        def change(root, _journal):
            joblist = find_joblist(root, "service", "async")
            for step in steps:
                joblist.move(joblist[job_id], joblist[job_id].phase, step, queued=1)

        writer.do(change)
        return job_id

    return put_into


def upload(store, job_id, content=b"x"):
    """Put a file into the store, and return its name there."""
    with store.new_reference(job_id) as (file, stream):
        stream.write(content)
    return file


class TestCreate:
    @pytest.mark.spec("U-97", "U-116", "U-119")
    def test_wishes_are_clamped_and_defaults_fill_the_gaps(self, create, read):
        wishing = create(control=Control(execution_duration=0, destruction=now() + 5000 * SECOND, runid="r"))
        modest = create(owner="alice")

        created, duration, destruction = read(wishing, "created", "execution_duration", "destruction")
        assert (duration, destruction - created) == (100, 1000 * SECOND)
        assert read(wishing, "runid", "owner") == ("r", None)
        created, duration, destruction = read(modest, "created", "execution_duration", "destruction")
        assert (duration, destruction - created) == (50, 500 * SECOND)
        assert read(modest, "owner", "phase") == ("alice", phases.PENDING)

    @pytest.mark.spec("U-95")
    def test_with_run_the_job_is_made_and_run_in_one_commit(self, create, database, published, read):
        before = database.lastTransaction()

        job_id = create(("needed", "x"), control=RUN)

        assert sum(1 for entry in database.storage.iterator() if entry.tid > before) == 1
        assert read(job_id, "phase", "parameters") == (phases.QUEUED, (("NEEDED", "x"),))
        assert published() == [
            PhaseChanged("service", "async", job_id, None, phases.PENDING),
            PhaseChanged("service", "async", job_id, phases.PENDING, phases.QUEUED),
        ]

    @pytest.mark.spec("U-101", "U-96")
    @pytest.mark.parametrize(
        ("pairs", "control", "naming"),
        [
            ((), RUN, "NEEDED"),
            ((("NUMBER", "x"),), Control(), "NUMBER"),
            ((("ONE", "1"), ("one", "2")), Control(), "ONE"),
            ((), Control(phase="ABORT"), "PHASE"),
            ((), Control(action="DELETE"), "ACTION"),
        ],
    )
    def test_what_is_refused_leaves_nothing(self, system, database, pairs, control, naming):
        before = database.lastTransaction()

        with pytest.raises(BadValue, match=naming):
            system.create(new_id(1), 1, None, control, Sent(pairs))
        assert database.lastTransaction() == before


class TestMerging:
    @pytest.mark.spec("D-17", "D-18", "U-132")
    @pytest.mark.parametrize(
        ("first", "then", "expected"),
        [
            ([("one", "1")], [("One", "2")], [("ONE", "2")]),
            ([("many", "a")], [("MANY", "b"), ("Many", "a")], [("MANY", "a"), ("MANY", "b"), ("MANY", "a")]),
            ([("other", "1"), ("OTHER", "2")], [], [("other", "1"), ("other", "2")]),
            ([("other", "1"), ("OTHER", "2")], [("Other", "3")], [("Other", "3")]),
            ([("ONE", "1")], [("MANY", "a")], [("ONE", "1"), ("MANY", "a")]),
        ],
    )
    def test_texts_replace_or_join_what_was_there(self, system, create, read, first, then, expected):
        job_id = create(*first)

        system.set_parameters(job_id, Sent(tuple(then)))

        assert read(job_id, "parameters") == (tuple(expected),)

    @pytest.mark.spec("D-17")
    def test_a_name_spelled_otherwise_by_an_earlier_definition_is_replaced(self, system, writer, read):
        job_id = new_id(1)
        job = Job(job_id, created=1, execution_duration=1, parameters=(("one", "1"), ("Many", "a")))
        writer.do(lambda root, _journal: find_joblist(root, "service", "async").add(job))

        system.set_parameters(job_id, Sent((("ONE", "2"), ("MANY", "b"))))

        assert read(job_id, "parameters") == ((("Many", "a"), ("ONE", "2"), ("MANY", "b")),)

    @pytest.mark.spec("U-131")
    def test_a_value_that_is_put_replaces_all(self, system, create, read):
        job_id = create(("MANY", "a"), ("MANY", "b"), ("ONE", "1"))

        system.set_parameters(job_id, Sent((("many", "c"),)), replace=True)

        assert read(job_id, "parameters") == ((("ONE", "1"), ("MANY", "c")),)

    @pytest.mark.spec("U-132")
    def test_a_file_takes_the_place_of_texts_and_of_a_file_which_is_removed(self, system, create, read, store):
        job_id = create(("ONE", "1"), ("MANY", "a"))
        first, second = upload(store, job_id), upload(store, job_id)

        system.set_parameters(job_id, Sent((), (("one", "a/b", 1, first),)))
        assert read(job_id, "parameters", "references") == ((("MANY", "a"),), (("ONE", "a/b", 1, first),))
        system.set_parameters(job_id, Sent((), (("ONE", "c/d", 1, second),)))

        assert read(job_id, "references") == ((("ONE", "c/d", 1, second),),)
        assert {path.name for path in (store.folder(job_id) / "references").iterdir()} == {second}

    @pytest.mark.spec("U-132")
    def test_a_text_takes_the_place_of_a_file_which_is_removed(self, system, create, read, store):
        job_id = create()
        file = upload(store, job_id)
        system.set_parameters(job_id, Sent((), (("other", "a/b", 1, file),)))

        system.set_parameters(job_id, Sent((("Other", "x"),)))

        assert read(job_id, "parameters", "references") == ((("Other", "x"),), ())
        assert not any((store.folder(job_id) / "references").iterdir())

    @pytest.mark.spec("D-20")
    @pytest.mark.parametrize("pairs", [(("Table", "x"),), ()])
    def test_what_is_sent_as_a_file_is_sent_once(self, system, create, read, pairs):
        job_id = create()
        references = [("table", "a/b", 1, "1"), ("TABLE", "a/b", 1, "2")][: 2 - len(pairs)]

        with pytest.raises(BadRequest, match="table was sent 2 times"):
            system.set_parameters(job_id, Sent(pairs, tuple(references)))
        assert read(job_id, "parameters", "references") == ((), ())

    def test_a_number_is_not_sent_as_a_file(self, system, create, read):
        job_id = create(("NUMBER", "1"))

        with pytest.raises(BadValue, match="NUMBER"):
            system.set_parameters(job_id, Sent((), (("number", "a/b", 1, "1"),)))
        assert read(job_id, "parameters", "references") == ((("NUMBER", "1"),), ())

    @pytest.mark.spec("U-94")
    def test_a_file_meets_a_requirement(self, system, create, read, store):
        job_id = create()
        system.set_parameters(job_id, Sent((), (("needed", "a/b", 1, upload(store, job_id)),)))

        system.run(job_id)

        assert read(job_id, "phase") == (phases.QUEUED,)

    @given(
        st.lists(
            st.tuples(st.booleans(), st.sampled_from(["ONE", "one", "MANY", "many", "x", "X"]), st.integers(0, 9)),
            max_size=8,
        )
    )
    @examples(30)
    def test_in_the_end_a_name_is_texts_or_a_file_and_the_last_that_was_sent_is_there(
        self, system, create, read, sent
    ):
        job_id = create()
        for as_file, name, value in sent:
            one = Sent((), ((name, "a/b", 1, str(value)),)) if as_file else Sent(((name, str(value)),))
            system.set_parameters(job_id, one)

        pairs, references = read(job_id, "parameters", "references")
        by_text, by_file = {name.upper() for name, _ in pairs}, [name.upper() for name, *_ in references]
        assert by_text.isdisjoint(by_file)
        assert len(by_file) == len(set(by_file))
        assert [name for name, _ in pairs if name != "MANY"].count("ONE") <= 1
        last = {name.upper(): (as_file, str(value)) for as_file, name, value in sent}
        assert last.keys() == by_text | set(by_file)
        for key, (as_file, value) in last.items():
            found = references if as_file else pairs
            assert [row[-1] for row in found if row[0].upper() == key][-1] == value


class TestPhases:
    @pytest.mark.spec("U-94")
    def test_a_job_is_run_only_with_all_it_needs(self, system, create, read):
        job_id = create()

        with pytest.raises(BadValue, match="NEEDED"):
            system.run(job_id)
        assert read(job_id, "phase") == (phases.PENDING,)
        system.set_parameters(job_id, Sent((("NEEDED", ""),)))
        system.run(job_id)

        phase, queued, quote = read(job_id, "phase", "queued", "quote")
        assert phase == phases.QUEUED
        assert quote - queued == 50 * SECOND

    @pytest.mark.parametrize(
        ("payer", "groups"),
        [(None, ("a",)), (Payer("bob", ("b",)), ("a",)), (Payer("alice", ("b",)), ("b",)), (Payer("alice"), ())],
    )
    def test_a_job_has_the_groups_with_which_its_owner_has_made_or_run_it(
        self, payer, groups, system, create, read
    ):
        job_id = create(("NEEDED", ""), owner="alice", payer=Payer("alice", ("a",)))

        system.run(job_id, payer)

        assert read(job_id, "phase", "groups") == (phases.QUEUED, groups)

    @pytest.mark.spec("U-79", "U-83")
    def test_an_abort_of_work_is_a_wish_that_is_noted_once(self, system, create, put_into, read):
        job_id = put_into(create(), phases.QUEUED, phases.EXECUTING)

        system.abort(job_id)
        first = read(job_id, "abort_requested", "phase")
        system.abort(job_id)

        assert first[0] is not None
        assert first[1] == phases.EXECUTING
        assert read(job_id, "abort_requested", "phase") == first

    def test_a_job_whose_client_has_gone_says_so(self, system, create, put_into, read):
        queued = put_into(create(), phases.QUEUED)
        at_work = put_into(create(), phases.QUEUED, phases.EXECUTING)
        aborted = put_into(create(), phases.QUEUED)
        system.abort(aborted)

        for job_id in (queued, at_work, aborted):
            system.abandon(job_id)

        assert read(queued, "phase", "reason") == (phases.ABORTED, "The client has gone.")
        assert read(at_work, "phase", "abandoned") == (phases.EXECUTING, True)
        assert read(aborted, "phase", "reason") == (phases.ABORTED, None)

    def test_every_verb_wakes_who_does_the_work(self, system, create, wakes):
        job_id = create(("NEEDED", "x"))
        verbs = [
            lambda: system.set_destruction(job_id, now() + SECOND),
            lambda: system.set_execution_duration(job_id, 1),
            lambda: system.run(job_id),
            lambda: system.abort(job_id),
            lambda: system.delete(job_id),
        ]

        for verb in verbs:
            wakes.clear()
            verb()
            assert wakes

    @pytest.mark.spec("U-120", "U-22")
    @pytest.mark.parametrize(
        ("steps", "allowed"),
        [
            ((), True),
            ((phases.HELD,), True),
            ((phases.QUEUED,), True),
            ((phases.QUEUED, phases.EXECUTING), False),
            ((phases.ABORTED,), False),
        ],
    )
    def test_the_execution_duration_is_set_until_the_start(self, system, create, put_into, read, steps, allowed):
        job_id = put_into(create(), *steps)

        if allowed:
            system.set_execution_duration(job_id, 5000)
        else:
            with pytest.raises(NotAllowedNow, match="until it starts"):
                system.set_execution_duration(job_id, 5000)

        assert read(job_id, "execution_duration") == (100 if allowed else 50,)


class TestDelete:
    @pytest.mark.spec("U-137")
    def test_the_files_go_with_the_job(self, system, create, store, published):
        job_id = create()
        upload(store, job_id)

        system.delete(job_id)

        assert not store.folder(job_id).exists()
        assert published()[-1] == PhaseChanged("service", "async", job_id, phases.PENDING, None)

    @pytest.mark.spec("U-136")
    def test_afterwards_there_is_nothing_to_act_on(self, system, create):
        job_id = create()
        system.delete(job_id)

        for verb in (system.run, system.abort, system.delete):
            with pytest.raises(NoSuchJob):
                verb(job_id)


class TestMany:
    def test_they_share_commits(self, system, create, read, writer):
        job_ids = [create() for _ in range(20)]
        has_begun, gate = threading.Event(), threading.Event()
        writer.submit(lambda _root, _journal: has_begun.set() or gate.wait(60))
        assert has_begun.wait(60)

        with ThreadPoolExecutor(1) as pool:
            aborted = pool.submit(system.abort_all, job_ids)
            wait_for(lambda: writer._waiting.qsize() == len(job_ids))
            gate.set()
            assert aborted.result() == {}

        assert len({read(job_id, "phase", "_p_serial") for job_id in job_ids}) == 1

    def test_each_is_acted_on_as_by_itself(self, system, create, read, store, published):
        gone, kept, ended = create(), create(), create()
        upload(store, gone)
        system.delete(ended)

        assert system.abort_all([kept, kept]) == {}
        problems = system.delete_all([gone, ended])

        assert {job_id: type(problem) for job_id, problem in problems.items()} == {ended: NoSuchJob}
        assert not store.folder(gone).exists()
        assert read(kept, "phase") == (phases.ABORTED,)
        assert published()[-1] == PhaseChanged("service", "async", gone, phases.PENDING, None)

    def test_what_cannot_be_done_with_one_leaves_the_others(self, system, create, read, put_into):
        done = put_into(create(), phases.QUEUED, phases.EXECUTING, phases.COMPLETED)
        first, last = create(), create()

        problems = system.abort_all([first, done, last])

        assert [type(problem) for problem in problems.values()] == [NotAllowedNow]
        assert [read(job_id, "phase") for job_id in (first, done, last)] == [
            (phases.ABORTED,),
            (phases.COMPLETED,),
            (phases.ABORTED,),
        ]

    def test_a_system_with_a_verb_of_its_own_is_asked_for_each(self, system, create, read, monkeypatch):
        class Careful(WorkerSystem):
            def abort(self, job_id):
                if job_id == spared:
                    raise Rejected("Not this one.")
                super().abort(job_id)

        spared, other = create(), create()
        monkeypatch.setattr(system, "__class__", Careful)

        problems = system.abort_all([spared, other])

        assert list(problems) == [spared]
        assert (read(spared, "phase"), read(other, "phase")) == ((phases.PENDING,), (phases.ABORTED,))


class TestServiceThatIsGone:
    @pytest.mark.spec("U-92")
    def test_it_takes_no_jobs_and_runs_none(self, orphan, create, read):
        job_id = create(("NEEDED", "x"))
        verbs = [
            lambda: orphan.create(new_id(1), 1, None, Control(), Sent()),
            lambda: orphan.run(job_id),
            lambda: orphan.set_parameters(job_id, Sent((("ONE", "1"),))),
            lambda: orphan.set_destruction(job_id, now() + SECOND),
            lambda: orphan.set_execution_duration(job_id, 1),
        ]
        before = read(job_id, "phase", "parameters", "destruction", "execution_duration")

        for verb in verbs:
            with pytest.raises(Rejected, match="no longer offered"):
                verb()

        assert read(job_id, "phase", "parameters", "destruction", "execution_duration") == before

    def test_its_jobs_can_be_aborted_and_deleted(self, orphan, create, read):
        job_id = create()

        orphan.abort(job_id)
        assert read(job_id, "phase") == (phases.ABORTED,)
        orphan.delete(job_id)

        with pytest.raises(NoSuchJob):
            read(job_id)


class TestAdmission:
    """With one place in the queue of the service, and PRIORITY to lower the priority of 5 by."""

    @pytest.fixture
    def narrow(self, writer, store, wakes):
        def narrow(**facts):
            parameters = (Parameter(name="PRIORITY", type="int", default=4),)
            definition = ServiceDefinition(
                name="service",
                core="a:b",
                parameters=parameters,
                priority=5,
                priority_parameter="priority",
                limits=Limits(max_queued_per_owner=1),
                **facts,
            )
            limiter = Limiter(read_settings({}), {"service": definition})
            return WorkerSystem(
                "service",
                "async",
                definition,
                writer=writer,
                store=store,
                wake=lambda: wakes.append(1),
                limiter=limiter,
            )

        return narrow

    def job(self, system, *pairs, owner="alice", control=RUN):
        created = now()
        job_id = new_id(created)
        system.create(job_id, created, owner, control, Sent(pairs))
        return job_id

    def test_a_wish_and_a_default_lower_the_priority(self, narrow, read):
        system = narrow()

        assert read(self.job(system, ("PRIORITY", "-3"), owner="a"), "lowered") == (8,)
        assert read(self.job(system, ("PRIORITY", "5"), owner="b"), "lowered") == (0,)
        assert read(self.job(system, owner="c"), "lowered") == (1,)

    @pytest.mark.spec("U-92")
    def test_a_full_queue_refuses_and_nothing_is_made(self, narrow, database):
        system = narrow()
        self.job(system, owner="refused")

        with pytest.raises(Rejected, match="takes no more of 'refused'"):
            self.job(system, owner="refused")
        with database.transaction() as connection:
            lines = find_joblist(get_root(connection), "service", "async").queue
            assert lines.size_of("refused") == 1

    @pytest.mark.spec("U-77", "U-61")
    def test_or_it_holds_and_a_held_job_can_be_run_and_aborted(self, narrow, read):
        system = narrow(when_full="hold")
        first = self.job(system, owner="held")
        held = self.job(system, owner="held")
        system.run(held)

        phase, since, queued, reason = read(held, "phase", "held", "queued", "reason")
        assert (phase, queued) == (phases.HELD, None)
        assert since is not None
        assert "The queue is full" in reason
        system.abort(first)
        system.run(held)
        assert read(held, "phase", "held", "reason") == (phases.QUEUED, None, None)
        another = self.job(system, owner="held")
        system.abort(another)
        assert read(another, "phase", "reason") == (phases.ABORTED, None)
