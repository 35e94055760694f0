"""uws-admin beside a real server: while it runs, after kill -9, and again after its restart."""

import contextlib
import os
import pty
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.admin import found
from tests.support.anatomy import job_id, of_job, wait_for_process
from tests.support.http import create, http, phase, wait_for, wait_for_phase
from tests.support.server import PROJECT, Server

COMMAND = [sys.executable, "-c", "import sys; from pyramid_uws.cli import main; sys.exit(main())"]
NOBODY = 65534

# Room for all the jobs that tests leave at work.
SETTINGS = {"uws.grace": "1", "uws.max_running": "30"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server that runs, is killed and started again."""
    folder = tmp_path_factory.mktemp("admin")
    with Server(folder, services=["quick", "sleeper", "failing", "chatty"], settings=SETTINGS) as server:
        yield server


@pytest.fixture
def killed(server):
    """Return a function that kills the server; it runs again after the test."""
    yield server.kill
    if not server.is_running:
        server.start()


def start_admin(server, *words, **options):
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [*COMMAND, str(server.ini), *words]
    return subprocess.Popen(command, text=True, env=environment, cwd=server.folder, **(streams | options))


def admin(server, *words, status=0):
    """Run the command, see to its exit status, and return what it said and complained."""
    with start_admin(server, *words) as process:
        output, complaints = process.communicate(timeout=60)
    assert process.returncode == status, output + complaints
    assert "Traceback" not in complaints
    return output, complaints


def facts(server):
    return found(server, "status")


def running(server, service):
    (jobs,) = (entry["running"] for entry in facts(server)["services"] if entry["service"] == service)
    return jobs


class TestWhileTheServerRuns:
    def test_status_names_the_server_and_what_it_runs(self, server):
        job = create(server.joblist("sleeper"), PHASE="RUN")
        wait_for_phase(job, "EXECUTING")

        known = facts(server)
        output, _ = admin(server, "status")

        assert known["server"]["pid"] == server.process.pid
        assert known["server"]["dispatcher"] == "embedded"
        assert job_id(job) in [entry["jobId"] for entry in running(server, "sleeper")]
        assert f"server            pid {server.process.pid}, version " in output
        assert f"\n{job_id(job)}  sleeper  " in output

    def test_progress_of_a_running_job_is_shown(self, make_server, tmp_path):
        server = make_server(services=["countdown"])
        job = create(server.joblist("countdown"), PHASE="RUN", SECONDS=60)
        wait_for_phase(job, "EXECUTING")

        told = wait_for(lambda: running(server, "countdown")[0]["progress"], timeout=30)

        assert 0 < told["fraction"] < 1
        assert told["text"].endswith("to go")

    def test_jobs_and_their_results_are_listed(self, server):
        job = create(server.joblist("quick"), PHASE="RUN", TEXT="x" * 1234, RUNID="mine")
        wait_for_phase(job, "COMPLETED")

        (shown,) = (row for row in found(server, "jobs") if row["jobId"] == job_id(job))

        assert shown["resultBytes"] == 1234
        assert (shown["service"], shown["phase"], shown["runId"]) == ("quick", "COMPLETED", "mine")

    def test_a_failed_job_is_shown_with_its_error_and_files(self, server):
        job = create(server.joblist("failing"), PHASE="RUN", MESSAGE="It was too dark.")
        wait_for_phase(job, "ERROR")

        output, _ = admin(server, "show", job_id(job)[-8:])

        assert "  ValueError: It was too dark." in output.splitlines()
        result = next(line.split()[-1] for line in output.splitlines() if line.startswith("partial "))
        assert Path(result).read_text() == "as far as it went"
        log = next(line.split()[-1] for line in output.splitlines() if line.startswith("log "))
        assert "about to fail" in Path(log).read_text()

    def test_a_job_at_work_is_shown_with_its_process(self, server):
        job = create(server.joblist("sleeper"), PHASE="RUN")
        keeper = wait_for_process(server, job, "uws-keeper")
        wait_for_phase(job, "EXECUTING")

        assert found(server, "show", job_id(job))["work"]["pid"] == keeper

    def test_an_abort_has_ended_the_job_when_it_returns(self, server):
        job = create(server.joblist("sleeper"), PHASE="RUN")
        wait_for_process(server, job, "uws-core")

        output, _ = admin(server, "abort", job_id(job), "--yes")

        assert output.splitlines()[-1] == f"{job_id(job)}  aborted"
        assert phase(job) == "ABORTED"
        assert of_job(server, job) == []

    def test_deleted_jobs_are_gone_with_processes_and_files(self, server):
        at_work = create(server.joblist("sleeper"), PHASE="RUN")
        wait_for_process(server, at_work, "uws-core")
        done = create(server.joblist("quick"), PHASE="RUN")
        wait_for_phase(done, "COMPLETED")
        folder = Path(found(server, "show", job_id(done))["results"][0]["file"]).parents[1]

        admin(server, "delete", job_id(at_work), job_id(done), "--yes")

        assert [http.get(job).status_code for job in (at_work, done)] == [404, 404]
        assert not folder.exists()
        wait_for(lambda: of_job(server, at_work) == [])

    def test_chosen_jobs_are_deleted_and_others_are_not(self, server):
        failed = create(server.joblist("failing"), PHASE="RUN")
        pending = create(server.joblist("failing"))
        wait_for_phase(failed, "ERROR")

        words = ["delete", "--service", "failing", "--phase", "ERROR"]
        listed, _ = admin(server, *words, "--dry-run")
        assert job_id(failed) in listed
        assert phase(failed) == "ERROR"
        admin(server, *words, "--yes")

        assert http.get(failed).status_code == 404
        assert phase(pending) == "PENDING"

    def test_nothing_is_left_to_reap_beside_a_server_that_reaps(self, server):
        assert admin(server, "reap") == ("There is nothing to reap.\n", "")

    def test_what_is_unknown_is_named_and_the_rest_is_done(self, server):
        job = create(server.joblist("quick"))

        _, complaints = admin(server, "abort", "unknown", job_id(job), "--yes", status=1)

        assert complaints == "uws-admin: There is no job 'unknown' in any job list.\n"
        assert phase(job) == "ABORTED"

    def test_it_packs_while_jobs_are_created_run_and_read(self, server):
        said = len(server.log)
        stop = threading.Event()
        answered = []

        def work():
            while not stop.is_set():
                job = create(server.joblist("quick"), PHASE="RUN")
                wait_for_phase(job, "COMPLETED")
                assert http.get(f"{job}/results/result").text == "done"
                answered.append(job)

        with ThreadPoolExecutor(2) as pool:
            workers = [pool.submit(work) for _ in range(2)]
            wait_for(lambda: len(answered) >= 8, timeout=60)
            try:
                for _ in range(3):
                    before = len(answered)
                    assert "packed from" in admin(server, "pack", "--days", "0", "--yes")[0]
                    wait_for(lambda before=before: len(answered) > before + 4, timeout=60)
            finally:
                stop.set()
            for worker in workers:
                worker.result(60)

        assert all(phase(job) == "COMPLETED" for job in answered)
        assert {job_id(job) for job in answered} <= {row["jobId"] for row in found(server, "jobs")}
        assert "Traceback" not in server.log[said:]

    def test_many_commands_at_once_do_not_disturb_each_other(self, server):
        jobs = [create(server.joblist("quick")) for _ in range(6)]

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda job: admin(server, "abort", job_id(job), "--yes"), jobs))

        assert {phase(job) for job in jobs} == {"ABORTED"}


class TestAtATerminal:
    def type_at(self, server, text, *words):
        """Run the command at a terminal of its own and type the text when it asks."""
        ours, theirs = pty.openpty()
        with start_admin(server, *words, stdin=theirs, stderr=subprocess.STDOUT) as process:
            os.close(theirs)
            os.write(ours, text.encode())
            output, _ = process.communicate(timeout=60)
        os.close(ours)
        return process.returncode, output

    def test_it_asks_before_it_acts(self, server):
        job = create(server.joblist("quick"))

        refused = self.type_at(server, "n\n", "delete", job_id(job))
        assert phase(job) == "PENDING"
        agreed = self.type_at(server, "y\n", "delete", job_id(job))

        assert refused[0] == 1
        assert refused[1].endswith("Delete this job? [y/N] uws-admin: nothing was done\n")
        assert agreed[0] == 0
        assert agreed[1].endswith(f"Delete this job? [y/N] {job_id(job)}  deleted\n")
        assert http.get(job).status_code == 404

    def test_without_one_it_needs_a_yes(self, server):
        job = create(server.joblist("quick"))

        output, complaints = admin(server, "delete", job_id(job), status=2)

        assert job_id(job) in output
        assert "--yes" in complaints
        assert phase(job) == "PENDING"


class TestAfterKill:
    def test_the_abort_of_a_running_job_is_honoured_at_the_next_start(self, server, killed):
        job = create(server.joblist("sleeper"), PHASE="RUN")
        core = wait_for_process(server, job, "uws-core")
        wait_for_phase(job, "EXECUTING")
        killed()
        assert server.var.joinpath("uws.socket").is_socket()

        assert facts(server)["server"] is None
        output, _ = admin(server, "abort", job_id(job), "--yes")
        assert "the abort is noted; the job is EXECUTING until the server runs again and ends it" in output
        assert of_job(server, job, "uws-core") == [core]
        server.start()

        wait_for_phase(job, "ABORTED")
        wait_for(lambda: of_job(server, job) == [])

    def test_everything_goes_on_without_a_server_and_the_next_one_finds_it_done(self, server, killed):
        jobs = [create(server.joblist("quick"), DESTRUCTION="2999-01-01") for _ in range(3)]
        killed()

        admin(server, "abort", job_id(jobs[0]), "--yes")
        admin(server, "delete", job_id(jobs[1]), "--yes")
        admin(server, "pack", "--days", "0", "--yes")
        assert admin(server, "reap")[0] == "There is nothing to reap.\n"
        assert found(server, "show", job_id(jobs[0]))["phase"] == "ABORTED"
        server.start()

        assert phase(jobs[0]) == "ABORTED"
        assert http.get(jobs[1]).status_code == 404
        assert phase(jobs[2]) == "PENDING"
        assert facts(server)["server"]["pid"] == server.process.pid

    def test_a_server_that_hangs_is_said_not_to_answer(self, server):
        server.process.send_signal(signal.SIGSTOP)
        try:
            output, complaints = admin(server, "status", status=1)
        finally:
            server.process.send_signal(signal.SIGCONT)

        assert "server            does not answer\n" in output
        assert "has not answered for 10 s" in complaints

    def test_a_server_that_stops_takes_its_socket_along(self, make_server):
        server = make_server(services=["quick"])

        server.stop()

        assert not server.var.joinpath("uws.socket").exists()
        assert facts(server)["server"] is None


class TestTheSocket:
    def connect(self, server):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(server.var / "uws.socket"))
        connection.settimeout(30)
        return connection

    def test_only_the_servers_user_can_open_it(self, server):
        assert stat.S_IMODE(server.var.stat().st_mode) == 0o700
        assert stat.S_IMODE((server.var / "uws.socket").stat().st_mode) == 0o600

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
    @pytest.mark.parametrize("opened", [False, True], ids=["as it is", "with all modes opened"])
    def test_another_user_cannot_use_it(self, opened):
        """The modes keep others out; where somebody has opened them, the kernel's word about the user does."""
        folder = Path(tempfile.mkdtemp(prefix="uws-"))
        try:
            folder.chmod(0o755)
            with Server(folder / "s", services=["quick"]) as server:
                (folder / "s").chmod(0o755)
                if opened:
                    server.var.chmod(0o755)
                    (server.var / "uws.socket").chmod(0o666)
                answer = ask_as(NOBODY, server.var / "uws.socket")
        finally:
            shutil.rmtree(folder)

        assert answer == ("The control socket is for the server's own user." if opened else "PermissionError")

    def test_hostile_connections_stop_neither_server_nor_command(self, server):
        said = len(server.log)
        job = create(server.joblist("quick"))

        with contextlib.ExitStack() as stack:
            for hostile in (b"\x00\xff garbage\n", b"[" * 60_000 + b"\n", b"x" * 200_000, b'{"do": "dance"}\n'):
                connection = stack.enter_context(self.connect(server))
                with contextlib.suppress(BrokenPipeError):
                    connection.sendall(hostile)
                assert b"error" in connection.recv(1000)
            silent = [stack.enter_context(self.connect(server)) for _ in range(50)]
            assert phase(job) == "PENDING"
            _, complaints = admin(server, "abort", job_id(job), "--yes", status=1)
            assert "too many control connections" in complaints
            for connection in silent:
                connection.recv(1000)

        admin(server, "abort", job_id(job), "--yes")
        assert phase(job) == "ABORTED"
        assert threads(server) < 60
        assert "Traceback" not in server.log[said:]

    def test_a_var_folder_with_a_long_path_is_no_obstacle(self, make_server, tmp_path):
        var = tmp_path.joinpath(*["long" * 15] * 3, "var")

        server = make_server(services=["quick"], settings={"uws.var": str(var)})

        assert facts(server)["server"]["pid"] == server.process.pid
        assert (var / "uws.socket").is_socket()


def ask_as(user, path):
    """Try to speak to a control socket as another user, in a process of its own."""
    script = f"""
import contextlib, json, os, socket
os.setgroups([]); os.setgid({user}); os.setuid({user})
try:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect({str(path)!r})
    with contextlib.suppress(BrokenPipeError):
        connection.sendall(b'{{"do": "ping"}}\\n')
    print(json.loads(connection.makefile().readline())["error"])
except Exception as problem:
    print(type(problem).__name__)
"""
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.strip()


def threads(server):
    return len(list(Path(f"/proc/{server.process.pid}/task").iterdir()))


def test_a_reader_that_has_seen_enough_is_no_error(server):
    for _ in range(3):
        create(server.joblist("quick"))

    with start_admin(server, "jobs") as process:
        process.stdout.close()
        complaints = process.stderr.read()

    assert process.returncode == 1
    assert complaints == ""
