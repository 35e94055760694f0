"""The public keys of an issuer of tokens: from a file, from a URL, or found by OpenID Connect discovery."""

import json
import logging
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import jwt

from pyramid_uws.exceptions import Overloaded, UWSError

log = logging.getLogger(__name__)

#: Seconds after which keys are fetched anew, and before which they are not fetched again for an unknown key.
FRESH_SECONDS = 3600.0
PAUSE_SECONDS = 30.0

FETCH_SECONDS = 5.0
LARGEST = 1024 * 1024
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

DISCOVERY = "/.well-known/openid-configuration"


class Keyset:
    """Keys by their id. While they cannot be fetched anew, the old ones are used."""

    def __init__(self, issuer: str, place: str, fetch: Callable[[str], Any] | None = None) -> None:
        self._issuer = issuer
        self._place = place
        self._fetch = fetch or fetch_json
        self._lock = threading.Lock()
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._fetched = self._tried = -FRESH_SECONDS

    def key(self, key_id: str | None) -> jwt.PyJWK | None:
        """Return the key of that id; the only one there is fits a token that names none."""
        now = time.monotonic()
        if now - self._fetched > FRESH_SECONDS or self._find(key_id) is None:
            with self._lock:
                self._renew(time.monotonic())
        if not self._keys:
            raise Overloaded("The keys of those who issue tokens cannot be fetched at present.", 30)
        return self._find(key_id)

    def _find(self, key_id: str | None) -> jwt.PyJWK | None:
        if key_id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(key_id)

    def _renew(self, now: float) -> None:
        if now - self._tried < PAUSE_SECONDS:
            return
        self._tried = now
        try:
            self._keys = _usable(self._fetch(self._place or self._discovered()))
            self._fetched = now
        except (OSError, ValueError, TypeError, jwt.PyJWTError, UWSError) as problem:
            log.warning("the keys of %s cannot be fetched: %s", self._issuer, problem)

    def _discovered(self) -> str:
        """Return where the issuer says that its keys are (OpenID Connect Discovery 1.0, section 4)."""
        found = self._fetch(self._issuer.rstrip("/") + DISCOVERY)
        if not isinstance(found, dict) or found.get("issuer") != self._issuer:
            raise UWSError("the discovery document is that of another issuer")
        return str(found.get("jwks_uri"))


def _usable(document: Any) -> dict[str | None, jwt.PyJWK]:
    """Return the keys that can check signatures; those of kinds that are not known are passed over."""
    return {
        key.key_id: key for key in jwt.PyJWKSet.from_dict(document).keys if key.public_key_use in {None, "sig"}
    }


def fetch_json(place: str) -> Any:
    """Return the JSON at a path or URL; beyond this machine, by https only."""
    url = urlsplit(place)
    if not url.scheme:
        return json.loads(Path(place).read_bytes())
    if url.scheme != "https" and not (url.scheme == "http" and url.hostname in LOOPBACK):
        raise UWSError(f"{place} is no https URL")
    # The operator has named the issuer; redirects could lead anywhere, and are not followed.
    with _OPENER.open(place, timeout=FETCH_SECONDS) as answer:
        content = answer.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise UWSError(f"{place} is larger than {LARGEST} bytes")
    return json.loads(content)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> NoReturn:
        raise UWSError("it redirects, which is not followed")


_OPENER = urllib.request.build_opener(_NoRedirects)
