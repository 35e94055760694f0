"""Programs as cores: what they are given, what becomes of what they leave, how their ends are told."""

import json
import shutil
import signal
import sys
from pathlib import Path

import pytest

from tests.support import processes, program
from tests.support.http import (
    abort,
    create,
    http,
    job_document,
    text,
    wait_for,
    wait_for_phase,
    xpath,
)
from tests.support.server import Server

RUN = f"{sys.executable} {program.__file__}"
PYTHON = Path(sys.executable).name

SECTIONS = {
    f"uws:service:{name}": section
    for name, section in {
        "tell": {
            "command": f"{RUN} tell --name={{NAME}} [ --many {{MANY}} ] [ {{FLAG:if}} --flag ]\n"
            "  [ --table {FILE:input} ] {PLAIN} {job.directory}",
            "parameters": """
                NAME   required            -- Anything.
                MANY   multiple            -- Several things.
                FLAG   boolean default=false -- A switch.
                FILE                       -- A file.
                PLAIN  default=plain       -- A word of its own.""",
            "stdout": "told application/json",
        },
        "end": {
            "command": f"{RUN} end {{STATUS}}",
            "parameters": "STATUS int required minimum=0",
            "results": "made.txt text/plain made",
            "exit_codes": """
                3 = fatal  There is no star at this place.
                4 = transient  The archive sleeps.
                5 = ok  Nothing was found.""",
        },
        "die": {"command": f"{RUN} die {{SIGNAL}}", "parameters": "SIGNAL int required"},
        "make": {
            "command": f"{RUN} make made.txt [ {{PATH}} ]",
            "parameters": "PATH multiple",
            "results": "made.txt text/plain\n**/*.png image/png plot optional\nx/* text/plain optional",
        },
        "deepen": {
            "command": f"{RUN} deepen {{DEPTH}}",
            "parameters": "DEPTH int required",
            "results": "**/made.txt text/plain",
        },
        "count": {
            "command": "wc -c {stars:input} [ {more:input} ]",
            "uploads": "stars required text/csv -- Stars.\nmore",
            "stdout": "count text/plain",
        },
        "quiet": {"command": "/bin/true", "stdout": "said text/plain"},
        "whisper": {"command": "/bin/true", "stdout": "said text/plain optional"},
        "fill": {
            "command": f"{RUN} fill {{COUNT}}",
            "parameters": "COUNT int required minimum=0",
            "results": "* text/plain",
        },
        "linger": {"command": f"{RUN} linger", "results": "made.txt text/plain"},
        "sleep": {"command": f"{RUN} sleep {{FOLDER}}", "parameters": "FOLDER required"},
        "advance": {
            "command": f"{RUN} advance {{FOLDER}}",
            "parameters": "FOLDER required",
            "progress": "true",
        },
        "eat": {"command": f"{RUN} eat", "max_memory": "200M"},
        "tight": {"command": f"{RUN} tell", "max_memory": "300M", "stdout": "told application/json"},
    }.items()
}


@pytest.fixture(scope="module")
def commands(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("commands"), services=[], sections=SECTIONS) as server:
        yield server


def run(server, name, phase="COMPLETED", files=None, **parameters):
    """Run a job, and return its document."""
    job = create(server.joblist(name), PHASE="RUN", files=files, **parameters)
    wait_for_phase(job, phase)
    return job_document(job)


def results(document):
    """Return the results of a job by their ids, as bytes."""
    found = {}
    for result in xpath(document, "uws:results/uws:result"):
        content = http.get(result.get("{http://www.w3.org/1999/xlink}href")).content
        assert len(content) == int(result.get("size"))
        found[result.get("id")] = content
    return found


def told(server, **given):
    return json.loads(results(run(server, "tell", **given))["told"])


def failure(server, name, **given):
    document = run(server, name, "ERROR", **given)
    (kind,) = xpath(document, "uws:errorSummary/@type")
    return kind, text(document, "uws:errorSummary/uws:message")


class TestArguments:
    HOSTILE = "; id > /tmp/x $(id) `id` | & ' \" \\ {PLAIN} [ ] * ~ %s \n größer ☃"

    def test_a_value_is_one_word_whatever_it_holds(self, commands):
        words = told(commands, NAME=self.HOSTILE, MANY=[self.HOSTILE, "b"], FLAG="true")["words"]

        assert words[:-1] == [f"--name={self.HOSTILE}", "--many", self.HOSTILE, "--many", "b", "--flag", "plain"]

    @pytest.mark.spec("U-150")
    def test_a_file_is_there_by_its_path_which_the_client_does_not_choose(self, commands):
        files = {"FILE": ("../../etc/passwd; -x", b"content", "text/plain")}

        words = told(commands, NAME="n", files=files)["words"]

        assert words[1] == "--table"
        assert Path(words[2]).read_bytes() == b"content"
        assert Path(words[2]).is_relative_to(commands.var)

    @pytest.mark.spec("U-150")
    def test_an_upload_too(self, commands):
        files = {"x": ("../x", b"12345", "text/csv"), "y": ("-l", b"123", "text/csv")}
        more = run(commands, "count", UPLOAD="STARS,param:x;more,param:y", files=files)
        fewer = run(commands, "count", UPLOAD="stars,param:x", files={"x": files["x"]})

        counts = [[line.split()[0] for line in results(each)["count"].splitlines()] for each in (more, fewer)]

        assert counts == [[b"5", b"3", b"8"], [b"5"]]

    @pytest.mark.spec("U-23")
    def test_an_upload_that_is_missing_is_told(self, commands):
        answer = http.post(commands.joblist("count"), data={"PHASE": "RUN"})

        assert (answer.status_code, "the upload 'stars' is required" in answer.text) == (400, True)

    def test_it_works_in_the_folder_of_the_job_with_nothing_else_open(self, commands):
        found = told(commands, NAME="n")

        assert found["cwd"] == found["words"][-1]
        assert Path(found["cwd"]).is_relative_to(commands.var / "work")
        assert found["files"] == 4  # 0, 1, 2, and the folder that is being listed
        assert found["stdin"] == ""

    def test_stderr_goes_to_the_log(self, commands):
        job = create(commands.joblist("tell"), NAME="n", PHASE="RUN")
        wait_for_phase(job, "COMPLETED")

        assert http.get(f"{job}/log").text == "said on stderr\n"

    @pytest.mark.spec("U-23")
    @pytest.mark.parametrize(
        ("given", "sentence"),
        [
            (
                {"NAME": "n", "PLAIN": "--output=/etc/passwd"},
                "PLAIN='--output=/etc/passwd': a value must n",
            ),
            ({"NAME": "n", "MANY": ["a", "-x"]}, "MANY='-x': a value must not begin with - here."),
            ({"NAME": "a\0b"}, "NAME='a\\x00b': a NUL character cannot be handed to a program."),
            ({"NAME": "x" * 140_000}, "NAME='xxxx"),
            ({"NAME": "n", "FILE": "a,b"}, "FILE='a,b': this is sent as a file, not as a text."),
            ({}, "NAME='': this parameter is required."),
        ],
        ids=lambda value: "" if isinstance(value, str) else ",".join(value),
    )
    def test_what_cannot_be_an_argument_is_refused_before_there_is_a_job(self, commands, given, sentence):
        before = http.get(commands.joblist("tell")).text

        answer = http.post(commands.joblist("tell"), data=given | {"PHASE": "RUN"})

        assert (answer.status_code, answer.text[: len(sentence)]) == (400, sentence)
        assert http.get(commands.joblist("tell")).text == before

    @pytest.mark.spec("U-23")
    def test_a_file_in_place_of_a_text_is_refused(self, commands):
        files = {"NAME": ("n", b"-x", "text/plain")}

        answer = http.post(commands.joblist("tell"), data={"PHASE": "RUN"}, files=files)

        assert answer.status_code == 400
        assert "NAME='': this is sent as a text, not as a file." in answer.text

    def test_a_job_that_is_pending_can_be_mended(self, commands):
        job = create(commands.joblist("tell"), NAME="n", PLAIN="-x")

        refused = http.post(f"{job}/phase", data={"PHASE": "RUN"})
        http.post(f"{job}/parameters", data={"PLAIN": "x"})
        http.post(f"{job}/phase", data={"PHASE": "RUN"})

        assert refused.status_code == 400
        wait_for_phase(job, "COMPLETED")


class TestThePageOfTheService:
    def test_values_are_shown_as_clients_write_them(self, commands):
        page = http.get(f"{commands.url}/tell", headers={"Accept": "text/plain"}).text

        assert "FLAG (boolean, default false): A switch." in page


class TestProgress:
    @pytest.mark.spec("U-72")
    def test_lines_tell_how_far_it_is_and_others_go_to_the_log(self, commands, tmp_path):
        job = create(commands.joblist("advance"), FOLDER=str(tmp_path), PHASE="RUN")

        def told():
            return http.get(job, headers={"Accept": "application/json"}).json().get("jobInfo", {})

        wait_for(lambda: told().get("progressText") == "two words", what="progress")
        assert told()["progress"] == "0.25"
        (tmp_path / "go-on").touch()
        wait_for_phase(job, "COMPLETED")

        assert told()["progressText"] == "done"
        log = http.get(f"{job}/log").text
        assert log.startswith("reading\nprogress of another kind\n" + "x" * 200_000 + "\nno newline")
        assert set(log[log.index("no newline") :].split("\n")) <= {"no newline", "no newlinechat", "chat", ""}


class TestEnds:
    @pytest.mark.spec("U-123", "U-70")
    @pytest.mark.parametrize(
        ("status", "told"),
        [
            (3, ("fatal", "There is no star at this place.")),
            (4, ("transient", "The archive sleeps.")),
            (7, ("fatal", f"The program {PYTHON} ended with exit status 7.")),
        ],
    )
    def test_an_exit_status_is_told_in_the_words_of_the_service(self, commands, status, told):
        assert failure(commands, "end", STATUS=status) == told

    def test_what_a_failed_program_has_made_is_no_result(self, commands):
        assert results(run(commands, "end", "ERROR", STATUS=3)) == {}

    @pytest.mark.parametrize("status", [0, 5])
    def test_a_status_that_is_no_error_completes_the_job(self, commands, status):
        assert results(run(commands, "end", STATUS=status)) == {"made": b"made\n"}

    @pytest.mark.spec("U-123", "U-70")
    @pytest.mark.parametrize(
        ("number", "told"),
        [
            (signal.SIGSEGV, ("fatal", "The core crashed: signal 11 (Segmentation fault).")),
            (signal.SIGABRT, ("fatal", "The core crashed: signal 6 (Aborted).")),
            (signal.SIGKILL, ("transient", "The job's process was killed by signal 9.")),
            (signal.SIGTERM, ("transient", "The job's process was killed by signal 15.")),
            (signal.SIGPIPE, ("transient", "The job's process was killed by signal 13.")),
        ],
    )
    def test_a_signal_is_told(self, commands, number, told):
        assert failure(commands, "die", SIGNAL=int(number)) == told

    @pytest.mark.spec("U-123", "U-70")
    def test_a_program_that_is_not_there_any_more_is_told(self, make_server, tmp_path):
        copy = Path(shutil.copy("/bin/true", tmp_path / "gone"))
        server = make_server(services=[], sections={"uws:service:gone": {"command": str(copy)}})
        copy.unlink()

        assert failure(server, "gone") == (
            "fatal",
            "The program gone cannot be started: No such file or directory.",
        )

    def test_an_abort_ends_it_with_all_that_it_has_started(self, commands, tmp_path):
        job = create(commands.joblist("sleep"), FOLDER=str(tmp_path), PHASE="RUN")
        wait_for((tmp_path / "pids").exists)
        pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]

        abort(job)

        wait_for_phase(job, "ABORTED")
        assert not [pid for pid in pids if processes.is_alive(pid)]

    def test_so_does_the_end_of_its_time(self, commands, tmp_path):
        job = create(commands.joblist("sleep"), FOLDER=str(tmp_path), EXECUTIONDURATION=1, PHASE="RUN")

        wait_for_phase(job, "ABORTED")

        assert not [pid for pid in (tmp_path / "pids").read_text().split() if processes.is_alive(int(pid))]

    @pytest.mark.spec("U-123", "U-70")
    def test_memory_is_the_programs_own(self, commands):
        found = json.loads(results(run(commands, "tight"))["told"])

        assert found["memory"] == [300 * 1024**2] * 2
        assert failure(commands, "eat")[0] == "fatal"


class TestResults:
    @pytest.mark.spec("U-67", "U-68", "U-69")
    def test_files_become_results_by_patterns(self, commands):
        document = run(commands, "make", PATH=["b/c/1.png", "a.png", "x/ü ;.txt", "other.txt", ".hidden.png"])

        assert results(document) == {
            "made.txt": b"made.txt",
            "plot": b"a.png",
            "plot-2": b"b/c/1.png",
            "txt": "x/ü ;.txt".encode(),
        }
        assert xpath(document, "uws:results/uws:result/@mime-type") == [
            "text/plain",
            "image/png",
            "image/png",
            "text/plain",
        ]

    @pytest.mark.parametrize(
        "path", ["l.png->/etc/passwd", "l.png->made.txt", "d->/etc", "x/fifo", "x/a.png/b", "../x/a"]
    )
    def test_links_devices_folders_and_files_elsewhere_are_no_results(self, commands, path):
        assert results(run(commands, "make", PATH=path)) == {"made.txt": b"made.txt"}

    def test_the_log_tells_of_what_looked_like_a_result(self, commands):
        job = create(commands.joblist("make"), PATH="a\n.png->/etc/passwd", PHASE="RUN")
        wait_for_phase(job, "COMPLETED")

        assert "'a\\n.png' is no result: it is a link" in http.get(f"{job}/log").text

    @pytest.mark.spec("U-123", "U-70")
    def test_there_are_not_more_results_than_a_job_may_have(self, commands):
        assert failure(commands, "fill", COUNT=1001) == (
            "fatal",
            f"{PYTHON} has made 1001 results; a job may have 1000.",
        )
        assert len(xpath(run(commands, "fill", COUNT=20), "uws:results/uws:result")) == 20

    @pytest.mark.spec("U-123", "U-70")
    def test_a_result_that_is_promised_and_missing_is_told(self, commands):
        told = failure(commands, "make", PATH="hard->made.txt")

        sentence = f"The program {PYTHON} has not made what the service promises: made.txt."
        assert told == ("fatal", sentence)

    @pytest.mark.spec("U-123", "U-70")
    def test_nothing_written_is_no_result_and_told_unless_it_may_be(self, commands):
        sentence = "The program true has written nothing, and the service promises something."

        assert failure(commands, "quiet") == ("fatal", sentence)
        assert results(run(commands, "whisper")) == {}

    def test_a_deep_folder_is_searched_and_removed(self, commands):
        document = run(commands, "deepen", DEPTH=1100)

        assert results(document) == {"made.txt": b"deep"}
        wait_for(lambda: not list((commands.var / "work").glob("*.*")), what="an empty work folder")

    def test_nobody_writes_into_a_result_any_more(self, commands):
        job = create(commands.joblist("linger"), PHASE="RUN")
        wait_for_phase(job, "COMPLETED")

        content = http.get(f"{job}/results/made.txt").content

        assert len(content) == int(xpath(job_document(job), "uws:results/uws:result/@size")[0])
        assert content.startswith(b"made\nxx")
