"""Rounds of load and `kill -9` at random moments: what was promised to clients holds, and nothing is left over."""

import random
import threading
import time
from dataclasses import dataclass, field

import pytest
import requests

from tests.support.anatomy import attempts, job_id, of_jobs
from tests.support.fault_cores import content_of
from tests.support.http import FINAL, Session, create, http, parse, wait_for, xpath

ROUNDS = 6
CLIENTS = 3
MOST_JOBS = 10  # of one client in one round
SEED = 20260115

SECTIONS = {
    "uws:service:witness": {
        "core": "tests.support.fault_cores:witness",
        "parameters": "tests.support.fault_cores:PARAMETERS_WITNESS",
        "execution_duration": "1",
    }
}


@dataclass
class Ledger:
    """What clients know for sure: jobs acknowledged, deletions acknowledged, final phases seen."""

    jobs: dict[str, int] = field(default_factory=dict)  # URL -> size of the result
    deleted: set[str] = field(default_factory=set)
    doubtful: set[str] = field(default_factory=set)  # nobody answered the request to delete them
    final: dict[str, str] = field(default_factory=dict)

    def see(self, job, phase):
        """Take note of a phase; a final one must be the one that was seen before."""
        if phase in FINAL:
            assert self.final.setdefault(job, phase) == phase, job


class Client(threading.Thread):
    """Creates, watches, aborts and deletes jobs until nobody answers any more."""

    def __init__(self, ledger, joblist, folder, seed):
        super().__init__()
        self._ledger, self._joblist, self._folder = ledger, joblist, folder
        self._random = random.Random(seed)

    def run(self):
        own = []
        with Session() as session:
            try:
                for _ in range(MOST_JOBS):
                    own.append(self._create(session))
                    self._do_something(session, self._random.choice(own))
            except requests.RequestException:  # the server is gone, perhaps in mid-sentence
                return

    def _create(self, session):
        seconds = self._random.choice([0, 0, 0, 0, 0.2, 0.4, 3])  # the last is longer than it may last
        size = self._random.choice([0, 10, 300_000])
        job = create(self._joblist, session=session, FOLDER=self._folder, SECONDS=seconds, SIZE=size, PHASE="RUN")
        self._ledger.jobs[job] = size
        return job

    def _do_something(self, session, job):
        chance = self._random.random()
        if chance < 0.1:
            session.post(f"{job}/phase", data={"PHASE": "ABORT"})
        elif chance < 0.2:
            self._ledger.doubtful.add(job)
            session.delete(job)
            self._ledger.deleted.add(job)
        else:
            answer = session.get(f"{job}/phase")
            assert answer.status_code == (404 if job in self._ledger.deleted else 200)
            if answer.ok:
                self._ledger.see(job, answer.text)


@pytest.mark.spec("U-87", "U-91", "U-143")
def test_promises_hold_whenever_the_server_is_killed(make_server, tmp_path):
    ledger, chance = Ledger(), random.Random(SEED)
    server = make_server(settings={"uws.grace": "0.3", "uws.max_running": "4"}, services=[], sections=SECTIONS)

    for _ in range(ROUNDS):
        clients = [
            Client(ledger, server.joblist("witness"), str(tmp_path), chance.random()) for _ in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        time.sleep(chance.uniform(0.02, 0.8))  # the moment itself is what is tried
        server.kill()
        for client in clients:
            client.join()
        server.start()
        check_that_jobs_exist(ledger)

    wait_for(lambda: nothing_is_active(server), timeout=60, interval=0.2)
    check_that_jobs_exist(ledger)
    check_results(ledger)
    wait_for(lambda: not attempts(server), what="an empty work folder")
    assert of_jobs(server) == {}
    assert folders_of_results(server) <= set(xpath(parse(http.get(server.joblist("witness"))), "//@id"))
    assert "unforeseen" not in server.log


def check_that_jobs_exist(ledger):
    """Every job that was acknowledged is there, unless somebody deleted it; a final phase is as it was."""
    for job in ledger.jobs:
        answer = http.get(f"{job}/phase")
        if job in ledger.deleted:
            assert answer.status_code == 404
        elif job not in ledger.doubtful or answer.ok:
            assert answer.status_code == 200
            ledger.see(job, answer.text)


def nothing_is_active(server):
    """Tell whether all jobs have ended, also those whose creation nobody was told of."""
    active = {"PHASE": ["PENDING", "QUEUED", "EXECUTING", "UNKNOWN"]}
    return not xpath(parse(http.get(server.joblist("witness"), params=active)), "//uws:jobref")


def check_results(ledger):
    """Every result that is listed is served, whole; what completed has one."""
    for job, size in ledger.jobs.items():
        answer = http.get(job)
        if answer.status_code == 404:
            continue
        results = xpath(parse(answer), "//uws:result")
        if ledger.final[job] == "COMPLETED":
            assert [result.get("size") for result in results] == [str(size)]
        for result in results:
            href = result.get("{http://www.w3.org/1999/xlink}href")
            assert http.get(href).text == content_of(job_id(job), int(result.get("size")))


def folders_of_results(server):
    return {path.name for path in (server.var / "results").glob("*/*")}
