"""GET with WAIT, and sync, on every kind of server: ours, parking or with threads, and others.

What the standards say, line by line and in brief; fine points are in test_waiting, test_parking and test_sync.
"""

import importlib.util
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.support import upload_cores
from tests.support.http import FINAL, abort, create, http, parse, phase, run, text, wait_for_phase
from tests.support.server import HOST, Server

#: The longest that these servers hold a request (s).
CAP = 2


class Gunicorn(Server):
    """Another WSGI server: it forks first, and loads the application then."""

    def command(self):
        options = ["--bind", f"{HOST}:{self.port}", "--worker-class", "gthread", "--threads", "8"]
        return [sys.executable, "-m", "gunicorn", "--paste", str(self.ini), *options]


class OldestWaitress(Server):
    """Ours over the oldest waitress that is allowed; the tests have the newest."""

    def __init__(self, folder, **options):
        super().__init__(folder, **options)
        self.packages = self.folder / "packages"
        command = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", str(self.packages), OLDEST]
        done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"{OLDEST} cannot be had: {done.stderr.strip().splitlines()[-1:]}")

    def _environment(self):
        environment = super()._environment()
        return environment | {"PYTHONPATH": f"{self.packages}{os.pathsep}{environment['PYTHONPATH']}"}


OLDEST = "waitress==3.0.0"
BOTH = {"renderers": "async sync"}

#: Name -> kind of server, and what it is told.
KINDS = {
    "parking": (Server, {"threads": "4"}),
    "parking with the oldest waitress": (OldestWaitress, {"threads": "4"}),
    "threads": (Server, {"threads": "8", "park_limit": "0"}),
    "waitress": (Server, {"use": "egg:waitress", "threads": "8"}),
    "gunicorn": (Gunicorn, {}),
}


@pytest.fixture(scope="module", params=KINDS)
def anywhere(request, tmp_path_factory):
    if request.param == "gunicorn" and importlib.util.find_spec("gunicorn") is None:
        pytest.skip("gunicorn is not installed")
    kind, settings = KINDS[request.param]
    with kind(
        tmp_path_factory.mktemp(request.param.replace(" ", "-")),
        settings={"uws.max_wait": str(CAP)},
        server_settings=settings,
        services=["quick", "sleeper"],
        sections={
            "uws:service:quick": BOTH,
            "uws:service:sleeper": BOTH | {"sync_limit": str(CAP)},
            "uws:service:any": upload_cores.SECTIONS["uws:service:any"] | BOTH,
        },
    ) as server:
        yield server


@pytest.fixture
def pending(anywhere):
    """A job that nobody runs."""
    job = create(anywhere.joblist("quick"))
    yield job
    http.delete(job)


def ask(job, **query):
    """Return the answer, and after how many seconds it came."""
    start = time.monotonic()
    answer = http.get(job, params=query)
    return answer, time.monotonic() - start


def ask_together(job, *queries):
    """Ask all at once; the servers that hold fewest hold two."""
    with ThreadPoolExecutor(len(queries)) as pool:
        return list(pool.map(lambda query: ask(job, **query), queries))


def test_more_are_held_than_there_are_threads_where_they_are_parked(anywhere, pending, request):
    if "parking" not in request.node.callspec.params["anywhere"]:
        pytest.skip("this one holds each in a thread")

    answers = ask_together(pending, *[{"WAIT": CAP}] * 40)

    assert all(answer.status_code == 200 and seconds > CAP - 0.2 for answer, seconds in answers)
    assert "parking lacks" not in anywhere.log


@pytest.mark.spec("U-104")
def test_nothing_but_a_job_waits(anywhere, pending):
    for url in (f"{pending}/phase", f"{pending}/parameters", anywhere.joblist("quick")):
        answer, seconds = ask(url, WAIT=CAP)

        assert answer.status_code == 200
        assert seconds < 1


@pytest.mark.spec("U-105", "U-110", "C-23", "C-24")
@pytest.mark.parametrize("query", [{"WAIT": -1}, {"WAIT": -1, "PHASE": "PENDING"}])
def test_a_change_is_told_at_once(anywhere, query):
    job = create(anywhere.joblist("quick"))
    with ThreadPoolExecutor(1) as pool:
        waiter = pool.submit(ask, job, **query)
        for _ in range(3):
            assert phase(job) == "PENDING"
        abort(job)
        told = time.monotonic()

        answer, _ = waiter.result()

    assert time.monotonic() - told < 1
    assert text(parse(answer), "uws:phase") == "ABORTED"


@pytest.mark.spec("U-106", "U-108", "U-109", "U-112", "C-23")
def test_it_ends_when_the_time_is_up_or_the_server_has_enough(pending):
    (answer, short), (other, long) = ask_together(pending, {"WAIT": 1}, {"WAIT": -17})

    assert answer.status_code == other.status_code == 200
    assert text(parse(answer), "uws:phase") == text(parse(other), "uws:phase") == "PENDING"
    assert 1 <= short < CAP
    assert CAP <= long < CAP + 1


@pytest.mark.spec("U-107", "U-111", "C-24")
@pytest.mark.parametrize("named", [{}, {"PHASE": "ABORTED"}, {"PHASE": "HELD"}, {"PHASE": "SUSPENDED"}])
def test_what_has_ended_is_shown_at_once(pending, named):
    abort(pending)

    answer, seconds = ask(pending, WAIT=-1, **named)

    assert answer.status_code == 200
    assert seconds < 1


@pytest.mark.spec("U-110", "U-111", "C-24")
def test_a_job_that_is_in_no_phase_named_is_shown_at_once(pending):
    for name in ("QUEUED", "HELD", "SUSPENDED", ["EXECUTING", "COMPLETED"]):
        assert ask(pending, WAIT=CAP, PHASE=name)[1] < 1

    assert ask(pending, WAIT=1, PHASE=["QUEUED", "PENDING"])[1] >= 1


@pytest.mark.spec("U-111", "U-112")
def test_no_time_is_no_waiting_and_nonsense_is_refused(pending):
    assert ask(pending, WAIT=0)[1] < 1
    assert ask(pending, PHASE="PENDING")[1] < 1
    assert ask(pending, WAIT="x")[0].status_code == 400
    assert ask(pending, WAIT=1, PHASE="x")[0].status_code == 400


@pytest.mark.spec("U-113", "U-114")
def test_a_crowd_leaves_the_server_to_the_others_and_sees_no_error(pending):
    with ThreadPoolExecutor(30) as pool:
        crowd = [pool.submit(ask, pending, WAIT=CAP) for _ in range(30)]
        seconds = max(ask(f"{pending}/phase")[1] for _ in range(10))

        assert {answer.result()[0].status_code for answer in crowd} == {200}

    assert seconds < 1.5


@pytest.mark.spec("U-114")
def test_a_job_deleted_meanwhile_is_not_there(anywhere):
    job = create(anywhere.joblist("quick"))
    with ThreadPoolExecutor(1) as pool:
        waiter = pool.submit(ask, job, WAIT=CAP)
        for _ in range(3):
            phase(job)
        http.delete(job)

        answer, _ = waiter.result()

    assert answer.status_code == 404


@pytest.mark.spec("U-105", "C-24", "C-27")
def test_a_client_that_asks_again_gets_to_the_end(anywhere):
    job = create(anywhere.joblist("sleeper"), SECONDS=CAP + 0.5)
    run(job)

    seen = [phase(job)]
    while seen[-1] not in FINAL:
        seen.append(text(parse(ask(job, WAIT=-1, PHASE=seen[-1])[0]), "uws:phase"))

    assert seen[-1] == "COMPLETED"
    assert len(seen) < 8


class TestSync:
    """No server needs to know of us: who cannot be parked is held, and who cannot be held is sent to the job."""

    @pytest.mark.spec("D-08", "D-43")
    def test_the_result_is_the_answer(self, anywhere):
        url = anywhere.joblist("quick", "sync")

        answers = [http.get(url, params={"TEXT": "hello"}), http.post(url, data={"TEXT": "hello"})]

        assert [(answer.status_code, answer.content) for answer in answers] == [(200, b"hello")] * 2

    @pytest.mark.spec("D-36", "D-02")
    @pytest.mark.parametrize("in_chunks", [False, True])
    def test_a_file_that_comes_along_is_there(self, anywhere, in_chunks):
        form = {"data": {"UPLOAD": "mine,param:p"}, "files": {"p": ("f", b"x" * 300_000)}}
        sent = requests.Request("POST", anywhere.joblist("any", "sync"), **form).prepare()
        body = iter([sent.body[:1000], sent.body[1000:]]) if in_chunks else sent.body

        answer = http.post(sent.url, data=body, headers={"Content-Type": sent.headers["Content-Type"]})

        assert answer.status_code == 200, answer.text
        assert answer.json()["uploads"]["mine"][0] == 300_000

    @pytest.mark.spec("D-51")
    def test_what_was_sent_wrongly_is_named(self, anywhere):
        answer = http.get(anywhere.joblist("sleeper", "sync"), params={"SECONDS": "many"})

        assert (answer.status_code, "SECONDS=" in answer.text) == (400, True)
        assert answer.headers["Content-Type"].startswith("application/x-votable+xml")

    @pytest.mark.spec("D-09", "D-43")
    def test_what_takes_longer_goes_on_as_a_job(self, anywhere):
        start = time.monotonic()
        answer = http.request("GET", anywhere.joblist("sleeper", "sync"), params={"SECONDS": CAP + 0.5})

        assert answer.status_code == 303
        assert time.monotonic() - start >= CAP
        job = answer.headers["Location"]
        wait_for_phase(job, "COMPLETED")
        assert http.get(f"{job}/results/result").content == b"awake"

    def test_a_crowd_is_answered_or_sent_to_its_jobs_and_leaves_the_server_to_others(self, anywhere):
        url = anywhere.joblist("sleeper", "sync")
        with ThreadPoolExecutor(12) as pool:
            crowd = [pool.submit(http.request, "GET", url, params={"SECONDS": 0.5}) for _ in range(12)]
            seconds = max(timed(http.get, anywhere.url) for _ in range(5))
            answers = [each.result() for each in crowd]

        assert seconds < 2.5
        assert {answer.status_code for answer in answers} <= {200, 303}
        for answer in answers:
            job = answer.headers.get("Location") or answer.headers["Content-Location"].partition("/results/")[0]
            wait_for_phase(job, "COMPLETED")


def timed(function, *arguments):
    start = time.monotonic()
    function(*arguments)
    return time.monotonic() - start
