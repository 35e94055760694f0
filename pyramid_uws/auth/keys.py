"""The keys of the ini file about who is asking: ``uws.auth``, and all that begin with ``uws.auth.``."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

from pyramid.exceptions import ConfigurationError

from pyramid_uws.settings import PREFIX, read_settings
from pyramid_uws.settings.converters import read_count, read_names, read_path
from pyramid_uws.settings.keys import Key, convert_section, is_about_authentication

#: What stands for whoever comes through a Unix socket, in the list of proxies.
UNIX = "unix"

#: Signatures that need a private key to make, and none to check.
ASYMMETRIC = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "ES256K", "EdDSA"),
)

Networks = tuple[IPv4Network | IPv6Network | str, ...]


@dataclass(frozen=True)
class AuthSettings:
    """How people say who they are; each field is explained in :data:`TABLE`."""

    schemes: tuple[str, ...]
    realm: str
    admins: tuple[str, ...]
    users: Path
    tokens: Path
    secret: Path
    session: int
    link_lifetime: int
    max_failures: int
    failure_window: int
    proxy_addresses: Networks
    proxy_user: str
    proxy_groups: str
    jwt_issuer: str
    jwt_audience: str
    jwt_keys: str
    jwt_algorithms: tuple[str, ...]
    jwt_user: str
    jwt_groups: str
    jwt_prefix: str
    jwt_skew: int

    def __post_init__(self) -> None:
        """Refuse a scheme that lacks what it needs."""
        if "jwt" in self.schemes and not (self.jwt_issuer and self.jwt_audience):
            raise ConfigurationError(f"{PREFIX}auth = … jwt …: {PREFIX}auth.jwt.issuer and .audience are needed")
        if "proxy" in self.schemes and not self.proxy_addresses:
            raise ConfigurationError(f"{PREFIX}auth = … proxy …: {PREFIX}auth.proxy.addresses are needed")


def _networks(text: str) -> Networks:
    return tuple(UNIX if name == UNIX else ip_network(name) for name in text.split())


def _algorithms(text: str) -> tuple[str, ...]:
    names = read_names(text)
    for name in names:
        if name not in ASYMMETRIC:
            raise ValueError(f"expected some of {', '.join(ASYMMETRIC)}")
    return names


def _quotable(text: str) -> str:
    if not text.isprintable() or not text.isascii() or set(text) & set('"\\'):
        raise ValueError("expected printable ASCII without quotes and backslashes")
    return text


TABLE: tuple[Key, ...] = (
    Key(
        "auth",
        read_names,
        "",
        "How people say who they are: some of `basic`, `token`, `jwt`, `proxy` and `cookie`, in the order in "
        "which they are looked at; or dotted names of schemes of your own. See [authentication](auth.md). "
        "Without any, nobody logs in.",
    ),
    Key("auth.realm", _quotable, "pyramid_uws", "What clients show when they ask for a password."),
    Key(
        "auth.admins",
        read_names,
        "",
        "Who may do everything with all jobs: names of users, or `group:NAME`, separated by blanks.",
    ),
    Key("auth.users", read_path, "{var}/users", "The file of users that `uws-admin … user` looks after."),
    Key("auth.tokens", read_path, "{var}/tokens", "The file of personal tokens, of which it has hashes only."),
    Key(
        "auth.secret",
        read_path,
        "{var}/secret",
        "The file with the key by which cookies and links are signed; made at the first start. Servers that share "
        "a database share it, too.",
    ),
    Key("auth.session", read_count, "43200", "Seconds after which one has to log in again at `/login`."),
    Key(
        "auth.link_lifetime",
        read_count,
        "604800",
        "Seconds for which a link to a result may be good that works without logging in.",
    ),
    Key(
        "auth.max_failures",
        read_count,
        "10",
        "Wrong passwords from one address, or for one user, within `uws.auth.failure_window`, after which there "
        "is 429 instead of another try.",
    ),
    Key("auth.failure_window", read_count, "300", "Seconds for which a wrong password counts."),
    Key(
        "auth.proxy.addresses",
        _networks,
        "",
        "Addresses or networks of proxies that say in a header who is asking; `unix` is whoever comes through a "
        "Unix socket. The header of anybody else is dropped.",
    ),
    Key("auth.proxy.user_header", str, "X-Remote-User", "The header with the user's name."),
    Key("auth.proxy.groups_header", str, "", "The header with the user's groups, separated by commas."),
    Key("auth.jwt.issuer", str, "", "Who issues the tokens: the claim `iss`, an https URL with OpenID Connect."),
    Key("auth.jwt.audience", str, "", "For whom they are: what the claim `aud` has to contain."),
    Key(
        "auth.jwt.keys",
        str,
        "",
        "The issuer's public keys as JWKS: a path or a URL. Without it, they are found by OpenID Connect "
        "discovery, below the issuer.",
    ),
    Key(
        "auth.jwt.algorithms",
        _algorithms,
        "RS256 ES256 EdDSA",
        "Signatures that are taken; none with a shared secret.",
    ),
    Key("auth.jwt.user_claim", str, "sub", "The claim that names the user."),
    Key("auth.jwt.groups_claim", str, "groups", "The claim with the user's groups, a list or a text with blanks."),
    Key(
        "auth.jwt.prefix",
        str,
        "",
        "What is put before the names that come by tokens, to tell them from users with a password.",
    ),
    Key("auth.jwt.skew", read_count, "60", "Seconds by which the issuer's clock may differ from ours."),
)


def read_auth_settings(ini: Mapping[str, Any]) -> AuthSettings:
    """Read them; a ``ConfigurationError`` names the key, the value and what was expected."""
    given = {key[len(PREFIX) :]: str(value) for key, value in ini.items() if is_about_authentication(key)}
    values = convert_section(TABLE, given, PREFIX, {"var": read_settings(ini).var})
    schemes = values.pop("auth")
    short = {"proxy_user_header": "proxy_user", "proxy_groups_header": "proxy_groups"}
    short |= {"jwt_user_claim": "jwt_user", "jwt_groups_claim": "jwt_groups"}
    named = {key.removeprefix("auth.").replace(".", "_"): value for key, value in values.items()}
    return AuthSettings(schemes, **{short.get(name, name): value for name, value in named.items()})
