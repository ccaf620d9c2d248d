"""Connections that reach only what the operator's policy allows, for every adapter that calls out.

aiohttp, not the faster pyreqwest: aiohttp asks a socket factory for each connection and hands it the very address that
it connects to next, so the checked and the used address cannot differ, whatever the resolver answers later.
"""

from __future__ import annotations

import socket
import ssl
from contextvars import ContextVar
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver

from trunkline_server.domain.addresses import OutboundPolicy


class Forbidden(OSError):
    """The address is not allowed. An OSError, so that the next address of the same host is tried."""


@dataclass(slots=True)
class Dial:
    """The host that is being called, and whether one of its addresses was refused."""

    host: str
    refused: bool = False


# Connections are opened in the task of the call or in tasks that copy its context.
_dial: ContextVar[Dial | None] = ContextVar("dial", default=None)


def dialling(host: str) -> Dial:
    """Tells the connector which host this task calls next, for allow-list entries that are names."""
    dial = Dial(host)
    _dial.set(dial)
    return dial


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

    return aiohttp.TCPConnector(
        resolver=resolver,
        ssl=tls or _tls(),
        limit=limit,
        limit_per_host=limit_per_host,
        keepalive_timeout=keep_alive,
        ttl_dns_cache=30,
        socket_factory=open_socket,
    )


def _tls() -> ssl.SSLContext:
    """TLS 1.3 with the system's certificate authorities."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context
