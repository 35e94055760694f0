"""Creating jobs by POST to the job list (UWS 1.1, section 2.2.3.1), as the standard and as clients do it."""

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.support.http import (
    Session,
    create,
    http,
    job_document,
    parse,
    phase,
    text,
    wait_for_phase,
    xpath,
)
from tests.support.inside import Inside
from tests.support.traces import below

FORM = "application/x-www-form-urlencoded"

#: A body as TOPCAT and STILTS send it; {0} is the boundary.
STARJAVA = (
    "\r\n--{0}\r\n"
    'Content-Disposition: form-data; name="TEXT"\r\n'
    "Content-Type: text/plain; charset=UTF-8\r\n\r\n"
    "from afar é\r\n"
    "--{0}\r\n"
    'Content-Disposition: form-data; name="table"; filename="table"\r\n'
    "Content-Type: application/x-votable+xml\r\n\r\n"
    "<VOTABLE/>\r\n"
    "--{0}--\r\n"
)

#: The same as astroquery sends it: with a type that is none, and a line too many.
ASTROQUERY = (
    "--{0}\r\n"
    'Content-Disposition: form-data; name="TEXT"\r\n\r\n'
    "from afar é\r\n"
    "--{0}\r\n"
    'Content-Disposition: form-data; name="table"; filename="table.xml"\r\n'
    "Content-Type: None\r\n\r\n"
    "<VOTABLE/>\r\n"
    "--{0}--\r\n\r\n"
)


@pytest.fixture
def inside(tmp_path):
    opened = []

    def inside(**options):
        opened.append(Inside(tmp_path, **options))
        return opened[-1]

    yield inside
    for one in opened:
        one.close()


class TestAnswer:
    @pytest.mark.spec("U-91", "D-03", "D-04", "U-140", "U-02")
    def test_it_is_the_way_to_the_new_job(self, server):
        joblist = server.joblist("quick")

        answer = http.post(joblist)

        assert answer.status_code == 303
        job = answer.headers["Location"]
        assert job.rpartition("/")[0] == joblist
        document = parse(http.get(job))
        assert text(document, "uws:jobId") == job.rpartition("/")[2]
        assert job in http.get(joblist).text

    @pytest.mark.spec("U-94", "U-75")
    def test_an_empty_one_is_welcome_even_if_parameters_are_required(self, server):
        job = create(server.joblist("stubborn"))

        assert phase(job) == "PENDING"

    @pytest.mark.spec("U-91", "U-102", "U-24")
    def test_of_many_at_once_each_gets_its_own(self, server):
        with ThreadPoolExecutor(30) as pool:
            answers = list(pool.map(lambda _: Session().post(server.joblist("quick")), range(30)))

        assert {answer.status_code for answer in answers} == {303}
        jobs = {answer.headers["Location"] for answer in answers}
        assert len(jobs) == 30
        assert {phase(job) for job in jobs} == {"PENDING"}

    @pytest.mark.spec("D-01")
    def test_the_job_list_and_the_capabilities_are_siblings(self, server):
        base = server.joblist("quick").rpartition("/")[0]

        assert http.get(f"{base}/capabilities").status_code == 200
        assert server.joblist("quick") in http.get(f"{base}/capabilities").text

    @pytest.mark.spec("U-100")
    @pytest.mark.parametrize("query", ["PHASE=RUN", "TEXT=x", "PHASE=PENDING&TEXT=x"])
    def test_a_get_never_creates_a_job(self, server, query):
        before = http.get(server.joblist("echo")).text

        http.get(f"{server.joblist('echo')}?{query}")

        assert http.get(server.joblist("echo")).text == before


class TestStartAtOnce:
    @pytest.mark.spec("U-95")
    @pytest.mark.parametrize("where", ["data", "params"])
    def test_a_job_created_with_run_is_run(self, server, where):
        answer = http.post(server.joblist("quick"), **{where: {"PHASE": "RUN", "TEXT": "at once"}})

        job = answer.headers["Location"]
        assert answer.status_code == 303
        assert phase(job) != "PENDING"
        wait_for_phase(job, "COMPLETED")
        assert http.get(f"{job}/results/result").text == "at once"

    @pytest.mark.spec("U-96", "U-101")
    @pytest.mark.parametrize("wish", ["ABORT", "run", "PENDING", "COMPLETED", ["RUN", "ABORT"]])
    def test_another_phase_is_refused(self, server, wish):
        refused(server, "PHASE", PHASE=wish)

    @pytest.mark.spec("U-95", "U-101")
    def test_without_a_required_parameter_there_is_no_job(self, server):
        refused(server, "PIDS", service="stubborn", PHASE="RUN")


class TestRefusals:
    @pytest.mark.spec("U-97", "U-101", "U-23")
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("EXECUTIONDURATION", "-1"),
            ("EXECUTIONDURATION", "1.5"),
            ("DESTRUCTION", "tomorrow"),
            ("DESTRUCTION", "1999-01-01"),
            ("RUNID", "x" * 65),
            ("RUNID", "a\x01b"),
            ("ACTION", "DELETE"),
            ("COUNT", "many"),
        ],
    )
    def test_a_bad_value_is_named_and_leaves_nothing(self, server, name, value):
        refused(server, name, **{name: value})

    @pytest.mark.spec("U-101")
    def test_files_that_came_along_are_not_kept(self, server):
        before = uploads(server)

        refused(server, "PHASE", files={"table": ("t.xml", b"<VOTABLE/>")}, PHASE="COMPLETED")

        assert uploads(server) == before

    @pytest.mark.spec("U-101", "U-23")
    @pytest.mark.parametrize(
        ("body", "media_type"),
        [
            (b"TEXT=%ff", FORM),
            (b"\xff=x", FORM),
            (b"&".join(b"a%d=1" % number for number in range(1001)), FORM),
            (b"{}", "application/json"),
            (b"--x\r\nContent-Disposition: form-data; na", "multipart/form-data; boundary=x"),
            (b"--x\r\n\r\nnameless\r\n--x--\r\n", "multipart/form-data; boundary=x"),
            (b"nothing at all", "multipart/form-data"),
        ],
    )
    def test_a_body_that_cannot_be_read_is_refused(self, server, body, media_type):
        before = http.get(server.joblist("quick")).text

        answer = http.post(server.joblist("quick"), data=body, headers={"Content-Type": media_type})

        assert answer.status_code == 400
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert http.get(server.joblist("quick")).text == before

    @pytest.mark.spec("U-92", "U-101")
    @pytest.mark.parametrize("files", [None, {"table": ("t.xml", b"x" * 2000)}])
    def test_more_than_the_site_takes_is_refused_as_too_large(self, make_server, files):
        server = make_server(settings={"uws.max_body": "1000"}, services=["quick"])

        answer = http.post(server.joblist("quick"), data={"TEXT": "x" * 2000}, files=files)

        assert answer.status_code == 413
        assert "1000" in answer.text
        assert "jobref" not in http.get(server.joblist("quick")).text
        assert not uploads(server)

    @pytest.mark.spec("U-92", "U-101")
    def test_a_service_that_is_gone_takes_no_jobs_but_shows_the_old_ones(self, inside):
        before = inside(services=["quick", "echo"])
        job = before.create("quick", TEXT="x")
        before.close()

        after = inside(services=["echo"])
        answer = after.request("POST", "/quick/async", TEXT="y")

        assert answer.status_code == 403
        assert "no longer offered" in answer.text
        assert after.phase(job) == "PENDING"
        assert after.request("POST", f"{job}/phase", PHASE="RUN").status_code == 403
        assert after.request("DELETE", job).status_code == 303
        assert after.request("GET", job).status_code == 404


class TestBodies:
    @pytest.mark.spec("U-93", "D-02")
    def test_urlencoded_and_multipart_mean_the_same(self, server):
        sent = {"TEXT": "a b&<é", "COUNT": "7", "RUNID": "mine"}

        urlencoded = create(server.joblist("echo"), **sent)
        multipart = multipart_job(server, sent)

        assert parameters(multipart) == parameters(urlencoded) == sent

    @pytest.mark.spec("U-26", "U-91")
    def test_query_and_body_are_taken_together(self, server):
        answer = http.post(server.joblist("echo"), params={"COUNT": "7"}, data={"TEXT": "x"})

        assert parameters(answer.headers["Location"]) == {"COUNT": "7", "TEXT": "x"}

    @pytest.mark.spec("U-98", "C-30")
    def test_control_parameters_are_not_listed_wherever_they_were_sent(self, server):
        control = {"PHASE": "", "EXECUTIONDURATION": "5", "destruction": "2990-01-01", "Wait": "3", "ACTION": ""}

        job = multipart_job(server, control | {"TEXT": "x"})

        assert parameters(job) == {"TEXT": "x"}

    @pytest.mark.spec("U-103", "C-30")
    def test_a_body_in_chunks_is_taken(self, server):
        answer = http.post(
            server.joblist("quick"), data=iter([b"TEXT=in+", b"chunks"]), headers={"Content-Type": FORM}
        )

        assert answer.status_code == 303
        assert parameters(answer.headers["Location"]) == {"TEXT": "in chunks"}

    @pytest.mark.spec("U-103")
    def test_a_file_in_chunks_is_taken_whole(self, server):
        content = random.Random(1).randbytes(3_000_000)
        request = requests.Request("POST", server.joblist("quick"), files={"table": ("t", content)}).prepare()
        length = 1 << 20
        chunks = (request.body[start : start + length] for start in range(0, len(request.body), length))

        answer = http.post(
            server.joblist("quick"), data=chunks, headers={"Content-Type": request.headers["Content-Type"]}
        )

        assert answer.status_code == 303
        assert http.get(f"{answer.headers['Location']}/parameters/table").content == content


class TestClients:
    @pytest.mark.spec("C-30", "U-93")
    @pytest.mark.parametrize(
        ("boundary", "written", "body"),
        [
            ("<<<--------------MULTIPART-BOUNDARY------->>>", '"{}"', STARJAVA),
            ("===1700000000000===", "{}", ASTROQUERY),
        ],
        ids=["starjava", "astroquery"],
    )
    def test_their_multipart_bodies_are_read(self, server, boundary, written, body):
        content = body.format(boundary).encode()
        headers = {"Content-Type": "multipart/form-data; boundary=" + written.format(boundary)}

        answer = http.post(server.joblist("quick"), data=iter([content[:100], content[100:]]), headers=headers)

        assert answer.status_code == 303, answer.text
        job = answer.headers["Location"]
        assert parameters(job)["TEXT"] == "from afar é"
        assert http.get(f"{job}/parameters/table").content == b"<VOTABLE/>"

    @pytest.mark.spec("C-31", "D-24")
    def test_what_astroquery_adds_does_no_harm(self, server):
        extras = {"FORMAT": "votable", "format": "votable", "tapclient": "x", "jobname": "y", "PHASE": "RUN"}

        job = create(server.joblist("quick"), **extras, TEXT="fine")

        assert wait_for_phase(job) == "COMPLETED"
        assert xpath(job_document(job), "uws:parameters/uws:parameter[.='votable']/@id") == ["FORMAT"]

    @pytest.mark.spec("C-32", "U-16")
    @pytest.mark.parametrize("accept", ["text/plain", "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"])
    def test_any_accept_will_do(self, server, accept):
        answer = http.post(server.joblist("quick"), data={"TEXT": "x"}, headers={"Accept": accept})

        assert answer.status_code == 303


def refused(server, naming: str, *, service: str = "echo", files=None, **parameters) -> None:
    """Post to a job list what has to be refused, with a sentence that names the parameter."""
    before = http.get(server.joblist(service)).text

    answer = http.post(server.joblist(service), data=parameters, files=files)

    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert naming in answer.text
    assert http.get(server.joblist(service)).text == before


def multipart_job(server, sent: dict[str, str]) -> str:
    answer = http.post(server.joblist("echo"), files={name: (None, value) for name, value in sent.items()})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def parameters(job: str) -> dict[str, str]:
    found = xpath(parse(http.get(f"{job}/parameters")), "uws:parameter")
    return {parameter.get("id"): parameter.text or "" for parameter in found}


def uploads(server) -> set[Path]:
    """Return all places in the result store for files that were sent."""
    return {path for path in below(server.var / "results") if path.name == "references"}
