"""Who is next: priority, fairness among owners and services, age, and never above a limit."""

from collections import Counter, defaultdict
from dataclasses import replace
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.execution.queue import Line, Room, let_in, scopes

SERVICES = ("s", "t", "u")
OWNERS = ("", "alice", "bob")
LINES = st.lists(
    st.tuples(
        st.integers(-2, 2),
        st.integers(0, 9),
        st.sampled_from(SERVICES),
        st.sampled_from(OWNERS),
        st.integers(1, 6),
    ),
    unique_by=lambda line: (line[0], line[2], line[3]),
    max_size=12,
)
SCOPES = st.tuples(st.none() | st.sampled_from(SERVICES), st.none() | st.sampled_from(OWNERS))
LIMITS = st.dictionaries(SCOPES, st.integers(0, 5))
NO_LIMITS: dict = {}


def queues(lines):
    """Return lines as the tree has them: of each service, in order; a job is (rank, service, owner, number)."""
    made = [
        Line(rank, since, service, owner, iter([(rank, service, owner, number) for number in range(length)]))
        for rank, since, service, owner, length in lines
    ]
    return [sorted(line for line in made if line.service == service) for service in SERVICES]


def room(limits=NO_LIMITS, present=()):
    there = Counter(scope for service, owner in present for scope in scopes(service, owner))
    return Room(limits.get, there.__getitem__)


def order(lines, limits=NO_LIMITS, present=()):
    return list(let_in(queues(lines), room(limits, present)))


@given(LINES)
def test_everybody_is_let_in_once_if_nothing_is_limited(lines):
    jobs = [(rank, service, owner, n) for rank, _, service, owner, length in lines for n in range(length)]

    assert sorted(order(lines)) == sorted(jobs)


@given(LINES)
def test_a_higher_priority_goes_first(lines):
    ranks = [rank for rank, *_ in order(lines)]

    assert ranks == sorted(ranks)


@given(LINES)
def test_within_a_line_the_oldest_goes_first(lines):
    for line in {job[:3] for job in order(lines)}:
        numbers = [job[3] for job in order(lines) if job[:3] == line]
        assert numbers == sorted(numbers)


@given(LINES)
def test_nobody_has_a_second_turn_before_the_others_of_his_priority_had_theirs(lines):
    for rank in {line[0] for line in lines}:
        turns = [number for at, _, _, number in order(lines) if at == rank]
        assert turns == sorted(turns)


@given(LINES)
def test_whose_last_turn_was_earlier_has_the_next(lines):
    sinces = {(rank, service, owner): since for rank, since, service, owner, _ in lines}
    first = [sinces[job[:3]] for job in order(lines) if job[3] == 0]
    by_rank = defaultdict(list)
    for job in order(lines):
        if job[3] == 0:
            by_rank[job[0]].append(sinces[job[:3]])

    assert sorted(first) == sorted(sinces.values())
    assert all(found == sorted(found) for found in by_rank.values())


@given(LINES, LIMITS, st.lists(st.tuples(st.sampled_from(SERVICES), st.sampled_from(OWNERS)), max_size=5))
def test_no_limit_is_exceeded_and_no_room_is_left_to_whom_it_would_let_in(lines, limits, present):
    inside = order(lines, limits, present)

    used = Counter(scope for service, owner in present for scope in scopes(service, owner))
    before = dict(used)
    used.update(scope for _, service, owner, _ in inside for scope in scopes(service, owner))
    assert all(used[scope] <= max(limit, before.get(scope, 0)) for scope, limit in limits.items())
    for rank, _, service, owner, length in lines:
        waits = length > sum(job[:3] == (rank, service, owner) for job in inside)
        full = any(used[scope] >= limits[scope] for scope in scopes(service, owner) if scope in limits)
        assert full or not waits


@given(LINES, st.integers(1, 3))
def test_with_a_slot_at_a_time_nobody_starves(lines, slots):
    """Whoever is let in goes behind the others with his line, as the tree has it; newcomers go on coming."""
    clock = count(10)
    lines = [list(line) for line in lines]
    waited = Counter()
    for step in range(40):
        for rank, service, owner, _ in order(lines, {(None, None): slots}):
            line = next(line for line in lines if (line[0], *line[2:4]) == (rank, service, owner))
            line[1] = next(clock)
            line[4] -= 1
            waited[rank, service, owner] = 0
        lines = [line for line in lines if line[4]]
        best = min((line[0] for line in lines), default=0)
        for rank, _, service, owner, _ in lines:
            if rank == best:
                waited[rank, service, owner] += 1
        if step % 2:
            lines.append([best, next(clock), "s", f"newcomer {step}", 50])
        # As many rounds as there were lines before him are the longest wait.
        assert all(waited[rank, s, o] <= len(lines) + 1 for rank, _, s, o, _ in lines)


@given(st.integers(1, 50))
def test_who_queues_a_thousand_does_not_block_who_queues_one(slots):
    lines = [(0, 1, "s", "alice", 1000), (0, 2, "s", "bob", 1)]

    inside = order(lines, {(None, None): slots + 1})

    assert [job[2] for job in inside[:2]] == ["alice", "bob"]


def test_a_service_at_its_limit_does_not_block_another():
    lines = [(0, 1, "s", "alice", 1000), (0, 2, "t", "alice", 1)]

    inside = order(lines, {(None, None): 5, ("s", None): 1}, [("s", "bob")])

    assert [job[1] for job in inside] == ["t"]


def test_it_costs_what_is_let_in_and_not_what_waits():
    looked = Counter()

    def jobs(owner):
        for number in count():
            looked[owner] += 1
            yield owner, number

    endless = [[Line(0, since, "s", f"owner {since}", jobs(since)) for since in range(100)]]

    inside = list(let_in(endless, room({(None, None): 3})))

    assert [owner for owner, _ in inside] == [0, 1, 2]
    assert sum(looked.values()) == 3


def test_lines_are_told_apart_by_what_they_are_and_not_by_who_stands_in_them():
    line = Line(0, 1, "s", "alice", iter(()))

    assert replace(line, jobs=iter([1])) == line


class TestRoom:
    def test_the_widest_scope_that_is_full_is_told(self):
        limits = {(None, None): 3, ("s", None): 1, ("s", "alice"): 1}
        inside = room(limits, [("s", "alice"), ("t", "alice")])

        assert inside.full("s", "alice") == ("s", None)
        assert inside.full("t", "alice") is None
        inside.enter("t", "bob")
        assert inside.full("t", "alice") == (None, None)

    def test_what_is_not_limited_is_not_counted(self):
        def count(_scope):
            raise AssertionError

        assert Room({}.get, count).full("s", "alice") is None
