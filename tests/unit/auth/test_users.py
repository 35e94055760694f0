"""The file of users, and checking their passwords."""

import os
import stat
import threading
import time

import pytest

from pyramid_uws.auth import passwords
from pyramid_uws.auth.passwords import Passwords
from pyramid_uws.auth.throttle import Throttle, key_of_address
from pyramid_uws.auth.users import Users, parse
from pyramid_uws.exceptions import BadCredentials, BadValue, TooMany, UWSError
from tests.support.accounts import password_of, write_users

ADDRESS = "192.0.2.1"


@pytest.fixture
def users(tmp_path):
    write_users(tmp_path)
    return Users(tmp_path / "users")


@pytest.fixture
def checking(users):
    return Passwords(users, Throttle(3, 60))


class TestFile:
    def test_what_was_added_is_there(self, tmp_path, costly):
        users = Users(tmp_path / "users")

        users.add("alice", "long enough", ["astro", "ops"])

        assert users.all()["alice"].groups == {"astro", "ops"}
        assert users.all()["alice"].hash.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
        assert "long enough" not in (tmp_path / "users").read_text()

    def test_it_is_for_its_user_alone_whatever_it_was(self, users, tmp_path):
        (tmp_path / "users").chmod(0o644)

        users.remove("bob")

        assert stat.S_IMODE((tmp_path / "users").stat().st_mode) == 0o600
        assert sorted(users.all()) == ["alice", "carol", "root"]

    def test_comments_and_the_lines_of_others_stay(self, users, tmp_path):
        file = tmp_path / "users"
        file.write_text("# mine\n" + file.read_text())
        before = file.read_text().splitlines()

        users.change_password("bob", "another one")

        after = file.read_text().splitlines()
        assert [line for line in before if line not in after] == [before[2]]
        assert after[0] == "# mine"

    @pytest.mark.parametrize("name", ["", "a:b", "group:x", ".x", "a b", "a\n", "a" * 101, "Zoë", "-x"])
    def test_a_name_that_could_be_something_else_is_refused(self, name, users, tmp_path):
        before = (tmp_path / "users").read_bytes()

        with pytest.raises(BadValue, match="NAME"):
            users.add(name, "long enough", [])

        assert (tmp_path / "users").read_bytes() == before

    @pytest.mark.parametrize("password", ["", "1234567", "x" * 1025, "é" * 600])
    def test_a_password_is_neither_too_short_nor_too_long(self, password, users):
        with pytest.raises(UWSError, match="at least 8"):
            users.add("dora", password, [])

    def test_nobody_is_there_twice_and_who_is_not_there_is_not_changed(self, users):
        with pytest.raises(UWSError, match="already"):
            users.add("bob", "long enough", [])
        for change in (lambda: users.remove("dora"), lambda: users.change_password("dora", "long enough")):
            with pytest.raises(UWSError, match="no user dora"):
                change()

    @pytest.mark.parametrize("line", ["alice", "alice:x:", ":$argon2id$x:", "bob:$argon2id$x:\nbob:$argon2id$y:"])
    def test_a_broken_file_is_an_error_that_quotes_nothing(self, line):
        with pytest.raises(UWSError, match=r"line [12] of the file of users") as raised:
            parse(line.splitlines())

        assert "$argon2id$x" not in raised.value.message

    def test_two_who_change_it_at_once_lose_nothing(self, tmp_path):
        names = [f"user{number}" for number in range(6)]

        threads = [
            threading.Thread(target=Users(tmp_path / "users").add, args=(name, "long enough", []))
            for name in names
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(Users(tmp_path / "users").all()) == names

    def test_a_write_that_fails_leaves_the_file_as_it_was(self, users, tmp_path, monkeypatch):
        before = (tmp_path / "users").read_bytes()
        monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left")))

        with pytest.raises(OSError, match="No space"):
            users.remove("bob")

        assert (tmp_path / "users").read_bytes() == before
        assert sorted(path.name for path in tmp_path.iterdir()) == [".users.lock", "users"]


class TestPasswords:
    def test_the_right_one_is_taken(self, checking):
        assert checking.check("alice", password_of("alice"), ADDRESS).name == "alice"

    @pytest.mark.parametrize(
        ("name", "password"),
        [("alice", "wrong"), ("alice", ""), ("nobody", "x"), ("", ""), ("alice", "x" * 5000)],
        ids=["wrong", "empty", "unknown", "nothing", "long"],
    )
    def test_others_are_not(self, name, password, checking):
        with pytest.raises(BadCredentials, match=r"^User name or password are wrong"):
            checking.check(name, password, ADDRESS)

    def test_an_unknown_user_costs_what_a_known_one_costs(self, users, monkeypatch, costly):
        users.change_password("alice", "as the real ones")
        checking = Passwords(users, Throttle(100, 60))
        verified = []
        verify = checking._hasher.verify

        class Counting:
            def verify(self, hashed, password):
                verified.append(hashed.split("$")[:4])
                return verify(hashed, password)

        monkeypatch.setattr(checking, "_hasher", Counting())
        for name in ("alice", "nobody"):
            with pytest.raises(BadCredentials):
                checking.check(name, "wrong", ADDRESS)

        assert verified[0] == verified[1]

    def test_what_was_right_of_late_is_not_verified_again(self, checking, monkeypatch):
        checking.check("alice", password_of("alice"), ADDRESS)
        monkeypatch.setattr(checking, "_fits", None)

        assert checking.check("alice", password_of("alice"), ADDRESS).name == "alice"

    def test_but_it_is_when_the_file_has_changed_or_time_has_passed(self, checking, users, monkeypatch):
        checking.check("alice", password_of("alice"), ADDRESS)
        checking.check("bob", password_of("bob"), ADDRESS)
        users.change_password("alice", "another one")
        users.remove("bob")

        for name in ("alice", "bob"):
            with pytest.raises(BadCredentials):
                checking.check(name, password_of(name), ADDRESS)
        checking.check("carol", password_of("carol"), ADDRESS)
        late = time.monotonic() + passwords.KNOWN_SECONDS
        monkeypatch.setattr(passwords.time, "monotonic", lambda: late)
        monkeypatch.setattr(checking, "_fits", lambda *_: False)
        with pytest.raises(BadCredentials):
            checking.check("carol", password_of("carol"), ADDRESS)

    def test_no_password_is_kept(self, checking):
        checking.check("alice", password_of("alice"), ADDRESS)

        assert password_of("alice") not in repr(vars(checking))

    def test_too_many_failures_end_it_for_the_user_and_for_the_address(self, checking):
        for _ in range(3):
            with pytest.raises(BadCredentials):
                checking.check("alice", "wrong", ADDRESS)

        for name, address in (("alice", "192.0.2.7"), ("bob", ADDRESS)):
            with pytest.raises(TooMany):
                checking.check(name, password_of(name), address)
        assert checking.check("bob", password_of("bob"), "192.0.2.7").name == "bob"


class TestThrottle:
    def test_failures_are_forgotten_after_a_while(self):
        now = [100.0]
        throttle = Throttle(2, 60, lambda: now[0])
        throttle.fail("a")
        throttle.fail("a")
        with pytest.raises(TooMany) as raised:
            throttle.check("b", "a")

        assert 60 <= raised.value.retry_after <= 61
        now[0] += 60
        throttle.check("a")

    def test_it_remembers_only_so_many(self, monkeypatch):
        monkeypatch.setattr("pyramid_uws.auth.throttle.MOST_KEYS", 2)
        throttle = Throttle(1, 60)
        throttle.fail("a", "b", "c")

        throttle.check("a")
        with pytest.raises(TooMany):
            throttle.check("c")

    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ("192.0.2.1", "192.0.2.2", False),
            ("2001:db8::1", "2001:db8::ffff:1", True),
            ("2001:db8::1", "2001:db8:0:1::1", False),
            ("localhost", "localhost", True),
        ],
    )
    def test_one_customer_is_one_address(self, one, other, same):
        assert (key_of_address(one) == key_of_address(other)) is same
