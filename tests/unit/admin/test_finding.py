"""Finding jobs: by the beginning or end of an id, and by conditions, over all job lists and owners."""

import pytest

from pyramid_uws.admin.finding import Choice, Unclear, choose, find_by_text, find_one
from pyramid_uws.exceptions import NoSuchThing
from pyramid_uws.execution.runs import Address
from pyramid_uws.tree import AsyncRenderer, Job, Renderer, Root
from pyramid_uws.uws.ids import new_id
from pyramid_uws.uws.jobfilter import JobFilter
from pyramid_uws.uws.phases import ABORTED, ARCHIVED, PENDING, QUEUED

NEWEST = "0" * 11
OLDER = "1" * 11


@pytest.fixture
def root():
    root = Root()
    root.add("stars").add("async", AsyncRenderer)
    root.add("stars").add("page", Renderer)
    root.add("galaxies").add("async", AsyncRenderer)
    return root


@pytest.fixture
def add(root):
    """Return a function that adds a job in a phase and returns its id."""

    def add(service="stars", job_id=None, *, created=1000, phase=PENDING, owner=None):
        job_id = job_id or new_id(created)
        joblist = root[service]["async"].joblist
        joblist.add(Job(job_id, created=created, execution_duration=1, owner=owner))
        if phase != PENDING:
            joblist.move(joblist[job_id], PENDING, phase if phase != ARCHIVED else ABORTED, queued=1)
        if phase == ARCHIVED:
            joblist.move(joblist[job_id], ABORTED, ARCHIVED)
        return job_id

    return add


class TestByText:
    @pytest.mark.parametrize("cut", [slice(None), slice(6), slice(12), slice(-6, None), slice(-20, None)])
    def test_a_job_is_found_by_its_id_or_beginning_or_end_of_it(self, root, add, cut):
        add("galaxies", OLDER + "0123456789abc")
        job_id = add("stars", NEWEST + "vvvvvvvuuuuuu")

        assert find_one(root, job_id[cut]) == Address("stars", "async", job_id)

    def test_the_middle_is_not_enough(self, root, add):
        job_id = add()

        with pytest.raises(Unclear, match=f"There is no job '{job_id[4:-4]}' in any job list"):
            find_one(root, job_id[4:-4])

    def test_a_whole_id_is_not_looked_for_as_a_part(self, root, add):
        add()

        assert find_by_text(root, new_id(1000)) == []

    def test_candidates_of_all_job_lists_are_named_newest_first(self, root, add):
        ids = [add("stars", NEWEST + "0123456789abc"), add("galaxies", NEWEST + "1123456789abc")]

        with pytest.raises(Unclear) as problem:
            find_one(root, NEWEST)

        first, *candidates = problem.value.message.splitlines()
        assert first == f"'{NEWEST}' may be any of these 2 jobs:"
        assert sorted(candidates) == [f"  {ids[0]}  stars", f"  {ids[1]}  galaxies"]

    def test_a_job_that_begins_and_ends_alike_is_one(self, root, add):
        job_id = add("stars", "a" * 24)

        assert find_one(root, "aaaaaa").job_id == job_id

    def test_what_an_id_begins_with_is_no_pattern(self, root, add):
        add()

        assert find_by_text(root, "......") == []


class TestByConditions:
    def found(self, root, **conditions):
        wanted = JobFilter(
            **{name: conditions.pop(name) for name in ("phases", "after", "last") if name in conditions}
        )
        return [row.job_id for _, row in choose(root, Choice(wanted, **conditions))]

    def test_jobs_of_all_services_and_owners_come_newest_first(self, root, add):
        ids = [
            add(service, created=created, owner=owner)
            for created, (service, owner) in enumerate(
                [("stars", None), ("galaxies", "anna"), ("stars", "anna"), ("galaxies", None), ("stars", "bert")]
            )
        ]

        assert self.found(root) == ids[::-1]

    def test_rows_tell_the_owner_and_the_renderer(self, root, add):
        add("galaxies", owner="anna")
        add("stars")

        found = {(renderer.__parent__.__name__, row.owner) for renderer, row in choose(root, Choice(JobFilter()))}

        assert found == {("galaxies", "anna"), ("stars", None)}

    def test_the_last_ones_are_counted_over_all_lists_and_after_all_conditions(self, root, add):
        ids = [add(service, created=n) for n, service in enumerate(["stars", "galaxies", "stars", "galaxies"])]

        assert self.found(root, last=3) == ids[:0:-1]
        assert self.found(root, last=2, before=2) == ids[1::-1]

    def test_one_service_or_owner_may_be_asked_for(self, root, add):
        stars, galaxies = add("stars", owner="anna"), add("galaxies")

        assert self.found(root, service="stars") == [stars]
        assert self.found(root, owner="anna") == [stars]
        assert self.found(root, owner="") == [galaxies]
        assert self.found(root, owner="nobody known") == []

    def test_phases_and_times_are_looked_at(self, root, add):
        old = add(created=1_000_000, phase=QUEUED)
        new = add(created=2_000_000, phase=ABORTED)

        assert self.found(root, phases=frozenset({QUEUED})) == [old]
        assert self.found(root, phases=frozenset({QUEUED, ABORTED})) == [new, old]
        assert self.found(root, after=1_500_000) == [new]
        assert self.found(root, before=1_500_000) == [old]

    def test_archived_jobs_are_shown_if_asked_for(self, root, add):
        archived = add(phase=ARCHIVED)

        assert self.found(root) == []
        assert self.found(root, phases=frozenset({ARCHIVED})) == [archived]

    def test_an_unknown_service_is_an_error_that_names_those_there_are(self, root):
        with pytest.raises(NoSuchThing, match="There is no service 'moons'; there are galaxies, stars"):
            self.found(root, service="moons")
