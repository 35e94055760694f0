"""The queue played forward: who starts when, as far as that can be told."""

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.execution.forecast import Expected, Lanes, foresee

SERVICES = ("s", "t")
OWNERS = ("", "alice")
JOBS = st.lists(st.tuples(st.sampled_from(SERVICES), st.sampled_from(OWNERS)), max_size=20)
SCOPES = st.tuples(st.none() | st.sampled_from(SERVICES), st.none() | st.sampled_from(OWNERS))
LIMITS = st.dictionaries(SCOPES, st.integers(0, 4))
DURATIONS = st.fixed_dictionaries({name: st.integers(1, 50) | st.just(inf) for name in SERVICES})


def expected(jobs, limits, durations, running=()):
    lanes = Lanes(limits.get)
    for service, owner, end in running:
        lanes.occupy(service, owner, end)
    order = [(number, *job) for number, job in enumerate(jobs)]
    return foresee(order, lanes, durations.__getitem__, 100)


def test_jobs_take_the_slots_as_they_become_free():
    found = expected([("s", "")] * 3, {(None, None): 2}, {"s": 10}, [("s", "", 103), ("s", "", 108)])

    assert list(found.values()) == [Expected(1, 103, 113), Expected(2, 108, 118), Expected(3, 113, 123)]


def test_a_limited_service_holds_nobody_else_up():
    found = expected([("s", ""), ("s", ""), ("t", "")], {(None, None): 3, ("s", None): 1}, {"s": 10, "t": 1})

    assert [each.start for each in found.values()] == [100, 110, 100]


def test_more_may_run_than_are_allowed_by_now():
    running = [("s", "", end) for end in (110, 120, 130)]

    found = expected([("s", "")], {(None, None): 2}, {"s": 1}, running)

    assert found[0].start == 120


def test_without_slots_nothing_starts():
    assert expected([("s", "")], {(None, None): 0}, {"s": 1}) == {0: Expected(1, inf, inf)}


def test_behind_what_nobody_knows_nobody_knows():
    found = expected([("s", ""), ("t", ""), ("t", "")], {(None, None): 2}, {"s": inf, "t": 5})

    assert [(each.start, each.end) for each in found.values()] == [(100, inf), (100, 105), (105, 110)]


@given(JOBS, LIMITS, DURATIONS)
def test_limits_hold_at_every_moment(jobs, limits, durations):
    found = expected(jobs, limits, durations)

    assert [each.position for each in found.values()] == list(range(1, len(jobs) + 1))
    for (service, owner), each in zip(jobs, found.values(), strict=True):
        assert each.start >= 100
        assert each.end == each.start + durations[service]
        if each.start == inf:
            continue
        for scope, limit in limits.items():
            inside = [
                other
                for (s, o), other in zip(jobs, found.values(), strict=True)
                if scope[0] in {None, s} and scope[1] in {None, o} and other.start <= each.start < other.end
            ]
            if scope[0] in {None, service} and scope[1] in {None, owner}:
                assert len(inside) <= limit
