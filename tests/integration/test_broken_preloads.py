"""Fork servers whose imports end the process, or take for ever: jobs are refused soon, and until it is mended."""

import time

import pytest

from pyramid_uws.execution import forkserver
from pyramid_uws.execution.forkserver import ForkServer, LaunchFailed
from pyramid_uws.execution.jobdir import JobDirectory, JobSpec
from tests.support.http import wait_for

CORES = "tests.support.fault_cores"


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """The file whose presence keeps the preloads from working."""
    file = tmp_path / "broken"
    file.touch()
    monkeypatch.setenv("BROKEN", str(file))
    return file


@pytest.fixture
def make_server():
    """Return a function that makes a fork server that preloads by a function of this name."""
    servers = []

    def make_server(preload, **options):
        servers.append(ForkServer([CORES], [f"{CORES}:{preload}"], environment=["BROKEN"], **options))
        return servers[-1]

    yield make_server
    for server in servers:
        server.close()


@pytest.fixture
def launch(tmp_path):
    """Return a function that launches an attempt and returns how it ended."""

    def launch(server):
        directory = JobDirectory(tmp_path / "job.1")
        directory.remove()
        directory.create(JobSpec(job_id="job", attempt=1, service="s", core=f"{CORES}:plain"))
        server.launch(directory.path)
        return wait_for(directory.outcome).ended

    return launch


def test_one_that_dies_is_noticed_by_whoever_only_looks_now_and_then(broken, make_server, launch):
    server = make_server("preload_that_dies_while_there_is_a_file")

    wait_for(server.ready)
    with pytest.raises(LaunchFailed, match="could not be started: what its service preloads cannot be loaded"):
        launch(server)


def test_one_that_died_is_left_alone_for_a_while(broken, make_server, monkeypatch):
    starts = []
    popen = forkserver.subprocess.Popen
    monkeypatch.setattr(
        forkserver.subprocess, "Popen", lambda *args, **options: starts.append(1) or popen(*args, **options)
    )
    server = make_server("preload_that_dies_while_there_is_a_file")
    wait_for(server.ready)

    assert all(server.ready() for _ in range(100))
    assert len(starts) == 1


def test_one_that_died_is_tried_again_and_may_work_by_then(broken, make_server, launch, monkeypatch):
    monkeypatch.setattr(forkserver, "PAUSE", 0.0)
    server = make_server("preload_that_dies_while_there_is_a_file")
    wait_for(server.ready)

    broken.unlink()
    wait_for(lambda: server.ready() and not server.trouble)

    assert launch(server) == "returned"


def test_one_that_takes_too_long_refuses_jobs_at_once(broken, make_server, launch):
    server = make_server("preload_that_waits_while_there_is_a_file", import_patience=0.2)
    assert not server.ready()
    wait_for(server.ready)
    began = time.monotonic()

    with pytest.raises(LaunchFailed, match="what its service preloads was not there after 0 s"):
        launch(server)

    assert time.monotonic() - began < 1


def test_one_that_took_too_long_works_when_it_has_come_to_an_end(broken, make_server, launch):
    server = make_server("preload_that_waits_while_there_is_a_file", import_patience=0.2)
    wait_for(server.ready)

    broken.unlink()
    wait_for(lambda: server.ready() and not server.trouble)

    assert launch(server) == "returned"
