"""Which addresses outbound calls may reach. A pure decision: resolving and connecting belong to the adapters.

Addresses are judged after resolution, so odd spellings (decimal, octal, a name that points inward) do not matter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import NamedTuple, TypeAlias
from urllib.parse import urlsplit

from trunkline_server.domain.errors import Reason, TrunklineError

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

# The IANA special-purpose registry for IPv4, and 168.63.129.16, a public address that is a cloud's own platform.
_IPV4_FORBIDDEN = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# All of IPv6 that is handed out for global unicast, and what IANA takes out of it again:
# protocol assignments with Teredo, documentation, 6to4, documentation.
_IPV6_GLOBAL = IPv6Network("2000::/3")
_IPV6_FORBIDDEN = tuple(IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
# The well-known NAT64 prefix (RFC 6052): the IPv4 address is in the last 32 bits.
_NAT64 = IPv6Network("64:ff9b::/96")

_HOST = re.compile(r"(?i)[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")
_MAX_URL = 2048
_MOST_JUDGED = 4096


class _Entry(NamedTuple):
    """One entry of a list; `port` None is any port. Exactly one of `network` and `name` is set; a name that begins with
    `*.` stands for all below it."""

    network: Network | None
    name: str
    port: int | None

    def fits(self, address: Address | None, port: int, name: str) -> bool:
        """Whether it names a connection. `address` None: not resolved yet, so that a network may still fit."""
        if self.port not in (None, port):
            return False
        if self.network is None:
            return name.endswith(self.name[1:]) if self.name.startswith("*.") else name == self.name
        return address is None or address in self.network or embedded(address) in self.network


def _parse_entry(entry: str, what: str, below: bool = False) -> _Entry:
    """`below`: names may begin with `*.`. Raises ValueError."""
    text = entry.strip()
    host, port = text, None
    bracketed = re.fullmatch(r"\[([^\]]+)\](?::([0-9]{1,5}))?", text)
    plain = re.fullmatch(r"([^:]+):([0-9]{1,5})", text)
    if match := bracketed or plain:
        host, port = match[1], int(match[2]) if match[2] else None
    if port is not None and not 1 <= port <= 65535:
        raise ValueError(f"{what} {entry!r}: the port must be from 1 to 65535")
    try:
        return _Entry(ip_network(host), "", port)
    except ValueError:
        # A name never has a slash, nor only digits and dots: those are networks with a mistake.
        bare = host.removeprefix("*.") if below else host
        if not _HOST.fullmatch(bare) or not re.search(r"[a-zA-Z]", bare):
            raise ValueError(f"{what} {entry!r} is no CIDR, address or name, with or without a port") from None
        return _Entry(None, host.lower(), port)


def embedded(address: Address) -> Address:
    """The IPv4 address that a connection to an IPv4-mapped or NAT64 address ends at; else the address itself."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def is_public(address: Address) -> bool:
    """Whether the address is global unicast. IPv4-compatible, 6to4 and Teredo addresses never are."""
    target = embedded(address)
    if isinstance(target, IPv4Address):
        return not any(target in network for network in _IPV4_FORBIDDEN)
    return target in _IPV6_GLOBAL and not any(target in network for network in _IPV6_FORBIDDEN)


# Names that never resolve to public addresses.
_INSIDE = (".localhost", ".local", ".internal", ".lan", ".home.arpa")
# The URL standard reads a host whose last label is a number as an IPv4 address: `0x7f.1`, `2130706433`.
_NUMBER = re.compile(r"(?:^|\.)(?:\d+|0x[0-9a-f]*)$")
_PORTS = {"https": 443, "http": 80}
_NOT_ALLOWED = "must name a public host; the operator does not allow this one"


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class OutboundPolicy:
    """What the operator lets outbound calls reach.

    `allow` adds to the public addresses: `10.1.0.0/16`, `127.0.0.1:8080`, `[fd00::/8]:443`, `vault.internal:8200`;
    without a port, any. `allow_http` lets calls go without TLS. Where `egress` has entries, only those of the public
    addresses are left: the same forms, and `*.example.com`. Raises ValueError for an entry that cannot be read.
    """

    allow: tuple[str, ...] = ()
    allow_http: bool = False
    egress: tuple[str, ...] = ()
    _exceptions: tuple[_Entry, ...] = field(init=False, repr=False)
    _egress: tuple[_Entry, ...] = field(init=False, repr=False)
    # By address: every call asks again, and the answer stays.
    _judged: dict[str, str | None] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        exceptions = tuple(_parse_entry(entry, "allowed address") for entry in self.allow)
        egress = tuple(_parse_entry(entry, "allowed egress", below=True) for entry in self.egress)
        object.__setattr__(self, "_exceptions", exceptions)
        object.__setattr__(self, "_egress", egress)

    def allows(self, address: str, port: int, name: str = "") -> bool:
        """Whether a connection may go to the resolved `address`, which the URL calls `name`. What is no address is
        not allowed."""
        try:
            found = ip_address(address)
        except ValueError:
            return False
        name = name.lower().rstrip(".")
        if any(entry.fits(found, port, name) for entry in self._exceptions):
            return True
        return is_public(found) and (not self._egress or any(one.fits(found, port, name) for one in self._egress))

    def host_problem(self, host: str, port: int) -> str | None:
        """What is wrong with the host of an address before it is resolved, or None. What a name resolves to is judged
        at the socket."""
        host = host.lower().rstrip(".")
        if _is_address(host):
            return None if self.allows(host, port) else _NOT_ALLOWED
        if _NUMBER.search(host):
            return "must write an address in its usual form, such as 192.0.2.1"
        known = (*self._exceptions, *self._egress)
        if self._egress and not any(entry.fits(None, port, host) for entry in known):
            return _NOT_ALLOWED
        return None

    def url_problem(self, url: str) -> str | None:
        """What is wrong with a base address, or None: its shape, and its host as far as it is known without resolving
        it."""
        if url not in self._judged:
            if len(self._judged) >= _MOST_JUDGED:
                self._judged.clear()
            self._judged[url] = self._judge(url)
        return self._judged[url]

    def _judge(self, url: str) -> str | None:
        if len(url) > _MAX_URL or re.search(r"[\x00-\x20\x7f\\]", url):
            return f"must be at most {_MAX_URL} characters, without spaces, control characters and backslashes"
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return "is not a URL"
        if parts.scheme not in ("https", "http"):
            return "must start with https://"
        if parts.scheme == "http" and not self.allow_http:
            return "must use https; the operator does not allow http"
        if "@" in parts.netloc:
            return "must not hold a user name or password; use `authentication`"
        if not parts.hostname or port == 0:
            return "must name a host, and a port from 1 to 65535 if any"
        if "?" in url or "#" in url:
            return "must not have a query or a fragment"
        return self.host_problem(parts.hostname, port or _PORTS[parts.scheme])

    def relayed_problem(self, url: str) -> str | None:
        """What is wrong with an address that a gateway would call in our place, or None: its shape, and a host that is
        no public address. What its names resolve to is the gateway's to check."""
        if problem := self.url_problem(url):
            return problem
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port or _PORTS[parts.scheme]
        inside = "." not in host or host.endswith(_INSIDE)
        named = any(one.name and one.fits(None, port, host) for one in self._exceptions)
        fine = _is_address(host) or not inside or named
        return None if fine else _NOT_ALLOWED


def address_forbidden(host: str) -> TrunklineError:
    """PERMISSION_DENIED. Does not tell what the host resolved to: that would map the operator's network."""
    return TrunklineError(
        Reason.ERROR_REASON_ADDRESS_FORBIDDEN,
        f"calls to {host[:256]!r} are not allowed: its address is private, local or reserved, "
        "or not among those that the operator lets calls reach; the operator can allow it",
        metadata={"host": host},
    )
