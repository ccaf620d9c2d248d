"""HTTP sessions that reach only what the operator's policy allows.

aiohttp, not the faster pyreqwest: aiohttp asks a socket factory for each connection and hands it the very address that
it connects to next, so the checked and the used address cannot differ, whatever the resolver answers later.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver

from trunkline_server.domain.addresses import OutboundPolicy

_MAX_CONNECTIONS = 1000
_MAX_CONNECTIONS_PER_HOST = 100
# Larger header blocks than these (bytes) break the connection.
_MAX_HEADER = 16 * 1024


class Forbidden(OSError):
    """The address is not allowed. An OSError, so that the next address of the same host is tried."""


@dataclass(slots=True)
class Dial:
    """The host that is being called, and whether one of its addresses was refused."""

    host: str
    refused: bool = False


# Connections are opened in the task of the call or in tasks that copy its context.
_dial: ContextVar[Dial | None] = ContextVar("dial", default=None)


@contextmanager
def dialling(host: str) -> Iterator[Dial]:
    """Tells the session which host is being called, for allow-list entries that are names."""
    dial = Dial(host)
    token = _dial.set(dial)
    try:
        yield dial
    finally:
        _dial.reset(token)


def guarded_session(
    policy: OutboundPolicy, *, resolver: AbstractResolver | None = None, tls: ssl.SSLContext | None = None
) -> aiohttp.ClientSession:
    """A session without cookies, proxies or time limits of its own; callers bring a deadline.

    Needs a running loop. Connecting to a forbidden address raises `aiohttp.ClientConnectorError`, with the dial's
    `refused` set. TLS is at least 1.3 unless `tls` says otherwise.
    """

    def open_socket(target: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = target
        dial = _dial.get()
        if not policy.allows(str(address[0]), int(address[1]), dial.host if dial else ""):
            if dial:
                dial.refused = True
            raise Forbidden("address not allowed")
        return socket.socket(family, kind, protocol)

    connector = aiohttp.TCPConnector(
        resolver=resolver,
        ssl=tls or default_tls(),
        limit=_MAX_CONNECTIONS,
        limit_per_host=_MAX_CONNECTIONS_PER_HOST,
        socket_factory=open_socket,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        trust_env=False,
        max_line_size=_MAX_HEADER,
        max_field_size=_MAX_HEADER,
    )


def default_tls() -> ssl.SSLContext:
    """TLS 1.3 with the system's certificate authorities."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context
