"""JSON Web Tokens of somebody else, such as an OpenID Connect provider (RFC 7519, RFC 9068).

Needs PyJWT, which the extra ``jwt`` installs.
"""

from collections.abc import Iterable
from typing import Any

import jwt
from pyramid.request import Request

from pyramid_uws.exceptions import BadCredentials

from .identity import Identity
from .keeper import Keeper
from .keys import AuthSettings
from .keyset import Keyset
from .schemes import credentials

LONGEST = 16 * 1024


class Jwt:
    """Bearer tokens that are signed by the issuer, for us, and neither too old nor too new."""

    name = "jwt"
    security_method = "ivo://ivoa.net/sso#OAuth"

    def __init__(self, settings: AuthSettings, _keeper: Keeper) -> None:
        self._settings = settings
        self._keyset = Keyset(settings.jwt_issuer, settings.jwt_keys)

    def identify(self, request: Request) -> Identity | None:
        """Return of whom the token speaks; what has not the form of a JWT is left to others."""
        token = credentials(request, "bearer")
        if token is None or token.count(".") != 2:
            return None
        claims = self._claims(token)
        name, groups = claims.get(self._settings.jwt_user), claims.get(self._settings.jwt_groups) or []
        if isinstance(groups, str):
            groups = groups.split()
        if not isinstance(name, str) or not isinstance(groups, list):
            raise BadCredentials(f"The token does not say who you are by the claim {self._settings.jwt_user}.")
        return Identity(self._settings.jwt_prefix + name, frozenset(map(str, groups)), self.name)

    def challenges(self, _request: Request) -> Iterable[str]:
        """Propose to send one."""
        return (f'Bearer realm="{self._settings.realm}"',)

    def _claims(self, token: str) -> dict[str, Any]:
        settings = self._settings
        if len(token) > LONGEST:
            raise BadCredentials("The token is too long.")
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in settings.jwt_algorithms:
                raise BadCredentials(f"The token is not signed by one of {', '.join(settings.jwt_algorithms)}.")
            key = self._keyset.key(header.get("kid"))
            if key is None:
                raise BadCredentials("The token is signed by a key that is not the issuer's.")
            return jwt.decode(
                token,
                key,
                algorithms=list(settings.jwt_algorithms),
                audience=settings.jwt_audience,
                issuer=settings.jwt_issuer,
                leeway=settings.jwt_skew,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.PyJWTError as problem:
            raise BadCredentials(f"The token is not valid: {problem}.") from problem
