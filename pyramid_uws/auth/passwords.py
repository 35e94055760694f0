"""Checking passwords: the same cost whoever is named, a few at a time, and not again for each request."""

import hmac
import secrets
import threading
import time
from collections import OrderedDict
from typing import NamedTuple

from argon2.exceptions import InvalidHashError, VerificationError

from pyramid_uws.exceptions import BadCredentials, Overloaded

from .throttle import Throttle, key_of_address
from .users import LONGEST_PASSWORD, User, Users, make_hasher

#: Passwords hashed at once, each in 64 MB of memory; and how many seconds one waits for a turn.
AT_ONCE = 2
PATIENCE = 10.0

#: How many verified passwords are known for how many seconds.
MOST_KNOWN = 1024
KNOWN_SECONDS = 300.0


class _Known(NamedTuple):
    hash: str
    until: float


class Passwords:
    """Who has which password. What was verified is remembered under a hash with a key of this process."""

    def __init__(self, users: Users, throttle: Throttle) -> None:
        self.users = users
        self._throttle = throttle
        self._hasher = make_hasher()
        self._nobody = self._hasher.hash(secrets.token_bytes(16))
        self._key = secrets.token_bytes(32)
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    def check(self, name: str, password: str, address: str) -> User:
        """Return the user; :class:`BadCredentials` if it is another password, or there is no such user."""
        key = hmac.digest(self._key, repr((name, password)).encode(), "sha256")
        user = self.users.all().get(name)
        if self._is_known(key, user):
            assert user is not None
            return user
        if not self._turns.acquire(timeout=PATIENCE):
            raise Overloaded("Too many passwords are being checked at present.")
        try:
            return self._verify(key, name, password, address)
        finally:
            self._turns.release()

    def _verify(self, key: bytes, name: str, password: str, address: str) -> User:
        user = self.users.all().get(name)
        if self._is_known(key, user):  # by now
            assert user is not None
            return user
        keys = (key_of_address(address), f"user {name}")
        self._throttle.check(*keys)
        if not self._fits(self._nobody if user is None else user.hash, password) or user is None:
            self._throttle.fail(*keys)
            raise BadCredentials("User name or password are wrong.")
        self._remember(key, user)
        return user

    def _fits(self, hashed: str, password: str) -> bool:
        if len(password.encode()) > LONGEST_PASSWORD:
            return False
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    def _is_known(self, key: bytes, user: User | None) -> bool:
        """Tell whether the password was right of late, for the hash that the user has now."""
        known = self._known.get(key)
        return (
            known is not None and user is not None and known.hash == user.hash and known.until > time.monotonic()
        )

    def _remember(self, key: bytes, user: User) -> None:
        with self._lock:
            self._known[key] = _Known(user.hash, time.monotonic() + KNOWN_SECONDS)
            self._known.move_to_end(key)
            while len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
