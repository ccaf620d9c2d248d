"""Where a database is: its endpoint, the addresses that may be reached, and TLS that checks the name all the same."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from trunkline_server.domain.addresses import OutboundPolicy, address_forbidden
from trunkline_server.domain.errors import Reason, TrunklineError

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
_DATABASE = re.compile(r"[^/\x00-\x1f\x7f]{1,128}")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`scheme://host[:port]/database`, read."""

    host: str
    port: int
    database: str


def read_endpoint(url: str, scheme: str, port: int) -> Endpoint | str:
    """The endpoint, or what is wrong with it. `port` is the usual one."""
    try:
        parts = urlsplit(url)
        found = parts.port or port
    except ValueError:
        return f"must be {scheme}://host[:port]/database"
    if "@" in parts.netloc:
        return "must not hold a user name or password; use `authentication`"
    if "?" in url or "#" in url:
        return "must not have a query or a fragment"
    database = unquote(parts.path.removeprefix("/"))
    if parts.scheme != scheme or not parts.hostname or not _DATABASE.fullmatch(database) or re.search(r"[\s\\]", url):
        return f"must be {scheme}://host[:port]/database"
    return Endpoint(parts.hostname, found, database)


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


async def allowed_addresses(policy: OutboundPolicy, endpoint: Endpoint, resolves: Resolve) -> Sequence[str]:
    """Those addresses of an endpoint that the operator allows, as they are now. Raises ADDRESS_FORBIDDEN,
    INTEGRATION_UNAVAILABLE."""
    try:
        found = await resolves(endpoint.host, endpoint.port)
    except (OSError, UnicodeError):
        raise TrunklineError(
            Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE,
            "the database's host has no address; correct the endpoint, or try again",
            metadata={"sent": "no"},
        ) from None
    allowed = [one for one in found if policy.allows(one, endpoint.port, endpoint.host)]
    if not allowed:
        raise address_forbidden(endpoint.host)
    return allowed


class NamedTls(ssl.SSLContext):
    """TLS for one host, by whatever address it is reached."""

    host = ""

    def wrap_bio(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, *_: object, **__: object) -> ssl.SSLObject:
        """As that of the base, for the host."""
        return super().wrap_bio(incoming, outgoing, server_hostname=self.host)

    def wrap_socket(self, sock: socket.socket, *_: object, **__: object) -> ssl.SSLSocket:
        """As that of the base, for the host."""
        return super().wrap_socket(sock, server_hostname=self.host)


def tls_of(host: str, ca_pem: str) -> ssl.SSLContext:
    """TLS 1.2 or later; the certificate must be valid for `host` and signed by `ca_pem`, or the system's roots. Raises
    ssl.SSLError, ValueError for roots that cannot be read."""
    context = NamedTls(ssl.PROTOCOL_TLS_CLIENT)
    context.host = host
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_pem:
        context.load_verify_locations(cadata=ca_pem)
    else:
        context.load_default_certs()
    return context
