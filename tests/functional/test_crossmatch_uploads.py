"""The demonstration matches tables that people send: VOTables, FITS and CSV, through both endpoints."""

import gzip
import io

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from tests.support import papers
from tests.support.http import create, http, job_document, parse, text, wait_for_phase, xpath
from tests.support.papers import PROJECT
from tests.support.server import Server

STARS = Table(
    {"name": ["Sirius", "Vega", "nothing"], "ra": [101.2885, 279.2341, 10], "dec": [-16.7131, 38.783, 89]}
)
FOUND = [("Sirius", 32349), ("Vega", 91262)]
RIGHT = {"RIGHT": "hipparcos", "RADIUS": "60"}


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """The crossmatch service of the demonstration."""
    server = Server(tmp_path_factory.mktemp("demonstration"), services=[])
    papers.site_from(PROJECT / "development.ini", server)
    with server:
        yield f"{server.url}/crossmatch"


def written(**options):
    """Return the stars as astropy writes them."""
    file = io.BytesIO()
    STARS.write(file, **options)
    return file.getvalue()


def as_csv():
    return "\n".join(",".join(map(str, row)) for row in (STARS.colnames, *STARS)).encode()


TABLES = {
    "VOTable": lambda: written(format="votable"),
    "VOTable, BINARY2": lambda: written(format="votable", tabledata_format="binary2"),
    "FITS": lambda: written(format="fits"),
    "CSV": as_csv,
}


def pairs(content):
    """Return names and Hipparcos numbers of a VOTable of matches."""
    table = Table.read(io.BytesIO(content), format="votable")
    return [(row["own_name"], row["hipparcos_hip"]) for row in table]


class TestTaken:
    @pytest.mark.spec("D-36", "D-40", "D-43")
    @pytest.mark.parametrize("kind", TABLES)
    def test_a_table_stands_in_for_the_first_catalogue(self, url, kind):
        content = TABLES[kind]()
        job = create(f"{url}/async", **RIGHT, UPLOAD="left,param:t", files={"t": ("t", content)}, PHASE="RUN")

        wait_for_phase(job, "COMPLETED")

        assert sorted(pairs(http.get(f"{job}/results/matches").content)) == FOUND
        assert http.get(f"{job}/parameters/UPLOAD/LEFT").content == content

    @pytest.mark.spec("D-36", "D-08")
    @pytest.mark.parametrize("kind", TABLES)
    def test_at_once_too(self, url, kind):
        answer = http.post(f"{url}/sync", data=RIGHT | {"UPLOAD": "LEFT,param:t"}, files={"t": TABLES[kind]()})

        assert answer.status_code == 200, answer.text
        assert sorted(pairs(answer.content)) == FOUND

    def test_columns_may_be_named(self, url):
        content = as_csv().replace(b"ra,dec", b"here,there")
        named = {"LEFT_RA": "here", "LEFT_DEC": "there", "UPLOAD": "LEFT,param:t"}

        answer = http.post(f"{url}/sync", data=RIGHT | named, files={"t": content})

        assert sorted(pairs(answer.content)) == FOUND


def image():
    file = io.BytesIO()
    fits.PrimaryHDU(np.zeros((2, 2))).writeto(file)
    return file.getvalue()


#: Content -> what is said of it.
REFUSED = {
    "nothing": (lambda: b"", "cannot be read as CSV"),
    "noise": (lambda: bytes(range(256)) * 4, "cannot be read as CSV"),
    "no rows": (lambda: b"ra,dec\n", "has 0 rows"),
    "no positions": (lambda: b"a,b\n1,2\n", "No column of LEFT is known as ra"),
    "no numbers": (lambda: b"ra,dec\nx,y\n", "has to be numbers"),
    "no sphere": (lambda: b"ra,dec\n1,91\n", "no declinations in degrees"),
    "packed": (lambda: gzip.compress(as_csv()), "is packed (gzip)"),
    "cut off": (lambda: TABLES["VOTable"]()[:-100], "cannot be read as VOTable"),
    "half a FITS file": (lambda: TABLES["FITS"]()[:3000], "FITS"),
    "an image": (image, "has no table"),
    "a page": (lambda: b"<html><body>404</body></html>", "cannot be read as VOTable"),
    "entities": (
        lambda: b'<!DOCTYPE v [<!ENTITY x SYSTEM "file:///etc/passwd">]><VOTABLE>&x;</VOTABLE>',
        "has a DOCTYPE",
    ),
    "another file": (
        lambda: TABLES["VOTable, BINARY2"]().replace(b"<STREAM ", b'<STREAM href="file:///etc/passwd" '),
        "refers to another file",
    ),
}


class TestRefused:
    @pytest.mark.spec("D-37", "D-51", "D-46")
    @pytest.mark.parametrize("what", REFUSED)
    def test_what_is_no_table_of_positions_is_the_clients_to_mend(self, url, what):
        content, said = REFUSED[what]

        answer = http.post(f"{url}/sync", data=RIGHT | {"UPLOAD": "LEFT,param:t"}, files={"t": content()})

        assert answer.status_code == 400, answer.text
        assert said in xpath(parse(answer), "string(//vot:INFO[@value='ERROR'])")

    @pytest.mark.spec("D-47", "D-48")
    def test_a_job_ends_in_error_and_says_the_same(self, url):
        files = {"t": ("t", b"a,b\n1,2\n")}
        job = create(f"{url}/async", **RIGHT, UPLOAD="LEFT,param:t", files=files, PHASE="RUN")

        wait_for_phase(job, "ERROR")

        said = text(job_document(job), "uws:errorSummary/uws:message")
        assert said.startswith("No column of LEFT is known as ra")
        assert said in http.get(f"{job}/error").text

    @pytest.mark.parametrize(
        ("sent", "named"),
        [
            ({"UPLOAD": "RIGHT,param:t"}, "RIGHT"),
            ({"UPLOAD": "LEFT,param:t", "LEFT": "gaia"}, "LEFT was sent twice"),
            ({"UPLOAD": "LEFT,param:u"}, "no part 'u'"),
            ({}, "LEFT=''"),
        ],
    )
    def test_what_cannot_be_is_told_before_there_is_a_job(self, url, sent, named):
        answer = http.post(f"{url}/async", data=RIGHT | sent | {"PHASE": "RUN"}, files={"t": as_csv()})

        assert (answer.status_code, named in answer.text) == (400, True), answer.text
