import hashlib
import os
import threading

import pytest

from pyramid_uws.exceptions import CoreError
from pyramid_uws.execution.corejob import CoreJob
from pyramid_uws.execution.jobdir import JobDirectory, JobSpec

SPEC = JobSpec(
    job_id="job",
    attempt=1,
    service="test",
    core="x:y",
    uploads={"TABLE": "/a/b"},
    owner="ada",
    groups=("staff",),
    runid="r1",
)


@pytest.fixture
def directory(tmp_path):
    directory = JobDirectory(tmp_path / "job.1")
    directory.create(SPEC)
    return directory


@pytest.fixture
def log(tmp_path):
    with (tmp_path / "log").open("w+b", buffering=0) as file:
        yield file


@pytest.fixture
def job(directory, log):
    return CoreJob(directory, SPEC, {"RADIUS": 1.5}, log.fileno())


def content(directory, result_id):
    return (directory.results_folder / result_id).read_bytes()


def test_it_knows_its_job(job, directory):
    assert (job.id, job.owner, job.groups, job.runid) == ("job", "ada", {"staff"}, "r1")
    assert str(job.uploads["TABLE"]) == "/a/b"
    assert job.directory == directory.scratch


def test_its_parameters_are_read_only(job):
    assert job.parameters["RADIUS"] == 1.5

    with pytest.raises(TypeError):
        job.parameters["RADIUS"] = 2


class TestAddResult:
    @pytest.mark.parametrize(
        ("given", "kept"), [("grüße", "grüße".encode()), (b"\0", b"\0"), (bytearray(b"ab"), b"ab"), (b"", b"")]
    )
    def test_a_text_or_bytes_are_kept_with_size_and_checksum(self, job, directory, given, kept):
        job.add_result("r", "text/plain", given)

        assert content(directory, "r") == kept
        assert directory.results() == (("r", "text/plain", len(kept), hashlib.sha256(kept).hexdigest()),)

    def test_a_file_of_its_own_is_moved(self, job, directory):
        made = job.directory / "made"
        made.write_text("made")
        made.chmod(0o444)

        job.add_result("r", "text/plain", made)

        assert content(directory, "r") == b"made"
        assert not made.exists()
        assert (directory.results_folder / "r").stat().st_mode & 0o777 == 0o600

    def test_a_file_from_elsewhere_is_copied(self, job, directory, tmp_path):
        archived = tmp_path / "archived"
        archived.write_text("precious")

        job.add_result("r", "text/plain", archived)

        assert content(directory, "r") == b"precious"
        assert archived.read_text() == "precious"

    def test_a_file_that_has_another_name_is_copied(self, job, directory, tmp_path):
        archived = tmp_path / "archived"
        archived.write_text("precious")
        (job.directory / "made").hardlink_to(archived)

        job.add_result("r", "text/plain", job.directory / "made")
        (directory.results_folder / "r").write_text("overwritten")

        assert archived.read_text() == "precious"

    def test_a_file_that_cannot_be_moved_is_copied(self, job, directory, monkeypatch):
        (job.directory / "made").write_text("made")

        def refuse(*_arguments):
            raise OSError(18, "Invalid cross-device link")

        monkeypatch.setattr("pathlib.Path.replace", refuse)

        job.add_result("r", "text/plain", job.directory / "made")

        assert content(directory, "r") == b"made"

    def test_a_link_or_a_folder_is_refused(self, job, directory):
        (job.directory / "link").symlink_to("/etc/passwd")

        for path in (job.directory / "link", job.directory):
            with pytest.raises(CoreError, match="not an ordinary file"):
                job.add_result("r", "text/plain", path)

        assert list(directory.results_folder.iterdir()) == []

    def test_a_file_that_is_not_there_is_an_error(self, job):
        with pytest.raises(FileNotFoundError):
            job.add_result("r", "text/plain", job.directory / "missing")

    def test_an_id_is_taken_once(self, job, directory):
        job.add_result("r", "text/plain", "first")

        with pytest.raises(CoreError, match="already a result 'r'"):
            job.add_result("r", "text/plain", "second")

        assert content(directory, "r") == b"first"
        assert len(directory.results()) == 1

    def test_an_id_is_taken_once_by_threads_as_well(self, job, directory):
        refused = []
        barrier = threading.Barrier(8)

        def add(number):
            barrier.wait()
            try:
                job.add_result("r", "text/plain", str(number))
            except CoreError:
                refused.append(number)

        threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(refused) == 7
        assert len(directory.results()) == 1
        assert [path.name for path in directory.results_folder.iterdir()] == ["r"]

    @pytest.mark.parametrize("result_id", ["", ".", "..", "a/b", ".hidden", "-a", "ä", "a" * 101, "a\n", "a b"])
    def test_an_id_that_is_no_file_name_is_refused(self, job, result_id):
        with pytest.raises(CoreError, match="cannot be the id of a result"):
            job.add_result(result_id, "text/plain", "")

    @pytest.mark.parametrize(
        "media_type",
        ["", "text", "text/", "/plain", "text/plain\r\nX: y", "text/plain;\n", "text/plain, a/b", "té/x"],
    )
    def test_a_media_type_that_is_none_is_refused(self, job, media_type):
        with pytest.raises(CoreError, match="is not a media type"):
            job.add_result("r", media_type, "")

    @pytest.mark.parametrize(
        "media_type", ["text/plain", "application/x-votable+xml;content=datalink", 'text/csv; header="present"']
    )
    def test_a_media_type_may_have_parameters(self, job, directory, media_type):
        job.add_result("r", media_type, "")

        assert directory.results()[0][1] == media_type


class TestOpenResult:
    def test_it_is_kept_when_the_block_ends(self, job, directory):
        with job.open_result("r", "text/plain") as file:
            file.write(b"abcdef")
            file.seek(0)
            file.write(b"ABC")
            assert directory.results() == ()

        assert content(directory, "r") == b"ABCdef"
        assert directory.results()[0][2:] == (6, hashlib.sha256(b"ABCdef").hexdigest())

    def test_it_is_not_kept_when_the_block_fails_and_can_be_tried_again(self, job, directory):
        def fail():
            with job.open_result("r", "text/plain") as file:
                file.write(b"abc")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()

        assert directory.results() == ()
        assert list(directory.results_folder.iterdir()) == []
        job.add_result("r", "text/plain", "second")
        assert content(directory, "r") == b"second"

    def test_an_id_being_written_is_taken(self, job):
        with job.open_result("r", "text/plain"), pytest.raises(CoreError, match="already a result"):
            job.add_result("r", "text/plain", "")


class TestProgress:
    def test_the_last_one_counts(self, job, directory):
        job.progress(0.1, "begun")
        job.progress(0.5)

        assert directory.progress() == (0.5, "")

    def test_without_room_for_it_the_work_goes_on(self, job, directory, monkeypatch):
        def refuse(*_arguments):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "posix_fallocate", refuse)

        job.progress(0.5)

        assert directory.progress() is None


class TestLog:
    def test_a_line_has_the_time(self, job, log):
        job.log("begun\n")
        job.log("done \ud800")

        log.seek(0)
        first, second = log.read().decode().splitlines()
        assert first.endswith("Z begun")
        assert second.endswith(r"Z done \ud800")

    def test_without_a_keeper_nobody_listens(self, directory):
        reader, writer = os.pipe()
        os.close(reader)

        CoreJob(directory, SPEC, {}, writer).log("is anybody there?")

        os.close(writer)
