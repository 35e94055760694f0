"""The policy where nobody logs in, and the rights to jobs that hold under any policy."""

from typing import Any

from pyramid.authorization import ALL_PERMISSIONS, ACLHelper, Allow, Deny, Everyone
from pyramid.interfaces import ISecurityPolicy
from pyramid.request import Request
from pyramid.security import Allowed, Denied
from zope.interface import implementer

#: The right to everything, for everybody: the site, its services, and jobs that nobody owns.
PUBLIC = ((Allow, Everyone, ALL_PERMISSIONS),)


def job_acl(owner: str | None) -> tuple[tuple[Any, ...], ...]:
    """Return the rights to a job: its owner's alone; one without owner is for whoever knows its URL."""
    if owner is None:
        return PUBLIC
    return ((Allow, owner, ALL_PERMISSIONS), (Deny, Everyone, ALL_PERMISSIONS))


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
