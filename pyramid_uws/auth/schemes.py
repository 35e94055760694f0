"""The ways to say who one is that the package brings along, but for those that need more than it requires.

A scheme has ``name``; ``security_method``, what capabilities call it (SSO 2.0), or None; ``identify(request)``,
which returns an :class:`Identity`, or None if nothing of its kind was said, or raises :class:`BadCredentials`; and
``challenges(request)``, the ways it proposes to log in.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, Protocol

from pyramid.request import Request

from pyramid_uws.exceptions import BadCredentials

from .addresses import client_of, is_among, peer_of
from .identity import Identity
from .keeper import Keeper
from .keys import AuthSettings
from .tokens import PREFIX

#: The IVOA's name for a form that takes user name and password.
BY_PASSWORD: Final = "ivo://ivoa.net/sso#tls-with-password"  # noqa: S105 - a name

COOKIE = "uws_ticket"


class Scheme(Protocol):
    """One way to say who one is."""

    name: str
    security_method: str | None

    def identify(self, request: Request, /) -> Identity | None:
        """Return who is asking, None if nothing of this kind was said; or raise ``BadCredentials``."""

    def challenges(self, request: Request, /) -> Iterable[str]:
        """Return what WWW-Authenticate proposes."""


def credentials(request: Request, scheme: str) -> str | None:
    """Return what stands behind the scheme in Authorization, None if it is another one."""
    named, _, rest = (request.environ.get("HTTP_AUTHORIZATION") or "").partition(" ")
    return rest.strip() if named.lower() == scheme else None


def claimed_name(request: Request) -> str | None:
    """Return the name that HTTP Basic is about, None if there is none."""
    encoded = credentials(request, "basic")
    if encoded is None:
        return None
    try:
        return _decoded(encoded).partition(":")[0]
    except BadCredentials:
        return None


def login_url(request: Request) -> str:
    """Return where user name and password are taken."""
    return f"{request.application_url}/login"


class Basic:
    """HTTP Basic (RFC 7617) against the file of users."""

    name = "basic"
    security_method = "ivo://ivoa.net/sso#BasicAA"

    def __init__(self, settings: AuthSettings, keeper: Keeper) -> None:
        self._passwords = keeper.passwords
        self._proxies = settings.proxy_addresses
        self._challenge = f'Basic realm="{settings.realm}", charset="UTF-8"'

    def identify(self, request: Request) -> Identity | None:
        """Return who has this password."""
        encoded = credentials(request, "basic")
        if encoded is None:
            return None
        name, colon, password = _decoded(encoded).partition(":")
        if not colon:
            raise BadCredentials("What Authorization says is not readable.")
        user = self._passwords.check(name, password, client_of(request.environ, self._proxies))
        return Identity(user.name, user.groups, self.name, is_ambient=True)

    def challenges(self, _request: Request) -> Iterable[str]:
        """Propose it."""
        return (self._challenge,)


def _decoded(encoded: str) -> str:
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as problem:
        raise BadCredentials("What Authorization says is not readable.") from problem
    try:
        return raw.decode()
    except UnicodeDecodeError:  # old clients know nothing else
        return raw.decode("latin-1")


class Bearer:
    """Personal tokens, and tickets that were given out at the login."""

    name = "token"
    security_method = "ivo://ivoa.net/sso#OAuth"

    def __init__(self, settings: AuthSettings, keeper: Keeper) -> None:
        self._realm = settings.realm
        self._tokens = keeper.tokens
        self._tickets = keeper.tickets

    def identify(self, request: Request) -> Identity | None:
        """Return whose token it is; what has the form of a JWT is left to others."""
        token = credentials(request, "bearer")
        if token is None or token.count(".") == 2:
            return None
        if token.startswith(PREFIX):
            return self._tokens.identity(token, self.name)
        return self._tickets.identity(token, self.name, is_ambient=False)

    def challenges(self, request: Request) -> Iterable[str]:
        """Propose to send one, and to fetch one."""
        url = login_url(request)
        return (
            f'Bearer realm="{self._realm}"',
            f'ivoa_bearer standard_id="{BY_PASSWORD}", access_url="{url}"',
        )


class Cookie:
    """A cookie from the login."""

    name = "cookie"
    security_method = "ivo://ivoa.net/sso#cookie"

    def __init__(self, _settings: AuthSettings, keeper: Keeper) -> None:
        self._tickets = keeper.tickets

    def identify(self, request: Request) -> Identity | None:
        """Return whose ticket the cookie has."""
        if COOKIE not in request.environ.get("HTTP_COOKIE", ""):
            return None
        try:
            ticket = request.cookies.get(COOKIE)
        except UnicodeError as problem:
            raise BadCredentials("The cookie is not readable.") from problem
        return None if not ticket else self._tickets.identity(ticket, self.name, is_ambient=True)

    def challenges(self, request: Request) -> Iterable[str]:
        """Propose to fetch one."""
        return (f'ivoa_cookie standard_id="{BY_PASSWORD}", access_url="{login_url(request)}"',)


class Proxy:
    """A proxy that has asked already, and says by a header whom."""

    name = "proxy"
    security_method = None

    def __init__(self, settings: AuthSettings, _keeper: Keeper) -> None:
        self._addresses = settings.proxy_addresses
        self._user = _variable(settings.proxy_user)
        self._groups = _variable(settings.proxy_groups)

    def identify(self, request: Request) -> Identity | None:
        """Return whom the proxy names; from anybody else, the headers are dropped."""
        environ = request.environ
        if not is_among(peer_of(environ), self._addresses):
            environ.pop(self._user, None)
            environ.pop(self._groups, None)
        name = _text(environ.get(self._user, ""))
        if not name:
            return None
        groups = _text(environ.get(self._groups, "")).split(",")
        return Identity(name, frozenset(filter(None, map(str.strip, groups))), self.name, is_ambient=True)

    def challenges(self, _request: Request) -> Iterable[str]:
        """Propose nothing: it is the proxy that asks."""
        return ()


def _variable(header: str) -> str:
    return "HTTP_" + header.upper().replace("-", "_")


def _text(value: str) -> str:
    """Return a header's value, which may be UTF-8."""
    try:
        return value.strip().encode("latin-1").decode()
    except UnicodeError:
        return value.strip()


#: Name in the ini file -> what makes the scheme; those in modules of their own by dotted name.
SCHEMES: Mapping[str, Any] = MappingProxyType(
    {"basic": Basic, "token": Bearer, "cookie": Cookie, "proxy": Proxy, "jwt": "pyramid_uws.auth.oidc:Jwt"}
)
