"""The keys of an issuer: fetched when needed, kept when they cannot be fetched."""

import json

import pytest

from pyramid_uws.auth import keyset
from pyramid_uws.auth.keyset import Keyset, fetch_json
from pyramid_uws.exceptions import Overloaded, UWSError
from tests.support.accounts import Issuer, serving


@pytest.fixture
def issuer():
    issuer = Issuer()
    issuer.url = "https://idp.example"
    return issuer


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(keyset.time, "monotonic", lambda: now[0])
    return now


def asking(issuer):
    return Keyset(issuer.url, "", lambda url: issuer.answer(url.removeprefix(issuer.url)))


def test_keys_are_discovered_and_fetched_once(issuer, clock):
    keys = asking(issuer)

    assert keys.key("first").key_id == "first"
    assert keys.key("first") is keys.key(None)
    assert issuer.asked == ["/.well-known/openid-configuration", "/keys"]


def test_an_unknown_key_is_looked_for_but_not_all_the_time(issuer, clock):
    keys = asking(issuer)
    keys.key("first")
    issuer.add_key("second")

    assert keys.key("second") is None
    clock[0] += keyset.PAUSE_SECONDS
    assert keys.key("second").key_id == "second"


def test_old_keys_go(issuer, clock):
    keys = asking(issuer)
    keys.key("first")
    issuer.keys.clear()
    issuer.add_key("second")
    clock[0] += keyset.FRESH_SECONDS + 1

    assert keys.key("first") is None


def test_what_was_known_is_used_while_the_issuer_is_away(issuer, clock):
    keys = asking(issuer)
    keys.key("first")
    issuer.answer = lambda _: (_ for _ in ()).throw(OSError("away"))
    clock[0] += keyset.FRESH_SECONDS + 1

    assert keys.key("first").key_id == "first"


@pytest.mark.parametrize("answer", [None, {}, {"issuer": "https://other.example", "jwks_uri": "x"}, {"keys": []}])
def test_without_any_keys_nobody_can_be_believed_or_refused(answer, issuer, clock):
    issuer.answer = lambda _: answer

    with pytest.raises(Overloaded):
        asking(issuer).key("first")


def test_keys_may_be_in_a_file(issuer, tmp_path):
    (tmp_path / "jwks.json").write_text(json.dumps(issuer.jwks()))

    assert Keyset(issuer.url, str(tmp_path / "jwks.json")).key("first").key_id == "first"


@pytest.mark.parametrize(
    "place", ["http://idp.example/keys", "file:///etc/passwd", "ftp://idp.example/keys", "data:,x"]
)
def test_keys_come_by_https_only(place):
    with pytest.raises(UWSError, match="no https URL"):
        fetch_json(place)


def test_on_this_machine_http_will_do():
    with serving(Issuer()) as issuer:
        assert fetch_json(f"{issuer.url}/keys") == issuer.jwks()


def test_what_is_too_large_is_not_read(monkeypatch):
    monkeypatch.setattr(keyset, "LARGEST", 10)
    with serving(Issuer()) as issuer, pytest.raises(UWSError, match="larger"):
        fetch_json(f"{issuer.url}/keys")
