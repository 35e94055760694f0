"""By which names the site is asked for, and what it says of itself."""

import re

from .converters import read_names
from .keys import Key

_WEB = re.compile(r"https?://[^\s<>\"?#]+", re.ASCII)


def read_url(text: str) -> str:
    """Read a URL of the web, without the slash at its end."""
    if text and not _WEB.fullmatch(text):
        raise ValueError("expected a URL such as https://vo.example.org/uws")
    return text.rstrip("/")


def read_own_hosts(text: str) -> tuple[str, ...]:
    """Read names of hosts separated by blanks; their case means nothing."""
    return read_names(text.lower())


IDENTITY: tuple[Key, ...] = (
    Key(
        "hosts",
        read_own_hosts,
        "",
        "Names of hosts under which the site may be asked for, without ports, separated by blanks; a request for "
        "another is refused, so that nobody is given URLs that begin with a name somebody has made up. Without "
        "any, all names that can be one will do.",
    ),
    Key("title", str, "Asynchronous services", "What the site calls itself."),
    Key(
        "url",
        read_url,
        "",
        "Where the site is for the world, such as `https://vo.example.org/uws`: for "
        "[registry records](registry.md). All else that has URLs in it has those by which the client has come.",
    ),
    Key(
        "registry.authority", str, "", "The authority of the services' IVOA identifiers, such as `org.example.vo`."
    ),
    Key("registry.publisher", str, "", "Who publishes the services, for registry records."),
    Key("registry.contact_name", str, "", "Whom to ask about them."),
    Key("registry.contact_email", str, "", "Where."),
)
