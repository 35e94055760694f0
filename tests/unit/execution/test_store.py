import errno
from pathlib import Path

import pytest

from pyramid_uws.exceptions import NoSuchJob, NoSuchThing
from pyramid_uws.execution.corejob import CoreJob
from pyramid_uws.execution.jobdir import JobDirectory, JobSpec
from pyramid_uws.execution.store import ResultStore
from pyramid_uws.uws.ids import new_id
from pyramid_uws.uws.instants import now


@pytest.fixture
def store(tmp_path):
    return ResultStore(tmp_path / "results")


@pytest.fixture
def job_id():
    return new_id(now())


@pytest.fixture
def attempt(tmp_path, job_id):
    """Return a function that makes an attempt with these results."""

    def attempt(number=1, /, **results):
        spec = JobSpec(job_id=job_id, attempt=number, service="test", core="x:y")
        directory = JobDirectory(tmp_path / "work" / spec.name)
        directory.create(spec)
        job = CoreJob(directory, spec, {}, -1)
        for result_id, content in results.items():
            job.add_result(result_id, "text/plain", content)
        return directory

    return attempt


@pytest.fixture(params=["same file system", "another file system"])
def anywhere(request, monkeypatch):
    """Work and results on one file system, or on two."""
    if request.param == "another file system":

        def refuse(source, target):
            if source.parent != Path(target).parent:
                raise OSError(errno.EXDEV, "Invalid cross-device link")
            rename(source, target)

        rename = Path.rename
        monkeypatch.setattr(Path, "rename", refuse)
        monkeypatch.setattr(Path, "replace", refuse)


@pytest.mark.usefixtures("anywhere")
class TestTake:
    def test_results_are_found_afterwards(self, store, attempt, job_id):
        taken = store.take(job_id, attempt(a="1", b="22"))

        assert [result[:3] for result in taken] == [("a", "text/plain", 1), ("b", "text/plain", 2)]
        assert store.path(job_id, "b").read_text() == "22"
        assert list(store.jobs()) == [job_id]

    def test_they_are_private(self, store, attempt, job_id):
        store.take(job_id, attempt(a="1"))

        path = store.path(job_id, "a")
        assert path.stat().st_mode & 0o777 == 0o600
        folders = path.parent, store.folder(job_id), store.folder(job_id).parent, store.root
        assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}

    def test_it_can_be_done_again(self, store, attempt, job_id):
        directory = attempt(a="1")

        assert store.take(job_id, directory) == store.take(job_id, directory)
        assert store.path(job_id, "a").read_text() == "1"

    def test_what_an_earlier_attempt_left_is_removed(self, store, attempt, job_id):
        store.take(job_id, attempt(1, a="1", b="1"))

        store.take(job_id, attempt(2, a="2"))

        assert store.path(job_id, "a").read_text() == "2"
        with pytest.raises(NoSuchThing):
            store.path(job_id, "b")

    def test_an_attempt_without_results_removes_those_of_an_earlier_one(self, store, attempt, job_id):
        store.take(job_id, attempt(1, a="1"))

        assert store.take(job_id, attempt(2)) == ()

        with pytest.raises(NoSuchThing):
            store.path(job_id, "a")

    def test_an_attempt_that_was_removed_meanwhile_removes_nothing(self, store, attempt, job_id):
        directory = attempt(a="1")
        store.take(job_id, directory)
        directory.remove()

        assert store.take(job_id, directory) == ()

        assert store.path(job_id, "a").read_text() == "1"

    def test_what_is_not_finished_is_left_out(self, store, attempt, job_id):
        directory = attempt(a="1")
        (directory.results_folder / ".b").write_text("half")
        (directory.results_folder / "c").write_text("unlisted")
        (directory.results_folder / "d").mkdir()

        store.take(job_id, directory)

        assert [path.name for path in store.path(job_id, "a").parent.iterdir()] == ["a"]

    def test_what_was_lost_or_cut_is_not_promised(self, store, attempt, job_id):
        directory = attempt(a="1", b="22", c="333")
        (directory.results_folder / "a").unlink()
        (directory.results_folder / "b").write_text("2")

        assert [result[0] for result in store.take(job_id, directory)] == ["c"]

    def test_the_log_is_taken_along(self, store, attempt, job_id):
        directory = attempt()
        directory.log.write_text("said")

        store.take(job_id, directory)
        store.take(job_id, directory)

        assert store.log(job_id).read_text() == "said"

    def test_a_job_that_leaves_nothing_has_no_folder(self, store, attempt, job_id):
        directory = attempt()
        directory.log.touch()

        assert store.take(job_id, directory) == ()

        assert list(store.jobs()) == []
        assert store.log(job_id) is None

    def test_a_copy_cut_off_by_a_crash_is_done_anew(self, store, attempt, job_id):
        directory = attempt(a="1")
        rest = store.folder(job_id) / ".results"
        rest.mkdir(parents=True)
        (rest / "a").write_text("")

        store.take(job_id, directory)

        assert store.path(job_id, "a").read_text() == "1"


@pytest.mark.usefixtures("anywhere")
def test_other_trouble_with_moving_is_not_hidden(store, attempt, job_id, monkeypatch):
    def refuse(_source, _target):
        raise OSError(errno.EACCES, "Permission denied")

    with_log, with_result = attempt(1), attempt(2, a="1")
    with_log.log.write_text("said")
    monkeypatch.setattr(Path, "rename", refuse)
    monkeypatch.setattr(Path, "replace", refuse)

    for directory in (with_log, with_result):
        with pytest.raises(PermissionError):
            store.take(job_id, directory)


class TestPath:
    @pytest.mark.parametrize("result_id", ["", ".", "..", "../log", "missing", "a/../a", "a\0"])
    def test_nothing_is_found_but_results(self, store, attempt, job_id, result_id):
        directory = attempt(a="1")
        directory.log.write_text("said")
        store.take(job_id, directory)

        with pytest.raises(NoSuchThing):
            store.path(job_id, result_id)

    @pytest.mark.parametrize("job_id", ["", "..", "../..", "short", "A" * 24, "0" * 23 + "/"])
    def test_what_is_no_job_id_leads_nowhere(self, store, job_id):
        with pytest.raises(NoSuchJob):
            store.path(job_id, "a")


class TestReferences:
    def test_a_file_is_kept_when_the_block_ends(self, store, job_id):
        with store.new_reference(job_id) as (name, file):
            file.write(b"sent")

        assert store.reference(job_id, name).read_bytes() == b"sent"
        assert store.reference(job_id, name).stat().st_mode & 0o777 == 0o600

    def test_it_is_not_kept_when_the_block_fails(self, store, job_id):
        names = []

        def fail():
            with store.new_reference(job_id) as (name, file):
                names.append(name)
                file.write(b"sent")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()

        with pytest.raises(NoSuchThing):
            store.reference(job_id, *names)

    def test_each_has_a_name_of_its_own(self, store, job_id):
        with store.new_reference(job_id) as (first, _), store.new_reference(job_id) as (second, _):
            assert first != second

    def test_one_that_is_removed_is_gone(self, store, job_id):
        with store.new_reference(job_id) as (name, _):
            pass

        store.remove_reference(job_id, name)
        store.remove_reference(job_id, name)

        with pytest.raises(NoSuchThing):
            store.reference(job_id, name)

    @pytest.mark.parametrize("name", ["", "..", "../log", "²", "1/.."])
    def test_nothing_is_found_but_references(self, store, job_id, name):
        with store.new_reference(job_id):
            pass

        with pytest.raises(NoSuchThing):
            store.reference(job_id, name)

    def test_they_survive_the_results_of_an_attempt(self, store, attempt, job_id):
        with store.new_reference(job_id) as (name, file):
            file.write(b"sent")

        store.take(job_id, attempt(1, a="1"))
        store.take(job_id, attempt(2))

        assert store.reference(job_id, name).read_bytes() == b"sent"


class TestRemove:
    def test_nothing_of_the_job_is_left(self, store, attempt, job_id):
        store.take(job_id, attempt(a="1"))

        store.remove(job_id)
        store.remove(job_id)

        assert list(store.jobs()) == []

    def test_a_store_that_was_never_used_has_no_jobs(self, store):
        assert list(store.jobs()) == []
