"""Redirects, and the addresses the server gives itself in them and in documents (UWS 1.1, section 2.2.3)."""

import http.client
import re
from urllib.parse import urlsplit

import pytest

from tests.support.http import create, job_document, parse, phase, text, xpath
from tests.support.http import http as web
from tests.support.server import Server

#: What is asked of a job (method, child, form), and what its document then says (XPath, text).
REQUESTS = {
    "RUN": ("POST", "/phase", {"PHASE": "RUN"}, "uws:phase", r"QUEUED|EXECUTING|COMPLETED"),
    "ABORT": ("POST", "/phase", {"PHASE": "ABORT"}, "uws:phase", "ABORTED"),
    "destruction": (
        "POST",
        "/destruction",
        {"DESTRUCTION": "2026-12-01T00:00:00Z"},
        "uws:destruction",
        r"2026-12-01T00:00:00(\.0+)?Z",
    ),
    "executionduration": (
        "POST",
        "/executionduration",
        {"EXECUTIONDURATION": "17"},
        "uws:executionDuration",
        "17",
    ),
    "parameters": ("POST", "/parameters", {"TEXT": "hi"}, "uws:parameters/uws:parameter[@id='TEXT']", "hi"),
}
every_request = pytest.mark.parametrize(
    ("method", "child", "form", "path", "expected"), REQUESTS.values(), ids=REQUESTS
)


@pytest.fixture
def job(server):
    return create(server.joblist("quick"))


@pytest.fixture(scope="module")
def proxied(tmp_path_factory):
    """A server below a prefix that believes what a proxy on this machine says."""
    with Server(
        tmp_path_factory.mktemp("proxied"),
        services=["quick"],
        server_settings={
            "trusted_proxy": "127.0.0.1",
            "trusted_proxy_headers": "x-forwarded-host x-forwarded-proto x-forwarded-port",
            "url_prefix": "/vo/uws",
        },
    ) as server:
        yield server


@pytest.fixture
def joblist(proxied):
    return f"{proxied.url}/vo/uws/quick/async"


class TestTargets:
    @pytest.mark.spec("U-140", "U-143", "C-03", "C-05")
    @every_request
    def test_a_change_leads_to_the_job_that_shows_it(self, method, child, form, path, expected, job):
        answer = web.request(method, job + child, data=form)

        assert (answer.status_code, answer.headers["Location"]) == (303, job)
        assert re.fullmatch(expected, text(job_document(answer.headers["Location"]), path))

    @pytest.mark.spec("U-52", "U-140", "U-143", "C-03", "C-05", "C-08")
    @pytest.mark.parametrize(("method", "form"), [("DELETE", None), ("POST", {"ACTION": "DELETE"})])
    def test_deleting_leads_to_the_list_that_lacks_the_job(self, method, form, job, server):
        answer = web.request(method, job, data=form)

        assert (answer.status_code, answer.headers["Location"]) == (303, server.joblist("quick"))
        shown = web.get(answer.headers["Location"])
        assert shown.status_code == 200
        assert job not in xpath(parse(shown), "uws:jobref/@xlink:href")

    @pytest.mark.spec("U-140", "U-143", "C-03", "C-05")
    @pytest.mark.parametrize("query", ["", "?PHASE=RUN", "?LAST=1", "?RUNID=a%23b"])
    def test_creating_leads_to_the_new_job(self, query, server):
        answer = web.post(server.joblist("quick") + query)

        assert answer.status_code == 303
        assert web.get(answer.headers["Location"]).status_code == 200

    @pytest.mark.spec("U-142", "C-06")
    @pytest.mark.parametrize(
        "url", ["{list}?PHASE=RUN", "{list}/?LAST=1", "{list}?a=b#c", "{job}/phase/?PHASE=ABORT"]
    )
    def test_a_location_has_no_query_no_fragment_and_no_slash(self, url, job, server):
        answer = web.post(url.format(list=server.joblist("quick"), job=job))

        location = urlsplit(answer.headers["Location"])
        assert answer.status_code == 303
        assert (location.query, location.fragment) == ("", "")
        assert not location.path.endswith("/")

    @pytest.mark.spec("C-38")
    def test_one_connection_serves_for_a_whole_life(self, server):
        """The old Python client reads what Content-Length says and goes on."""
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.connect()
        socket = connection.sock

        def ask(method, path, body=None):
            connection.request(method, path, body, form)
            answer = connection.getresponse()
            assert answer.getheader("Content-Length") is not None
            assert not answer.will_close
            answer.read()
            assert connection.sock is socket
            return answer

        job = urlsplit(ask("POST", "/quick/async", "TEXT=x").getheader("Location")).path
        statuses = [
            ask("GET", job).status,
            ask("POST", f"{job}/phase", "PHASE=nonsense").status,
            ask("POST", f"{job}/phase", "PHASE=ABORT").status,
            ask("GET", f"{job}/error").status,
            ask("PUT", job, "x" * 100_000).status,
            ask("DELETE", job).status,
            ask("GET", "/quick/async").status,
        ]

        connection.close()
        assert statuses == [200, 400, 303, 404, 405, 303, 200]


class TestHost:
    @pytest.mark.spec("U-141", "C-01", "C-02")
    @pytest.mark.parametrize("host", ["x.example:81", "x.example", "[::1]:81", "192.0.2.1:8080"])
    def test_addresses_start_with_the_host_that_was_asked(self, host, server, job):
        def ask(method, url):
            return web.request(method, url, headers={"Host": host})

        created = ask("POST", server.joblist("quick")).headers["Location"]
        listed = xpath(parse(ask("GET", server.joblist("quick"))), "uws:jobref/@xlink:href")
        offered = parse(ask("GET", f"{server.url}/quick/capabilities")).findall(".//accessURL")

        assert created.startswith(f"http://{host}/quick/async/")
        assert all(href.startswith(f"http://{host}/quick/async/") for href in listed)
        assert all(url.text.startswith(f"http://{host}/quick/") for url in offered)

    @pytest.mark.spec("U-141", "C-01")
    @pytest.mark.parametrize(
        "header",
        [
            ("X-Forwarded-Host", "evil.example"),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Port", "99"),
            ("Forwarded", "host=evil.example;proto=https"),
            ("X-Forwarded-Prefix", "/evil"),
            ("X-Script-Name", "/evil"),
            ("X-Original-URL", "/echo/async"),
            ("X-Rewrite-URL", "/echo/async"),
            ("X-Vhm-Root", "/echo"),
        ],
    )
    def test_headers_of_proxies_are_ignored_when_no_proxy_is_trusted(self, header, server):
        answer = web.post(server.joblist("quick"), headers=dict([header]))

        assert answer.headers["Location"].startswith(server.joblist("quick") + "/")

    @pytest.mark.parametrize(
        "host",
        [b'"><script>alert(1)</script>', b"a b", b"\xe9", b"user@x", b"x?y#z", b"x\\y", b"&amp;", b"a" * 5000],
    )
    def test_what_is_no_host_is_refused(self, host, in_every_phase):
        answer = web.get(in_every_phase["COMPLETED"], headers={"Host": host})

        assert answer.status_code == 400
        assert b"script" not in answer.content


class TestBehindProxy:
    @pytest.mark.spec("U-141", "C-02")
    def test_a_prefix_is_part_of_every_address(self, joblist):
        job = create(joblist)

        assert job.startswith(joblist + "/")
        assert xpath(parse(web.get(joblist)), "uws:jobref[1]/@xlink:href") == [job]
        assert web.delete(job).headers["Location"] == joblist

    @pytest.mark.spec("U-141", "C-02", "C-04")
    @pytest.mark.parametrize(
        ("headers", "base"),
        [
            ({"X-Forwarded-Proto": "https", "X-Forwarded-Host": "vo.example"}, "https://vo.example"),
            ({"X-Forwarded-Proto": "http", "X-Forwarded-Host": "vo.example:8080"}, "http://vo.example:8080"),
            (
                {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "vo.example", "X-Forwarded-Port": "8443"},
                "https://vo.example:8443",
            ),
        ],
    )
    def test_addresses_are_those_of_the_proxy(self, headers, base, joblist):
        created = web.post(joblist, headers=headers).headers["Location"]
        segment = created.rpartition("/")[2]

        assert created == f"{base}/vo/uws/quick/async/{segment}"
        listed = parse(web.get(joblist, headers=headers))
        assert created in xpath(listed, "uws:jobref/@xlink:href")
        answer = web.post(f"{joblist}/{segment}/phase", data={"PHASE": "ABORT"}, headers=headers)
        assert answer.headers["Location"] == created

    @pytest.mark.spec("U-141")
    def test_each_way_in_has_its_own_addresses(self, joblist):
        """Documents are kept once written: never the one for the neighbour."""
        job = create(joblist, NOTE="\x00")
        told = {}
        for host in ("a.example", "b.example", "a.example"):
            answer = web.get(job, headers={"X-Forwarded-Host": host, "X-Forwarded-Proto": "https"})
            told[host] = answer.headers["ETag"]
            (reference,) = xpath(parse(answer), "uws:parameters/uws:parameter")
            assert reference.text.startswith(f"https://{host}/vo/uws/")

        assert told["a.example"] != told["b.example"]


def test_a_change_made_through_one_name_shows_through_another(server, job):
    answer = web.post(f"{job}/phase", data={"PHASE": "ABORT"}, headers={"Host": "x.example"})

    assert answer.status_code == 303
    assert phase(job) == "ABORTED"
