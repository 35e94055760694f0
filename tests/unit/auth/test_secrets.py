"""Tokens, tickets and the key that signs; names and settings."""

import stat
import time

import pytest
from pyramid.exceptions import ConfigurationError

from pyramid_uws.auth.identity import Identity
from pyramid_uws.auth.keys import read_auth_settings
from pyramid_uws.auth.signing import Signer, Tickets, read_secret
from pyramid_uws.auth.stacked import make_policy
from pyramid_uws.auth.tokens import MOST_TOKENS, Tokens, parse
from pyramid_uws.auth.users import Users
from pyramid_uws.exceptions import BadCredentials, BadValue, UWSError
from tests.support.accounts import write_users


@pytest.fixture
def users(tmp_path):
    write_users(tmp_path)
    return Users(tmp_path / "users")


@pytest.fixture
def tokens(tmp_path, users):
    return Tokens(tmp_path / "tokens", users)


class TestTokens:
    def test_it_says_whose_it_is_with_the_groups_of_today(self, tokens):
        _, text = tokens.create("carol")

        assert tokens.identity(text, "token") == Identity("carol", frozenset({"readers"}), "token")

    def test_only_a_hash_is_kept(self, tokens, tmp_path):
        token_id, text = tokens.create("carol", "laptop")

        kept = (tmp_path / "tokens").read_text()
        assert token_id in kept
        assert text.removeprefix(f"uws_{token_id}_") not in kept
        assert stat.S_IMODE((tmp_path / "tokens").stat().st_mode) == 0o600

    def test_another_secret_another_id_or_another_time_is_refused(self, tokens):
        first, text = tokens.create("carol")
        second, _ = tokens.create("carol")
        _, old = tokens.create("carol", days=-1)

        for wrong in (text + "x", text[:-1], text.replace(first, second), "uws_", "uws__", f"uws_{first}_", old):
            with pytest.raises(BadCredentials):
                tokens.identity(wrong, "token")

    def test_a_revoked_one_is_refused(self, tokens):
        token_id, text = tokens.create("carol")

        with pytest.raises(BadValue):
            tokens.revoke(token_id, "bob")
        tokens.revoke(token_id, "carol")

        with pytest.raises(BadCredentials):
            tokens.identity(text, "token")
        with pytest.raises(BadValue, match="no such token"):
            tokens.revoke(token_id)

    def test_they_are_so_many_and_old_ones_do_not_count(self, tokens):
        tokens.create("bob")
        tokens.create("carol", days=-1)
        for _ in range(MOST_TOKENS):
            tokens.create("carol")

        with pytest.raises(UWSError, match="already"):
            tokens.create("carol")
        assert tokens.revoke_all("carol") == MOST_TOKENS
        assert [token.owner for token in tokens.of()] == ["bob"]

    @pytest.mark.parametrize(
        ("owner", "note"), [("", ""), ("group:x", ""), ("a\n", ""), ("a", "b\n"), ("a", "b" * 201)]
    )
    def test_odd_names_and_notes_are_refused(self, owner, note, tokens):
        with pytest.raises(BadValue):
            tokens.create(owner, note)

    @pytest.mark.parametrize("line", ["x", "[]", "{}", '{"token_id": 1}', "5"])
    def test_a_broken_file_is_an_error(self, line):
        with pytest.raises(UWSError, match="cannot be read"):
            parse([line])


class TestSecret:
    def test_it_is_made_once_for_the_user_alone(self, tmp_path):
        secret = read_secret(tmp_path / "a" / "secret")

        assert len(secret) == 64
        assert read_secret(tmp_path / "a" / "secret") == secret
        assert read_secret(tmp_path / "secret") != secret
        assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
        assert [path.name for path in (tmp_path / "a").iterdir()] == ["secret"]

    def test_one_that_is_too_short_is_refused(self, tmp_path):
        (tmp_path / "secret").write_text("guess me\n")

        with pytest.raises(UWSError, match="no key"):
            read_secret(tmp_path / "secret")


class TestSigner:
    def test_what_was_signed_can_be_read_for_its_purpose_until_its_time_is_up(self):
        signer = Signer(b"s" * 32, "purpose")
        signed = signer.sign(["x"], int(time.time()) + 60)

        assert signer.read(signed) == ["x"]
        for other in (Signer(b"s" * 32, "else"), Signer(b"t" * 32, "purpose")):
            with pytest.raises(ValueError, match="signature"):
                other.read(signed)
        with pytest.raises(ValueError, match="time"):
            signer.read(signer.sign(["x"], int(time.time()) - 1))

    @pytest.mark.parametrize("text", ["", "x", "é", "x" * 3000, "AAAA" * 40, "\x00", "💥"])
    def test_anything_else_is_refused(self, text):
        with pytest.raises(ValueError, match=r"."):
            Signer(b"s" * 32, "purpose").read(text)


class TestTickets:
    def test_it_is_worth_nothing_without_its_user_or_with_another_password(self, users):
        tickets = Tickets(b"s" * 32, users, 60)
        ticket, other = (tickets.issue(users.all()[name]) for name in ("alice", "bob"))
        assert tickets.identity(ticket, "cookie", is_ambient=True).userid == "alice"

        users.change_password("alice", "another one")
        users.remove("bob")

        for each in (ticket, other, ticket[:-2], ""):
            with pytest.raises(BadCredentials):
                tickets.identity(each, "cookie", is_ambient=True)


class TestSettings:
    def test_by_default_nobody_logs_in(self):
        assert read_auth_settings({}).schemes == ()

    @pytest.mark.parametrize(
        ("ini", "message"),
        [
            ({"uws.auth": "jwt"}, "issuer and .audience are needed"),
            ({"uws.auth": "proxy"}, "addresses are needed"),
            ({"uws.auth.nonesuch": "1"}, "unknown setting uws.auth.nonesuch"),
            ({"uws.auth.proxy.addresses": "10.0.0.1/8"}, "uws.auth.proxy.addresses = 10.0.0.1/8"),
            ({"uws.auth.jwt.algorithms": "HS256"}, "uws.auth.jwt.algorithms = HS256"),
            ({"uws.auth.jwt.algorithms": "none"}, "uws.auth.jwt.algorithms = none"),
            ({"uws.auth.realm": 'a"b'}, "uws.auth.realm"),
        ],
        ids=str,
    )
    def test_what_makes_no_sense_stops_the_server(self, ini, message):
        with pytest.raises(ConfigurationError, match=message):
            read_auth_settings(ini)

    @pytest.mark.parametrize("name", ["digest", "no.such:thing", "pyramid_uws.auth.schemes:Nonesuch"])
    def test_a_scheme_that_is_not_there_is_named(self, name, tmp_path):
        with pytest.raises(ConfigurationError, match=name):
            make_policy(read_auth_settings({"uws.auth": name, "uws.var": str(tmp_path)}))

    def test_a_scheme_of_ones_own_has_a_dotted_name(self, tmp_path):
        ini = {"uws.auth": "pyramid_uws.auth.schemes:Basic", "uws.var": str(tmp_path)}

        assert make_policy(read_auth_settings(ini)).has("basic")
