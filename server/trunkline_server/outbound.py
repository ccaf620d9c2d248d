"""Connections that reach only what the operator's policy allows, for every adapter that calls out.

aiohttp, not the faster pyreqwest: aiohttp asks a socket factory for each connection and hands it the very address that
it connects to next, so the checked and the used address cannot differ, whatever the resolver answers later.
"""

from __future__ import annotations

import asyncio
import math
import socket
import ssl
import time
from collections.abc import Awaitable
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp.abc import AbstractResolver

from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.timeouts import Part, Timeouts

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace


# Of one session for the systems behind tools.
_MAX_CONNECTIONS = 1000
_MAX_CONNECTIONS_PER_HOST = 100


class Forbidden(OSError):
    """The address is not allowed. An OSError, so that the next address of the same host is tried."""


# Connections are opened in the task of the call or in tasks that copy its context.
_dial: ContextVar[Dial | None] = ContextVar("dial", default=None)


class Dial:
    """The call of a host: whether one of its addresses was refused, whether a connection stood, and how long it may
    still take: `async with dial:` raises TimeoutError when the time of `part` runs out. Within it the connector knows
    which host this task calls, for allow-list entries that are names. `end`, on the monotonic clock, bounds all of the
    call, `timeouts` its parts."""

    __slots__ = ("_end", "connected", "host", "limit", "part", "refused", "timeouts")

    def __init__(self, host: str, end: float, timeouts: Timeouts) -> None:
        self.host = host
        self.refused = False
        self.connected = False
        self.part: Part = "total"
        self.limit = asyncio.timeout_at(end)
        self._end = end
        self.timeouts = timeouts

    def __aenter__(self) -> Awaitable[object]:
        _dial.set(self)
        return self.limit.__aenter__()

    def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Awaitable[bool | None]:
        # The limit holds the task, and the task its context: let go, none of them waits for the collector.
        _dial.set(None)
        return self.limit.__aexit__(kind, error, trace)

    def connect(self) -> None:
        """A connection is opened."""
        self._enter("connect")

    def send(self) -> None:
        """The connection stands, and the request is sent on it."""
        self.connected = True
        # On a pooled connection, without such a bound, nothing changes.
        if self.part != "total" or self.timeouts.first_byte != math.inf:
            self._enter("first_byte")

    def receive(self) -> None:
        """Something of the answer has come."""
        self._enter("idle")

    def _enter(self, part: Part) -> None:
        seconds = self.timeouts.of(part)
        at = self._end if seconds == math.inf else min(self._end, time.monotonic() + seconds)
        self.part = part if at < self._end else "total"
        if at != self.limit.when() and not self.limit.expired():
            self.limit.reschedule(at)


class _Connector(aiohttp.TCPConnector):
    """Tells the dial of the calling task how far it is. Waiting for a place in the pool is no part of connecting."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 aiohttp's own
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        if dial := _dial.get():
            dial.send()
        return connection

    async def _create_connection(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 aiohttp's own
    ) -> ResponseHandler:
        if dial := _dial.get():
            dial.connect()
        return await super()._create_connection(req, traces, timeout)


def guarded_connector(
    policy: OutboundPolicy,
    *,
    limit: int,
    limit_per_host: int = 0,
    keep_alive: float = 15.0,
    resolver: AbstractResolver | None = None,
    tls: ssl.SSLContext | None = None,
    receive_bytes: int = 0,
) -> aiohttp.TCPConnector:
    """Connections for one session; a limit of 0 is none, `keep_alive` is in seconds, `receive_bytes` is what the system
    may hold of what was not read yet, where it is not to choose that itself.

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
        opened = socket.socket(family, kind, protocol)
        if receive_bytes:
            # Only before the connection is made does it bound the window.
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        return opened

    return _Connector(
        resolver=resolver,
        ssl=tls or client_tls(),
        limit=limit,
        limit_per_host=limit_per_host,
        keepalive_timeout=keep_alive,
        ttl_dns_cache=30,
        socket_factory=open_socket,
    )


def guarded_session(
    policy: OutboundPolicy, *, resolver: AbstractResolver | None, tls: ssl.SSLContext | None, **options: Any
) -> aiohttp.ClientSession:
    """A session for the systems behind tools: no cookies, no proxy of the environment, no time limit but the dial's.
    `options` are the session's own. Needs a running loop."""
    return aiohttp.ClientSession(
        connector=guarded_connector(
            policy, limit=_MAX_CONNECTIONS, limit_per_host=_MAX_CONNECTIONS_PER_HOST, resolver=resolver, tls=tls
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        trust_env=False,
        **options,
    )


def client_tls() -> ssl.SSLContext:
    """TLS 1.3 with the system's certificate authorities."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context
