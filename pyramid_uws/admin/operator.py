"""Who is at the command: a user of the system."""

import pwd

from pyramid_uws.observing.activity import Actor

#: How operators say who they are: the kernel does it for them.
SCHEME = "uws-admin"


def operator(user: int) -> Actor:
    """Return the user of the system as who acts."""
    return Actor(name_of(user), SCHEME)


def name_of(user: int) -> str:
    """Return the name of a user of the system, or the number if it has none."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"#{user}"
