"""From where uploads may be fetched: which addresses are public, and what a site allows besides.

A URL may come from anybody, and is fetched from inside: nothing shall be reached that way which is meant for the
machine itself, for its neighbours, or for the cloud it runs in. Imports nothing of the package.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address

#: What IANA has for special purposes (RFC 6890 and its registries), multicast and reserved addresses included.
_SPECIAL = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        # Teredo is in 2001::/23, and 2002::/16 is 6to4: both lead to IPv4 addresses.
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)

#: Outside of it are loopback, link-local, unique local and multicast addresses, and IPv4 ones in disguise: mapped,
#: compatible, and translated (NAT64).
_UNICAST = IPv6Network("2000::/3")

_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Fetching:
    """What a site allows: whether URLs are taken, hosts that need not be public, seconds for all of a job."""

    enabled: bool = True
    hosts: tuple[str, ...] = ()
    timeout: float = 300.0

    def permits(self, host: str, address: str) -> bool:
        """Tell whether content may be fetched from this address of a host."""
        ip = read_address(address)
        return ip is not None and (is_public(ip) or self._allows(host, ip))

    def refuses(self, host: str) -> bool:
        """Tell whether a host is refused before it is looked up, since it is written as an address."""
        return read_address(host) is not None and not self.permits(host, host)

    def _allows(self, host: str, ip: Address) -> bool:
        return any(
            ip in ip_network(each) if is_network(each) else each == host.lower().rstrip(".") for each in self.hosts
        )


def read_hosts(text: str) -> tuple[str, ...]:
    """Read hosts separated by blanks: names, addresses and networks."""
    hosts = tuple(text.lower().split())
    for host in hosts:
        if not (is_network(host) or _NAME.fullmatch(host)):
            raise ValueError(f"expected names, addresses and networks such as 10.0.0.0/8, not {host!r}")
    return hosts


def is_network(text: str) -> bool:
    """Tell whether this is a network or an address, and not a name."""
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def read_address(text: str) -> Address | None:
    """Read an address, None if it is none; those with a zone belong to a link, and are none here."""
    try:
        return None if "%" in text else ip_address(text)
    except ValueError:
        return None


def is_public(ip: Address) -> bool:
    """Tell whether this is an address of one host, as the Internet has them."""
    if isinstance(ip, IPv6Address) and ip not in _UNICAST:
        return False
    return ip.is_global and not any(ip in network for network in _SPECIAL if network.version == ip.version)
