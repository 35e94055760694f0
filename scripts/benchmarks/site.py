"""What the benchmark adds to the server under test: who is named in a header is logged in, and may nearly all."""

from typing import Any

from pyramid.request import Request
from pyramid.security import Allowed, Denied

from pyramid_uws.auth.policy import AnonymousPolicy
from pyramid_uws.tree.rights import OVERSEE


class HeaderPolicy(AnonymousPolicy):
    """Believes the header ``X-Owner``; for measuring only."""

    def authenticated_userid(self, request: Request) -> str | None:
        """Return who is named."""
        name: str | None = request.headers.get("X-Owner")
        return name

    def permits(self, _request: Request, _context: Any, permission: str) -> Allowed | Denied:
        """Let everybody do everything, but nobody see the lists of others."""
        return Denied("lists are of one owner") if permission == OVERSEE else Allowed("this is a benchmark")


def includeme(config: Any) -> None:
    """Log in whoever is named."""
    config.set_security_policy(HeaderPolicy())
