"""The site that docs/deploy.md makes: nginx with TLS in front of a real server, from the files of the example."""

import gc
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from pyvo.dal.tap import AsyncTAPJob
from requests.adapters import HTTPAdapter

from tests.support.accounts import bearer, password_of, write_users
from tests.support.frontage import Site, behind, held, secured
from tests.support.http import PATIENCE, create, http, job_document, parse, text, wait_for, wait_for_phase, xpath
from tests.support.nginx import EXAMPLES, NAME, NGINX, Nginx
from tests.support.server import HOST

pytestmark = [
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed (on Debian: apt-get install nginx-light)"),
    # pyvo leaves connections to the garbage collection, which is done where that is known.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

ESTABLISHED, CLOSE_WAIT = "01", "08"


@pytest.fixture(autouse=True)
def collected():
    yield
    gc.collect()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    server = Site(tmp_path_factory.mktemp("deployed"))
    write_users(server.var)
    with server:
        yield server


@pytest.fixture(scope="module")
def front(site, tmp_path_factory):
    with Nginx(tmp_path_factory.mktemp("nginx"), {"127.0.0.1:6543": f"{HOST}:{site.port}"}) as nginx:
        yield nginx


@pytest.fixture
def anybody(front):
    with behind(front) as session:
        yield session


@pytest.fixture
def alice(site, front):
    with behind(front) as session:
        session.headers.update(bearer(site.var, "alice"))
        yield session


def spelled(front, path):
    """Return the beginning of the answer at a path that is sent as it stands."""
    with held(front, path) as connection:
        return connection.recv(20)


def connections(port, *states):
    """Return the far ends of the connections to a port of this machine that are in one of these states."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[2] for row in rows if row[1].endswith(f":{port:04X}") and row[3] in states}


class From(HTTPAdapter):
    """Connections from another address of this machine."""

    def init_poolmanager(self, *args, **options):
        super().init_poolmanager(*args, **options, source_address=("127.0.0.2", 0))


class TestUrls:
    def test_those_that_clients_are_given_are_those_of_the_world(self, anybody, front, site):
        job = create(f"{front.url}/tap/async", session=anybody, QUERY="SELECT 1", PHASE="RUN")
        wait_for_phase(job, "COMPLETED", session=anybody)
        (href,) = xpath(job_document(job, session=anybody), "//uws:result/@xlink:href")

        assert job.startswith(f"{front.url}/tap/async/")
        assert href.startswith(f"{job}/results/")
        assert anybody.get(href).status_code == 200
        for document in ("", "/capabilities", "/tap", "/tap/capabilities", "/tap/openapi.json"):
            assert str(site.port) not in anybody.get(front.url + document).text, document

    @pytest.mark.spec("C-49")
    def test_http_leads_to_https_with_the_method_as_it_was(self, front):
        answer = http.post(f"http://{NAME}:{front.http_port}/tap/async?x=1")

        assert answer.status_code == 308
        assert answer.headers["Location"] == f"https://{NAME}/tap/async?x=1"

    @pytest.mark.spec("C-49")
    def test_redirects_keep_the_host_so_that_clients_keep_their_credentials(self, front, alice):
        with requests.Session() as session:
            session.trust_env, session.verify, session.headers = False, alice.verify, alice.headers
            created = session.post(f"{front.url}/tap/async", data={"QUERY": "SELECT 1"})
            ran = session.post(f"{created.url}/phase", data={"PHASE": "RUN"})
            answered = session.get(f"{front.url}/tap/sync", params={"QUERY": "SELECT 1"})
            deleted = session.delete(created.url)
        hops = [hop for last in (created, ran, answered, deleted) for hop in (*last.history, last)]

        assert len(hops) > 4
        assert {hop.request.headers["Authorization"] for hop in hops} == {alice.headers["Authorization"]}
        assert {hop.url[: len(front.url) + 1] for hop in hops} == {f"{front.url}/"}
        assert {hop.headers["X-VO-Authenticated"] for hop in hops} == {"alice"}

    def test_another_name_is_hung_up_on(self, front, anybody):
        with pytest.raises(OSError, match="Connection aborted"):
            anybody.get(f"https://{HOST}:{front.https_port}/")
        with pytest.raises(OSError, match="Connection aborted"):
            anybody.get(f"{front.url}/", headers={"Host": "evil.example"})

    def test_a_signed_link_is_one_of_the_world_and_works(self, front, alice, anybody):
        job = create(f"{front.url}/tap/async", session=alice, QUERY="SELECT 1", PHASE="RUN")
        wait_for_phase(job, "COMPLETED", session=alice)
        link = alice.get(f"{job}/results/result/link").text

        assert link.startswith(f"{job}/results/result?")
        assert anybody.get(f"{job}/results/result").status_code == 401
        assert anybody.get(link).status_code == 200

    def test_what_is_a_key_is_not_in_the_log_of_nginx(self, front, alice, anybody):
        job = create(f"{front.url}/tap/async", session=alice, QUERY="SELECT 1", PHASE="RUN")
        wait_for_phase(job, "COMPLETED", session=alice)
        link = alice.get(f"{job}/results/result/link").text
        share = alice.post(f"{job}/shares").text.strip()
        assert [anybody.get(url).status_code for url in (link, share)] == [200, 200]
        path = share.removeprefix(front.url).replace("~", "%7e")
        assert b" 200 " in spelled(front, path)
        identifier = job.rpartition("/")[2]
        wait_for(lambda: (front.folder / "uws.log").read_text().count(identifier) >= 5, what="the log")
        log = (front.folder / "uws.log").read_text()

        assert (
            not (front.folder / "access.log").exists()
            or identifier not in (front.folder / "access.log").read_text()
        )
        assert share.rpartition("~")[2] not in log
        assert "%7" not in log
        assert link.rpartition("?")[2] not in log
        assert "?" not in log

    def test_a_request_has_the_same_id_everywhere_which_no_client_chooses(self, site, front, alice):
        answer = alice.post(
            f"{front.url}/countdown/async", headers={"X-Request-ID": "made-up"}, allow_redirects=False
        )

        found = answer.headers["X-Request-ID"]
        assert len(found) == 32
        wait_for(lambda: found in (front.folder / "uws.log").read_text(), what="the log")
        acts = [json.loads(line) for line in (site.var / "audit.jsonl").read_text().splitlines()]
        assert [act["event"] for act in acts if act["request"] == found] == ["created"]


class TestWaiting:
    def test_who_waits_is_told_at_once(self, front, anybody):
        job = create(f"{front.url}/countdown/async", session=anybody, SECONDS="0.5", PHASE="RUN")
        wait_for_phase(job, "EXECUTING", "COMPLETED", session=anybody)
        began = time.monotonic()
        document = anybody.get(f"{job}?WAIT=60")

        assert text(parse(document), "uws:phase") == "COMPLETED"
        assert time.monotonic() - began < 30

    def test_a_client_that_has_gone_is_noticed(self, site, front, anybody):
        job = create(f"{front.url}/countdown/async", session=anybody)
        before = connections(site.port, ESTABLISHED)
        lines = [held(front, f"{job.removeprefix(front.url)}?WAIT=60") for _ in range(5)]
        wait_for(lambda: len(connections(site.port, ESTABLISHED)) >= 5, what="those who wait")
        for line in lines:
            line.close()

        wait_for(
            lambda: len(connections(site.port, ESTABLISHED, CLOSE_WAIT)) <= len(before),
            timeout=30,
            what="their end",
        )

    def test_one_connection_serves_requests_of_many(self, site, front):
        with behind(front) as first:
            first.get(f"{front.url}/")
        open_before = connections(site.port, ESTABLISHED)
        for _ in range(10):
            with behind(front) as another:
                assert another.get(f"{front.url}/").status_code == 200

        assert open_before
        assert connections(site.port, ESTABLISHED) == open_before


class TestBodies:
    def test_fifty_megabytes_arrive(self, front, anybody):
        size = 50_000_000
        job = create(
            f"{front.url}/tap/async",
            session=anybody,
            files={"table": bytes(size)},
            QUERY="SELECT 1",
            UPLOAD="mine,param:table",
            PHASE="RUN",
        )
        wait_for_phase(job, "COMPLETED", session=anybody)

        assert f"<TD>{size}</TD>" in anybody.get(f"{job}/results/result").text

    def test_what_is_too_large_is_refused_before_it_has_come(self, front):
        head = f"POST /tap/async HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 300000000\r\n\r\n"
        with secured(front) as connection:
            connection.sendall(head.encode())
            answer = connection.recv(65536).decode()
            while not answer.endswith("takes.\n"):
                answer += connection.recv(65536).decode()

        assert answer.startswith("HTTP/1.1 413 ")
        assert "<html>" not in answer


class TestTrust:
    def test_the_cookie_is_for_https_only(self, front, anybody):
        form = {"username": "alice", "password": password_of("alice")}
        cookie = anybody.post(f"{front.url}/login", data=form).headers["Set-Cookie"]

        assert {"secure", "httponly", "samesite=lax"} <= set(cookie.lower().split("; "))

    def test_addresses_are_those_of_the_clients_and_not_what_these_say(self, front, anybody):
        statuses = [
            anybody.get(
                f"{front.url}/", auth=("mallory", "?"), headers={"X-Forwarded-For": f"192.0.2.{n}"}
            ).status_code
            for n in range(12)
        ]
        with behind(front) as elsewhere:
            elsewhere.mount("https://", From())
            other = elsewhere.get(f"{front.url}/", auth=("trudy", "?")).status_code
        here = anybody.get(f"{front.url}/", auth=("trudy", "?")).status_code

        assert (statuses[0], statuses[-1], here, other) == (401, 429, 429, 401)

    @pytest.mark.parametrize("header", ["X-Remote-User", "X-Remote-Groups", "Forwarded"])
    def test_nobody_names_himself(self, header, front, anybody):
        answer = anybody.get(f"{front.url}/whoami", headers={header: "host=evil.example;for=root"})

        assert (answer.status_code, answer.text) == (200, "")

    def test_metrics_are_for_this_machine(self, front):
        with behind(front) as elsewhere:
            elsewhere.mount("https://", From())

            assert elsewhere.get(f"{front.url}/metrics").status_code == 403

    def test_answers_have_the_headers_that_keep_browsers_on_guard(self, front, anybody):
        for path in ("/", "/no/such/thing", "/tap/async/nothing/results/x"):
            headers = anybody.get(front.url + path).headers

            assert headers["Strict-Transport-Security"].startswith("max-age=")
            assert headers["X-Content-Type-Options"] == "nosniff"


def test_pyvo_runs_a_job_from_beginning_to_end(front, alice):
    with requests.Session() as session:
        session.trust_env, session.verify, session.headers = False, alice.verify, alice.headers
        job = AsyncTAPJob.create(f"{front.url}/tap", "SELECT 1", session=session)
        job.run()
        job.wait(timeout=PATIENCE)

        assert (job.phase, job.owner) == ("COMPLETED", "alice")
        assert job.url.startswith(front.url)
        assert len(job.fetch_result()) == 1
        job.delete()


def test_jobs_go_on_while_the_server_is_started_anew(site, front, anybody):
    job = create(f"{front.url}/countdown/async", session=anybody, SECONDS="3", PHASE="RUN")
    wait_for_phase(job, "EXECUTING", session=anybody)
    started = text(job_document(job, session=anybody), "uws:startTime")
    site.stop()
    during = anybody.get(job)
    site.start()
    wait_for_phase(job, "COMPLETED", session=anybody)

    assert (during.status_code, during.headers["Retry-After"]) == (503, "5")
    assert text(job_document(job, session=anybody), "uws:startTime") == started


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("name", sorted(unit.name for unit in EXAMPLES.glob("*.service")))
def test_a_unit_is_one_and_shuts_the_service_in(name, tmp_path):
    unit = tmp_path / name
    unit.write_text(
        (EXAMPLES / name).read_text().replace("/srv/uws/current/bin", str(Path(sys.executable).parent))
    )
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    security = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=25", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (verified.returncode, verified.stderr) == (0, "")
    assert security.returncode == 0, security.stdout
