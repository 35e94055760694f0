"""Heartbeats, leases and homes; workers declared dead, at the right time and in one stroke."""

import time

import pytest
from pyramid.exceptions import ConfigurationError

from pyramid_uws.execution.home import Home
from pyramid_uws.execution.lease import Lease
from pyramid_uws.execution.neighbours import Neighbours, beat, declare_dead, goodbye
from pyramid_uws.execution.retrying import NEVER, Retries
from pyramid_uws.execution.watcher import Watcher
from pyramid_uws.settings import read_settings
from pyramid_uws.uws import phases
from tests.support.plantation import Plantation


@pytest.fixture
def site(tmp_path):
    plantation = Plantation(tmp_path)
    yield plantation
    plantation.close()


def settings(tmp_path, **given):
    return read_settings({"uws.var": str(tmp_path), **{f"uws.{key}": value for key, value in given.items()}})


def requeue(_service):
    return "requeue"


def never(_service):
    return NEVER


def hearts(site):
    return site.writer.do(
        lambda root, _journal: {heart.name: (heart.beats, heart.gone) for heart in root.heartbeats()}
    )


def test_a_heartbeat_counts(site):
    assert hearts(site) == {}
    assert [site.writer.do(beat("first", 2)) for _ in range(3)] == [False] * 3
    assert hearts(site) == {"first": (3, False)}
    site.writer.do(goodbye("first"))
    assert hearts(site) == {}
    site.writer.do(goodbye("first"))


def test_the_jobs_of_a_dead_worker_are_queued_again_and_only_those(site):
    site.writer.do(beat("first", 2))
    mine, others = (site.job(phases.EXECUTING, worker=worker) for worker in ("first", "second"))
    wanted = site.job(phases.EXECUTING, worker="first", abort_requested=1)

    taken = site.writer.do(declare_dead("first", 1, requeue, never))

    assert sorted(address.job_id for address in taken) == sorted([mine, wanted])
    assert [site.phase(job) for job in (mine, wanted, others)] == [phases.QUEUED, phases.ABORTED, phases.EXECUTING]
    assert hearts(site) == {"first": (1, True)}
    assert site.writer.do(declare_dead("first", 1, requeue, never)) is None


def test_or_fail_for_now_if_the_service_wants_it_so(site):
    site.writer.do(beat("first", 2))
    job = site.job(phases.EXECUTING, worker="first")

    site.writer.do(declare_dead("first", 1, lambda _service: "error", never))

    assert site.phase(job) == phases.ERROR


def test_or_are_run_again_after_a_pause_as_any_attempt_that_failed_for_now(site):
    site.writer.do(beat("first", 2))
    job = site.job(phases.EXECUTING, worker="first")

    site.writer.do(declare_dead("first", 1, lambda _service: "error", lambda _service: Retries(1, 3600)))

    assert site.phase(job) == phases.QUEUED
    assert "Attempt 1 of 2 failed" in site.facts(job)["reason"]


def test_nothing_is_taken_from_one_whose_heart_has_beaten_since(site):
    site.writer.do(beat("first", 2))
    job = site.job(phases.EXECUTING, worker="first")
    site.writer.do(beat("first", 2))

    assert site.writer.do(declare_dead("first", 1, requeue, never)) is None
    assert site.phase(job) == phases.EXECUTING


def test_one_declared_dead_wrongly_is_told_once(site):
    site.writer.do(beat("first", 2))
    site.writer.do(declare_dead("first", 1, requeue, never))

    assert [site.writer.do(beat("first", 2)) for _ in range(2)] == [True, False]
    assert hearts(site) == {"first": (3, False)}


def test_death_is_judged_by_ones_own_clock_and_not_after_an_absence(site, tmp_path, monkeypatch):
    moment = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: moment[0])
    watcher = Watcher(site.database)
    own = settings(tmp_path, worker="second", worker_timeout="60")
    neighbours = Neighbours(own, site.database, site.writer, watcher, beating=False)
    neighbours._on_stop, neighbours._retries = requeue, never
    site.writer.do(beat("first", 2))
    for moment[0] in range(0, 60, 10):
        neighbours._look()
    assert hearts(site)["first"] == (1, False)
    moment[0] = 500
    neighbours._look()
    assert hearts(site)["first"] == (1, False), "we were away ourselves"
    for moment[0] in range(510, 580, 10):
        neighbours._look()
    assert hearts(site)["first"] == (1, True)
    neighbours.leave(still_running=False)
    watcher.close()


def test_a_lease_ends_by_itself(tmp_path):
    lease = Lease(tmp_path / "lease")
    assert lease.is_over(), "there is none yet"
    lease.renew(time.monotonic() + 60)
    assert not lease.is_over()
    lease.renew(time.monotonic() - 0.1)
    assert lease.is_over()
    assert lease.next_look(0.0) == 0.0


def test_a_home_keeps_its_name(tmp_path):
    names = {Home(settings(tmp_path)).name for _ in range(2)}
    (name,) = names
    home = Home(settings(tmp_path))
    assert home.is_name(name)
    assert home.is_name(None), "from before there were names"
    assert not home.is_name("first")


def test_a_home_with_a_given_name_is_a_folder_of_its_own(tmp_path):
    home = Home(settings(tmp_path, worker="first"))
    assert home.folder == tmp_path / "work" / "first"
    assert home.is_name("first")
    assert not home.is_name(None)


def test_a_home_is_for_one_at_a_time(tmp_path):
    first, second = Home(settings(tmp_path)), Home(settings(tmp_path))
    first.open()
    with pytest.raises(ConfigurationError, match="in use by another"):
        second.open()
    first.close()
    second.open()
    second.close()


@pytest.mark.parametrize("name", ["../else", "a/b", ".hidden", "1st", "x" * 61])
def test_a_name_that_is_no_name_of_a_folder_is_refused(tmp_path, name):
    with pytest.raises(ConfigurationError, match=r"setting uws\.worker"):
        settings(tmp_path, worker=name)


def test_a_timeout_too_short_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="at least 5 seconds"):
        settings(tmp_path, worker_timeout="1")
