"""Who is started next, and who is not taken: priority, turns of owners, limits; HELD where a service wants it."""

import itertools

import pytest

from pyramid_uws.uws.instants import parse_instant
from tests.support.anatomy import job_id
from tests.support.headerpolicy import HEADER
from tests.support.http import (
    Session,
    abort,
    create,
    http,
    job_document,
    parse,
    phase,
    run,
    text,
    wait_for,
    wait_for_phase,
    xpath,
)

CORES = "tests.support.fault_cores"
GATED = {"core": f"{CORES}:gated", "parameters": f"{CORES}:PARAMETERS_GATED"}
TALLY = {"core": f"{CORES}:tally", "parameters": f"{CORES}:PARAMETERS_TALLY"}
URGENT = {"core": f"{CORES}:tally", "parameters": f"{CORES}:PARAMETERS_URGENT"}
BY = {"priority_parameter": "PRIORITY"}
HALF_A_SECOND = 500_000


def session_of(user):
    session = Session()
    session.headers[HEADER] = user
    return session


ALICE, BOB = session_of("alice"), session_of("bob")


@pytest.fixture
def site(make_server, tmp_path):
    """Return a function that starts a site with these services and settings, on which people say who they are."""

    def site(services, **settings):
        named = {f"uws.{key}": str(value) for key, value in {"max_running": 1, **settings}.items()}
        sections = {f"uws:service:{name}": section for name, section in services.items()}
        return make_server(
            settings={"uws.includes": "tests.support.headerpolicy", **named}, services=[], sections=sections
        )

    (tmp_path / "tally").touch()
    return site


class Gates:
    """Jobs of the service `gated`, which go on until they are let go."""

    def __init__(self, folder, server, service="gated"):
        self.folder = folder
        self.joblist = server.joblist(service)

    def enter(self, session=http):
        """Start a job and wait until it is at work."""
        job = self.queue(session)
        self.wait_for(job)
        return job

    def queue(self, session=http):
        return create(self.joblist, session=session, FOLDER=self.folder, PHASE="RUN")

    def has_begun(self, job):
        return (self.folder / job_id(job)).exists()

    def wait_for(self, job):
        wait_for(lambda: self.has_begun(job), what="the begin")

    def let_go(self, job):
        (self.folder / f"{job_id(job)}.go").touch()


def began(folder):
    """Return the ids of the tallied jobs in the order in which they began."""
    lines = [line.split() for line in (folder / "tally").read_text().splitlines()]
    return [found for word, found, *_ in lines if word == "began"]


def ids(jobs):
    return [job_id(job) for job in jobs]


def listed(joblist, session=http):
    return xpath(parse(session.get(joblist)), "//uws:jobref/@id")


class TestOrder:
    def test_owners_and_services_take_turns(self, site, tmp_path):
        server = site({"gated": GATED, "one": TALLY, "two": TALLY})
        gates = Gates(tmp_path, server)
        blocker = gates.enter()
        many = [create(server.joblist("one"), session=ALICE, FOLDER=tmp_path, PHASE="RUN") for _ in range(20)]
        single = create(server.joblist("one"), session=BOB, FOLDER=tmp_path, PHASE="RUN")
        elsewhere = create(server.joblist("two"), session=ALICE, FOLDER=tmp_path, PHASE="RUN")
        nobody = [create(server.joblist("one"), FOLDER=tmp_path, PHASE="RUN") for _ in range(2)]

        gates.let_go(blocker)

        wait_for(lambda: len(began(tmp_path)) == 24)
        assert began(tmp_path) == ids(
            [many[0], single, elsewhere, nobody[0], many[1], nobody[1], *many[2:]],
        )

    def test_a_higher_priority_goes_first_and_an_owner_may_lower_it(self, site, tmp_path):
        server = site({"gated": GATED, "plain": TALLY, "urgent": URGENT | {"priority": "5"} | BY})
        gates = Gates(tmp_path, server)
        blocker = gates.enter()
        last = create(server.joblist("urgent"), FOLDER=tmp_path, PRIORITY="-1", PHASE="RUN")
        plain = create(server.joblist("plain"), FOLDER=tmp_path, PHASE="RUN")
        lowered = create(server.joblist("urgent"), FOLDER=tmp_path, priority="4", PHASE="RUN")
        urgent = create(server.joblist("urgent"), FOLDER=tmp_path, PHASE="RUN")

        gates.let_go(blocker)

        wait_for(lambda: len(began(tmp_path)) == 4)
        assert began(tmp_path) == ids([urgent, lowered, plain, last])

    @pytest.mark.spec("U-92", "U-95")
    def test_nobody_may_raise_it(self, site, tmp_path):
        server = site({"urgent": URGENT | {"priority": "5"} | BY})
        joblist = server.joblist("urgent")
        job = create(joblist, FOLDER=tmp_path)
        sentence = "PRIORITY='6': the priority of this service is 5; a job can have a lower one, not a higher one."

        for answer in (
            http.post(joblist, data={"FOLDER": tmp_path, "PRIORITY": 6}),
            http.post(f"{job}/parameters", data={"priority": 6}),
        ):
            assert (answer.status_code, answer.text.strip()) == (400, sentence)
        assert listed(joblist) == [job_id(job)]
        assert xpath(job_document(job), "//uws:parameter/@id") == ["FOLDER"]


class TestRunning:
    @pytest.mark.parametrize("of_site", [True, False])
    def test_an_owner_has_no_more_running_than_allowed_and_the_next_follows_at_once(self, site, tmp_path, of_site):
        own = {} if of_site else {"max_running_per_owner": "1"}
        settings = {"max_running_per_owner": 1} if of_site else {}
        server = site({"gated": GATED | own}, max_running=4, **settings)
        gates = Gates(tmp_path, server)
        first, second = gates.enter(ALICE), gates.queue(ALICE)
        others = [gates.enter(BOB), gates.enter()]
        assert phase(second, session=ALICE) == "QUEUED"

        gates.let_go(first)

        gates.wait_for(second)
        ended = text(job_document(first, session=ALICE), "//uws:endTime")
        started = text(job_document(second, session=ALICE), "//uws:startTime")
        assert 0 < parse_instant(started) - parse_instant(ended) < HALF_A_SECOND
        for job in (second, *others):
            gates.let_go(job)


class TestQueueing:
    @pytest.mark.spec("U-92")
    @pytest.mark.parametrize("of_site", [True, False])
    def test_a_full_queue_takes_no_more_and_nothing_is_changed(self, site, tmp_path, of_site):
        own = {} if of_site else {"max_queued": "1"}
        settings = {"max_queued": 1} if of_site else {}
        server = site({"gated": GATED | own}, **settings)
        gates = Gates(tmp_path, server)
        running = gates.enter()
        queued = gates.queue()
        pending = create(gates.joblist, FOLDER=tmp_path)
        before = http.get(pending).text

        refused = [
            http.post(f"{pending}/phase", data={"PHASE": "RUN"}),
            http.post(gates.joblist, data={"FOLDER": tmp_path, "PHASE": "RUN"}),
        ]

        place = "this site" if of_site else "'gated'"
        for answer in refused:
            assert answer.status_code == 503
            assert 1 <= int(answer.headers["Retry-After"]) <= 60
            assert answer.text.startswith(f"The queue of {place} is full (at most 1 may wait);")
        assert http.get(pending).text == before
        assert len(listed(gates.joblist)) == 3

        gates.let_go(running)
        gates.wait_for(queued)
        run(pending)
        gates.let_go(queued)
        gates.let_go(pending)
        wait_for_phase(pending, "COMPLETED")

    @pytest.mark.spec("U-92")
    @pytest.mark.parametrize("of_site", [True, False])
    def test_nor_does_it_take_more_of_one_owner(self, site, tmp_path, of_site):
        own = {} if of_site else {"max_queued_per_owner": "1"}
        settings = {"max_queued_per_owner": 1} if of_site else {}
        server = site({"gated": GATED | own}, **settings)
        gates = Gates(tmp_path, server)
        running = gates.enter(ALICE)
        queued = gates.queue(ALICE)

        answer = ALICE.post(gates.joblist, data={"FOLDER": tmp_path, "PHASE": "RUN"})

        place = "this site" if of_site else "'gated'"
        assert answer.status_code == 403
        assert answer.text.startswith(f"The queue of {place} takes no more of 'alice' (at most 1 may wait);")
        assert len(listed(gates.joblist, ALICE)) == 2
        of_others = [gates.queue(BOB), gates.queue()]
        for job in (running, queued, *of_others):
            gates.let_go(job)
        wait_for_phase(of_others[1], "COMPLETED")


class TestHolding:
    @pytest.fixture
    def gates(self, site, tmp_path):
        return Gates(tmp_path, site({"gated": GATED | {"max_queued": "1", "when_full": "hold"}}))

    @pytest.mark.spec("U-77", "U-107", "U-85")
    def test_a_job_is_held_until_there_is_a_place(self, gates, uws_schema):
        running, queued = gates.enter(), gates.queue()
        held = [gates.queue() for _ in range(3)]

        document = job_document(f"{held[0]}?WAIT=20")
        uws_schema.assertValid(document)
        assert text(document, "//uws:phase") == "HELD"
        assert "enters the queue as soon as there is a place" in "".join(document.itertext())
        run(held[0])
        assert phase(held[0]) == "HELD"

        gates.let_go(running)
        gates.wait_for(queued)
        wait_for(lambda: [phase(job) for job in held] == ["QUEUED", "HELD", "HELD"])
        assert not xpath(job_document(held[0]), "//uws:jobInfo[contains(., 'full')]")
        for job in (queued, *held):
            gates.let_go(job)
        for job in held:
            wait_for_phase(job, "COMPLETED")

    @pytest.mark.spec("U-79")
    def test_whoever_gives_his_place_up_lets_another_in(self, gates):
        running, queued = gates.enter(), gates.queue()
        held = [gates.queue() for _ in range(3)]
        abort(held[0])

        abort(queued)
        wait_for_phase(held[1], "QUEUED", timeout=1)
        http.delete(held[1])
        wait_for_phase(held[2], "QUEUED", timeout=1)

        assert phase(held[0]) == "ABORTED"
        gates.let_go(running)
        gates.let_go(held[2])
        wait_for_phase(held[2], "COMPLETED")

    def test_those_held_take_turns_too(self, gates):
        running, queued = gates.enter(ALICE), gates.queue(ALICE)
        of_alice = [gates.queue(ALICE) for _ in range(5)]
        of_bob = gates.queue(BOB)
        everybody = [running, queued, of_alice[0], of_bob]

        for done, following in itertools.pairwise(everybody):
            gates.let_go(done)
            gates.wait_for(following)

        assert not gates.has_begun(of_alice[1])
        for job in (of_bob, *of_alice):
            gates.let_go(job)
        wait_for_phase(of_alice[-1], "COMPLETED", session=ALICE)

    def test_a_restart_forgets_nobody(self, gates, make_server):
        running, queued, held = gates.enter(), gates.queue(), gates.queue()
        (server,) = make_server.servers
        server.kill()
        server.start()

        assert [phase(job) for job in (queued, held)] == ["QUEUED", "HELD"]
        for job in (running, queued, held):
            gates.let_go(job)
        wait_for_phase(held, "COMPLETED")
