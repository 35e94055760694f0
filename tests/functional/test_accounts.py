"""`uws-admin user` and `uws-admin token`: what they change, a running server knows at once."""

import io
import json
import stat

import pytest

from pyramid_uws.cli import main
from tests.support.http import Session, http
from tests.support.server import PROJECT, Server


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with Server(
        tmp_path_factory.mktemp("accounts"), settings={"uws.auth": "basic token"}, services=["quick"]
    ) as server:
        yield server


@pytest.fixture
def admin(site, monkeypatch, capsys):
    def admin(*words, password="", status=0):
        monkeypatch.setattr("sys.stdin", io.StringIO(password))
        try:
            code = main([str(site.ini), *words])
        except SystemExit as end:
            code = end.code
        told, complaints = capsys.readouterr()
        assert code == status, complaints
        return complaints if status else told

    return admin


def status_of(site, name, password):
    session = Session()
    session.auth = (name, password)
    return session.get(f"{site.url}/whoami").status_code


def test_a_user_is_added_changed_listed_and_removed(site, admin):
    admin("user", "add", "alice", "--group", "astro", password="a good one\n")
    assert status_of(site, "alice", "a good one") == 200
    assert stat.S_IMODE((site.var / "users").stat().st_mode) == 0o600

    admin("user", "passwd", "alice", password="a better one\n")
    assert status_of(site, "alice", "a good one") == 401
    assert status_of(site, "alice", "a better one") == 200
    assert json.loads(admin("user", "list", "--json")) == [{"name": "alice", "groups": ["astro"]}]

    token = admin("token", "create", "alice", "--note", "for a laptop").strip()
    session = Session()
    session.headers["Authorization"] = f"Bearer {token}"
    assert session.get(f"{site.url}/whoami").text == "alice"
    assert "for a laptop" in admin("token", "list")

    assert "tokens revoked: 1" in admin("user", "remove", "alice")
    assert status_of(site, "alice", "a better one") == 401
    assert session.get(f"{site.url}/whoami").status_code == 401
    assert http.get(f"{site.url}/whoami").text == ""


def test_a_token_is_revoked_by_its_id(site, admin):
    created = json.loads(admin("token", "create", "bob", "--days", "3", "--json"))
    assert "revoked" in admin("token", "revoke", created["id"])

    assert http.get(f"{site.url}/", headers={"Authorization": f"Bearer {created['token']}"}).status_code == 401
    assert "there is no such token" in admin("token", "revoke", created["id"], status=1)


def test_users_are_added_before_the_first_start(tmp_path, monkeypatch):
    var = tmp_path / "new" / "var"
    monkeypatch.setattr("sys.stdin", io.StringIO("long enough\n"))

    assert main([str(PROJECT / "production.ini"), f"var={var}", "user", "add", "alice"]) == 0

    assert stat.S_IMODE(var.stat().st_mode) == 0o700
    assert (var / "users").read_text().startswith("alice:")
    assert '"user_added"' in (var / "audit.jsonl").read_text()


def test_what_cannot_be_done_is_said(admin):
    assert "at least 8" in admin("user", "add", "carol", password="short\n", status=1)
    assert "NAME='group:x'" in admin("user", "add", "group:x", password="long enough\n", status=1)
    assert "no user nobody" in admin("user", "remove", "nobody", status=1)
    assert "wants a name" in admin("user", "add", status=2)
    assert "stands alone" in admin("user", "list", "alice", status=2)
    assert "carol" not in admin("user", "list")
