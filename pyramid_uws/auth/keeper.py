"""What schemes and the policy share: users, passwords, tokens, tickets, links."""

from dataclasses import dataclass

from .keys import AuthSettings
from .links import Links
from .passwords import Passwords
from .signing import Tickets, read_secret
from .throttle import Throttle
from .tokens import Tokens
from .users import Users


@dataclass(frozen=True)
class Keeper:
    """One of each, for a site."""

    users: Users
    passwords: Passwords
    tokens: Tokens
    tickets: Tickets
    links: Links


def make_keeper(settings: AuthSettings) -> Keeper:
    """Make them as the settings say."""
    users = Users(settings.users)
    secret = read_secret(settings.secret)
    return Keeper(
        users,
        Passwords(users, Throttle(settings.max_failures, settings.failure_window)),
        Tokens(settings.tokens, users),
        Tickets(secret, users, settings.session),
        Links(secret, settings.link_lifetime),
    )
