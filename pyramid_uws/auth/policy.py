"""The policy of a site where nobody logs in. What nodes allow stands in their ACLs."""

from typing import Any

from pyramid.authorization import ACLHelper, Everyone
from pyramid.interfaces import ISecurityPolicy
from pyramid.request import Request
from pyramid.security import Allowed, Denied
from zope.interface import implementer


@implementer(ISecurityPolicy)
class AnonymousPolicy:
    """Nobody is ever logged in; credentials are ignored (U-148)."""

    def identity(self, _request: Request) -> None:
        """Return nobody."""

    def authenticated_userid(self, _request: Request) -> None:
        """Return nobody."""

    def permits(self, _request: Request, context: Any, permission: str) -> Allowed | Denied:
        """Tell whether everybody may."""
        return ACLHelper().permits(context, [Everyone], permission)

    def remember(self, _request: Request, _userid: str, **_options: Any) -> list[tuple[str, str]]:
        """Return no headers: there is nothing to remember."""
        return []

    def forget(self, _request: Request, **_options: Any) -> list[tuple[str, str]]:
        """Return no headers: there is nothing to forget, and no way to log in."""
        return []
