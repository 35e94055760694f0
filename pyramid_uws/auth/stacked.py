"""The policy of a site where people log in: several schemes, asked in turn."""

from collections.abc import Sequence
from typing import Any

from pyramid.authorization import ACLHelper, Everyone
from pyramid.exceptions import ConfigurationError
from pyramid.interfaces import ISecurityPolicy
from pyramid.path import DottedNameResolver
from pyramid.request import Request
from pyramid.security import Allowed, Denied
from zope.interface import implementer

from pyramid_uws.exceptions import BadCredentials
from pyramid_uws.settings import PREFIX
from pyramid_uws.tree.rights import ADMINS, READ

from .identity import Identity
from .keeper import Keeper, make_keeper
from .keys import AuthSettings
from .schemes import SCHEMES, Scheme

#: Where the answer is kept for the rest of the request.
_KNOWN = "pyramid_uws.identity"

#: Where it stands that somebody has been let in by a link that was signed.
BY_LINK = "pyramid_uws.by_link"


@implementer(ISecurityPolicy)
class StackedPolicy:
    """Whoever a scheme recognizes is logged in; the first counts, and what none can believe is refused."""

    def __init__(self, schemes: Sequence[Scheme], settings: AuthSettings, keeper: Keeper) -> None:
        self.schemes = schemes
        self.keeper = keeper
        #: Who is believed where a request comes from.
        self.proxies = settings.proxy_addresses
        self._admins = frozenset(settings.admins)

    def has(self, name: str) -> bool:
        """Tell whether a scheme of this name is in use."""
        return any(scheme.name == name for scheme in self.schemes)

    def ways_in(self, context: Any) -> list[str | None]:
        """Return how one is let in to a service: None for everybody, and the names of what can be proven."""
        is_open = ACLHelper().permits(context, [Everyone], READ)
        methods = dict.fromkeys(scheme.security_method for scheme in self.schemes)
        return [*([None] if is_open else []), *filter(None, methods)] or [None]

    def identity(self, request: Request) -> Identity | None:
        """Return who is asking; :class:`BadCredentials` (U-148) if that cannot be believed."""
        if _KNOWN not in request.environ:
            request.environ[_KNOWN] = self._identify(request)
        identity: Identity | None = request.environ[_KNOWN]
        return identity

    def known(self, request: Request) -> Identity | None:
        """Return who is asking, if that has been found out already and could be believed."""
        identity: Identity | None = request.environ.get(_KNOWN)
        return identity

    def let_be_nobody(self, request: Request) -> None:
        """Take whoever is asking for nobody, whatever they say."""
        request.environ[_KNOWN] = None

    def _identify(self, request: Request) -> Identity | None:
        for scheme in self.schemes:
            if (identity := scheme.identify(request)) is not None:
                return identity
        if (request.environ.get("HTTP_AUTHORIZATION") or "").strip():
            raise BadCredentials("This site does not take what Authorization says.")
        return None

    def authenticated_userid(self, request: Request) -> str | None:
        """Return the name of who is asking."""
        identity = self.identity(request)
        return None if identity is None else identity.userid

    def principals(self, request: Request) -> list[str]:
        """Return what ACLs know the caller by."""
        identity = self.identity(request)
        if identity is None:
            return [Everyone]
        principals = identity.principals
        return principals if self._admins.isdisjoint(principals) else [*principals, ADMINS]

    def permits(self, request: Request, context: Any, permission: str) -> Allowed | Denied:
        """Tell whether the caller may, or has come by a link that may."""
        may: Allowed | Denied = ACLHelper().permits(context, self.principals(request), permission)
        if not may and permission == READ and self.keeper.links.let_in(request, context):
            request.environ[BY_LINK] = True
            return Allowed("by a link that was signed")
        return may

    def remember(self, _request: Request, _userid: str, **_options: Any) -> list[tuple[str, str]]:
        """Return no headers: the login gives out its tickets itself."""
        return []

    def forget(self, request: Request, **_options: Any) -> list[tuple[str, str]]:
        """Return the challenges, a header for each."""
        challenges = (challenge for scheme in self.schemes for challenge in scheme.challenges(request))
        return [("WWW-Authenticate", challenge) for challenge in dict.fromkeys(challenges)]


def make_policy(settings: AuthSettings) -> StackedPolicy:
    """Make the policy that the settings describe."""
    keeper = make_keeper(settings)
    return StackedPolicy([_make_scheme(name, settings, keeper) for name in settings.schemes], settings, keeper)


def _make_scheme(name: str, settings: AuthSettings, keeper: Keeper) -> Scheme:
    if name not in SCHEMES and ":" not in name:
        raise ConfigurationError(f"setting {PREFIX}auth = … {name} …: expected some of {', '.join(SCHEMES)}")
    try:
        scheme: Scheme = DottedNameResolver().maybe_resolve(SCHEMES.get(name, name))(settings, keeper)
    except ImportError as problem:
        raise ConfigurationError(f"setting {PREFIX}auth = … {name} …: {problem}") from problem
    return scheme
