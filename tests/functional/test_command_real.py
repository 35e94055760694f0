"""The site of the page on commands, served: STILTS on an uploaded table, fitsheader on an uploaded image."""

import configparser
import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.support import papers
from tests.support.http import create, http, job_document, parse, text, wait_for_phase, xpath
from tests.support.papers import DOCS
from tests.support.server import Server

#: Programs of the environment that runs the tests are found, too.
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

STARS = b"""<?xml version="1.0"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE><TABLE>
<FIELD name="RA" datatype="double" unit="deg"/><FIELD name="DEC" datatype="double" unit="deg"/>
<DATA><TABLEDATA>
<TR><TD>10.2</TD><TD>-20</TD></TR><TR><TD>10.0</TD><TD>-20</TD></TR><TR><TD>50</TD><TD>20</TD></TR>
</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>
"""
CARDS = ("SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   =                    0")
IMAGE = b"".join(card.encode().ljust(80) for card in (*CARDS, "OBJECT  = 'M 101   '", "END")).ljust(2880)


class PathServer(Server):
    """A server that finds the programs of the tests' own environment."""

    def _environment(self):
        return super()._environment() | {"PATH": PATH}


def make_site(folder, name):
    """Return a server with the service of that name, as the page has it."""
    (site,) = [block.text for block in papers.blocks(DOCS / "howto-command.md") if "[app:main]" in block.text]
    ini = configparser.RawConfigParser()
    ini.read_string(site)
    section = dict(ini[f"uws:service:{name}"])
    program = section["command"].split()[0]
    if shutil.which(program, path=PATH) is None:
        pytest.skip(f"{program} is not installed")
    section = {key: value for key, value in section.items() if key not in ini["DEFAULT"]}
    return PathServer(folder, services=[], sections={f"uws:service:{name}": section})


@pytest.fixture(scope="module")
def stilts(tmp_path_factory):
    with make_site(tmp_path_factory.mktemp("stilts"), "around") as server:
        yield server.joblist("around")


@pytest.fixture(scope="module")
def fitsheader(tmp_path_factory):
    with make_site(tmp_path_factory.mktemp("fitsheader"), "header") as server:
        yield server.joblist("header")


def run(joblist, phase, files, **parameters):
    job = create(joblist, PHASE="RUN", files=files, **parameters)
    wait_for_phase(job, phase, timeout=60)
    return job


@pytest.mark.spec("U-69", "U-125", "D-44")
def test_stilts_selects_and_sorts_the_rows_of_an_uploaded_table(stilts):
    given = {"POS": "10 -20 0.5", "RA": "RA", "DEC": "DEC", "SORT": "true"}

    job = run(stilts, "COMPLETED", {"TABLE": ("stars.vot", STARS)}, **given)

    answer = http.get(f"{job}/results/found")
    assert answer.headers["Content-Type"].startswith("application/x-votable+xml")
    table = parse(answer.content)
    assert xpath(table, "//vot:FIELD/@name") == ["RA", "DEC", "separation"]
    assert xpath(table, "//vot:TR/vot:TD[1]/text()") == ["10.0", "10.2"]


@pytest.mark.spec("U-123", "U-70")
def test_what_stilts_cannot_read_is_told_in_the_words_of_the_site(stilts):
    job = run(stilts, "ERROR", {"TABLE": ("x", b"no table")}, POS="10 -20 0.5", KEEP="dec")

    message = text(job_document(job), "uws:errorSummary/uws:message")
    assert message == "The table could not be read, or has no such columns. The log says more."
    assert "as VOTable" in http.get(f"{job}/log").text


@pytest.mark.spec("U-23")
@pytest.mark.parametrize("given", [{"RA": "ra, dec, 0, 0) < 5 || exec('id"}, {"POS": "10 -20 exec('id')"}])
def test_nobody_writes_expressions_for_stilts(stilts, given):
    answer = http.post(stilts, data={"POS": "10 -20 0.5", "PHASE": "RUN"} | given, files={"TABLE": ("t", STARS)})

    assert answer.status_code == 400
    assert next(iter(given)) in answer.text


@pytest.mark.spec("U-69", "U-125", "D-44")
def test_fitsheader_prints_a_header(fitsheader):
    job = run(fitsheader, "COMPLETED", {"IMAGE": ("-x.fits", IMAGE)}, KEYWORD=["OBJECT", "NAXIS"], EXTENSION=0)

    answer = http.get(f"{job}/results/header")

    assert answer.headers["Content-Type"].startswith("text/plain")
    lines = [line.rstrip() for line in answer.text.splitlines() if not line.startswith("#")]
    assert [line for line in lines if line] == ["OBJECT  = 'M 101   '", "NAXIS   =                    0"]


@pytest.mark.spec("U-123", "U-70")
def test_fitsheader_tells_of_what_is_no_fits_file(fitsheader):
    job = run(fitsheader, "ERROR", {"IMAGE": ("x", b"no image")})

    assert text(job_document(job), "uws:errorSummary/uws:message") == (
        "The program fitsheader has written nothing, and the service promises something."
    )
    assert "No SIMPLE card found" in http.get(f"{job}/log").text
