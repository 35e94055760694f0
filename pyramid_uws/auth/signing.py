"""What the server signs with a key of its own: tickets of those who have logged in, and links."""

import contextlib
import hmac
import secrets
import time
from pathlib import Path
from typing import Any

from webob.cookies import JSONSerializer, SignedSerializer

from pyramid_uws.exceptions import BadCredentials, UWSError

from .identity import Identity
from .private import write_private
from .users import User, Users

KEY_BYTES = 32
LONGEST = 2048


def read_secret(path: Path) -> bytes:
    """Return the key in the file, which is made if it is not there."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        write_private(draft, secrets.token_hex(KEY_BYTES).encode())
        with contextlib.suppress(FileExistsError):  # somebody else was faster, and that is the one
            path.hardlink_to(draft)
        draft.unlink()
    secret = path.read_bytes().strip()
    if len(secret) < KEY_BYTES:
        raise UWSError(f"{path} is no key to sign with: at least {KEY_BYTES} bytes are expected.")
    return secret


class Signer:
    """Signs values for a purpose, until a time (s since 1970, UTC)."""

    def __init__(self, secret: bytes, purpose: str) -> None:
        self._serializer = SignedSerializer(
            secret.decode("latin-1"), purpose, hashalg="sha256", serializer=JSONSerializer()
        )

    def sign(self, value: Any, until: int) -> str:
        """Return the value as text that nobody else could have written."""
        signed: bytes = self._serializer.dumps([until, value])
        return signed.decode()

    def read(self, text: str) -> Any:
        """Return the value; ``ValueError`` if it was not signed here, or its time is up."""
        if len(text) > LONGEST:
            raise ValueError("too long")
        until, value = self._serializer.loads(text.encode())
        if until < time.time():
            raise ValueError("its time is up")
        return value


class Tickets:
    """Tickets by which users who have logged in by a password are known again, until they change it."""

    def __init__(self, secret: bytes, users: Users, seconds: int) -> None:
        self._signer = Signer(secret, "pyramid_uws ticket")
        self._secret = secret
        self._users = users
        self.seconds = seconds

    def issue(self, user: User) -> str:
        """Return a ticket for the user."""
        return self._signer.sign([user.name, self._mark(user)], int(time.time()) + self.seconds)

    def identity(self, ticket: str, scheme: str, *, is_ambient: bool) -> Identity:
        """Return whose ticket it is."""
        try:
            name, mark = self._signer.read(ticket)
        except ValueError as problem:
            raise BadCredentials("You were logged in; please log in again.") from problem
        user = self._users.all().get(name)
        if user is None or not hmac.compare_digest(mark, self._mark(user)):
            raise BadCredentials("You were logged in; please log in again.")
        return Identity(user.name, user.groups, scheme, is_ambient)

    def _mark(self, user: User) -> str:
        """Return what changes with the user's password and tells nothing of it."""
        return hmac.digest(self._secret, b"password " + user.hash.encode(), "sha256").hex()[:32]
