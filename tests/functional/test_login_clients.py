"""How clients log in: pyvo's AuthSession, and what TOPCAT and STILTS do, played back and by STILTS itself."""

import gc
import re
import shutil
import subprocess
import time
from io import BytesIO

import pytest
import requests
from pyvo.auth import AuthSession
from pyvo.dal import TAPService
from pyvo.dal.tap import AsyncTAPJob
from pyvo.io.vosi import parse_capabilities

from tests.support import pseudotap
from tests.support.accounts import bearer, password_of, write_users
from tests.support.http import Session, http
from tests.support.server import Server

pytestmark = [
    # pyvo does not know the parameters of an interface, and says so.
    pytest.mark.filterwarnings("ignore::pyvo.utils.xml.exceptions.UnknownElementWarning"),
    # It leaves connections to the garbage collection, which is done where that is known.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

STILTS = shutil.which("stilts")


@pytest.fixture(autouse=True)
def collected():
    yield
    gc.collect()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server with a service that passes for TAP and is for users only."""
    server = Server(
        tmp_path_factory.mktemp("clients"),
        settings={"uws.auth": "basic token cookie"},
        services=[],
        sections={
            "uws:service:tap": pseudotap.SERVICE | {"may_see": "users"},
            "uws:service:open": pseudotap.SERVICE,
        },
    )
    write_users(server.var)
    with server:
        yield server


def read_challenge(text):
    """Read a challenge as starjava's `Challenge` does: a scheme, and parameters in quotes."""
    scheme, _, rest = text.partition(" ")
    return scheme, dict(re.findall(r'(\w+)="([^"]*)"', rest))


class TestTopcat:
    """`AuthManager`: HEAD of the capabilities, a challenge that is understood, a login, and the same again."""

    @pytest.mark.spec("A-02", "A-07", "C-45", "C-46")
    @pytest.mark.parametrize(("service", "status"), [("open", 200), ("tap", 401)])
    def test_it_learns_how_to_log_in(self, service, status, site):
        answer = http.head(f"{site.url}/{service}/capabilities")
        challenges = [read_challenge(text) for text in answer.raw.headers.getlist("WWW-Authenticate")]

        assert answer.status_code == status
        assert [scheme for scheme, _ in challenges] == ["Basic", "Bearer", "ivoa_bearer", "ivoa_cookie"]
        for scheme, parameters in challenges:
            if scheme.startswith("ivoa_"):
                assert set(parameters) == {"standard_id", "access_url"}

    @pytest.mark.spec("A-04", "A-05", "A-06", "C-46", "C-48")
    @pytest.mark.parametrize("wanted", ["ivoa_bearer", "ivoa_cookie"])
    def test_it_logs_in_by_the_ways_of_the_ivoa(self, wanted, site):
        answer = http.head(f"{site.url}/tap/capabilities")
        challenges = dict(map(read_challenge, answer.raw.headers.getlist("WWW-Authenticate")))
        assert challenges[wanted]["standard_id"] == "ivo://ivoa.net/sso#tls-with-password"

        form = {"username": "alice", "password": password_of("alice")}
        login = Session().post(challenges[wanted]["access_url"], data=form)
        session = Session()
        if wanted == "ivoa_bearer":
            session.headers["Authorization"] = f"Bearer {login.headers['x-vo-bearer']}"
        else:
            session.headers["Cookie"] = login.headers["Set-Cookie"].partition(";")[0]

        again = session.head(f"{site.url}/tap/capabilities")
        assert (login.status_code, again.status_code) == (200, 200)
        assert again.headers["X-VO-Authenticated"] == "alice"
        assert session.post(f"{site.url}/tap/async", data={"QUERY": "SELECT 1"}).status_code == 303

    @pytest.mark.spec("A-05")
    def test_it_is_told_when_the_password_is_wrong(self, site):
        form = {"username": "alice", "password": "wrong"}

        assert Session().post(f"{site.url}/login", data=form).status_code == 401

    @pytest.mark.spec("C-46", "C-47")
    @pytest.mark.skipif(STILTS is None, reason="stilts is not installed")
    def test_stilts_itself_logs_in_for_a_query(self, site):
        properties = ["-Dstar.basicauth.user=alice", f"-Dstar.basicauth.password={password_of('alice')}"]
        query = ["tapquery", f"tapurl={site.url}/tap", "sync=false", "parse=false", "adql=SELECT 1", "ofmt=csv"]

        without = subprocess.run([STILTS, *query], capture_output=True, text=True, timeout=120, check=False)
        done = subprocess.run(
            [STILTS, *properties, *query], capture_output=True, text=True, timeout=120, check=False
        )

        assert without.returncode != 0
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[0] == "n,upload_bytes"


class TestPyvo:
    @pytest.fixture(params=["password", "token"])
    def session(self, request, site):
        """An AuthSession that knows the ways in from the capabilities."""
        session = AuthSession()
        if request.param == "password":
            session.credentials.set_password("alice", password_of("alice"))
        else:
            by_token = requests.Session()
            by_token.headers.update(bearer(site.var, "alice"))
            session.credentials.set("ivo://ivoa.net/sso#OAuth", by_token)
        answer = http.get(f"{site.url}/tap/capabilities")  # which is 401, and tells all the same
        session.update_from_capabilities(parse_capabilities(BytesIO(answer.content)))
        yield session
        for each in session.credentials.credentials.values():
            each.close()

    @pytest.mark.spec("A-03", "A-09", "C-47")
    def test_a_job_is_run_from_beginning_to_end(self, session, site):
        job = AsyncTAPJob.create(f"{site.url}/tap", "SELECT 1", session=session)
        job.run()
        deadline = time.monotonic() + 60
        while job.phase != "COMPLETED" and time.monotonic() < deadline:
            time.sleep(0.1)

        assert job.phase == "COMPLETED"
        assert job.owner == "alice"
        assert len(job.fetch_result()) == 1
        job.delete()


def test_a_tap_service_of_pyvo_reads_open_capabilities(site):
    with requests.Session() as session:
        session.trust_env = False
        session.headers.update(bearer(site.var, "alice"))

        assert TAPService(f"{site.url}/tap", session=session).capabilities
