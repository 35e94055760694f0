"""Personal tokens: long secrets by which programs log in for somebody, until they are revoked.

The file has a line of JSON for each, with the hash of the secret. A token says its id, so it is found without a
search: ``uws_ID_SECRET``.
"""

import hmac
import json
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from pyramid_uws.exceptions import BadCredentials, BadValue, Rejected, UWSError

from .identity import Identity, check_name
from .private import PrivateFile
from .users import Users

PREFIX = "uws_"
LONGEST_NOTE = 200

#: How many tokens one user may have.
MOST_TOKENS = 100


_ID = re.compile("[0-9a-f]{12}")


class MadeBefore(Rejected):
    """There is a token of this id already."""


def new_id() -> str:
    """Return an id for a token that is to be made."""
    return secrets.token_hex(6)


@dataclass(frozen=True)
class Token:
    """What is known of a token; instants in seconds since 1970 UTC, ``expires`` None is never."""

    token_id: str
    sha256: str
    owner: str
    created: int
    expires: int | None
    note: str

    def line(self) -> str:
        """Return the token's line in the file."""
        return json.dumps(asdict(self), sort_keys=True)


def parse(lines: list[str]) -> dict[str, Token]:
    """Return the tokens by id."""
    try:
        found = [Token(**json.loads(line)) for line in lines if line]
    except (TypeError, ValueError) as problem:
        raise UWSError("The file of tokens cannot be read: a line is no token.") from problem
    return {token.token_id: token for token in found}


class Tokens:
    """The file of tokens. Whose token it is has the groups that the file of users gives them."""

    def __init__(self, path: Path, users: Users) -> None:
        self._file = PrivateFile(path, parse)
        self._users = users

    def of(self, owner: str | None = None) -> list[Token]:
        """Return the tokens of somebody, or of everybody, as the file has them now."""
        return [token for token in self._file.read().values() if owner in {None, token.owner}]

    def create(
        self, owner: str, note: str = "", days: float | None = None, token_id: str | None = None
    ) -> tuple[str, str]:
        """Make a token; return its id, and the token itself, which is not kept.

        Whoever proposes an id (:func:`new_id`) makes one token of it: the second time it is :class:`MadeBefore`.
        """
        _check(owner, note)
        token_id = new_id() if token_id is None else token_id
        if _ID.fullmatch(token_id) is None:
            raise BadValue("ID", token_id, "this cannot be the id of a token")
        secret, now = secrets.token_urlsafe(32), int(time.time())
        expires = None if days is None else now + int(days * 86400)
        token = Token(token_id, _hash(secret), owner, now, expires, note)
        with self._file.changing() as lines:
            if token_id in parse(lines):
                raise MadeBefore(f"The token {token_id} was made before.")
            lines[:] = _still_good(lines, now)
            if sum(each.owner == owner for each in parse(lines).values()) >= MOST_TOKENS:
                raise Rejected(f"{owner} has {MOST_TOKENS} tokens already; revoke some first.")
            lines.append(token.line())
        return token_id, f"{PREFIX}{token_id}_{secret}"

    def revoke(self, token_id: str, owner: str | None = None) -> None:
        """Have the token be worth nothing from now on; ``owner`` refuses those of others."""
        with self._file.changing() as lines:
            token = parse(lines).get(token_id)
            if token is None or owner not in {None, token.owner}:
                raise BadValue("ID", token_id, "there is no such token")
            lines[:] = [line for line in lines if line and json.loads(line)["token_id"] != token_id]

    def revoke_all(self, owner: str) -> int:
        """Revoke all tokens of somebody; return how many there were."""
        with self._file.changing() as lines:
            before = len(lines)
            lines[:] = [line for line in lines if line and json.loads(line)["owner"] != owner]
            return before - len(lines)

    def identity(self, text: str, scheme: str) -> Identity:
        """Return whose token it is."""
        token_id, _, secret = text.removeprefix(PREFIX).partition("_")
        token = self._file.read().get(token_id)
        expected = "" if token is None else token.sha256
        is_right = hmac.compare_digest(_hash(secret), expected)
        if token is None or not is_right or (token.expires is not None and token.expires < time.time()):
            raise BadCredentials("The token is not valid: it was revoked, is too old, or never was.")
        user = self._users.all().get(token.owner)
        return Identity(token.owner, frozenset() if user is None else user.groups, scheme, key=token_id)


def _hash(secret: str) -> str:
    """Return the hash of a secret; it is long and random, so that a fast one will do."""
    return sha256(secret.encode()).hexdigest()


def _check(owner: str, note: str) -> None:
    try:
        check_name(owner)
    except BadCredentials as problem:
        raise BadValue("OWNER", owner, "this cannot be the name of a user") from problem
    if not note.isprintable() or len(note) > LONGEST_NOTE:
        raise BadValue("NOTE", note, f"at most {LONGEST_NOTE} printable characters are taken")


def _still_good(lines: list[str], now: int) -> Iterator[str]:
    for line in lines:
        expires = json.loads(line)["expires"] if line else 0
        if expires is None or expires >= now:
            yield line
