"""What is around every page: whose site it is, who is looking, and at what."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pyramid.interfaces import ISecurityPolicy
from pyramid.request import Request

from pyramid_uws.auth.stacked import StackedPolicy
from pyramid_uws.tree.rights import ADMINS

from .files import statics

#: What stays as it is in a path (RFC 3986, section 3.3).
_SAFE = "/~!$&'()*+,;=:@"


@dataclass(frozen=True)
class Frame:
    """``root`` is the path of the site, without a slash at the end; ``user`` is None for nobody.

    ``has_login`` tells whether whoever is nobody can log in by a form, ``has_logout`` whether somebody has.
    ``here`` is where the page is, or empty if it cannot be asked for again. ``looks_after`` tells whether this is
    somebody who may see the operator's page.
    """

    site: str
    root: str
    user: str | None
    has_login: bool
    has_logout: bool
    here: str
    looks_after: bool = False

    def static(self, name: str) -> str:
        """Return the path of a file that belongs to pages."""
        return f"{self.root}/{statics().path(name)}"


def frame_of(request: Request) -> Frame:
    """Return what is around a page that answers the request."""
    policy = request.registry.queryUtility(ISecurityPolicy)
    user, scheme = _visitor(policy, request)
    takes_cookies = isinstance(policy, StackedPolicy) and policy.has("cookie")
    return Frame(
        site=request.registry.uws.settings.title,
        root=_path(request.environ, "SCRIPT_NAME"),
        user=user,
        has_login=takes_cookies and user is None,
        has_logout=scheme == "cookie",
        here=_here(request),
        looks_after=isinstance(policy, StackedPolicy)
        and user is not None
        and ADMINS in policy.principals(request),
    )


def _visitor(policy: Any, request: Request) -> tuple[str | None, str | None]:
    """Return name and scheme of who was recognized; nobody is asked again."""
    if not isinstance(policy, StackedPolicy):
        return (None if policy is None else policy.authenticated_userid(request)), None
    identity = policy.known(request)
    return (None, None) if identity is None else (identity.userid, identity.scheme)


def _here(request: Request) -> str:
    if request.method not in {"GET", "HEAD"}:
        return ""
    query = request.environ.get("QUERY_STRING", "")
    return (
        _path(request.environ, "SCRIPT_NAME")
        + _path(request.environ, "PATH_INFO")
        + (f"?{query}" if query else "")
    )


def _path(environ: dict[str, Any], name: str) -> str:
    """Return a part of the path as it stands in a URL, whether it can be read as text or not."""
    return quote(environ.get(name, "").encode("latin-1"), safe=_SAFE)
