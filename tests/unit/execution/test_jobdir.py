import json
import math
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.execution.jobdir import JobDirectory, JobSpec, Outcome
from pyramid_uws.execution.processes import Identity
from pyramid_uws.parameters import Parameter

ME = Identity(4711, 12345, "some-boot")

TEXTS = st.text()
DECLARATIONS = st.sampled_from(
    [
        Parameter(name="TEXT", options=("a", "ü", "\ud800")),
        Parameter(name="RADIUS", type="double", minimum=0.0, maximum=math.inf, default=1.5, unit="deg"),
        Parameter(name="CIRCLE", type="circle", default=(1.0, -2.0, 0.5)),
        Parameter(name="FLAG", type="boolean", multiple=True, default=(True, False)),
        Parameter(name="TIME", type="timestamp", required=True, description="when"),
    ]
)
SPECS = st.builds(
    JobSpec,
    job_id=TEXTS,
    attempt=st.integers(0, 10**6),
    service=TEXTS,
    core=TEXTS,
    declarations=st.lists(DECLARATIONS).map(tuple),
    parameters=st.lists(st.tuples(TEXTS, TEXTS)).map(tuple),
    uploads=st.dictionaries(TEXTS, TEXTS),
    owner=st.none() | TEXTS,
    groups=st.lists(TEXTS).map(tuple),
    runid=st.none() | TEXTS,
    duration=st.integers(0, 10**9),
    grace=st.floats(0, 1e6),
)


@pytest.fixture
def spec():
    return JobSpec(job_id="job", attempt=1, service="test", core="package.module:core")


@pytest.fixture
def directory(tmp_path, spec):
    directory = JobDirectory(tmp_path / "work" / spec.name)
    directory.create(spec)
    return directory


class TestJobSpec:
    @given(SPECS)
    def test_it_is_read_as_it_was_written(self, spec):
        assert JobSpec.from_json(spec.to_json()) == spec

    def test_its_name_is_job_and_attempt(self, spec):
        assert spec.name == "job.1"


class TestCreating:
    def test_it_holds_the_spec_and_is_private(self, directory, spec):
        assert directory.spec() == spec
        assert directory.path.stat().st_mode & 0o777 == 0o700
        assert directory.marker == "job.1"

    def test_a_new_one_has_nobody_and_nothing_to_tell(self, directory):
        assert directory.keeper() is None
        assert directory.progress() is None
        assert directory.outcome() is None
        assert directory.results() == ()

    def test_an_attempt_is_made_only_once(self, directory, spec):
        with pytest.raises(FileExistsError):
            directory.create(spec)


class TestTheKeeper:
    def test_who_claims_is_the_keeper(self, directory):
        assert directory.claim(ME)

        assert directory.keeper() == ME

    def test_nobody_claims_after_another(self, directory):
        directory.claim(Identity(1, 2, "3"))

        assert not directory.claim(ME)

    def test_what_is_void_cannot_be_claimed(self, directory):
        assert directory.void()

        assert not directory.claim(ME)
        assert directory.keeper() is None

    def test_what_is_claimed_cannot_be_voided(self, directory):
        directory.claim(ME)

        assert not directory.void()

    def test_what_is_void_stays_so(self, directory):
        assert directory.void()
        assert directory.void()

    def test_claiming_leaves_no_draft(self, directory):
        directory.claim(ME)
        directory.claim(ME)

        assert {path.name for path in directory.path.iterdir()} == {
            "job.json",
            "keeper.json",
            "results",
            "scratch",
        }


class TestTheOutcome:
    def test_it_is_read_as_it_was_written(self, directory):
        outcome = Outcome(ended="raised", started=1, finished=2, message="ü", max_rss=10)

        directory.reserve_outcome().write(json.dumps(vars(outcome)).encode())

        assert directory.outcome() == outcome

    def test_room_that_is_reserved_is_no_outcome(self, directory):
        directory.reserve_outcome()

        assert directory.outcome() is None

    def test_what_another_version_has_added_is_no_harm(self, directory):
        facts = {"ended": "returned", "started": 1, "finished": 2, "mood": "fine"}

        directory.reserve_outcome().write(json.dumps(facts).encode())

        assert directory.outcome().ended == "returned"


class TestResults:
    def test_they_are_listed_in_their_order(self, directory):
        first, second = ("b", "text/plain", 1, "12"), ("a", "text/csv", 2, "34")

        directory.list_result(first)
        directory.list_result(second)

        assert directory.results() == (first, second)

    def test_a_line_cut_off_by_a_full_disk_harms_no_other(self, directory):
        before, after = ("a", "text/plain", 1, "12"), ("b", "text/csv", 2, "34")
        directory.list_result(before)
        with (directory.path / "results.jsonl").open("a") as file:
            file.write('\n["c", "text')

        directory.list_result(after)

        assert directory.results() == (before, after)

    @pytest.mark.parametrize("line", ["5", "null", "[1]", "{"])
    def test_a_line_that_is_none_is_skipped(self, directory, line):
        (directory.path / "results.jsonl").write_text(line + "\n")

        assert directory.results() == ()

    def test_a_result_that_could_not_be_listed_is_an_error(self, directory, monkeypatch):
        monkeypatch.setattr(os, "write", lambda _descriptor, _line: 3)

        with pytest.raises(OSError, match="disk is full"):
            directory.list_result(("a", "text/plain", 1, "12"))


def test_removing_leaves_nothing_whatever_its_modes(directory):
    locked = directory.scratch / "a" / "b"
    locked.mkdir(parents=True)
    (locked / "file").touch()
    locked.chmod(0)
    (directory.scratch / "link").symlink_to("/")

    directory.remove()
    directory.remove()

    assert not directory.path.exists()
