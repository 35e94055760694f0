"""The papers work as they are printed: their transcripts are typed here, at real servers, and print the same."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from xml.sax.saxutils import escape

import pytest

from pyramid_uws.demo import countdown, crossmatch
from tests.support import papers
from tests.support.http import http, parse, wait_for_phase
from tests.support.papers import DOCS, PROJECT
from tests.support.server import Server

README = PROJECT / "README.md"
FIRST_JOB = DOCS / "first-job.md"
WRITE_A_CORE = DOCS / "write-a-core.md"
DATALINK = DOCS / "howto-datalink.md"
UPLOADS = DOCS / "uploads.md"
SYNC = DOCS / "sync.md"


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory):
    """The demonstration site with its lists open, as the first steps want it."""
    server = Server(tmp_path_factory.mktemp("demonstration"), services=[])
    papers.site_from(PROJECT / "development.ini", server, list_anonymous="true")
    with server:
        yield server


@pytest.fixture(scope="module")
def own_site(tmp_path_factory):
    """The site that docs/write-a-core.md has its reader make, in the folder of its files."""
    folder = tmp_path_factory.mktemp("own")
    server = Server(folder, services=[])
    papers.save_files(WRITE_A_CORE, folder)
    papers.site_from(folder / "site.ini", server)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        with server:
            yield server


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """The site that docs/howto-datalink.md has its reader make, with the demonstration's files in its folder."""
    folder = tmp_path_factory.mktemp("archive")
    server = Server(folder, services=[])
    papers.save_files(DATALINK, folder)
    shutil.copytree(PROJECT / "pyramid_uws/demo/observations", folder / "observations")
    shutil.copy(folder / "observations/m13.fits", folder / "observations/new.fits")
    papers.site_from(folder / "site.ini", server)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)
        with server:
            yield server


@pytest.fixture(scope="module")
def readme_folder(tmp_path_factory):
    """Where the reader of the README types."""
    folder = tmp_path_factory.mktemp("readme")
    papers.save_files(README, folder)
    return folder


@pytest.fixture(scope="module")
def uploads_folder(tmp_path_factory):
    """Where the reader of the page on uploads types."""
    folder = tmp_path_factory.mktemp("uploads")
    papers.save_files(UPLOADS, folder)
    return folder


@pytest.fixture(scope="module")
def sync_folder(tmp_path_factory):
    """Where the reader of docs/sync.md types."""
    folder = tmp_path_factory.mktemp("sync")
    papers.save_files(SYNC, folder)
    return folder


@pytest.fixture(scope="module")
def played(demonstration, own_site, archive, readme_folder, uploads_folder, sync_folder, tmp_path_factory):
    """Paper -> what its transcripts print here; they are typed all at once, since they mostly wait."""
    stages = {
        README: (readme_folder, demonstration),
        FIRST_JOB: (tmp_path_factory.mktemp("first"), demonstration),
        WRITE_A_CORE: (own_site.folder, own_site),
        DATALINK: (archive.folder, archive),
        UPLOADS: (uploads_folder, demonstration),
        SYNC: (sync_folder, demonstration),
    }
    with ThreadPoolExecutor() as readers:
        futures = {
            paper: readers.submit(papers.play, paper, folder, server.port)
            for paper, (folder, server) in stages.items()
        }
        yield {paper: future.result() for paper, future in futures.items()}


@pytest.mark.parametrize(
    "paper", [README, FIRST_JOB, WRITE_A_CORE, DATALINK, UPLOADS, SYNC], ids=lambda paper: paper.name
)
def test_a_paper_prints_what_its_commands_print(played, paper):
    assert not papers.differences(paper, played[paper])


@pytest.mark.parametrize(
    ("service", "example"),
    [(service, each) for service in (crossmatch, countdown) for each in service.EXAMPLES],
    ids=lambda value: getattr(value, "name", None),
)
def test_an_example_of_the_demonstration_works_as_it_is_shown(demonstration, service, example):
    """At its own endpoint, or at all of them."""
    base = f"{demonstration.url}/{service.__name__.rpartition('.')[2]}"
    shown = http.get(f"{base}/examples").text
    assert all(escape(text) in shown for _, text in example.pairs)

    job = http.post(f"{base}/async", data=[*example.pairs, ("PHASE", "RUN")]).headers["Location"]
    wait_for_phase(job, "COMPLETED", timeout=120)
    assert len(parse(http.get(f"{job}/results"))) > 0
    if example.renderer is None:
        answer = http.get(f"{base}/sync", params=list(example.pairs), allow_redirects=True, timeout=120)
        assert (answer.status_code, len(answer.content) > 0) == (200, True)


def test_the_readme_runs_a_crossmatch_to_its_plot(played, readme_folder):
    outputs = {exchange.command: output for exchange, output in played[README]}

    assert outputs[".venv/bin/python crossmatch.py"] == "COMPLETED 95134 pairs for 94089 stars\n"
    for picture in ("sky.png", "motion.png"):
        assert (readme_folder / picture).read_bytes().startswith(b"\x89PNG")


def test_the_tutorial_of_cores_finds_the_period_of_its_star(played):
    outputs = {exchange.command: output for exchange, output in played[WRITE_A_CORE]}

    assert outputs["curl -s $JOB/results/period"].startswith('{"period": 0.566')
