"""uws-admin on a real file storage while no server runs, and what it says when something is in its way."""

import io
import json
import os
import queue
import socket
import sys
import threading
from contextlib import closing

import pytest
from ZODB.DB import DB
from ZODB.FileStorage import FileStorage
from ZODB.POSException import POSKeyError

from pyramid_uws import cli
from pyramid_uws.admin import acting, looking
from pyramid_uws.admin.actions import Actions
from pyramid_uws.admin.looking import look
from pyramid_uws.exceptions import BadRequest, UWSError
from pyramid_uws.execution.runs import Address
from pyramid_uws.settings import read_settings
from pyramid_uws.tree import AsyncRenderer, Job, Root, find_joblist, match_tree
from pyramid_uws.tree.shelf import ROOT_KEY
from pyramid_uws.uws import phases
from pyramid_uws.uws.ids import new_id
from pyramid_uws.uws.instants import format_instant, now
from pyramid_uws.uws.limits import SECOND
from tests.support.inside import WAYS, Inside
from tests.support.server import Server

SERVICES = ["quick", "sleeper"]
SECTIONS = {"uws:service:sleeper": {"on_destruction": "archive"}}
DAY = 86400 * SECOND


def settings_of(folder):
    return read_settings({"uws.var": str(folder / "var")})


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def ini(tmp_path):
    """The ini file of the site."""
    return Server(tmp_path, services=SERVICES, sections=SECTIONS).ini


@pytest.fixture
def open_site(tmp_path):
    """Return a function that opens the site in this process."""
    return lambda: closing(Inside(tmp_path, services=SERVICES, sections=SECTIONS))


@pytest.fixture
def admin(ini, capsys, monkeypatch):
    """Return a function that runs the command: (status, output, complaints); ``typed`` makes a terminal."""

    def admin(*words, typed=None):
        monkeypatch.setattr("sys.stdin", io.StringIO() if typed is None else Terminal(typed))
        capsys.readouterr()
        return cli.main([str(ini), *words]), *capsys.readouterr()

    return admin


@pytest.fixture
def jobs_of(admin):
    """Return a function that returns the jobs there are, by id."""

    def jobs_of(*words):
        status, output, _ = admin("jobs", "--json", *words)
        assert status == 0
        return {job["jobId"]: job for job in json.loads(output)}

    return jobs_of


@pytest.fixture
def make_job(tmp_path, ini):
    """Return a function that makes a job, as old and in whatever phase it is wanted, and returns its id."""
    (tmp_path / "var/results").mkdir(mode=0o700, parents=True)
    (tmp_path / "var/work").mkdir(mode=0o700)

    def make_job(service="quick", phase=phases.PENDING, *, created=None, **facts):
        created = created or now()
        facts = {"execution_duration": 60, "destruction": created + DAY} | facts
        job = Job(new_id(created), created=created, **facts)
        database = DB(FileStorage(str(tmp_path / "var/uws.fs")))
        with closing(database), database.transaction() as connection:
            root = connection.root().setdefault(ROOT_KEY, Root())
            match_tree(root, {name: {"async": AsyncRenderer} for name in SERVICES})
            joblist = find_joblist(root, service, "async")
            joblist.add(job)
            for step in WAYS[phase]:
                joblist.move(job, job.phase, step, queued=1)
            return job.job_id

    return make_job


class TestLooking:
    def test_status_counts_jobs_and_sees_no_server(self, admin, make_job, tmp_path):
        make_job(phase=phases.COMPLETED)
        make_job(phase=phases.COMPLETED)
        make_job("sleeper", phases.QUEUED)
        running = make_job("sleeper", phases.EXECUTING, progress=(0.25, "a quarter"), started=now(), owner="anna")

        status, output, complaints = admin("status")

        assert (status, complaints) == (0, "")
        lines = output.splitlines()
        assert f"server            no server (nobody listens at {tmp_path}/var/uws.socket)" in lines
        assert [line.split() for line in lines if line.startswith(("SERVICE", "quick", "sleeper"))] == [
            ["SERVICE", "QUEUED", "EXECUTING", "COMPLETED", "OLDEST", "QUEUED"],
            ["quick/async", "0", "0", "2", "-"],
            ["sleeper/async", "1", "1", "0", "1970-01-01T00:00:00Z"],
        ]
        assert lines[-1].startswith(f"{running}  sleeper  anna   2")
        assert lines[-1].endswith("Z  25% a quarter")

    def test_status_tells_sizes_and_destruction(self, admin, make_job, tmp_path):
        make_job(destruction=1)
        later = now() + DAY
        make_job(destruction=later)
        (tmp_path / "var/results/ab").mkdir()
        (tmp_path / "var/results/ab/file").write_bytes(b"x" * 10_000)
        (tmp_path / "var/uws.fs.old").write_bytes(b"x" * 2000)

        found = json.loads(admin("status", "--json")[1])
        text = admin("status")[1]

        assert found["server"] is None
        assert found["expired"] == 1
        assert found["nextDestruction"] == format_instant(later)
        assert found["storage"] == {
            "where": f"{tmp_path}/var/uws.fs",
            "bytes": (tmp_path / "var/uws.fs").stat().st_size,
            "oldBytes": 2000,
        }
        assert found["results"]["files"] == 1
        assert found["results"]["bytes"] >= 10_000
        assert found["work"] == {"folder": f"{tmp_path}/var/work", "files": 0, "bytes": 0}
        assert found["freeBytes"] > 0
        assert "and 2 kB that the last packing left" in text
        assert f"next destruction  {found['nextDestruction'][:19]}Z, 1 job overdue\n" in text

    def test_status_does_without_folders_that_are_not_there(self, admin, make_job, tmp_path):
        make_job()
        (tmp_path / "var/results").rmdir()

        assert admin("status")[0] == 0

    def test_jobs_of_all_owners_are_listed_newest_first(self, admin, make_job):
        old = make_job(created=now() - DAY, phase=phases.ERROR, owner="anna", runid="first")
        new = make_job("sleeper", results=(("a", "text/plain", 1500, ""), ("b", "text/plain", 500, "")))

        status, output, _ = admin("jobs")

        head, *rows = [line.split() for line in output.splitlines()]
        assert status == 0
        assert head == ["JOB", "SERVICE", "PHASE", "OWNER", "RUN", "ID", "CREATED", "RESULTS"]
        assert [(*row[:5], *row[6:]) for row in rows] == [
            (new, "sleeper", "PENDING", "-", "-", "2", "kB"),
            (old, "quick", "ERROR", "anna", "first", "0", "B"),
        ]

    def test_jobs_are_chosen_by_all_conditions(self, jobs_of, make_job):
        anna = make_job(created=DAY, owner="anna", phase=phases.ERROR)
        nobody = make_job("sleeper", created=2 * DAY)

        assert set(jobs_of("--all")) == {anna, nobody}
        assert set(jobs_of("--owner", "anna")) == set(jobs_of("--phase", "error")) == {anna}
        assert set(jobs_of("--owner", "")) == set(jobs_of("--service", "sleeper")) == {nobody}
        assert set(jobs_of("--after", "1970-01-02T12:00:00")) == set(jobs_of("--last", "1")) == {nobody}

    def test_no_jobs_are_said_to_be_none(self, admin, make_job):
        make_job()

        assert admin("jobs", "--phase", "HELD") == (0, "no such jobs\n", "")

    def test_a_long_list_needs_little_memory(self, jobs_of, make_job, monkeypatch):
        monkeypatch.setattr("pyramid_uws.admin.jobs._BREATH", 2)
        ids = {make_job() for _ in range(5)}

        assert set(jobs_of()) == ids

    def test_an_unknown_service_is_named(self, admin, make_job):
        make_job()

        status, _, complaints = admin("jobs", "--service", "moons")

        assert status == 1
        assert complaints == "uws-admin: There is no service 'moons'; there are quick, sleeper.\n"


class TestShowing:
    def test_everything_about_a_job_is_shown(self, admin, make_job, open_site, tmp_path):
        job_id = make_job(
            phase=phases.EXECUTING,
            owner="anna",
            parameters=(("TEXT", "two\nlines"), ("LONGER", "x")),
            results=(("map", "image/png", 2_500_000, "abc"), ("lost", "text/plain", 5, "")),
            failure=("fatal", "It went wrong.", "Traceback:\n  here"),
            progress=(0.5, "half"),
            reason="it was tired",
            started=3 * SECOND,
            ended=4 * SECOND,
            quote=5 * SECOND,
            destruction=None,
            execution_duration=0,
            abort_requested=6 * SECOND,
            attempt=2,
        )
        with open_site() as inside:
            store = inside.site.store
            with store.new_reference(job_id) as (name, file):
                file.write(b"1,2")
            inside.site.writer.do(
                lambda root, _journal: find_joblist(root, "quick", "async")[job_id].__setattr__(
                    "references", (("UPLOAD", "text/csv", 3, name), ("GONE", "text/csv", 3, "7"))
                )
            )
        folder = store.folder(job_id)
        (folder / "results").mkdir()
        (folder / "results/map").write_text("")
        (folder / "log").write_text("said")
        (tmp_path / "var/work" / f"{job_id}.2").mkdir()

        status, output, complaints = admin("show", job_id[:8])

        assert (status, complaints) == (0, "")
        facts, parameters, results, error, detail = output.split("\n\n")
        known = dict(line.split("  ", 1) for line in facts.splitlines())
        assert {name: value.strip() for name, value in known.items() if name != "created"} == {
            "job": job_id,
            "service": "quick/async",
            "phase": "EXECUTING",
            "owner": "anna",
            "run id": "-",
            "queued": "1970-01-01T00:00:00Z",
            "started": "1970-01-01T00:00:03Z",
            "ended": "1970-01-01T00:00:04Z",
            "quote": "1970-01-01T00:00:05Z",
            "abort requested": "1970-01-01T00:00:06Z",
            "destruction": "never",
            "execution duration": "unlimited",
            "attempt": "2",
            "progress": "50% half",
            "reason": "it was tired",
            "works in": str(tmp_path.joinpath("var", "work", f"{job_id}.2")),
            "log": f"{folder}/log",
        }
        assert parameters.splitlines() == [
            "parameters",
            "  TEXT    two\\nlines",
            "  LONGER  x",
            f"  UPLOAD: 3 B text/csv, {folder}/references/1",
            "  GONE: 3 B text/csv, missing",
        ]
        assert [line.split() for line in results.splitlines()] == [
            ["RESULT", "TYPE", "SIZE", "FILE"],
            ["map", "image/png", "2.5", "MB", f"{folder}/results/map"],
            ["lost", "text/plain", "5", "B", "missing"],
        ]
        assert error.splitlines() == ["error (fatal)", "  It went wrong."]
        assert detail.splitlines() == ["  Traceback:", "    here"]

    def test_a_job_of_which_little_is_known_is_shown_too(self, admin, make_job):
        job_id = make_job(failure=("transient", "Later.", ""))

        output = admin("show", job_id)[1]

        assert output.endswith("\n\nerror (transient)\n  Later.\n")
        assert "parameters" not in output
        assert "RESULT" not in output

    def test_json_has_everything(self, admin, make_job):
        job_id = make_job(parameters=(("TEXT", "two\nlines"),), failure=("fatal", "no", "detail"))

        shown = json.loads(admin("show", job_id, "--json")[1])

        assert shown["jobId"] == job_id
        assert shown["parameters"] == [{"id": "TEXT", "value": "two\nlines"}]
        assert shown["error"] == {"type": "fatal", "message": "no", "detail": "detail"}
        assert shown["executionDuration"] == 60

    def test_what_jobs_say_cannot_command_the_terminal(self, admin, make_job):
        job_id = make_job(
            parameters=(("\x1b[2J", "\x1b]0;gone\x07"),),
            failure=("fatal", "\x1b[31mred", "\x9b2J"),
            runid="\u202edesrever",
            references=(("\x1bU", "\x1b/csv", 3, "9"),),
            results=(("\x1bR", "\x1bT", 3, ""),),
        )

        outputs = [admin("show", job_id)[1], admin("jobs")[1], admin("show", job_id, "--json")[1]]

        assert all(set(output) & {"\x1b", "\x9b", "\x07", "\u202e"} == set() for output in outputs)

    def test_an_unknown_job_is_named(self, admin, make_job):
        make_job()

        status, output, complaints = admin("show", "unknown")

        assert (status, output) == (1, "")
        assert complaints == "uws-admin: There is no job 'unknown' in any job list.\n"

    def test_of_several_jobs_the_candidates_are_listed(self, admin, make_job):
        created = now()
        jobs = [make_job(created=created), make_job("sleeper", created=created)]

        status, _, complaints = admin("show", jobs[0][:9])

        assert status == 1
        assert "may be any of these 2 jobs:" in complaints
        assert all(job_id in complaints for job_id in jobs)


class TestActing:
    def test_a_job_that_waits_is_aborted(self, admin, make_job, jobs_of):
        job_id = make_job(phase=phases.QUEUED)

        status, output, complaints = admin("abort", job_id, "--yes")

        assert (status, complaints) == (0, "")
        assert output.splitlines()[1].split()[:3] == [job_id, "quick", "QUEUED"]
        assert output.splitlines()[-1] == f"{job_id}  aborted"
        assert jobs_of()[job_id]["phase"] == "ABORTED"

    def test_the_abort_of_a_job_at_work_is_noted_for_the_server(self, admin, make_job):
        job_id = make_job("sleeper", phases.EXECUTING)

        status, output, _ = admin("abort", job_id, "--yes")

        assert status == 0
        assert output.splitlines()[-1].startswith(f"{job_id}  the abort is noted; the job is EXECUTING until")
        assert json.loads(admin("show", job_id, "--json")[1])["abortRequested"]
        assert "(to be aborted)" in admin("status")[1]
        assert admin("abort", job_id, "--yes")[0] == 0

    def test_a_job_that_has_ended_cannot_be_aborted(self, admin, make_job):
        job_id = make_job(phase=phases.COMPLETED)

        status, output, complaints = admin("abort", job_id, "--yes")

        assert status == 1
        assert complaints == f"uws-admin: Job {job_id} is COMPLETED; there is nothing left to abort.\n"
        assert output.splitlines()[-1] == ""

    def test_one_that_was_aborted_before_is_said_to_be(self, admin, make_job):
        job_id = make_job(phase=phases.ABORTED)

        assert admin("abort", job_id, "--yes")[1].endswith(f"{job_id}  was aborted before\n")

    def test_those_that_can_be_aborted_are_and_the_others_are_named(self, admin, make_job, jobs_of):
        pending, done = make_job(), make_job(phase=phases.COMPLETED)

        status, output, complaints = admin("abort", pending, "unknown", done, pending, "--yes", "--json")

        said = json.loads(output)
        assert status == 1
        assert said["unclear"] == ["There is no job 'unknown' in any job list."]
        assert [(job["jobId"], job["done"]) for job in said["jobs"]] == [(pending, True), (done, False)]
        assert "'unknown'" in complaints
        assert done in complaints
        assert jobs_of()[pending]["phase"] == "ABORTED"

    def test_if_no_job_is_meant_nothing_is_done(self, admin, make_job):
        make_job()

        status, output, complaints = admin("abort", "unknown", "--yes")

        assert (status, output) == (1, "")
        assert "'unknown'" in complaints

    def test_a_deleted_job_is_gone_with_its_files(self, admin, make_job, jobs_of, open_site):
        job_id, other = make_job(), make_job()
        with open_site() as inside:
            folder = inside.site.store.folder(job_id)
        (folder / "results").mkdir(parents=True)

        status, output, _ = admin("delete", job_id[-8:], "--yes")

        assert status == 0
        assert output.splitlines()[-1] == f"{job_id}  deleted"
        assert not folder.exists()
        assert set(jobs_of()) == {other}

    def test_deleting_a_job_at_work_tells_what_becomes_of_its_processes(self, admin, make_job):
        job_id = make_job("sleeper", phases.EXECUTING)

        assert "what still runs of it is ended by the server when it runs" in admin("delete", job_id, "-y")[1]

    def test_jobs_are_deleted_by_phase_age_and_service(self, admin, make_job, jobs_of):
        old = now() - 3 * DAY
        gone = {make_job(phase=phases.ERROR, created=old), make_job(phase=phases.ABORTED, created=old)}
        kept = {
            make_job(phase=phases.ERROR),
            make_job(phase=phases.COMPLETED, created=old),
            make_job("sleeper", phases.ERROR, created=old),
        }

        words = ["--phase", "ERROR", "ABORTED", "--older-than", "2.5", "--service", "quick"]
        status, output, _ = admin("delete", *words, "--yes")

        assert status == 0
        assert {line.split()[0] for line in output.splitlines()[-2:]} == gone
        assert set(jobs_of()) == kept

    def test_nothing_to_delete_is_no_failure(self, admin, make_job):
        make_job()

        assert admin("delete", "--phase", "ERROR") == (0, "There is nothing to delete.\n", "")

    def test_many_jobs_are_done_in_several_requests(self, admin, make_job, jobs_of, monkeypatch):
        monkeypatch.setattr(acting, "MOST_JOBS", 2)
        for _ in range(5):
            make_job()

        assert admin("delete", "--service", "quick", "--yes")[0] == 0

        assert jobs_of() == {}

    def test_reaping_destroys_or_archives_what_is_due_as_its_service_says(self, admin, make_job, jobs_of):
        destroyed = make_job(phase=phases.COMPLETED, destruction=1)
        archived = make_job("sleeper", phases.COMPLETED, destruction=2)
        kept = make_job()

        status, output, _ = admin("reap", "--yes")

        assert status == 0
        assert output.splitlines()[-2:] == [f"{destroyed}  destroyed", f"{archived}  archived"]
        assert set(jobs_of()) == {kept}
        assert set(jobs_of("--phase", "ARCHIVED")) == {archived}
        assert admin("reap") == (0, "There is nothing to reap.\n", "")

    def test_packing_makes_the_database_smaller_and_keeps_all_jobs(self, admin, make_job, jobs_of, tmp_path):
        jobs = {make_job(phase=phases.COMPLETED) for _ in range(5)}
        file = tmp_path / "var/uws.fs"
        before = file.stat().st_size

        status, output, _ = admin("pack", "--days", "0", "--yes")

        assert status == 0
        assert "what was replaced or deleted more than 0 days ago" in output
        assert "packed from " in output
        assert file.stat().st_size < before
        assert file.with_name("uws.fs.old").stat().st_size > file.stat().st_size
        assert set(jobs_of()) == jobs

    def test_packing_keeps_a_day_unless_told_otherwise(self, admin, make_job, tmp_path):
        make_job(phase=phases.COMPLETED)
        before = (tmp_path / "var/uws.fs").stat().st_size

        said = json.loads(admin("pack", "--yes", "--json")[1])

        assert said["dryRun"] is False
        assert said["bytesAfter"] == said["bytesBefore"] >= before


class TestConsent:
    @pytest.fixture(params=["abort", "delete", "reap", "pack"])
    def words(self, request, make_job):
        job_id = make_job(phase=phases.QUEUED, destruction=1)
        return [request.param, *([job_id] if request.param in {"abort", "delete"} else [])]

    @pytest.fixture
    def state(self, tmp_path):
        return (tmp_path / "var/uws.fs").read_bytes

    def test_a_dry_run_lists_and_changes_nothing(self, admin, words, state):
        before = state()

        status, output, complaints = admin(*words, "--dry-run")

        assert (status, complaints) == (0, "")
        assert output.endswith(f"With --dry-run nothing is done. It would {words[0]} {words_of(words)}.\n")
        assert state() == before

    def test_a_dry_run_in_json_says_so(self, admin, words):
        said = json.loads(admin(*words, "--dry-run", "--json")[1])

        assert said["dryRun"] is True
        assert all("done" not in job for job in said.get("jobs", []))

    def test_without_terminal_and_yes_it_is_refused_after_the_list(self, admin, words, state):
        before = state()

        status, output, complaints = admin(*words)

        assert status == 2
        assert output
        assert complaints.startswith("uws-admin: stdin is no terminal at which to ask for confirmation; --yes")
        assert state() == before

    def test_a_no_changes_nothing(self, admin, words, state):
        before = state()

        status, _, complaints = admin(*words, typed="n\n")

        assert status == 1
        question = f"{words[0].capitalize()} {words_of(words)}? [y/N] "
        assert complaints == f"{question}uws-admin: nothing was done\n"
        assert state() == before

    def test_a_yes_is_followed(self, admin, words, state):
        before = state()

        assert admin(*words, typed="yes\n")[0] == 0

        assert state() != before or words[0] == "pack"


def words_of(words):
    return "the database" if words[0] == "pack" else "this job"


class TestWithASiteThatRuns:
    """In this process, with a control socket but without dispatcher."""

    def test_it_is_asked_through_its_socket(self, admin, make_job, open_site):
        pending, running = make_job(), make_job(phase=phases.EXECUTING)

        with open_site() as inside:
            inside.site.settings.socket.stat()
            assert f"pid {os.getpid()}" in admin("status")[1]
            assert "runs no jobs itself" in admin("status")[1]
            assert admin("delete", pending, "--yes")[0] == 0
            assert inside.request("GET", f"/quick/async/{pending}").status_code == 404
            assert admin("pack", "--days", "0", "--yes")[0] == 0
            assert (
                admin("abort", running, "--yes")[1]
                .splitlines()[-1]
                .startswith(f"{running}  the abort is requested; the job is EXECUTING until")
            )

        assert not inside.site.settings.socket.exists()

    @pytest.fixture(autouse=True)
    def impatient(self, monkeypatch):
        monkeypatch.setattr("pyramid_uws.admin.actions.ABORT_PATIENCE", 0.2)

    def test_an_abort_waits_until_whoever_runs_the_job_has_ended_it(self, make_job, open_site, monkeypatch):
        monkeypatch.setattr("pyramid_uws.admin.actions.ABORT_PATIENCE", 20)
        job_id = make_job(phase=phases.EXECUTING)

        with open_site() as inside:
            noted = threading.Event()
            ask_again = Address("quick", "async", job_id)

            def end(root, _journal):
                joblist = ask_again.joblist(root)
                if joblist[job_id].abort_requested is None:
                    return False
                joblist.move(joblist[job_id], phases.EXECUTING, phases.ABORTED)
                return True

            def dispatcher():
                while not inside.site.writer.do(end):
                    noted.wait(0.01)

            thread = threading.Thread(target=dispatcher)
            thread.start()
            actions = Actions(inside.site, serving=True)
            said = actions.perform(request("abort", job_id))
            thread.join()

        assert said == [{"job_id": job_id, "done": True, "note": "aborted"}]

    @pytest.mark.parametrize(("ending", "note"), [("COMPLETED", "is COMPLETED"), (None, "is gone")])
    def test_a_job_that_ends_otherwise_meanwhile_is_told(self, make_job, open_site, monkeypatch, ending, note):
        job_id = make_job(phase=phases.EXECUTING)

        with open_site() as inside:

            def ends_first(_system, _job_id):
                inside.site.writer.do(end)

            def end(root, _journal):
                joblist = find_joblist(root, "quick", "async")
                if ending is None:
                    joblist.remove(job_id)
                else:
                    joblist.move(joblist[job_id], phases.EXECUTING, ending)

            monkeypatch.setattr("pyramid_uws.execution.worker_system.WorkerSystem.abort", ends_first)
            (said,) = Actions(inside.site, serving=True).perform(request("abort", job_id))

        assert said["note"] == f"{note}: it ended before the abort"


class TestRequests:
    @pytest.fixture
    def actions(self, open_site):
        with open_site() as inside:
            yield Actions(inside.site, serving=False)

    @pytest.mark.parametrize(
        "wrong",
        [
            {},
            {"do": "dance"},
            {"do": ["abort"]},
            {"do": "abort"},
            {"do": "abort", "jobs": "all"},
            {"do": "abort", "jobs": [{}] * 201},
            {"do": "delete", "jobs": ["abc"]},
            {"do": "delete", "jobs": [{"service": "quick", "renderer": "async"}]},
            {"do": "delete", "jobs": [{"service": 1, "renderer": "async", "job_id": "x"}]},
            {"do": "delete", "jobs": [{"service": "quick", "renderer": "async", "job_id": "x", "phase": "DONE"}]},
            {"do": "pack"},
            {"do": "pack", "days": "all"},
            {"do": "pack", "days": -1},
            {"do": "pack", "days": float("nan")},
        ],
    )
    def test_what_makes_no_sense_is_refused(self, actions, wrong):
        with pytest.raises(BadRequest):
            actions.perform(wrong)

    @pytest.mark.parametrize("do", ["abort", "delete"])
    def test_a_job_that_is_not_there_is_not_done(self, actions, do):
        (said,) = actions.perform(request(do, new_id(1)))

        assert not said["done"]
        assert said["note"].startswith("There is no job")

    def test_a_place_that_is_not_there_is_not_done(self, actions):
        (said,) = actions.perform({"do": "delete", "jobs": [{"service": "x", "renderer": "y", "job_id": "../z"}]})

        assert said["note"] == "There is no job list at /x/y."

    def test_a_job_that_is_gone_has_been_reaped(self, actions):
        assert actions.perform(request("reap", new_id(1)))[0]["note"] == "is gone already"

    def test_a_job_whose_time_has_not_come_is_not_reaped(self, make_job, open_site):
        job_id = make_job()

        with open_site() as inside:
            (said,) = Actions(inside.site, serving=False).perform(request("reap", job_id))

        assert said == {
            "job_id": job_id,
            "done": False,
            "note": f"Job {job_id} is not to be destroyed at present.",
        }

    def test_a_job_that_has_left_its_phase_is_left_alone(self, make_job, open_site):
        job_id = make_job(phase=phases.QUEUED)

        with open_site() as inside:
            (said,) = Actions(inside.site, serving=False).perform(request("delete", job_id, phase="PENDING"))
            (left,) = Actions(inside.site, serving=False).perform(request("delete", job_id, phase="QUEUED"))

        assert said["note"] == f"Job {job_id} is QUEUED by now, no longer PENDING; it was left alone."
        assert left["done"]

    def test_a_storage_that_cannot_be_packed_says_why(self, actions, monkeypatch):
        def full(**_days):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(actions._site.database, "pack", full)

        with pytest.raises(UWSError, match=r"could not be packed: .*No space left on device"):
            actions.perform({"do": "pack", "days": 1})


def request(do, job_id, **further):
    return {"do": do, "jobs": [{"service": "quick", "renderer": "async", "job_id": job_id, **further}]}


class TestInTheWay:
    def test_a_database_that_is_not_there_is_named(self, admin, tmp_path):
        status, output, complaints = admin("jobs")

        assert (status, output) == (1, "")
        assert complaints.startswith(f"uws-admin: There is no database at {tmp_path}/var/uws.fs yet.")
        assert complaints.count("\n") == 1
        assert not (tmp_path / "var").exists()

    @pytest.mark.parametrize("opened", [False, True])
    def test_an_empty_database_is_named(self, admin, tmp_path, opened):
        file = tmp_path / "var/uws.fs"
        file.parent.mkdir()
        storage = FileStorage(str(file))
        (DB(storage) if opened else storage).close()

        status, _, complaints = admin("status")

        assert status == 1
        assert complaints == f"uws-admin: The database {file} is empty: no server has worked on it yet.\n"

    def test_a_locked_database_can_be_looked_into(self, admin, make_job, tmp_path, jobs_of):
        job_id = make_job()

        with closing(FileStorage(str(tmp_path / "var/uws.fs"))):
            assert admin("status")[0] == 0
            assert set(jobs_of()) == {job_id}

    def test_a_locked_database_without_a_server_that_answers_is_said_to_be(self, admin, make_job, tmp_path):
        job_id = make_job()

        with closing(FileStorage(str(tmp_path / "var/uws.fs"))):
            status, _, complaints = admin("delete", job_id, "--yes")

        assert status == 1
        assert complaints.startswith(f"uws-admin: The database {tmp_path}/var/uws.fs is locked by another process")
        assert complaints.count("\n") == 1

    def test_a_server_that_does_not_answer_is_said_not_to(self, admin, make_job, tmp_path, monkeypatch):
        monkeypatch.setattr(acting, "PING_SECONDS", 0.1)
        job_id = make_job()
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(tmp_path / "var/uws.socket"))
            listener.listen()

            status, output, complaints = admin("status")
            acted = admin("abort", job_id, "--yes")

        assert status == acted[0] == 1
        assert "server            does not answer" in output
        assert "has not answered for 0.1 s" in complaints
        assert "has not answered for 0.1 s" in acted[2]

    def test_files_are_not_left_behind_in_a_folder_of_somebody_else(self, admin, make_job, tmp_path, monkeypatch):
        job_id = make_job()
        for user, name in [(0, "root"), (1_234_567, "#1234567")]:
            monkeypatch.setattr(os, "geteuid", lambda: 54321)
            monkeypatch.setattr(acting, "_owner_of", lambda _folder, user=user: user)

            status, _, complaints = admin("delete", job_id, "--yes")

            assert status == 1
            assert f"belongs to the user {name}; while no server runs, only that user can act" in complaints

    @pytest.mark.parametrize(
        ("line", "complaint"),
        [
            ("uws.colour = red", "unknown setting uws.colour"),
            ("uws.grace = soon", "setting uws.grace = soon: "),
            ("uws.storage = file:///no/such/folder/x.fs", "There is no database at /no/such/folder/x.fs yet."),
            ("uws.storage = carrier-pigeon://x", "carrier-pigeon"),
        ],
    )
    def test_an_ini_file_that_is_wrong_is_said_to_be(self, admin, ini, line, complaint):
        ini.write_text(ini.read_text().replace("use = egg:pyramid_uws", f"use = egg:pyramid_uws\n{line}", 1))

        status, output, complaints = admin("status")

        assert (status, output) == (1, "")
        assert complaint in complaints
        assert complaints.count("\n") == 1

    def test_what_is_no_ini_file_is_said_to_be_none(self, admin, ini):
        ini.write_text("not an ini file")

        status, _, complaints = admin("status")

        assert status == 1
        assert complaints.startswith("uws-admin: ")

    def test_variables_choose_the_place(self, admin, make_job, tmp_path, capsys):
        job_id = make_job()
        (tmp_path / "other.ini").write_text(
            "[DEFAULT]\nvar = /nowhere\n[app:main]\nuse = egg:pyramid_uws\nget uws.var = var\n"
        )

        assert cli.main([str(tmp_path / "other.ini"), f"var={tmp_path}/var", "show", job_id]) == 0

        assert job_id in capsys.readouterr().out

    def test_what_nobody_foresaw_is_a_sentence_too(self, admin, make_job, monkeypatch):
        def fail(_call):
            raise ZeroDivisionError("division by zero")

        make_job()
        monkeypatch.setitem(cli.COMMANDS, "status", fail)

        status, _, complaints = admin("status")

        assert status == 1
        assert complaints == (
            "uws-admin: something unforeseen failed: ZeroDivisionError: division by zero (--debug shows where)\n"
        )

    def test_an_interruption_is_no_traceback(self, admin, make_job, monkeypatch):
        def fail(_call):
            raise KeyboardInterrupt

        make_job()
        monkeypatch.setitem(cli.COMMANDS, "status", fail)

        assert admin("status") == (130, "", "uws-admin: interrupted\n")

    def test_a_reader_that_has_seen_enough_ends_it_silently(self, ini, monkeypatch, capfd):
        def fail(_call):
            sys.stdout.write("left over\n")
            raise BrokenPipeError(32, "Broken pipe")

        monkeypatch.setitem(cli.COMMANDS, "status", fail)

        assert cli.main([str(ini), "status"]) == 1
        assert capfd.readouterr() == ("", "")

    def test_what_the_system_refuses_is_said_with_the_file(self, admin, make_job, tmp_path):
        make_job()
        (tmp_path / "var/work").rmdir()
        (tmp_path / "var/work").write_text("no folder")

        assert admin("status") == (1, "", f"uws-admin: {tmp_path}/var/work: Not a directory\n")

    def test_an_object_that_is_lost_is_an_error_of_the_database(self, admin, make_job, monkeypatch):
        def fail(_call):
            raise POSKeyError(b"12345678")

        make_job()
        monkeypatch.setitem(cli.COMMANDS, "status", fail)

        status, _, complaints = admin("status")

        assert status == 1
        assert (
            complaints == "uws-admin: the database failed: POSKeyError: 0x3132333435363738 (--debug shows where)\n"
        )

    def test_an_error_of_the_look_itself_is_no_empty_database(self, make_job, tmp_path):
        make_job()

        with pytest.raises(KeyError, match="surprise"):
            look(settings_of(tmp_path), lambda _root: {}["surprise"])

    def test_a_damaged_database_is_said_to_be(self, admin, make_job, tmp_path):
        make_job()
        (tmp_path / "var/uws.fs").write_bytes(b"FS30" + b"garbage" * 100)

        status, _, complaints = admin("status")

        assert status == 1
        assert complaints.startswith("uws-admin: ")
        assert complaints.count("\n") == 1


class TestPackedMeanwhile:
    """A look reads the index, then the file, and packing may replace both in between."""

    @pytest.fixture
    def jobs(self, make_job):
        return {make_job(phase=phases.COMPLETED) for _ in range(3)}

    @pytest.fixture
    def look_at_jobs(self, tmp_path):
        settings = settings_of(tmp_path)
        return lambda: look(settings, lambda root: set(find_joblist(root, "quick", "async").jobs))

    def test_a_look_is_repeated(self, jobs, look_at_jobs, open_site, monkeypatch):
        restore_index = FileStorage._restore_index
        looks = []

        def pack_first(storage):
            if storage.isReadOnly() and not looks:
                looks.append(storage)
                inside.site.database.pack(days=0)
            return restore_index(storage)

        monkeypatch.setattr(FileStorage, "_restore_index", pack_first)
        with open_site() as inside:
            assert look_at_jobs() == jobs
        assert looks

    def test_but_not_for_ever(self, jobs, look_at_jobs, open_site, monkeypatch):
        def fail(storage, _find):
            inside.site.writer.do(touch)
            raise POSKeyError(b"12345678")

        monkeypatch.setattr(looking, "_look_once", fail)
        with open_site() as inside, pytest.raises(POSKeyError):
            look_at_jobs()

    def test_it_succeeds_at_whatever_moment_that_is(self, jobs, look_at_jobs, open_site):
        turns = queue.SimpleQueue()

        def pack(site):
            while (changes := turns.get()) is not None:
                for _ in range(changes):
                    site.writer.do(touch)
                site.database.pack(days=0)

        with open_site() as inside:
            packer = threading.Thread(target=pack, args=[inside.site])
            packer.start()
            try:
                for number in range(100):
                    turns.put(number % 20)
                    assert look_at_jobs() == jobs
            finally:
                turns.put(None)
                packer.join()


def touch(root, _journal):
    root._p_changed = True


class TestArchive:
    @pytest.fixture
    def archived(self, open_site):
        """Three archived jobs, oldest first: of two owners, with provenance; and one that is not archived."""
        sha256 = "0" * 64
        ids = [new_id(now() - age * DAY) for age in (30, 20, 10, 5)]
        facts = {"phase": phases.ARCHIVED, "former": (("map", "image/png", 3, sha256),), "execution_duration": 0}

        def change(root, _journal):
            joblist = find_joblist(root, "sleeper", "async")
            for number, job_id in enumerate(ids):
                own = {"owner": "ann" if number else "bob", **facts}
                if number == 3:
                    own |= {"phase": phases.COMPLETED, "former": ()}
                joblist.add(Job(job_id, created=now() - (30 - number * 10) * DAY, **own))

        with open_site() as site:
            site.site.writer.do(change)
        return ids[:3]

    def listed(self, admin, *options):
        status, output, _ = admin("archive", "--json", *options)
        assert status == 0
        return [job["jobId"] for job in json.loads(output)]

    def test_the_archive_is_listed_by_owner_and_time(self, admin, archived):
        first, second, third = archived
        moment = format_instant(now() - 15 * DAY)
        assert self.listed(admin) == [third, second, first]
        assert self.listed(admin, "--owner", "bob") == [first]
        assert self.listed(admin, "--since", moment) == [third]
        assert self.listed(admin, "--until", moment, "--owner", "ann") == [second]
        assert self.listed(admin, "--service", "quick") == []

    def test_it_is_exported_with_the_provenance_of_results(self, admin, archived, tmp_path):
        file = tmp_path / "archive.jsonl"

        status, output, _ = admin("archive", "--export", str(file))

        assert (status, output) == (0, f"3 jobs in {file}\n")
        jobs = [json.loads(line) for line in file.read_text().splitlines()]
        assert [job["jobId"] for job in jobs] == archived[::-1]
        result = {"id": "map", "mime-type": "image/png", "size": 3, "sha256": "0" * 64}
        assert all(job["formerResults"] == [result] and job["results"] == [] for job in jobs)
        assert file.stat().st_mode & 0o777 == 0o600
        assert not list(tmp_path.glob(".archive*"))

    def test_one_of_them_is_shown_with_the_provenance_of_results(self, admin, archived):
        status, output, _ = admin("show", archived[0])

        assert status == 0
        assert output.splitlines()[-2:] == [
            f"{'FORMER RESULT':<13}  {'TYPE':<9}  SIZE  SHA-256",
            f"{'map':<13}  {'image/png':<9}   3 B  {'0' * 64}",
        ]

    def test_an_export_that_fails_leaves_the_file_before(self, admin, archived, tmp_path):
        status, _, complaints = admin("archive", "--export", str(tmp_path / "nowhere" / "file"))

        assert status == 1
        assert f"{tmp_path}/nowhere/file cannot be written: No such file or directory." in complaints
