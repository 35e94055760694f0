"""Secrets: in no log, no document, no database, no command line and no process of a job; files are private."""

import contextlib
import os
import stat
from pathlib import Path

import pytest

from tests.support.accounts import password_of
from tests.support.http import Session, create, http, wait_for_phase
from tests.support.traces import containing, open_to_others


@pytest.fixture(scope="module")
def secrets_used(fortress, alice, token, ended):
    """Log in by all ways, well and badly, share a job; return all that was secret in this."""
    form = {"username": "alice", "password": password_of("alice")}
    answer = Session().post(f"{fortress.url}/login", data=form)
    Session().post(f"{fortress.url}/login", data=form | {"password": "a wrong guess"})
    Session().get(ended, auth=("alice", "a wrong guess"))
    http.get(ended, headers={"Authorization": "Bearer uws_wrong_guess"})
    cookie = answer.headers["Set-Cookie"].partition(";")[0].partition("=")[2]
    http.get(ended, headers={"Cookie": f"uws_ticket={cookie}"})
    link = alice.post(f"{ended}/shares").text
    http.get(link)
    http.get(f"{link}/nonesuch")
    secret = (fortress.var / "secret").read_text()
    return [password_of("alice"), "a wrong guess", "wrong_guess", cookie, token, link.rpartition("~")[2], secret]


def test_they_are_in_no_log(secrets_used, fortress):
    assert [secret for secret in secrets_used if secret in fortress.log] == []


def test_they_are_in_no_file_of_the_site_but_their_own(secrets_used, fortress):
    found = containing(fortress.var, *secrets_used)

    assert [(name, secret) for name, secret in found if name != "secret"] == []
    assert ("secret", secrets_used[-1]) in found


def test_they_are_in_no_document(secrets_used, fortress, ended, alice):
    for url in (
        ended,
        f"{ended}/parameters",
        f"{ended}/shares",
        fortress.joblist("failing"),
        f"{fortress.url}/tokens",
    ):
        text = alice.get(url).text
        assert [secret for secret in secrets_used if secret in text] == [], url


def test_they_are_in_no_process_of_a_job(secrets_used, fortress, alice):
    job = create(fortress.joblist("sleeper"), session=alice, SECONDS=30, PHASE="RUN")
    wait_for_phase(job, "EXECUTING", session=alice)
    told = b""
    for pid in fortress.descendants():
        for name in ("cmdline", "environ"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                told += Path(f"/proc/{pid}/{name}").read_bytes()
    alice.delete(job)

    assert told
    assert [secret for secret in secrets_used if secret.encode() in told] == []


def test_everything_is_for_the_servers_user_alone(secrets_used, fortress):
    assert stat.S_IMODE(fortress.var.stat().st_mode) == 0o700
    assert open_to_others(fortress.var) == []
    assert os.access(fortress.var / "secret", os.R_OK)
