"""The outlook on a real database: it costs the same however many wait, and is not made anew for everybody."""

import pytest

from pyramid_uws.execution import outlook as module
from pyramid_uws.execution.choosing import Chooser
from pyramid_uws.execution.outlook import Outlook
from pyramid_uws.tree import find_joblist
from pyramid_uws.uws import phases
from pyramid_uws.uws.instants import now
from pyramid_uws.uws.limits import SECOND
from tests.support.plantation import SERVICE, Plantation


@pytest.fixture
def site(tmp_path):
    plantation = Plantation(tmp_path)
    yield plantation
    plantation.close()


@pytest.fixture
def outlook(site):
    return Outlook(Chooser(site.definitions, site.limiter, 2), site.limiter, 2)


@pytest.fixture
def of(site, outlook):
    def of(job_id):
        with site.reader.reading() as root:
            return outlook.of(find_joblist(root, SERVICE, "async")[job_id])

    return of


def learn(site, seconds):
    site.writer.do(lambda root, _journal: root.learn(SERVICE, now() - seconds * SECOND, now()))


def test_the_first_are_told_their_place_and_the_others_that_they_are_behind(site, of, monkeypatch):
    monkeypatch.setattr(module, "MOST", 3)
    learn(site, 100)
    jobs = [site.job(phases.QUEUED) for _ in range(5)]

    told = [dict(of(job).info)["queuePosition"] for job in jobs]

    assert told == ["1", "2", "3", "more than 3", "more than 3"]
    assert of(jobs[2]).quote > now() + 190 * SECOND
    assert of(jobs[4]).quote is None


def test_it_is_looked_at_once_for_all_who_ask_at_once(site, outlook, of, monkeypatch):
    looks = []
    look = outlook._look
    monkeypatch.setattr(outlook, "_look", lambda root: looks.append(1) or look(root))
    monkeypatch.setattr(module, "SHARE", 10**9)
    jobs = [site.job(phases.QUEUED) for _ in range(20)]

    assert all(of(job).info for job in jobs)
    assert len(looks) == 1
    late = site.job(phases.QUEUED)
    assert of(late).info == ()
    assert of(late).quote is None


@pytest.mark.parametrize("phase", [phases.PENDING, phases.HELD, phases.COMPLETED])
def test_of_others_there_is_nothing_to_say(site, of, phase):
    assert of(site.job(phase)) is None


def test_nor_of_one_that_pauses(site, of):
    assert of(site.job(phases.QUEUED, not_before=now() + SECOND)) is None


def test_a_running_job_has_ended_at_the_latest_when_its_time_is_up(site, of):
    learn(site, 100)
    soon = now() + SECOND

    assert of(site.job(started=now(), quote=soon)).quote == soon
    assert of(site.job(started=now(), quote=None)).quote > now() + 90 * SECOND
    assert of(site.job(started=now() - 1000 * SECOND, quote=None)).quote is None
