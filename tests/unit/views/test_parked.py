"""Requests that are parked: in which of them equals are seen, and how their runs hang together."""

import time
from types import SimpleNamespace

import pytest
from pyramid.request import Request

from pyramid_uws.views.parked import ON_THE_WAY, _alike, park_until_change

URL = "http://example.org/async/1?WAIT=5"


def request(url=URL, **headers):
    made = Request.blank(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    made.registry = SimpleNamespace(uws=SimpleNamespace(watcher="the watcher"))
    return made


def alike(*arguments, phase="PENDING", **options):
    return _alike(request(*arguments, **options), phase)


class TestAlike:
    @pytest.mark.parametrize("query", ["WAIT=7", "WAIT=-1&PHASE=PENDING", "phase=PENDING&wait=5"])
    def test_how_long_one_waits_makes_no_difference(self, query):
        assert alike() == alike(f"http://example.org/async/1?{query}")

    @pytest.mark.parametrize("name", sorted(ON_THE_WAY))
    def test_the_way_one_came_makes_no_difference(self, name):
        assert alike() == alike(**{name.removeprefix("HTTP_"): "x"})

    @pytest.mark.parametrize(
        "name",
        ["Authorization", "Cookie", "Accept", "If_None_Match", "X_Test_User", "X_Forwarded_Proto"],
    )
    def test_whatever_else_one_sends_makes_one(self, name):
        assert len({alike(), alike(**{name: "a"}), alike(**{name: "b"})}) == 3

    @pytest.mark.parametrize(
        "url",
        ["http://example.org/async/2", "https://example.org/async/1", "http://example.com/async/1", f"{URL}&X=1"],
    )
    def test_another_question_makes_one(self, url):
        assert alike() != alike(url)

    def test_the_phase_one_knows_makes_one(self):
        assert alike() != alike(phase="QUEUED")

    def test_who_one_is_makes_one(self):
        known = request()
        known.environ["REMOTE_USER"] = "ann"

        assert alike() != _alike(known, "PENDING")


class Left(BaseException):
    pass


class Place:
    """What a server offers."""

    def __init__(self, *, free=True):
        self.memory = None
        self.free = free
        self.done = []

    def watch(self, changes, key, alike):
        self.done.append(("watch", changes, key))

    def park(self, until):
        self.done.append(("park", until))
        raise Left


def job(phase="PENDING"):
    return SimpleNamespace(phase=phase, _p_oid=b"oid")


class TestRuns:
    def test_one_watches_then_looks_again_then_parks(self):
        place = Place()

        def look_again():
            place.done.append("look")
            return job()

        with pytest.raises(Left):
            park_until_change(request(), place, job(), 5, look_again)

        assert [step if isinstance(step, str) else step[0] for step in place.done] == ["watch", "look", "park"]
        assert place.done[0] == ("watch", "the watcher", b"oid")
        assert place.done[2][1] == pytest.approx(time.monotonic() + 5, abs=1)

    def test_a_change_since_the_first_look_is_shown(self):
        place = Place()

        assert park_until_change(request(), place, job(), 5, lambda: job("QUEUED")).phase == "QUEUED"

    def test_the_time_counts_from_the_first_run(self):
        place = Place()
        for seconds in (5, 500):
            with pytest.raises(Left):
                park_until_change(request(), place, job(), seconds, job)

        first, second = [step[1] for step in place.done if step[0] == "park"]
        assert first == second

    def test_another_phase_than_in_the_first_run_is_shown(self):
        place = Place()
        with pytest.raises(Left):
            park_until_change(request(), place, job(), 5, job)
        place.done.clear()

        assert park_until_change(request(), place, job("QUEUED"), 5, job).phase == "QUEUED"
        assert place.done == []

    def test_without_a_free_place_the_job_is_shown(self):
        place = Place(free=False)

        assert park_until_change(request(), place, job(), 5, job).phase == "PENDING"
        assert place.done == []
