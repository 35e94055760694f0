"""What goes on at a site, for those who look after it and nobody else, as programs get it."""

import pytest

from tests.support.accounts import basic, write_users
from tests.support.http import abort, create, http, run, wait_for, wait_for_phase
from tests.support.server import Server

SETTINGS = {"uws.auth": "basic", "uws.auth.admins": "group:ops", "uws.auth.max_failures": "1000"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server where people log in, which runs one job at a time."""
    server = Server(
        tmp_path_factory.mktemp("operator"),
        settings=SETTINGS | {"uws.max_running": "1", "uws.operator_page": "admins"},
        services=["sleeper", "failing", "quick"],
    )
    write_users(server.var)
    with server:
        yield server


@pytest.fixture(scope="module")
def open_site(tmp_path_factory):
    """A server where nobody logs in, which lets whoever sits at its machine look."""
    with Server(
        tmp_path_factory.mktemp("open"), settings={"uws.operator_page": "loopback"}, services=["quick"]
    ) as server:
        yield server


def survey(site):
    """Return what an admin is told."""
    answer = basic("root").get(f"{site.url}/operator")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.json()


class TestWho:
    def test_admins_are_let_in(self, site):
        assert survey(site)["problems"] == []

    def test_other_users_are_not(self, site):
        assert basic("alice").get(f"{site.url}/operator").status_code == 403

    def test_nobody_is_asked_to_log_in(self, site):
        answer = http.get(f"{site.url}/operator")

        assert answer.status_code == 401
        assert "Basic" in answer.headers["WWW-Authenticate"]

    def test_where_nobody_logs_in_there_is_no_such_page(self, server):
        assert http.get(f"{server.url}/operator").status_code == 404

    def test_a_site_may_let_whoever_sits_at_its_machine_look(self, open_site):
        assert http.get(f"{open_site.url}/operator").json()["pid"] == open_site.process.pid

    @pytest.mark.parametrize("told", [{"Host": "data.example.org"}, {"Via": "1.1 proxy"}], ids=str)
    def test_but_not_those_who_come_from_elsewhere(self, open_site, told):
        assert http.get(f"{open_site.url}/operator", headers=told).status_code == 404

    def test_nothing_is_changed_there(self, site):
        assert basic("root").post(f"{site.url}/operator").status_code == 405


def is_at_work(told):
    """Tell whether a job runs that has processes already, of which one is its core."""
    return any(job["usage"] and job["usage"]["processes"] >= 2 for job in told["running"])


class TestWhat:
    def test_a_running_job_is_shown_with_what_it_takes_and_who_is_next(self, site):
        alice, bob = basic("alice"), basic("bob")
        first = create(site.joblist("sleeper"), session=alice, SECONDS=600, PHASE="RUN", RUNID="long")
        wait_for_phase(first, "EXECUTING", session=alice)
        second = create(site.joblist("quick"), session=bob, PHASE="RUN")
        try:
            told = wait_for(lambda: found if (found := survey(site))["next"] and is_at_work(found) else None)
        finally:
            abort(first, session=alice)

        (running,), (waiting,) = told["running"], told["next"]
        assert running["jobId"] == first.rpartition("/")[2]
        assert (running["service"], running["ownerId"], running["runId"]) == ("sleeper", "alice", "long")
        assert running["usage"]["processes"] >= 2
        assert running["usage"]["memory"] > 1_000_000
        assert running["usage"]["disk"]["files"] > 0
        assert (waiting["jobId"], waiting["ownerId"]) == (second.rpartition("/")[2], "bob")
        lines = {line["service"]: line for line in told["lines"]}
        assert (lines["sleeper"]["running"], lines["quick"]["queued"]) == (1, 1)
        assert lines["quick"]["oldest"] == waiting["since"]
        wait_for_phase(second, "COMPLETED", session=bob)

    def test_a_job_that_has_failed_is_shown_with_the_reason(self, site):
        job = create(site.joblist("failing"), MESSAGE="no such star")
        run(job)
        wait_for_phase(job, "ERROR")

        failed = wait_for(lambda: survey(site)["failed"])

        assert (failed[0]["jobId"], failed[0]["message"]) == (job.rpartition("/")[2], "ValueError: no such star")

    def test_disks_and_transactions_are_shown(self, site):
        told = survey(site)

        assert {store["name"] for store in told["stores"]} == {"database", "results", "work"}
        assert all(0 < disk["free"] <= disk["total"] for disk in told["disks"])
        assert sorted(name for disk in told["disks"] for name in disk["holds"]) == ["database", "results", "work"]
        assert told["commits"]["count"] > 0
        assert told["commits"]["failed"] == 0

    def test_it_costs_little_when_many_look(self, site):
        told = [survey(site)["at"] for _ in range(20)]

        assert len(set(told)) < len(told)
