"""docs/examples/deploy/nginx-login.conf: /uws, by a Unix socket, with people named by oauth2-proxy."""

import contextlib
from pathlib import Path

import pytest

from tests.support.accounts import bearer, write_users
from tests.support.frontage import Site, behind, gatekeeper, held
from tests.support.http import create, parse, text, wait_for
from tests.support.nginx import NGINX, Nginx
from tests.support.server import HOST

pytestmark = pytest.mark.skipif(
    NGINX is None, reason="nginx is not installed (on Debian: apt-get install nginx-light)"
)

#: What the snippet takes the place of.
LOCATION = """    location / {
        proxy_pass http://uws;
    }
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("below")
    server = {
        "host": None,
        "get port": None,
        "unix_socket": str(folder.resolve() / "http.sock"),
        "unix_socket_perms": "660",
        "trusted_proxy": "localhost",
        "url_prefix": "/uws",
    }
    auth = {
        "uws.auth": "proxy basic token",
        "uws.auth.proxy.addresses": "unix",
        "uws.auth.proxy.groups_header": "X-Remote-Groups",
    }
    site = Site(folder, {"server:main": server, "app:main": auth})
    write_users(site.var)
    with site:
        yield site


@pytest.fixture(scope="module")
def front(site, tmp_path_factory):
    with gatekeeper() as port:
        changes = {
            "server 127.0.0.1:6543;": f"server unix:{site.socket};",
            "127.0.0.1:4180": f"{HOST}:{port}",
            LOCATION: "    include snippets/nginx-login.conf;\n",
        }
        with Nginx(tmp_path_factory.mktemp("nginx"), changes) as nginx:
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


def test_who_has_logged_in_there_owns_the_jobs(front, anybody):
    cookie = {"Cookie": "_oauth2_proxy=dora"}
    answer = anybody.post(f"{front.url}/uws/tap/async", data={"QUERY": "SELECT 1"}, headers=cookie)
    job = answer.headers["Location"]

    assert job.startswith(f"{front.url}/uws/tap/async/")
    assert text(parse(anybody.get(job, headers=cookie)), "uws:ownerId") == "dora"
    assert anybody.get(job).status_code == 401
    told = anybody.get(f"{front.url}/uws/whoami", headers=cookie | {"Accept": "application/json"}).json()
    assert (told["user"], told["groups"], told["scheme"]) == ("dora", ["astro", "readers"], "proxy")


def test_others_come_by_token_or_as_nobody(front, alice, anybody):
    assert alice.get(f"{front.url}/uws/whoami").text.strip() == "alice"
    assert anybody.get(f"{front.url}/uws/whoami", headers={"X-Remote-User": "root"}).text == ""
    assert anybody.post(f"{front.url}/uws/tap/async", data={"QUERY": "SELECT 1"}).status_code == 303


def test_the_socket_is_not_for_others_on_the_machine(site):
    assert site.socket.stat().st_mode & 0o007 == 0


def test_a_client_that_has_gone_is_noticed_there_too(site, front, anybody):
    job = create(f"{front.url}/uws/countdown/async", session=anybody)
    path = job.removeprefix(front.url)
    before = len(opened(site))
    lines = [held(front, f"{path}?WAIT=60") for _ in range(5)]
    wait_for(lambda: len(opened(site)) >= before + 4, what="those who wait")
    for line in lines:
        line.close()

    wait_for(lambda: len(opened(site)) <= before, timeout=30, what="their end")


def opened(site):
    """Return the sockets that a server has open."""
    links = list(Path(f"/proc/{site.process.pid}/fd").iterdir())
    found = set()
    for link in links:
        with contextlib.suppress(FileNotFoundError):
            found.add(str(link.readlink()))
    return {target for target in found if target.startswith("socket:")}
