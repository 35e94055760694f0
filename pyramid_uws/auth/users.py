"""The users who have a password here: a file with a line for each, ``NAME:HASH:GROUP,GROUP``.

Passwords are hashed by argon2id, with the parameters of RFC 9106 for little memory.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher
from argon2.profiles import RFC_9106_LOW_MEMORY

from pyramid_uws.exceptions import BadValue, UWSError

from .identity import RESERVED
from .private import PrivateFile

#: In bytes; longer ones only cost time.
LONGEST_PASSWORD = 1024
SHORTEST_PASSWORD = 8

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}", re.ASCII)


@dataclass(frozen=True)
class User:
    """A user with a password; ``hash`` is what argon2 makes of it."""

    name: str
    hash: str
    groups: frozenset[str]

    def line(self) -> str:
        """Return the user's line in the file."""
        return f"{self.name}:{self.hash}:{','.join(sorted(self.groups))}"


def parse(lines: list[str]) -> dict[str, User]:
    """Return the users by name; a line that is none is an error, which does not quote it."""
    users = {}
    for number, line in enumerate(lines, 1):
        if line and not line.startswith("#"):
            name, _, rest = line.partition(":")
            hashed, _, groups = rest.partition(":")
            if not _NAME.fullmatch(name) or not hashed.startswith("$argon2id$"):
                raise UWSError(
                    f"line {number} of the file of users is no user: NAME:$argon2id$…:GROUPS is expected."
                )
            if name in users:
                raise UWSError(f"line {number} of the file of users names {name} a second time.")
            users[name] = User(name, hashed, frozenset(filter(None, groups.split(","))))
    return users


def make_hasher() -> PasswordHasher:
    """Return what hashes and verifies passwords."""
    return PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


class Users:
    """The file of users, and what an operator does with it."""

    def __init__(self, path: Path) -> None:
        self._file = PrivateFile(path, parse)

    def all(self) -> dict[str, User]:
        """Return the users by name, as the file has them now."""
        return self._file.read()

    def add(self, name: str, password: str, groups: Iterable[str]) -> None:
        """Add a user who is not there yet."""
        _check("NAME", name)
        for group in groups:
            _check("GROUP", group)
        hashed = _hashed(password)
        with self._file.changing() as lines:
            if name in parse(lines):
                raise UWSError(f"There is a user {name} already; passwd changes the password.")
            lines.append(User(name, hashed, frozenset(groups)).line())

    def change_password(self, name: str, password: str) -> None:
        """Give a user another password; whoever has logged in by the old one has to do it again."""
        hashed = _hashed(password)
        with self._file.changing() as lines:
            place, user = _found(lines, name)
            lines[place] = User(name, hashed, user.groups).line()

    def remove(self, name: str) -> None:
        """Remove a user; the jobs stay."""
        with self._file.changing() as lines:
            del lines[_found(lines, name)[0]]


def _found(lines: list[str], name: str) -> tuple[int, User]:
    users = parse(lines)
    if name not in users:
        raise UWSError(f"There is no user {name}.")
    return next(place for place, line in enumerate(lines) if line.startswith(f"{name}:")), users[name]


def _check(what: str, name: str) -> None:
    if not _NAME.fullmatch(name) or name.startswith(RESERVED):
        raise BadValue(what, name, "letters, digits and . _ @ + - are taken, at most 100, a letter or digit first")


def _hashed(password: str) -> str:
    if not len(password) >= SHORTEST_PASSWORD or len(password.encode()) > LONGEST_PASSWORD:
        raise UWSError(
            f"A password has at least {SHORTEST_PASSWORD} characters and at most {LONGEST_PASSWORD} bytes."
        )
    return make_hasher().hash(password)
