"""The site that we ship to begin with, as it is: safe before anybody has thought about it."""

import configparser
from pathlib import Path

import pytest

from tests.support import wire
from tests.support.accounts import password_of, write_users
from tests.support.http import create, http, parse, wait_for_phase, xpath
from tests.support.server import PROJECT, Server
from tests.support.traces import open_to_others


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """It, with one service, in a folder that everybody may look into."""
    server = Server(tmp_path_factory.mktemp("production"), services=["failing"])
    ours = configparser.RawConfigParser()
    ours.read(server.ini)
    ini = (PROJECT / "production.ini").read_text()
    assert "http_port = 6543\n" in ini
    ini = ini.replace("http_port = 6543\n", f"http_port = {server.port}\n")
    section = "uws:service:failing"
    keys = "".join(f"{key} = {value}\n" for key, value in ours[section].items())
    server.ini.write_text(f"{ini}\n[{section}]\n{keys}")
    server.var.mkdir(mode=0o755)
    with server:
        yield server


def listening(pid):
    """Yield the addresses at which a process takes connections."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        target = str(link.readlink())
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                yield fields[1].partition(":")[0]


def test_it_is_reached_from_this_machine_only(site):
    assert set(listening(site.process.pid)) == {"0100007F"}


def test_nobody_sees_the_jobs_of_others_and_errors_tell_nothing_of_the_program(site):
    job = create(site.joblist("failing"), PHASE="RUN")
    wait_for_phase(job, "ERROR")

    assert not xpath(parse(http.get(site.joblist("failing"))), "uws:jobref")
    assert "Traceback" not in http.get(f"{job}/error").text
    assert "Traceback" not in http.get(job).text


def test_who_cannot_be_believed_is_refused_and_nobody_is_a_user_yet(site):
    assert http.get(f"{site.url}/", auth=("admin", "admin")).status_code == 401
    assert not (site.var / "users").exists()


ON_GUARD = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"}


def test_every_answer_keeps_browsers_on_guard_those_to_nonsense_too(site):
    bomb = wire.request("GET", site.url, [("X", "a" * 300_000)])
    answers = {
        200: http.get(f"{site.url}/"),
        303: http.post(site.joblist("failing")),
        400: http.get(f"{site.url}/", headers={"Host": "no host"}),
        401: http.get(f"{site.url}/", auth=("admin", "admin")),
        404: http.get(f"{site.url}/nothing/here"),
        405: http.patch(site.joblist("failing")),
    }

    assert {status: answer.status_code for status, answer in answers.items()} == {s: s for s in answers}
    assert all(ON_GUARD.items() <= dict(answer.headers).items() for answer in answers.values())
    assert wire.status(bomb) == 431
    assert {name: wire.header(bomb, name) for name in ON_GUARD} == ON_GUARD


def test_a_cookie_is_for_this_site_and_for_no_script(site):
    """Behind TLS it is for TLS only: tests/functional/test_deploy.py."""
    write_users(site.var)
    form = {"username": "alice", "password": password_of("alice")}
    try:
        cookie = http.post(f"{site.url}/login", data=form).headers["Set-Cookie"].lower().split("; ")
    finally:
        (site.var / "users").unlink()

    assert {"httponly", "samesite=lax"} <= set(cookie)


@pytest.mark.parametrize(
    "headers",
    [{"X-Forwarded-Host": "evil.example"}, {"X-Remote-User": "root"}, {"X-Forwarded-Proto": "https"}],
    ids=str,
)
def test_no_header_of_a_proxy_is_believed(headers, site):
    assert http.post(site.joblist("failing"), headers=headers).headers["Location"].startswith(site.url)
    assert http.get(f"{site.url}/whoami", headers=headers).text == ""


def test_what_it_writes_is_for_its_user_alone(site):
    create(site.joblist("failing"))

    assert (site.var / "uws.fs").exists()
    assert open_to_others(site.var) == []
