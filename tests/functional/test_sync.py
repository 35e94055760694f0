"""Synchronous requests (DALI 1.2, section 2.2), on a server that parks who waits and on one that holds them."""

import hashlib
import io
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from astropy.io import votable as astropy_votable
from lxml import etree
from pyvo.dal import DALQueryError, DALService

from tests.support import closedpolicy, headerpolicy, table_cores, upload_cores
from tests.support.admin import found
from tests.support.crowds import Crowd
from tests.support.http import (
    create,
    http,
    job_document,
    parse,
    phase,
    text,
    wait_for,
    wait_for_phase,
    xpath,
)
from tests.support.server import SERVICES, Server

VOTABLE = "application/x-votable+xml"
STATUS = "{http://www.ivoa.net/xml/VOTable/v1.3}INFO"

BOTH = {"renderers": "async sync"}
NAMES = ("quick", "sleeper", "stubborn", "failing", "crashing", "echo", "several", "within")
TABLES = ("uws:service:returning", "uws:service:adding", "uws:service:confused")
SECTIONS = (
    {f"uws:service:{name}": BOTH for name in NAMES}
    | {name: table_cores.SERVICES[name] | BOTH for name in TABLES}
    | {"uws:service:any": upload_cores.SECTIONS["uws:service:any"] | BOTH}
    | {
        f"uws:service:{name}": SERVICES[core] | BOTH | keys
        for name, core, keys in (
            ("impatient", "sleeper", {"sync_limit": "1"}),
            ("full", "sleeper", {"max_running": "1", "max_queued": "1"}),
            ("fleeting", "quick", {"sync_limit": "1", "sync_lifetime": "0"}),
            ("archiving", "quick", {"sync_limit": "1", "sync_lifetime": "0", "on_destruction": "archive"}),
            ("hasty", "sleeper", {"execution_duration": "1"}),
        )
    }
)

#: Name -> what the server is told.
KINDS = {"parking": {"threads": "4"}, "threads": {"threads": "8", "park_limit": "0"}}


def make_site(folder, server_settings, **options):
    settings = {"uws.max_running": "8", "uws.max_body": "200000"}
    return Server(
        folder,
        settings=settings | options.pop("settings", {}),
        server_settings=server_settings,
        services=NAMES,
        sections=SECTIONS,
        **options,
    )


@pytest.fixture(scope="module", params=KINDS)
def site(request, tmp_path_factory):
    """A server with synchronous services; in tests of waiting it is either of two kinds."""
    with make_site(tmp_path_factory.mktemp(request.param), KINDS[request.param]) as server:
        yield server


@pytest.fixture
def ask(site):
    """A function that asks a service."""

    def ask(service, method="GET", **parameters):
        options = {"params": parameters} if method == "GET" else {"data": parameters}
        return http.request(method, site.joblist(service, "sync"), **options)

    return ask


def message(answer, status):
    """Check that an answer is an error document, and return its message."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"].startswith(VOTABLE)
    root = etree.fromstring(answer.content)
    (resource,) = xpath(root, "vot:RESOURCE[@type='results']")
    (info,) = resource
    assert (info.tag, info.get("name"), info.get("value")) == (STATUS, "QUERY_STATUS", "ERROR")
    assert info.text.strip()
    return info.text


def job_of(answer):
    """Return the URL of the job whose result an answer is."""
    return answer.headers["Content-Location"].partition("/results/")[0]


def statuses(content):
    infos = etree.fromstring(content).iter(STATUS)
    return [info.get("value") for info in infos if info.get("name") == "QUERY_STATUS"]


def rows(content):
    return len(astropy_votable.parse_single_table(io.BytesIO(content)).array)


class TestAnswer:
    @pytest.mark.spec("D-08", "D-02", "D-43")
    def test_get_and_both_kinds_of_post_give_the_result_that_async_gives(self, site, ask):
        sent = {"TEXT": "a&b=c d\u00fc", "COUNT": "5"}
        job = create(site.joblist("echo"), PHASE="RUN", **sent)
        wait_for_phase(job, "COMPLETED")

        answers = [ask("echo", **sent), ask("echo", "POST", **sent)]
        answers.append(
            http.post(site.joblist("echo", "sync"), files={key: (None, value) for key, value in sent.items()})
        )

        assert {answer.status_code for answer in answers} == {200}
        assert {answer.content for answer in answers} == {http.get(f"{job}/results/result").content}

    @pytest.mark.spec("D-44")
    def test_it_is_the_result_with_all_that_is_known_of_it(self, ask):
        answer = ask("quick", TEXT="hello")

        assert answer.content == b"hello"
        assert answer.headers["Content-Type"] == "text/plain"
        assert answer.headers["Content-Length"] == "5"
        assert answer.headers["Content-Disposition"] == 'inline; filename="result.txt"'
        assert "Last-Modified" in answer.headers
        assert http.get(answer.headers["Content-Location"]).content == b"hello"

    def test_nothing_is_compared_with_it_nor_continued(self, site, ask):
        known = http.get(ask("quick").headers["Content-Location"]).headers
        asked = {"If-None-Match": known["ETag"], "If-Modified-Since": known["Last-Modified"], "Range": "bytes=1-2"}

        answer = http.get(site.joblist("quick", "sync"), headers=asked)

        assert (answer.status_code, answer.content) == (200, b"done")

    @pytest.mark.spec("D-26", "D-25", "D-29")
    @pytest.mark.parametrize(
        ("asked", "media_type"),
        [
            (None, VOTABLE),
            ("", VOTABLE),
            ("csv", "text/csv"),
            ("VOTable", VOTABLE),
            ("text/xml", "text/xml"),
            ("application/x-votable+xml", VOTABLE),
            ("application/x-votable xml", VOTABLE),
            ("Text/CSV ; header=absent", "text/csv;header=absent"),
            ("application/fits", "application/fits"),
        ],
    )
    def test_it_has_the_type_that_was_asked_for(self, ask, asked, media_type):
        answer = ask("returning", **({} if asked is None else {"RESPONSEFORMAT": asked}))

        assert (answer.status_code, answer.headers["Content-Type"]) == (200, media_type)

    @pytest.mark.spec("D-31", "D-32", "D-33", "D-55")
    @pytest.mark.parametrize(
        ("maxrec", "found", "said"), [("3", 3, "OVERFLOW"), ("0", 0, "OVERFLOW"), ("", 10, "OK")]
    )
    def test_it_has_no_more_rows_than_were_asked_for(self, ask, maxrec, found, said):
        answer = ask("returning", MAXREC=maxrec)

        assert rows(answer.content) == found
        assert statuses(answer.content)[-1] == said
        assert xpath(parse(answer), "//vot:FIELD")

    @pytest.mark.spec("D-17", "D-19", "D-22", "D-24", "D-23")
    def test_names_are_in_any_case_values_may_repeat_and_what_is_unknown_is_ignored(self, site):
        sent = [
            ("text", "A"),
            ("Colour", "red"),
            ("COLOUR", "green"),
            ("COUNT", ""),
            ("FOO", "1"),
            ("request", "x"),
        ]

        answer = http.get(site.joblist("echo", "sync"), params=sent)

        given = answer.json()
        assert (given["TEXT"], given["COLOUR"], given["COUNT"]) == ("A", ["red", "green"], None)

    def test_conditions_are_written_as_dali_has_it_here_and_in_pql_to_async(self, site, ask):
        job = create(site.joblist("within"), X="1/3,7", PHASE="RUN")
        wait_for_phase(job, "COMPLETED")

        assert ask("within", X="1 3").json()["X"] == [1, 2, 3]
        assert http.get(f"{job}/results/result").json()["X"] == [1, 2, 3, 7]
        assert "X='1/3,7'" in message(ask("within", X="1/3,7"), 400)

    def test_what_uws_takes_from_others_means_nothing(self, ask):
        answer = ask("quick", PHASE="ABORT", ACTION="DELETE", WAIT="x", DESTRUCTION="never", TEXT="done anyway")

        assert answer.content == b"done anyway"

    @pytest.mark.spec("D-09")
    def test_of_several_results_it_is_the_first(self, ask):
        answer = ask("adding", RESPONSEFORMAT="csv")

        assert answer.headers["Content-Location"].endswith("/results/first")
        assert len(answer.text.splitlines()) == 11
        results = parse(http.get(f"{job_of(answer)}/results"))
        assert xpath(results, "uws:result/@id") == ["first", "second", "third"]

    def test_without_a_result_it_is_empty(self, ask):
        answer = ask("several", COUNT="0")

        assert (answer.status_code, answer.content) == (200, b"")

    @pytest.mark.spec("D-41", "D-42")
    def test_a_run_id_stays_with_the_job_and_in_the_log(self, site, ask):
        answer = ask("quick", runid="r" * 64)

        assert text(job_document(job_of(answer)), "uws:runId") == "r" * 64
        assert f"{job_of(answer).rpartition('/')[2]} of quick has RUNID='{'r' * 64}'" in site.log
        assert "RUNID" in message(ask("quick", RUNID="r" * 65), 400)

    def test_two_who_ask_the_same_at_once_have_jobs_of_their_own(self, ask):
        with ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda _: ask("sleeper", SECONDS="0.5"), range(3)))

        assert {answer.content for answer in answers} == {b"awake"}
        assert len({answer.headers["Content-Location"] for answer in answers}) == 3


class TestUploads:
    @pytest.mark.spec("D-36", "D-37", "D-08")
    def test_a_file_that_comes_along_is_read_once_and_there_when_the_job_runs(self, site):
        url, content, sent = site.joblist("any", "sync"), b"x" * 150_000, {"UPLOAD": "table,param:part"}

        answer = http.post(url, data=sent, files={"part": ("t", content)})

        assert answer.json()["uploads"] == {"table": [150_000, hashlib.sha256(content).hexdigest()]}
        assert "part" in message(http.post(url, data=sent), 400)


@pytest.mark.skipif(shutil.which("stilts") is None, reason="stilts is not installed")
class TestStilts:
    """curl and pyvo have a page of their own: docs/sync.md."""

    @pytest.mark.spec("D-43", "D-53", "D-57")
    @pytest.mark.parametrize("query", ["ROWS=7", "ROWS=7&MAXREC=3", "MAXREC=0", "ROWS=many"])
    def test_it_has_nothing_to_complain_of(self, site, query):
        table = http.get(site.joblist("returning", "sync") + "?" + query).content

        assert stilts("votlint", "votable=-", "out=-", stdin=table) == ""

    @pytest.mark.spec("D-43")
    def test_it_reads_a_table_from_the_url(self, site):
        url = site.joblist("returning", "sync") + "?ROWS=7"

        told = stilts("tpipe", f"in={url}", "ifmt=votable", "omode=count")

        assert told.split() == ["columns:", "3", "rows:", "7"]


def stilts(*words, stdin=b""):
    """Run STILTS; return all that it says."""
    done = subprocess.run(["stilts", *words], input=stdin, capture_output=True, check=True, timeout=60)
    return (done.stdout + done.stderr).decode()


class TestErrors:
    @pytest.mark.spec("C-43", "D-51", "D-46", "D-54", "D-59")
    @pytest.mark.parametrize(
        ("service", "sent", "named"),
        [
            pytest.param("echo", [("COUNT", "many")], "COUNT='many'", marks=pytest.mark.spec("D-34")),
            pytest.param("returning", [("MAXREC", "-1")], "MAXREC='-1'", marks=pytest.mark.spec("D-34")),
            pytest.param(
                "returning", [("MAXREC", "1"), ("MAXREC", "2")], "MAXREC=", marks=pytest.mark.spec("D-20", "D-31")
            ),
            pytest.param(
                "returning",
                [("RESPONSEFORMAT", "application/foo")],
                "RESPONSEFORMAT='application/foo'",
                marks=pytest.mark.spec("D-28"),
            ),
            pytest.param(
                "returning",
                [("RESPONSEFORMAT", "csv"), ("responseformat", "tsv")],
                "RESPONSEFORMAT=",
                marks=pytest.mark.spec("D-25"),
            ),
            ("stubborn", [], "PIDS=''"),
            ("quick", [("RUNID", "a"), ("RUNID", "b")], "RUNID="),
        ],
    )
    def test_what_was_sent_wrongly_is_named_and_nothing_is_kept(self, site, service, sent, named):
        before = files(site)
        for method, options in (("GET", {"params": sent}), ("POST", {"data": sent})):
            answer = http.request(method, site.joblist(service, "sync"), **options)

            assert named in message(answer, 400)
        assert files(site) == before

    @pytest.mark.spec("D-51", "D-37")
    def test_a_body_that_is_no_form_or_too_large_is_refused(self, site):
        url = site.joblist("echo", "sync")

        assert "application/json" in message(http.post(url, json={"COUNT": 1}), 400)
        assert "200000" in message(http.post(url, data={"TEXT": "x" * 200_001}), 413)

    @pytest.mark.spec("C-43", "D-51", "D-46")
    def test_a_core_that_fails_says_why(self, ask):
        assert message(ask("failing", MESSAGE="no such star"), 500) == "ValueError: no such star"

    @pytest.mark.spec("C-43")
    @pytest.mark.parametrize(
        ("service", "sent", "said"),
        [("returning", {"ROWS": "many"}, "ROWS='many'"), ("failing", {"MESSAGE": "no such star"}, "no such star")],
    )
    def test_pyvo_reads_it_whatever_the_status(self, site, service, sent, said):
        with pytest.raises(DALQueryError, match=said):
            DALService(site.joblist(service, "sync")).search(**sent)

    @pytest.mark.spec("D-51", "D-46")
    def test_a_core_that_blames_what_was_sent_is_as_good_as_a_check_before(self, ask):
        assert message(ask("returning", ROWS="3", FAIL="ROWS is too few"), 400) == "ROWS is too few"

    @pytest.mark.spec("D-51")
    def test_a_core_that_goes_wrong_is_no_fault_of_the_client(self, ask):
        assert "is no table" in message(ask("confused"), 500)

    @pytest.mark.spec("D-51")
    def test_a_core_that_was_killed_may_be_tried_again(self, ask):
        answer = ask("crashing", SIGNAL=int(signal.SIGKILL))

        assert "killed by signal 9" in message(answer, 503)
        assert int(answer.headers["Retry-After"]) > 0

    def test_a_core_whose_time_is_up_says_so(self, ask):
        assert "1 s was used up" in message(ask("hasty"), 503)

    @pytest.mark.spec("D-51")
    def test_a_full_queue_may_be_tried_again(self, site, ask):
        jobs = [create(site.joblist("full"), PHASE="RUN")]
        wait_for_phase(jobs[0], "EXECUTING")
        jobs.append(create(site.joblist("full"), PHASE="RUN"))

        answer = ask("full")

        assert "queue of 'full' is full" in message(answer, 503)
        assert int(answer.headers["Retry-After"]) > 0
        for job in jobs:
            http.delete(job)

    def test_a_failed_job_is_there_for_a_while_to_be_looked_at(self, site, ask):
        runid = f"evidence-{time.monotonic_ns()}"

        message(ask("failing", RUNID=runid), 500)

        # Its URL is not told, so this is how its operator finds it.
        assert runid in {job["runId"] for job in found(site, "jobs", "--service", "failing")}

    @pytest.mark.spec("D-50")
    def test_a_job_that_is_not_there_is_no_matter_of_error_documents(self, site):
        answer = http.get(site.joblist("quick", "sync") + "/nonesuch")

        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/plain; charset=UTF-8")


def files(site):
    return sorted(path.name for path in (site.var / "results").glob("*/*"))


class TestMethods:
    def test_head_checks_what_was_sent_and_does_no_work(self, site):
        before = files(site)
        url = site.joblist("echo", "sync")

        assert http.head(url, params={"COUNT": "5"}).status_code == 200
        assert http.head(url, params={"COUNT": "many"}).status_code == 400
        assert http.head(site.joblist("stubborn", "sync")).status_code == 400
        assert files(site) == before

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH"])
    def test_others_are_not_possible(self, site, method):
        answer = http.request(method, site.joblist("quick", "sync"))

        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")


def lifetime(document):
    created, destroyed = (text(document, f"uws:{name}") for name in ("creationTime", "destruction"))
    return datetime.fromisoformat(destroyed) - datetime.fromisoformat(created)


class TestWhatTakesLonger:
    @pytest.mark.spec("D-09", "D-43")
    def test_goes_on_as_a_job_to_which_the_client_is_sent(self, site, ask):
        began = time.monotonic()
        answer = ask("impatient", "POST", SECONDS="2.5", RUNID="long")
        took = time.monotonic() - began

        assert answer.status_code == 303
        assert 1 <= took < 2.4
        job = answer.headers["Location"]
        assert job.startswith(site.joblist("impatient", "sync") + "/")
        document = job_document(job)
        assert text(document, "uws:runId") == "long"
        assert text(document, "uws:phase") == "EXECUTING"
        assert lifetime(document) == timedelta(seconds=172800)
        wait_for_phase(job, "COMPLETED")
        assert http.get(f"{job}/results/result").content == b"awake"

    def test_is_a_job_like_others_that_leads_to_the_service_when_deleted(self, site, ask):
        job = ask("impatient").headers["Location"]

        answer = http.delete(job)

        assert (answer.status_code, answer.headers["Location"]) == (303, f"{site.url}/impatient")
        assert http.get(job).status_code == 404

    def test_can_be_aborted_by_who_was_sent_there(self, ask):
        job = ask("impatient").headers["Location"]

        http.post(f"{job}/phase", data={"PHASE": "ABORT"})

        wait_for_phase(job, "ABORTED")


class TestClientsThatGo:
    def test_their_job_is_aborted_and_all_its_processes_end(self, site, tmp_path):
        address = urlsplit(site.joblist("stubborn", "sync"))
        body = f"PIDS={tmp_path}".encode()
        with socket.create_connection((address.hostname, address.port)) as client:
            client.sendall(
                b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (address.path.encode(), len(body), body)
            )
            wait_for(lambda: all((tmp_path / name).exists() for name in ("core", "child", "session", "daemon")))
        pids = [int((tmp_path / name).read_text()) for name in ("core", "child", "session", "daemon")]

        (job_id,) = wait_for(lambda: re.findall(r"client of job (\w+) of stubborn has gone", site.log))
        job = f"{site.joblist('stubborn', 'sync')}/{job_id}"
        wait_for_phase(job, "ABORTED")
        assert text(job_document(job), "uws:jobInfo/*[last()]") == "The client has gone."
        assert not any(is_alive(pid) for pid in pids)


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class TestJobs:
    def test_are_removed_soon_with_their_results(self, site, ask):
        answer = ask("fleeting", TEXT="gone soon")

        assert answer.content == b"gone soon"
        job = job_of(answer)
        wait_for(lambda: http.get(job).status_code == 404, what="the end of the job")
        wait_for(lambda: job.rpartition("/")[2] not in files(site))

    def test_are_archived_where_the_service_archives(self, ask):
        job = job_of(ask("archiving"))

        wait_for(lambda: phase(job) == "ARCHIVED")
        assert xpath(job_document(job), "uws:results/uws:result") == []

    def test_are_listed_to_nobody_but_the_operator(self, site, ask):
        job_id = job_of(ask("quick")).rpartition("/")[2]

        assert job_id not in http.get(site.joblist("quick")).text
        assert job_id in {job["jobId"] for job in found(site, "jobs", "--service", "quick")}


class TestManyWhoWait:
    @pytest.mark.parametrize("site", ["parking"], indirect=True)
    def test_two_hundred_wait_on_four_threads_and_others_are_answered(self, site, ask):
        with Crowd(site.url) as crowd:
            lines = crowd.ask(200, site.joblist("sleeper", "sync"))
            wait_for(lambda: jobs_in(site, "sleeper", "EXECUTING") == 8)

            took = [timed(http.get, site.url) for _ in range(20)]
            assert not any(line.answers for line in lines)
            assert jobs_in(site, "sleeper", "QUEUED") == 192
            assert statistics.median(took) < 0.2
            for line in lines:
                line.hang_up()

        wait_for(lambda: not jobs_in(site, "sleeper", "EXECUTING", "QUEUED"), what="the end of all jobs")
        assert ask("quick").content == b"done"

    @pytest.mark.parametrize("site", ["threads"], indirect=True)
    def test_who_cannot_be_held_is_sent_to_the_job_at_once(self, site):
        with Crowd(site.url) as crowd:
            lines = crowd.ask(6, site.joblist("sleeper", "sync") + "?SECONDS=2")
            crowd.until_answered(lines)

        # Four are held, in half of the threads.
        assert sorted(line.answer.status for line in lines) == [200] * 4 + [303] * 2


def jobs_in(site, service, *phases):
    """Count the jobs in these phases."""
    options = [word for phase in phases for word in ("--phase", phase)]
    return len(found(site, "jobs", "--service", service, *options))


def timed(function, *arguments):
    start = time.monotonic()
    function(*arguments)
    return time.monotonic() - start


class TestTheEndOfTheServer:
    @pytest.mark.parametrize("kind", KINDS)
    def test_who_waits_is_sent_to_the_job_which_goes_on_after_the_next_start(self, tmp_path, kind):
        with make_site(tmp_path, KINDS[kind]) as site, Crowd(site.url) as crowd:
            (line,) = crowd.ask(1, site.joblist("sleeper", "sync") + "?SECONDS=1.5")
            wait_for(lambda: jobs_in(site, "sleeper", "EXECUTING"))

            site.stop()
            crowd.until_answered([line])
            site.start()

            assert line.answer.status == 303
            job = re.search(r"Location: (\S+)", line.answer.head)[1]
            wait_for_phase(job, "COMPLETED")

    def test_a_service_that_is_gone_says_so(self, tmp_path):
        server = Server(tmp_path, services=["quick", "echo"], sections={"uws:service:quick": BOTH})
        with server:
            job = job_of(http.get(server.joblist("quick", "sync")))
            server.stop()
            without = server.ini.read_text().replace("renderers = async sync", "renderers = async")
            server.ini.write_text(without)
            server.start()

            answer = http.get(server.joblist("quick", "sync"))

            assert "'quick/sync' is no longer offered" in message(answer, 403)
            assert phase(job) == "COMPLETED"


@pytest.fixture(scope="module")
def closed(tmp_path_factory):
    """A server that lets in those who say who they are."""
    settings = {"uws.includes": "tests.support.closedpolicy"}
    with make_site(tmp_path_factory.mktemp("closed"), KINDS["parking"], settings=settings) as server:
        yield server


class TestRights:
    @pytest.mark.spec("D-52")
    def test_error_documents_tell_who_may_not(self, closed):
        url = closed.joblist("quick", "sync")

        unknown = http.get(url)
        unwelcome = http.post(url, headers={headerpolicy.HEADER: closedpolicy.UNWELCOME})

        assert "log in" in message(unknown, 401)
        assert unknown.headers["WWW-Authenticate"] == headerpolicy.CHALLENGE
        assert "may not" in message(unwelcome, 403)
        assert http.get(url, headers={headerpolicy.HEADER: "ann"}).content == b"done"

    def test_a_job_belongs_to_who_has_asked(self, closed):
        answer = http.get(closed.joblist("quick", "sync"), headers={headerpolicy.HEADER: "ann"})

        document = parse(http.get(job_of(answer), headers={headerpolicy.HEADER: "ann"}))
        assert text(document, "uws:ownerId") == "ann"
