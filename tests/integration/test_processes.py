"""Attempts at jobs as real processes: fork server, keeper, core, and whatever that starts."""

import contextlib
import json
import logging
import os
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pyramid_uws.execution import forkserver
from pyramid_uws.execution.forkserver import ForkServer, LaunchFailed
from pyramid_uws.execution.jobdir import JobDirectory, JobSpec
from pyramid_uws.execution.processes import Identity, alive, descendants, end_everything, of_job, open_pidfd, send
from pyramid_uws.execution.store import ResultStore
from pyramid_uws.uws.ids import new_id
from pyramid_uws.uws.instants import now
from pyramid_uws.uws.limits import Limits
from tests.support.http import wait_for
from tests.support.measuring import measured
from tests.unit.execution import rogues

MODULE = rogues.__name__

#: What the tests, and the measuring of their coverage, tell to processes.
ENVIRONMENT = ("ROGUES_*", "COVERAGE_*")
PATIENCE = 30.0


@pytest.fixture(scope="module", autouse=True)
def _counted():
    """Have what runs in the processes of jobs count as covered."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in measured().items():
            patch.setenv(name, value)
        yield


def eventually(condition):
    """Wait until it is true, and return what it returns."""
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)
    return value


class Attempt:
    """An attempt to run one of the rogues."""

    def __init__(self, work, core, **spec):
        core = core if ":" in core else f"{MODULE}:{core}"
        names = {"job_id": new_id(now()), "attempt": 1, "service": "test", "core": core, "grace": 0.2}
        self.spec = JobSpec(**names | spec)
        self.directory = JobDirectory(work / self.spec.name)
        self.directory.create(self.spec)
        self.keeper = None

    def launch(self, server):
        self.keeper = server.launch(self.directory.path)
        return self

    def told(self, name):
        """Wait for what the core tells."""
        path = self.directory.scratch / name
        eventually(path.exists)
        return json.loads(path.read_text())

    def end(self):
        """Ask the keeper to end the job."""
        assert send(self.keeper, signal.SIGTERM)
        return self.outcome()

    def outcome(self):
        """Wait until the keeper has ended, and return the outcome."""
        wait_for_end(self.keeper)
        return self.directory.outcome()

    def processes(self):
        return of_job(self.directory.marker)


def wait_for_end(identity):
    pidfd = open_pidfd(identity)
    if pidfd is not None:
        ended, _, _ = select.select([pidfd], [], [], PATIENCE)
        os.close(pidfd)
        assert ended, f"{identity} does not end"


def has_ended(pid):
    return Identity.of(pid) is None


@pytest.fixture
def make_fork_server():
    """Return a function that makes a fork server; the test ends with it."""
    servers = []

    def make_fork_server(modules=(MODULE,), preload=(), **options):
        server = ForkServer(modules, preload, environment=ENVIRONMENT, **options)
        servers.append(server)
        server.start()
        return server

    yield make_fork_server
    for server in servers:
        server.close()


@pytest.fixture
def fork_server(make_fork_server):
    return make_fork_server()


@pytest.fixture
def prepare(tmp_path):
    """Return a function that makes an attempt ready to be launched; nothing of it survives the test."""
    attempts = []

    def prepare(core, **spec):
        attempts.append(Attempt(tmp_path / "work", core, **spec))
        return attempts[-1]

    yield prepare
    for attempt in attempts:
        assert end_everything(attempt.keeper, attempt.directory.marker) == 0


@pytest.fixture(scope="module")
def shared_fork_server():
    """A fork server that tests share, so they leave it alone."""
    server = ForkServer([MODULE], environment=ENVIRONMENT)
    yield server
    server.close()


@pytest.fixture
def run(prepare, shared_fork_server):
    """Return a function that launches an attempt."""
    return lambda core, **spec: prepare(core, **spec).launch(shared_fork_server)


def pid_of(server):
    return server._process.pid


class TestACore:
    def test_it_returns_and_leaves_what_it_made(self, run, tmp_path):
        before = now()
        attempt = run("generous")

        outcome = attempt.outcome()

        assert (outcome.ended, outcome.status, outcome.signal, outcome.message) == ("returned", None, None, "")
        assert before < outcome.started < outcome.finished < now()
        assert outcome.cpu_seconds > 0
        assert outcome.max_rss > 1_000_000
        store = ResultStore(tmp_path / "results")
        results = store.take(attempt.spec.job_id, attempt.directory)
        assert [(name, media_type, size) for name, media_type, size, _ in results] == [
            ("text", "text/plain", 7),
            ("bytes", "application/octet-stream", 2),
            ("table", "text/csv", 4),
            ("stream", "text/plain;charset=utf-8", 10),
        ]
        assert store.path(attempt.spec.job_id, "stream").read_text() == "head body\n"

    def test_it_is_heard(self, run):
        attempt = run("generous")

        attempt.outcome()

        lines = attempt.directory.log.read_text().splitlines()
        assert lines[0].endswith("Z it begins")
        assert lines[1:] == ["printed", "printed as an error"]
        assert attempt.directory.progress() == (1.0, "done")

    def test_it_sees_its_job_and_nothing_of_the_server(self, run, tmp_path):
        upload = tmp_path / "upload"
        upload.write_text("sent")
        attempt = run(
            "telling",
            declarations=(rogues.TEXT,),
            parameters=(("text", "sent, too"),),
            uploads={"INPUT": str(upload)},
            owner="ada",
            runid="r1",
        )

        assert attempt.outcome().ended == "returned"
        told = attempt.told("told")

        assert (told["id"], told["owner"], told["runid"]) == (attempt.spec.job_id, "ada", "r1")
        assert told["parameters"] == {"TEXT": "sent, too"}
        assert told["uploads"] == {"INPUT": "sent"}
        assert told["here"] == str(attempt.directory.scratch)
        assert told["mode"] == 0o600
        assert told["session"]
        assert told["blocked"] == []
        assert told["ignored"] == []
        assert told["environment"] == attempt.spec.name
        assert told["threads"] == "1"

    def test_it_loads_neither_database_nor_web_framework(self, run):
        attempt = run("telling")

        attempt.outcome()

        loaded = {name.partition(".")[0] for name in attempt.told("told")["modules"]}
        assert not loaded & {"ZODB", "persistent", "transaction", "pyramid", "webob", "waitress", "lxml"}

    def test_it_has_no_descriptor_but_its_standard_ones_and_pipes(self, run):
        attempt = run("telling")

        attempt.outcome()

        kinds = [name.partition(":")[0] for name in attempt.told("told")["descriptors"]]
        assert sorted(kinds) == ["/dev/null", "pipe", "pipe", "pipe", "pipe"]

    def test_no_two_draw_the_same_random_numbers(self, prepare, make_fork_server):
        pytest.importorskip("numpy", reason="numpy is not installed")
        server = make_fork_server([MODULE, "numpy"])
        attempts = [prepare("drawing").launch(server) for _ in range(3)]

        drawn = [tuple(attempt.told("told")) for attempt in attempts]

        assert all(len(numbers) == 2 for numbers in drawn)
        assert len({numbers[0] for numbers in drawn}) == len({numbers[1] for numbers in drawn}) == 3

    def test_its_progress_is_always_the_last_it_told(self, run):
        flood, drop = run("counting"), run("reporting_once")

        flood.told("told")
        drop.told("told")

        assert flood.directory.progress() == (0.999995, "step 199999")
        assert drop.directory.progress() == (0.2, "second")


class TestTheOutcome:
    @pytest.mark.parametrize(
        ("core", "error_type", "message"),
        [
            ("raising", "ValueError", "ValueError: no such thing"),
            ("regretting", "CoreError", "There are no stars in that circle."),
            ("leaving_with_words", "SystemExit", "SystemExit: I have had enough"),
            ("unspeakable", "Unspeakable", "Unspeakable: (its text cannot be shown)"),
        ],
    )
    def test_an_error_is_told_with_type_sentence_and_traceback(self, run, core, error_type, message):
        attempt = run(core, declarations=(rogues.TEXT,), parameters=(("TEXT", "no such thing"),))

        outcome = attempt.outcome()

        assert (outcome.ended, outcome.error_type, outcome.message) == ("raised", error_type, message)
        first_frame = outcome.traceback.splitlines()[1]
        assert "rogues.py" in first_frame
        assert core in first_frame

    def test_a_very_long_error_is_shortened(self, run):
        outcome = run("verbose").outcome()

        assert outcome.message.startswith("ValueError: üüü")
        assert len(outcome.message) == 2000
        assert len(outcome.traceback) < 21_000

    def test_a_parameter_that_is_missing_is_told_by_name(self, run):
        outcome = run("nothing", declarations=(rogues.NUMBER,)).outcome()

        assert (outcome.ended, outcome.message) == ("raised", "NUMBER='': this parameter is required.")

    @pytest.mark.parametrize(
        "core", [f"{MODULE}:missing", "missing.module:core", f"{MODULE}:MODULE", f"{MODULE}:TEXT"]
    )
    def test_a_core_that_cannot_be_found_or_called_is_an_error(self, run, core):
        assert run(core).outcome().ended == "raised"

    @pytest.mark.parametrize(
        ("core", "number", "ended", "status", "signalled"),
        [
            ("leaving", 0, "returned", None, None),
            ("leaving", 3, "exited", 3, None),
            ("vanishing", 0, "exited", 0, None),
            ("vanishing", 4, "exited", 4, None),
            ("dying", signal.SIGKILL, "signalled", None, 9),
            ("dying", signal.SIGSEGV, "signalled", None, 11),
            ("dying", signal.SIGTERM, "signalled", None, 15),
            ("dying", signal.SIGRTMIN + 3, "signalled", None, signal.SIGRTMIN + 3),
        ],
    )
    def test_an_end_without_a_word_is_told_by_status_or_signal(self, run, core, number, ended, status, signalled):
        outcome = run(core, declarations=(rogues.NUMBER,), parameters=(("NUMBER", str(int(number))),)).outcome()

        assert (outcome.ended, outcome.status, outcome.signal) == (ended, status, signalled)
        assert bool(outcome.message) == (ended != "returned")

    def test_a_crash_in_compiled_code_leaves_a_traceback_in_the_log(self, run):
        attempt = run("dying", declarations=(rogues.NUMBER,), parameters=(("NUMBER", "11"),))

        attempt.outcome()

        assert "Segmentation fault" in attempt.directory.log.read_text()
        assert "in dying" in attempt.directory.log.read_text()

    def test_a_forked_child_that_returns_does_not_speak_for_the_job(self, run):
        assert run("splitting").outcome().ended == "returned"


class TestEnding:
    @pytest.mark.parametrize("core", ["tidy", "stopped"])
    def test_a_core_told_to_end_can_clean_up(self, run, core):
        attempt = run(core, grace=PATIENCE)
        attempt.told("core")

        outcome = attempt.end()

        assert outcome.ended == "terminated"
        assert attempt.told("tidied")

    def test_a_core_that_does_not_listen_is_killed_after_the_grace_time(self, run):
        attempt = run("stubborn", grace=0.3)
        core = attempt.told("core")
        began = time.monotonic()

        outcome = attempt.end()

        assert 0.3 <= time.monotonic() - began < PATIENCE
        assert outcome.ended == "terminated"
        assert has_ended(core)

    def test_a_core_that_finishes_in_spite_of_it_has_returned(self, run):
        attempt = run("unmoved", grace=PATIENCE)
        attempt.told("core")

        assert attempt.end().ended == "returned"
        assert attempt.directory.results()[0][0] == "late"

    @pytest.mark.parametrize("core", ["waiting", "stubborn", "stopped"])
    def test_a_core_ends_when_its_time_is_up(self, run, core):
        attempt = run(core, duration=1)

        outcome = attempt.outcome()

        assert (outcome.ended, outcome.message) == ("timeout", "The execution duration of 1 s was used up.")
        assert 1 <= (outcome.finished - outcome.started) / 1e6 < 2.5

    def test_whoever_a_job_has_started_ends_with_it(self, run):
        attempt = run("patriarch_waiting")
        pids = [attempt.told(kind) for kind in ("core", "child", "session", "daemon", "nameless", "forked")]
        assert not any(map(has_ended, pids))

        outcome = attempt.end()

        assert all(map(has_ended, pids))
        assert outcome.left_over == 0
        assert attempt.processes() == set()

    def test_whoever_is_left_when_the_core_returns_is_ended(self, run):
        attempt = run("patriarch")

        outcome = attempt.outcome()

        assert outcome.ended == "returned"
        assert attempt.processes() == set()

    @pytest.mark.parametrize("core", ["bombing", "fleeing"])
    def test_it_catches_processes_that_multiply_or_flee(self, run, core):
        attempt = run(core)
        attempt.told("core")

        # The first core ends by itself, which is the time to look after what it has left.
        outcome = attempt.outcome()

        assert outcome.left_over == 0
        assert attempt.processes() == set()

    def test_results_made_before_are_kept_and_half_written_ones_are_not(self, run, tmp_path):
        attempt = run("halfway")
        attempt.told("core")
        attempt.end()
        store = ResultStore(tmp_path / "results")

        results = store.take(attempt.spec.job_id, attempt.directory)

        assert [result[0] for result in results] == ["whole"]
        assert [path.name for path in (store.folder(attempt.spec.job_id) / "results").iterdir()] == ["whole"]


class TestRudeCores:
    def test_one_that_kills_its_process_group_kills_only_itself(self, run):
        assert run("fratricidal").outcome().signal == signal.SIGKILL

    def test_one_that_closes_its_standard_files_goes_on(self, run):
        attempt = run("mute")

        assert attempt.outcome().ended == "returned"
        assert attempt.directory.results()[0][0] == "text"
        assert attempt.directory.log.read_text().endswith("still here\n")

    def test_one_that_talks_without_end_is_not_kept_waiting_nor_kept_in_full(self, run):
        limits = Limits(max_log=1_000_000)
        attempt = run("noisy", declarations=(rogues.NUMBER,), parameters=(("NUMBER", "150"),), limits=limits)

        assert attempt.outcome().ended == "returned"
        assert 500_000 < attempt.directory.log.stat().st_size <= 1_000_000
        assert b"bytes are left out" in attempt.directory.log.read_bytes()

    def test_one_that_removes_its_folder_still_has_an_outcome(self, run):
        assert run("homeless").outcome().ended == "returned"

    def test_one_that_removes_everything_leaves_nothing(self, run):
        attempt = run("razing")

        assert attempt.outcome() is None
        assert not attempt.directory.path.exists()
        assert attempt.processes() == set()

    def test_one_that_fills_the_disk_has_an_outcome_and_what_it_made_before(self, small_disk, fork_server):
        attempt = Attempt(small_disk, "devouring").launch(fork_server)

        outcome = attempt.outcome()

        assert outcome.message == "OSError: [Errno 28] No space left on device"
        assert [result[0] for result in attempt.directory.results()] == ["small"]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mount.returncode != 0:
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


#: A process that stands for the server: it starts the attempts given, tells who keeps them, and waits.
WEB = """
import json, os, sys, time
from pathlib import Path
from pyramid_uws.execution.forkserver import ForkServer
module, fork, *paths = sys.argv[1:]
server = ForkServer([module])
keepers = [server.launch(Path(path)).pid for path in paths]
print(json.dumps([server._process.pid, *keepers]), flush=True)
if fork and os.fork() == 0:
    print(os.getpid(), flush=True)
time.sleep(120)
"""


@pytest.fixture
def launch_elsewhere():
    """Return a function that launches attempts from a server process of their own: (it, fork server's pid)."""
    webs = []

    def launch_elsewhere(*attempts, fork=False):
        paths = [str(attempt.directory.path) for attempt in attempts]
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
        command = [sys.executable, "-c", WEB, MODULE, "fork" if fork else "", *paths]
        web = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
        webs.append(web)
        forking, *keepers = json.loads(web.stdout.readline())
        for attempt, keeper in zip(attempts, keepers, strict=True):
            attempt.keeper = attempt.directory.keeper()
            assert attempt.keeper.pid == keeper
        return web, forking

    yield launch_elsewhere
    for web in webs:
        web.kill()
        web.communicate()


class TestWithoutAServer:
    def test_the_execution_duration_holds(self, prepare, launch_elsewhere):
        attempt = prepare("stubborn", duration=1)
        web, forking = launch_elsewhere(attempt)
        os.kill(forking, signal.SIGKILL)
        web.kill()
        web.wait()
        assert attempt.directory.outcome() is None

        outcome = attempt.outcome()

        assert outcome.ended == "timeout"
        assert attempt.processes() == set()

    def test_a_job_is_followed_and_ended_by_another_process(self, prepare, launch_elsewhere):
        attempt = prepare("waiting")
        web, _ = launch_elsewhere(attempt)
        attempt.told("core")
        web.kill()
        web.wait()

        pidfd = open_pidfd(attempt.directory.keeper())

        assert select.select([pidfd], [], [], 0) == ([], [], [])
        signal.pidfd_send_signal(pidfd, signal.SIGTERM)
        assert select.select([pidfd], [], [], PATIENCE)[0]
        assert attempt.directory.outcome().ended == "terminated"
        os.close(pidfd)
        assert open_pidfd(attempt.keeper) is None

    def test_the_fork_server_ends_with_it_and_leaves_only_keepers(self, prepare, launch_elsewhere):
        attempt = prepare("waiting")
        web, forking = launch_elsewhere(attempt)
        eventually(lambda: list(descendants(forking)))
        family = [identity.pid for identity in descendants(forking)]

        web.kill()
        web.wait()

        eventually(lambda: has_ended(forking))
        own = {attempt.keeper.pid, attempt.told("core")}
        eventually(lambda: all(has_ended(pid) for pid in family if pid not in own))
        assert not any(map(has_ended, own))

    def test_the_fork_server_ends_with_it_even_if_a_fork_of_it_goes_on(self, prepare, launch_elsewhere):
        """Such a fork has inherited the socket, which therefore does not tell of the end."""
        web, forking = launch_elsewhere(prepare("nothing"), fork=True)
        forked = int(web.stdout.readline())
        identity = Identity.of(forked)

        web.kill()
        web.wait()

        eventually(lambda: has_ended(forking))
        assert send(identity, signal.SIGKILL)


class TestAKilledKeeper:
    def test_its_core_ends_at_once_and_the_others_are_found(self, run):
        attempt = run("patriarch_waiting")
        pids = {kind: attempt.told(kind) for kind in ("core", "child", "session", "daemon", "nameless", "forked")}

        send(attempt.keeper, signal.SIGKILL)
        eventually(lambda: has_ended(pids["core"]))
        assert end_everything(attempt.keeper, attempt.directory.marker) == 0

        assert attempt.directory.outcome() is None
        nameless = pids.pop("nameless")
        assert all(map(has_ended, pids.values()))
        # It shares the core's session, and so was found without a mark.
        assert has_ended(nameless)

    def test_a_stuck_keeper_is_ended_with_all_its_own(self, run):
        attempt = run("patriarch_waiting")
        pids = [attempt.told(kind) for kind in ("core", "child", "session", "daemon", "nameless", "forked")]
        send(attempt.keeper, signal.SIGSTOP)

        assert end_everything(attempt.keeper, attempt.directory.marker) == 0

        assert all(map(has_ended, pids))
        assert not alive(attempt.keeper)


class TestVoid:
    def test_a_void_attempt_is_not_launched(self, prepare, fork_server):
        attempt = prepare("telling")
        assert attempt.directory.void()

        with pytest.raises(LaunchFailed, match="the attempt is void"):
            attempt.launch(fork_server)

        assert attempt.directory.keeper() is None
        assert attempt.directory.outcome() is None

    def test_either_it_is_void_or_it_has_a_keeper(self, prepare, fork_server):
        fork_server.ready(PATIENCE)
        delay, voided = 0.001, 0
        for _ in range(100):
            attempt = prepare("telling")
            answers = []
            timer = threading.Timer(delay, lambda: answers.append(attempt.directory.void()))  # noqa: B023 - it is joined in the same round

            timer.start()
            with contextlib.suppress(LaunchFailed):
                attempt.launch(fork_server)
            timer.join()

            is_void = attempt.keeper is None
            assert answers == [is_void]
            assert attempt.directory.keeper() == attempt.keeper
            assert is_void or attempt.outcome().ended == "returned"
            assert (attempt.directory.scratch / "told").exists() == (not is_void)
            # Stay where the race is close.
            delay *= 1.2 if is_void else 0.85
            voided += is_void
        assert 10 < voided < 90

    def test_an_attempt_launched_twice_runs_once(self, prepare, make_fork_server):
        attempt = prepare("waiting")
        keepers = {server.launch(attempt.directory.path) for server in (make_fork_server(), make_fork_server())}

        attempt.keeper = keepers.pop()
        attempt.told("core")

        assert not keepers
        # Who came second has the mark, too, for as long as it takes to leave.
        wait_for(lambda: len(attempt.processes()) == 2)


class TestTheForkServer:
    def test_it_is_started_anew_when_it_was_killed(self, prepare, fork_server):
        first = prepare("waiting").launch(fork_server)
        killed = pid_of(fork_server)
        os.kill(killed, signal.SIGKILL)

        second = prepare("nothing").launch(fork_server)

        assert second.outcome().ended == "returned"
        assert pid_of(fork_server) != killed
        assert alive(first.keeper)

    def test_one_that_was_killed_is_not_ready_until_it_is_again(self, fork_server):
        assert fork_server.ready(PATIENCE)
        os.kill(pid_of(fork_server), signal.SIGKILL)
        fork_server._process.wait()

        assert not fork_server.ready()

        eventually(fork_server.ready)

    def test_it_is_started_anew_when_it_is_stuck(self, prepare, fork_server, monkeypatch):
        assert fork_server.ready(PATIENCE)
        monkeypatch.setattr(forkserver, "PATIENCE", 0.2)
        stuck = pid_of(fork_server)
        os.kill(stuck, signal.SIGSTOP)
        monkeypatch.setattr(forkserver, "PATIENCE", 1.0)

        assert prepare("nothing").launch(fork_server).outcome().ended == "returned"

        assert pid_of(fork_server) != stuck
        assert has_ended(stuck)

    @pytest.mark.parametrize("which", [0, 1], ids=["keeper", "core"])
    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
    def test_a_spare_that_somebody_has_ended_is_replaced(self, prepare, fork_server, which, number):
        prepare("nothing").launch(fork_server).outcome()
        spares = eventually(lambda: found if len(found := list(descendants(pid_of(fork_server)))) == 2 else None)

        send(spares[which], number)
        eventually(lambda: (number == signal.SIGTERM and which == 0) or not alive(spares[which]))

        assert prepare("nothing").launch(fork_server).outcome().ended == "returned"

    def test_jobs_are_launched_in_a_burst(self, prepare, fork_server):
        attempts = [prepare("nothing").launch(fork_server) for _ in range(20)]

        assert [attempt.outcome().ended for attempt in attempts] == ["returned"] * 20
        assert len({attempt.keeper for attempt in attempts}) == 20

    def test_it_ignores_the_interrupt_of_the_terminal(self, prepare, fork_server):
        assert fork_server.ready(PATIENCE)
        os.kill(pid_of(fork_server), signal.SIGINT)

        prepare("nothing").launch(fork_server)

        assert fork_server._process.poll() is None

    def test_it_is_ready_when_it_has_imported_everything(self, make_fork_server):
        server = make_fork_server(preload=[f"{MODULE}:preload_slowly"])

        assert not server.ready()
        assert server.ready(PATIENCE)
        assert server.ready()

    def test_closing_it_leaves_no_process(self, fork_server):
        assert fork_server.ready(PATIENCE)
        family = eventually(lambda: list(descendants(pid_of(fork_server))))
        forking = pid_of(fork_server)

        fork_server.close()

        assert has_ended(forking)
        eventually(lambda: not any(map(alive, family)))

    def test_what_fails_to_load_is_told_and_the_others_run(self, prepare, make_fork_server, caplog):
        server = make_fork_server([MODULE, "missing.module"], [f"{MODULE}:preload_and_fail"])

        assert prepare("nothing").launch(server).outcome().ended == "returned"

        told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
        assert any("missing.module cannot be imported: ModuleNotFoundError" in line for line in told)
        assert any("preload_and_fail failed: ValueError: no catalogue" in line for line in told)

    def test_what_takes_for_ever_to_load_fails_the_job(self, prepare, make_fork_server):
        server = make_fork_server(preload=[f"{MODULE}:preload_for_ever"], patience=0.2)
        attempt = prepare("nothing")

        with pytest.raises(LaunchFailed, match=r"could not be started: no answer within 0.2 s"):
            attempt.launch(server)

        assert attempt.directory.void()

    def test_what_dies_loading_fails_the_job_and_is_not_tried_all_the_time(self, prepare, make_fork_server):
        server = make_fork_server(preload=[f"{MODULE}:preload_and_die"])
        assert server.ready(PATIENCE)
        dead = pid_of(server)
        assert server.ready()
        assert pid_of(server) == dead
        attempt = prepare("nothing")

        with pytest.raises(LaunchFailed, match="what its service preloads cannot be loaded"):
            attempt.launch(server)

        assert attempt.directory.void()

    def test_what_died_loading_is_tried_again_after_a_pause(
        self, prepare, make_fork_server, monkeypatch, tmp_path
    ):
        flag = tmp_path / "broken"
        flag.touch()
        monkeypatch.setenv("ROGUES_BROKEN", str(flag))
        monkeypatch.setattr(forkserver, "PAUSE", 0.0)
        server = make_fork_server(preload=[f"{MODULE}:preload_and_die_if_broken"])
        eventually(lambda: server.ready() and server.trouble)

        flag.unlink()

        eventually(lambda: server.ready() and not server.trouble)
        assert prepare("nothing").launch(server).outcome().ended == "returned"

    def test_what_loads_longer_than_it_may_is_refused_until_it_has(self, prepare, make_fork_server):
        server = make_fork_server(preload=[f"{MODULE}:preload_slowly"], import_patience=0.0)
        assert server.ready()

        with pytest.raises(LaunchFailed, match="was not there after 0 s"):
            prepare("nothing").launch(server)

        eventually(lambda: server.ready() and not server.trouble)
        assert prepare("nothing").launch(server).outcome().ended == "returned"

    def test_a_keeper_whose_report_was_lost_is_found(self, prepare, fork_server, monkeypatch):
        attempt = prepare("nothing").launch(fork_server)

        def lose(*_arguments):
            raise ConnectionError

        monkeypatch.setattr(fork_server, "_receive", lose)

        assert fork_server.launch(attempt.directory.path) == attempt.keeper

    def test_an_unreadable_job_is_refused(self, prepare, fork_server):
        attempt = prepare("nothing")
        (attempt.directory.path / "job.json").write_text("{")

        with pytest.raises(LaunchFailed):
            attempt.launch(fork_server)
