"""Two servers over one database (ZEO): what one of them changes wakes who waits at the other."""

import time

import pytest

from tests.support.crowds import Crowd
from tests.support.http import abort, create, http, wait_for
from tests.support.server import Server
from tests.support.zeo import zeo


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    with zeo(tmp_path_factory.mktemp("zeo")) as storage:
        yield storage


@pytest.fixture(scope="module")
def neighbours(storage, tmp_path_factory):
    settings = {"uws.storage": storage.uri, "uws.dispatcher": "none"}
    with (
        Server(tmp_path_factory.mktemp("one"), settings=settings, services=["quick"]) as one,
        Server(tmp_path_factory.mktemp("two"), settings=settings, services=["quick"]) as two,
    ):
        yield one, two


@pytest.mark.spec("U-105", "U-114")
def test_all_who_wait_at_one_server_are_told_what_the_other_does(neighbours):
    one, two = neighbours
    job = create(one.joblist("quick"))
    elsewhere = job.replace(one.url, two.url)
    wait_for(lambda: http.get(elsewhere).status_code == 200)

    with Crowd(one.url) as crowd:
        lines = crowd.ask(200, f"{job}?WAIT=30")
        abort(elsewhere)
        moment = time.monotonic()
        crowd.until_answered(lines)

    assert {line.answer.phase for line in lines} == {"ABORTED"}
    assert max(line.answer.at for line in lines) - moment < 2


@pytest.mark.spec("U-105")
def test_no_change_is_missed_however_close_it_is_to_the_question(neighbours):
    one, two = neighbours
    with Crowd(one.url) as crowd:
        for _ in range(20):
            job = create(two.joblist("quick"))
            here = job.replace(two.url, one.url)
            wait_for(lambda url=here: http.get(url).status_code == 200)
            line = crowd.line().get(f"{here}?WAIT=30")
            abort(job)
            crowd.until_answered([line], timeout=3)

            assert line.answer.phase == "ABORTED"


@pytest.mark.spec("U-105")
def test_who_waits_while_the_database_is_away_is_told_afterwards(storage, neighbours):
    one, two = neighbours
    job = create(one.joblist("quick"))
    elsewhere = job.replace(one.url, two.url)
    with Crowd(one.url) as crowd:
        lines = crowd.ask(20, f"{job}?WAIT=55")

        storage.stop()
        storage.start()
        wait_for(lambda: http.post(f"{elsewhere}/phase", data={"PHASE": "ABORT"}).status_code == 303)
        crowd.until_answered(lines)

    assert {line.answer.phase for line in lines} == {"ABORTED"}
