"""STILTS and TOPCAT: their requests played back byte by byte, and STILTS itself where it is installed.

The requests are those of starjava's UwsJob: Java's own headers, forms of one part as any other, forms with files
in chunks of 1 MiB with a quoted boundary of odd characters.
"""

import re
import shutil
import subprocess
import time
import xml.sax
from urllib.parse import quote_plus

import pytest

from tests.support import wire
from tests.support.http import (
    abort,
    create,
    http,
    job_document,
    phase,
    text,
    wait_for,
    wait_for_phase,
    xpath,
)

JAVA = [
    ("User-Agent", "STIL/4.1.3 STILTS/3.4.7 Java/17.0.15"),
    ("Accept", "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"),
]
BOUNDARY = "<<<--------------MULTIPART-BOUNDARY------->>>"
CHUNK = 1024 * 1024
STILTS = shutil.which("stilts")
#: Phases of which starjava tells the server when it waits: not started, or running.
TOLD = {"PENDING", "HELD", "QUEUED", "EXECUTING", "SUSPENDED"}
#: What ends its wait with an exception.
UNSTARTED = {"PENDING", "HELD"}


def post_form(url, **form):
    body = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in form.items()).encode()
    return wire.request("POST", url, [("Content-Type", "application/x-www-form-urlencoded"), *JAVA], body)


def multipart(texts, files):
    """Write a form as `connectMultipartForm` does: each boundary with a line end before it, the first one, too."""
    parts = []
    for name, value in texts.items():
        parts.append(
            f"\r\n--{BOUNDARY}\r\nContent-Type: text/plain; charset=UTF-8\r\n"
            f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
        )
    for name, content in files.items():
        parts.append(
            f'\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
            "Content-Type: application/x-votable+xml\r\n\r\n".encode()
            + content
        )
    return b"".join(parts) + f"\r\n--{BOUNDARY}--\r\n".encode()


def chunked(body, size=CHUNK):
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in [*pieces, b""])


def post_multipart(url, texts, files):
    headers = [
        ("Content-Type", f'multipart/form-data; boundary="{BOUNDARY}"'),
        ("Transfer-Encoding", "chunked"),
        *JAVA,
    ]
    return wire.request("POST", url, headers, chunked(multipart(texts, files)))


def location(answer):
    """Take the Location as `createJob` does: 303 or an exception, and an absolute URL or another one."""
    assert wire.status(answer) == 303
    url = wire.header(answer, "Location")
    assert re.match(r"https?://", url)
    return url


class JobHandler(xml.sax.ContentHandler):
    """Reads a job as `JobSaxHandler` does, without regard to namespaces."""

    def __init__(self):
        super().__init__()
        self.texts = {}
        self.results = []
        self.version = None
        self._text = ""

    def startElement(self, name, attributes):  # noqa: N802 - the name is SAX's
        self._text = ""
        if name == "uws:job":
            self.version = attributes.get("version")
        if name == "uws:result":
            self.results.append((attributes.get("id"), attributes.get("xlink:href")))

    def endElement(self, name):  # noqa: N802 - the name is SAX's
        self.texts[name.partition(":")[2]] = self._text
        self._text = ""

    def characters(self, content):
        self._text += content


def read_info(url):
    answer = wire.request("GET", url, JAVA)
    assert wire.status(answer) == 200
    handler = JobHandler()
    xml.sax.parseString(answer.partition(b"\r\n\r\n")[2], handler)
    return handler


def wait_for_finish(job):
    """Wait as `waitForFinish` does, and return the last job read and how often it was asked for."""
    info, rounds = read_info(job), 1
    while info.texts["phase"] not in {"COMPLETED", "ERROR", "ABORTED"}:
        assert info.version == "1.1"
        query = "?WAIT=-1" + (f"&PHASE={info.texts['phase']}" if info.texts["phase"] in TOLD else "")
        info, rounds = read_info(job + query), rounds + 1
        assert info.texts["phase"] not in UNSTARTED
    return info, rounds


class TestPlayedBack:
    @pytest.mark.spec("C-01", "C-03", "C-06", "C-32")
    def test_a_job_is_created_by_a_form(self, server):
        job = location(post_form(server.joblist("echo"), REQUEST="doQuery", LANG="ADQL", TEXT="a&b=c d\u00fc\n"))

        assert wire.status(wire.request("GET", job + "/phase", JAVA)) == 200
        assert text(job_document(job), "uws:parameters/uws:parameter[@id='TEXT']") == "a&b=c dü\n"

    @pytest.mark.spec("C-30", "U-93", "U-99", "U-103")
    @pytest.mark.parametrize("size", [0, 17, CHUNK - 1, CHUNK, 2 * CHUNK + 12345])
    def test_a_job_is_created_by_a_form_with_files_in_chunks(self, size, server):
        content = bytes(range(256)) * (size // 256) + b"\r\n--<<<-" * (size % 2)
        texts = {"REQUEST": "doQuery", "TEXT": "SELECT *\r\nFROM tö", "UPLOAD": "t1,param:upload_t1"}

        job = location(post_multipart(server.joblist("echo"), texts, {"upload_t1": content}))

        parameters = {each.get("id"): each.text for each in xpath(job_document(job), "uws:parameters/*")}
        assert parameters == texts | {"upload_t1": f"{job}/parameters/upload_t1"}
        stored = http.get(parameters["upload_t1"])
        assert stored.content == content
        assert stored.headers["Content-Type"] == "application/x-votable+xml"

    @pytest.mark.spec("C-30")
    def test_a_text_may_be_empty(self, server):
        job = location(post_multipart(server.joblist("echo"), {"TEXT": "", "RUNID": "r"}, {"F": b"x"}))

        assert text(job_document(job), "uws:runId") == "r"

    @pytest.mark.spec("C-03", "C-33")
    @pytest.mark.parametrize(
        ("child", "form"),
        [
            ("phase", {"PHASE": "ABORT"}),
            ("destruction", {"DESTRUCTION": "2026-12-20T12:00:00Z"}),
            ("executionduration", {"EXECUTIONDURATION": "60"}),
        ],
    )
    def test_values_are_posted_and_answered_303(self, child, form, server):
        job = create(server.joblist("echo"))

        assert location(post_form(f"{job}/{child}", **form)) == job

    @pytest.mark.spec("C-09", "C-14", "C-24", "C-26", "U-110")
    @pytest.mark.parametrize(
        ("service", "form", "end"),
        [
            ("quick", {}, "COMPLETED"),
            ("sleeper", {"SECONDS": "0.5"}, "COMPLETED"),
            ("failing", {}, "ERROR"),
        ],
    )
    def test_a_job_is_waited_for_without_spinning(self, service, form, end, server):
        job = location(post_form(server.joblist(service), **form))
        location(post_form(f"{job}/phase", PHASE="RUN"))

        info, rounds = wait_for_finish(job)

        assert info.texts["phase"] == end
        assert rounds <= 4

    @pytest.mark.spec("C-24", "C-25", "U-107", "U-111")
    @pytest.mark.parametrize(
        "phase", ["HELD", "SUSPENDED", "COMPLETED", "ERROR", "ABORTED", "UNKNOWN", "ARCHIVED"]
    )
    def test_a_wait_in_a_phase_that_may_last_is_answered_at_once(self, phase, in_every_phase):
        start = time.monotonic()

        info = read_info(f"{in_every_phase[phase]}?WAIT=-1&PHASE={phase}")

        assert info.texts["phase"] == phase
        assert time.monotonic() - start < 5

    @pytest.mark.spec("C-15")
    def test_the_result_is_where_it_is_expected(self, server):
        job = create(server.joblist("quick"), PHASE="RUN")

        info, _ = wait_for_finish(job)

        assert info.results == [("result", f"{job}/results/result")]
        assert wire.status(wire.request("GET", f"{job}/results/result", JAVA)) == 200

    @pytest.mark.spec("C-03", "C-08", "C-40")
    def test_a_job_is_deleted(self, server):
        job = create(server.joblist("quick"))

        assert location(wire.request("DELETE", job, JAVA)) == server.joblist("quick")
        assert wire.status(wire.request("GET", job, JAVA)) == 404


def stilts(*arguments):
    """Run STILTS; return its exit status, and what it wrote to stdout and stderr."""
    done = subprocess.run([STILTS, *arguments], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.skipif(STILTS is None, reason="stilts is not installed")
class TestStilts:
    @pytest.mark.spec("C-01", "C-03", "C-15", "C-24", "C-30", "C-33", "U-103")
    def test_a_query_with_a_table_goes_all_the_way(self, tap, tmp_path):
        table = tmp_path / "t.csv"
        table.write_text("a,b\n1,2\n")

        code, told, _ = stilts(
            "tapquery", f"tapurl={tap}", "sync=false", "parse=false", "adql=SLEEP 0.3", "nupload=1",
            f"upload1={table}", "ufmt1=csv", "upname1=t1", "executionduration=60", "delete=finished", "ofmt=csv",
        )  # fmt: skip

        header, row = told.splitlines()
        assert (code, header) == (0, "n,upload_bytes")
        assert int(row.partition(",")[2]) > 100

    @pytest.mark.spec("C-44", "U-122")
    def test_a_failure_is_told_in_its_own_words(self, tap):
        code, _, told = stilts(
            "tapquery", f"tapurl={tap}", "sync=false", "parse=false", "adql=FAIL no such star", "progress=false"
        )

        assert code != 0
        assert told.strip().endswith("TAP execution error: no such star")

    @pytest.mark.spec("C-14", "C-24", "U-105")
    def test_a_running_job_is_waited_for_by_blocking(self, tap):
        job = create(f"{tap}/async", QUERY="SLEEP 60", PHASE="RUN")
        command = [
            "timeout",
            "60",
            STILTS,
            "-verbose",
            "tapresume",
            f"joburl={job}",
            "delete=always",
            "progress=false",
        ]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as resuming:
            assert any("Blocking read of UWS job" in line for line in resuming.stderr)

            abort(job)

            assert "did not complete (ABORTED)" in resuming.stderr.read()
        assert http.get(job).status_code == 404

    @pytest.mark.spec("U-03", "U-11", "U-29", "C-40", "D-42")
    def test_its_own_tests_find_no_fault(self, tap):
        code, report, _ = stilts("taplint", f"tapurl={tap}", "stages=CPV AVV UWS", "report=EWISF")

        found = re.findall(r"^([EWF])-", report, re.MULTILINE)
        assert (code, found) == (0, [])
        assert "I-UWS-VUWS-1 UWS job document explicitly V1.1" in report
        assert report.count("I-UWS-CJOB-") == 3
        assert "S-CPV-VALI-1 SAX report: warnings 0, errors 0, fatal 0" in report

    def test_an_error_document_is_a_good_votable(self, server, tmp_path):
        job = create(server.joblist("failing"), MESSAGE="<&>", PHASE="RUN")
        wait_for_phase(job, "ERROR")
        (tmp_path / "error.vot").write_bytes(http.get(f"{job}/error").content)

        code, told, complaints = stilts("votlint", str(tmp_path / "error.vot"))

        assert (code, told) == (0, "")
        assert "ERROR" not in complaints
        assert "WARNING" not in complaints


@pytest.mark.spec("C-55")
def test_a_wait_that_nobody_ends_is_answered_not_cut(make_server):
    """starjava forgives broken connections only, so a wait ends with an answer, at the site's limit."""
    server = make_server(services=["sleeper"], settings={"uws.max_wait": "1"})
    job = create(server.joblist("sleeper"))

    start = time.monotonic()
    info = read_info(f"{job}?WAIT=-1&PHASE=PENDING")

    assert info.texts["phase"] == "PENDING"
    assert 1 <= time.monotonic() - start < 10
    abort(job)
    wait_for(lambda: phase(job) == "ABORTED")
