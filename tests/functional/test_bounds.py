"""What a job may use, what it is given, and what the user is told when it wants more."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.support.http import create, http, job_document, text, wait_for, wait_for_phase, xpath
from tests.support.server import Server

CORES = "tests.support.greedy_cores"


def service(core, parameters="", **limits):
    declared = {"parameters": f"{CORES}:{parameters}"} if parameters else {}
    return {"core": f"{CORES}:{core}"} | declared | {name: str(limit) for name, limit in limits.items()}


SECTIONS = {
    f"uws:service:{name}": section
    for name, section in {
        "memory": service("eat_memory", max_memory="64M"),
        "cpu": service("eat_time", "PARAMETERS_NUMBER", max_cpu="1"),
        "stubborn": service("eat_time_stubbornly", max_cpu="1"),
        "file": service("write_a_large_file", max_file_size="1M"),
        "files": service("open_many_files", max_open_files="64"),
        "breed": service("breed", "PARAMETERS_NUMBER", max_processes="5"),
        "disk": service("write_many_files", max_disk="5M"),
        "describe": service("describe"),
        "giveup": service("give_up"),
        "leave": service("leave", "PARAMETERS_NUMBER"),
        "talk": service("talk", "PARAMETERS_TALKING", max_log="1k"),
        "die": service("die", "PARAMETERS_NUMBER"),
    }.items()
}


class TalkativeServer(Server):
    """A server whose environment has more in it than jobs are to know."""

    def _environment(self):
        return super()._environment() | {
            "PASSWORD": "secret",
            "DATA_ROOT": "/data",
            "LC_NUMERIC": "C",
            "TZ": "UTC",
        }


@pytest.fixture(scope="module")
def strict():
    # Where the path is long, temporary files stay out of a job's folder: sockets could not be made in there.
    folder = Path(tempfile.mkdtemp(prefix="uws"))
    settings = {"uws.environment": "UWS_TEST_* COVERAGE_* DATA_*", "uws.max_running": "3"}
    server = TalkativeServer(folder, services=[], measured=True, sections=SECTIONS, settings=settings)
    with server:
        yield server
    shutil.rmtree(folder)


def failure(server, name, **parameters):
    """Run a job that has to fail, and return the type and message of its error, and its URL."""
    job = create(server.joblist(name), PHASE="RUN", **parameters)
    wait_for_phase(job, "ERROR")
    document = job_document(job)
    (kind,) = xpath(document, "uws:errorSummary/@type")
    return kind, text(document, "uws:errorSummary/uws:message"), job


@pytest.mark.spec("U-123", "U-70")
class TestLimits:
    @pytest.mark.parametrize(
        ("name", "sentence"),
        [
            ("memory", "The job needed more memory than the 64 MB it may have."),
            ("cpu", "The job was ended because it used up the 1 s of CPU time that it may have."),
            ("stubborn", "The job was ended because it used up the 1 s of CPU time that it may have."),
            ("file", "The job wrote a file larger than the 1 MB it may be."),
            ("files", "The job opened more than the 64 files it may have open at once."),
            ("disk", "The job was ended because it had more on disk than the 5 MB it may have."),
        ],
    )
    def test_who_wants_more_is_told_so(self, strict, name, sentence):
        kind, message, _ = failure(strict, name)

        assert (kind, message) == ("fatal", sentence)

    def test_cpu_time_is_that_of_all_processes_together(self, strict):
        kind, message, _ = failure(strict, "cpu", NUMBER=2)

        assert (kind, "CPU time" in message) == ("fatal", True)

    def test_a_job_with_too_many_processes_is_ended_with_all_of_them(self, strict):
        kind, message, _ = failure(strict, "breed", NUMBER=6)

        assert kind == "fatal"
        assert message == "The job was ended because it had more processes than the 5 it may have at once."
        assert "sleep" not in [Path(f"/proc/{pid}/comm").read_text().strip() for pid in strict.processes()]

    def test_as_many_as_allowed_are_allowed(self, strict):
        job = create(strict.joblist("breed"), NUMBER=4, PHASE="RUN")

        wait_for_phase(job, "COMPLETED")

    def test_what_was_finished_before_is_kept(self, strict):
        _, _, job = failure(strict, "memory")

        assert http.get(f"{job}/results/before").text == "made before"

    def test_nothing_of_a_job_that_filled_its_disk_stays(self, strict):
        _, _, job = failure(strict, "disk")

        attempt = strict.var / "work" / f"{job.rpartition('/')[2]}.1"
        wait_for(lambda: not attempt.exists())


@pytest.mark.spec("U-123", "U-70")
class TestEndings:
    @pytest.mark.parametrize(
        ("name", "number", "kind", "sentence"),
        [
            ("leave", 3, "fatal", "The core ended its process with exit status 3."),
            ("die", 9, "transient", "The job's process was killed by signal 9."),
            ("die", 11, "fatal", "The core crashed: signal 11 (Segmentation fault)."),
            ("giveup", None, "transient", "The telescope is busy."),
        ],
    )
    def test_each_has_its_sentence(self, strict, name, number, kind, sentence):
        parameters = {} if number is None else {"NUMBER": number}

        assert failure(strict, name, **parameters)[:2] == (kind, sentence)


@pytest.fixture
def told(strict):
    job = create(strict.joblist("describe"), PHASE="RUN")
    wait_for_phase(job, "COMPLETED")
    return json.loads(http.get(f"{job}/results/told").content)


class TestWhatACoreIsGiven:
    def test_nobody_else_can_read_what_it_writes(self, told):
        assert told["umask"] == 0o077

    def test_its_home_and_its_temporary_files_are_in_its_own_folder(self, told):
        assert told["home"] == told["here"] == told["environment"]["HOME"]
        assert told["temporary"].startswith(told["here"])

    def test_it_sees_of_the_environment_what_the_site_names(self, told):
        seen = told["environment"]

        assert "PASSWORD" not in seen
        assert seen["DATA_ROOT"] == "/data"
        assert (seen["LC_NUMERIC"], seen["TZ"], seen["PATH"]) == ("C", "UTC", os.environ["PATH"])


class TestTheLog:
    @pytest.fixture
    def talking(self, strict, tmp_path):
        """A job that has said three lines and waits; call what is returned with it to let it go on."""
        go_on = tmp_path / "go_on"
        job = create(strict.joblist("talk"), LINES=3, GO_ON=str(go_on), PHASE="RUN")
        wait_for(lambda: http.get(f"{job}/log").text.count("\n") == 3)
        yield job, go_on.touch
        http.delete(job)

    def test_it_is_shown_while_the_job_runs_and_afterwards(self, talking):
        job, go_on = talking
        answer = http.get(f"{job}/log")
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/plain; charset=UTF-8")
        assert answer.text == "line 0\nline 1\nline 2\n"

        go_on()
        wait_for_phase(job, "COMPLETED")

        assert http.get(f"{job}/log").text.startswith("line 0\nline 1\nline 2\n")
        assert http.get(f"{job}/log").text.endswith("at last\n")

    @pytest.mark.parametrize(
        ("last", "seen"), [("1", "line 2\n"), ("2", "line 1\nline 2\n"), ("99", "line 0\nline 1\nline 2\n")]
    )
    def test_the_last_lines_are_given(self, talking, last, seen):
        job, _ = talking

        answer = http.get(f"{job}/log?LAST={last}")

        assert (answer.text, answer.headers["Content-Type"]) == (seen, "text/plain; charset=UTF-8")

    def test_what_is_new_is_given_by_range(self, talking):
        job, _ = talking

        answer = http.get(f"{job}/log", headers={"Range": "bytes=7-"})

        assert (answer.status_code, answer.text) == (206, "line 1\nline 2\n")

    @pytest.mark.parametrize("last", ["0", "-1", "x"])
    def test_other_numbers_are_refused(self, talking, last):
        job, _ = talking

        answer = http.get(f"{job}/log?LAST={last}")

        assert (answer.status_code, "LAST" in answer.text) == (400, True)

    def test_it_is_empty_before_the_job_says_anything(self, strict):
        job = create(strict.joblist("talk"))

        answer = http.get(f"{job}/log")
        last = http.get(f"{job}/log?LAST=5")

        assert (answer.status_code, answer.content) == (200, b"")
        assert (last.status_code, last.content) == (200, b"")

    def test_it_can_only_be_read(self, strict):
        job = create(strict.joblist("talk"))

        answer = http.post(f"{job}/log", data={"A": "b"})

        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")

    def test_of_a_long_one_beginning_and_end_are_kept(self, strict):
        job = create(strict.joblist("talk"), LINES=5000, PHASE="RUN")
        wait_for_phase(job, "COMPLETED")

        lines = http.get(f"{job}/log").text.splitlines()

        assert sum(map(len, lines)) <= 1024
        assert (lines[0], lines[-1].endswith("at last"), lines[-2]) == ("line 0", True, "line 4999")
        assert len([line for line in lines if "bytes are left out" in line]) == 1

    def test_it_goes_with_the_job(self, talking):
        job, _ = talking

        http.delete(job)

        assert http.get(f"{job}/log").status_code == 404
