"""astroquery's TapPlus, and its requests played back as it makes them: a new http.client connection for each."""

import http.client
import time
import xml.sax
from contextlib import closing
from urllib.parse import urlencode, urlsplit

import pytest
from astropy.table import Table
from requests import HTTPError

from tests.support.http import create, job_document, wait_for, xpath

URLENCODED = "application/x-www-form-urlencoded"
ARGUMENTS = {
    "REQUEST": "doQuery",
    "LANG": "ADQL",
    "FORMAT": "votable",
    "tapclient": "python-astroquery-tap-1.0.1",
    "PHASE": "RUN",
    "QUERY": "SELECT 1",
}


def ask(method, url, body=None, **headers):
    """Make one request; return its status, headers and body."""
    address = urlsplit(url)
    with closing(http.client.HTTPConnection(address.netloc, timeout=20)) as connection:
        connection.request(method, address.path + (f"?{address.query}" if address.query else ""), body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


def post(url, body, content_type=URLENCODED):
    return ask("POST", url, body, **{"Content-type": content_type, "Accept": "text/plain"})


def encode_multipart(fields, files):
    """Write a form as `TapConn.encode_multipart` does, odd type and all."""
    boundary = f"==={round(time.time() * 1000)}==="
    parts = []
    for name, value in fields.items():
        parts += [
            f"--{boundary}\r\n",
            f'Content-Disposition: form-data; name="{name}"\r\n',
            "\r\n",
            f"{value}\r\n",
        ]
    for name, filename, content in files:
        parts += [
            f"--{boundary}\r\n",
            f'Content-Disposition: form-data; name="{name}"; filename="{filename}"\r\n',
            "Content-Type: None\r\n",
            "\r\n",
            content,
            "\r\n",
        ]
    parts += [f"--{boundary}--\r\n", "\r\n"]
    return f"multipart/form-data; boundary={boundary}", "".join(parts)


class Names(xml.sax.ContentHandler):
    """Reads as the SAX parsers of astroquery do: by prefixed names, in lower case."""

    def __init__(self):
        super().__init__()
        self.texts = {}
        self.jobs = []
        self._text = ""

    def startElement(self, name, attributes):  # noqa: N802 - the name is SAX's
        self._text = ""
        if name.lower() == "uws:jobref":
            self.jobs.append(attributes.get("id"))

    def endElement(self, name):  # noqa: N802 - the name is SAX's
        self.texts[name.lower()] = self._text

    def characters(self, content):
        self._text += content


def read(document):
    names = Names()
    xml.sax.parseString(document, names)
    return names


def wait_for_job_end(job):
    """Poll the phase as `Job.wait_for_job_end` does, and return the one that ends it."""

    def ended():
        status, _, body = ask("GET", f"{job}/phase")
        assert status == 200
        phase = body.decode().upper().strip()
        return phase not in {"PENDING", "QUEUED", "EXECUTING"} and phase

    return wait_for(ended)


class TestLaunch:
    @pytest.mark.spec("C-03", "C-15", "C-29", "C-31", "C-32", "U-95")
    def test_a_query_is_created_and_run_in_one_stroke(self, tap):
        status, headers, _ = post(f"{tap}/async", urlencode(ARGUMENTS))

        assert status == 303
        job = f"{tap}/async/" + headers["location"].rpartition("/")[2]
        assert wait_for_job_end(job) == "COMPLETED"
        status, headers, body = ask("GET", f"{job}/results/result")
        assert (status, headers["Content-Type"]) == (200, "application/x-votable+xml")
        assert b"<VOTABLE" in body

    @pytest.mark.spec("C-30", "C-31")
    def test_a_table_goes_along_under_a_type_that_is_none(self, tap):
        table = "<VOTABLE/>" * 100
        content_type, body = encode_multipart(
            ARGUMENTS | {"UPLOAD": "t1,param:t1", "jobname": "mine", "format": "votable"},
            [("t1", "pytable", table)],
        )

        status, headers, _ = post(f"{tap}/async", body, content_type)

        job = headers["location"]
        assert status == 303
        assert wait_for_job_end(job) == "COMPLETED"
        assert b"<TD>1000</TD>" in ask("GET", f"{job}/results/result")[2]

    @pytest.mark.spec("C-31")
    def test_the_format_may_be_said_twice_in_different_cases(self, server, tap):
        form = urlencode({"FORMAT": "votable", "format": "votable", "QUERY": "SELECT 1"})

        status, headers, _ = post(f"{tap}/async", form)

        assert status == 303
        formats = xpath(job_document(headers["location"]), "uws:parameters/uws:parameter[@id='FORMAT']/text()")
        assert formats == ["votable"]

    @pytest.mark.spec("C-33")
    def test_a_query_may_be_started_later(self, tap):
        arguments = {name: value for name, value in ARGUMENTS.items() if name != "PHASE"}
        job = post(f"{tap}/async", urlencode(arguments))[1]["location"]

        status, _, _ = post(f"{job}/phase", urlencode({"PHASE": "RUN"}))

        assert status in {200, 303}
        assert wait_for_job_end(job) == "COMPLETED"

    @pytest.mark.spec("C-29", "U-122")
    def test_a_failure_is_read_from_the_error_document(self, tap):
        job = post(f"{tap}/async", urlencode(ARGUMENTS | {"QUERY": "FAIL no such star"}))[1]["location"]

        assert wait_for_job_end(job) == "ERROR"
        status, _, body = ask("GET", f"{job}/error")

        assert status == 200
        assert b"no such star" in body


STARS = Table({"name": ["Sirius", "Vega"], "ra": [101.2885, 279.2341]})


@pytest.fixture(params=["launch_job", "launch_job_async"])
def launch(request, tap):
    """A function that has TapPlus ask a question, at `sync` or at `async`."""
    core = pytest.importorskip("astroquery.utils.tap.core", reason="astroquery is not installed")
    return getattr(core.TapPlus(url=tap, verbose=False), request.param)


@pytest.mark.filterwarnings("ignore")  # astroquery leaves its connections open
class TestTapPlus:
    @pytest.mark.spec("C-30", "C-31", "D-36", "D-08")
    def test_it_sends_a_table_and_reads_the_answer(self, launch):
        job = launch("SELECT 1", upload_resource=STARS, upload_table_name="stars")

        (row,) = job.get_results()
        assert row["n"] == 1
        assert row["upload_bytes"] > len("<VOTABLE") + len("Sirius")

    @pytest.mark.spec("C-29", "D-51")
    def test_it_tells_its_user_why_a_job_has_failed_or_where_that_is_told(self, launch):
        with pytest.raises(HTTPError, match=r"such star|Why it has failed is told at http\S+/error"):
            launch("FAIL no such star").get_results()


class TestReading:
    @pytest.mark.spec("C-09")
    def test_a_job_is_read_by_prefixed_names(self, in_every_phase):
        names = read(ask("GET", in_every_phase["COMPLETED"])[2])

        assert names.texts["uws:phase"] == "COMPLETED"
        assert names.texts["uws:jobid"] == in_every_phase["COMPLETED"].rpartition("/")[2]
        for name in ("runid", "ownerid", "quote", "starttime", "endtime", "creationtime", "executionduration"):
            assert f"uws:{name}" in names.texts

    @pytest.mark.spec("C-09", "C-22")
    def test_a_list_is_read_by_prefixed_names(self, server):
        job = create(server.joblist("quick"))

        assert job.rpartition("/")[2] in read(ask("GET", server.joblist("quick"))[2]).jobs
