"""The ways in which a stream of the test upstream ends before its end mark."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

Cut = Callable[[web.Request, web.StreamResponse], Awaitable[None]]
# How long a half-closed connection is left so.
_HALF_CLOSED_SECONDS = 30.0
_DRIP_SECONDS = 1.0


def _transport(request: web.Request) -> asyncio.Transport:
    assert isinstance(request.transport, asyncio.Transport)
    return request.transport


async def _close(request: web.Request, response: web.StreamResponse) -> None:
    """FIN within the answer, and nothing is read any more."""
    _transport(request).close()


async def _half_close(request: web.Request, response: web.StreamResponse) -> None:
    """FIN within the answer, while this side still reads: the caller has to close."""
    _transport(request).write_eof()
    await asyncio.sleep(_HALF_CLOSED_SECONDS)


async def _no_end(request: web.Request, response: web.StreamResponse) -> None:
    """A sound end of the HTTP answer, without the provider's end mark."""


async def _reset(request: web.Request, response: web.StreamResponse) -> None:
    """RST."""
    transport = _transport(request)
    link: socket.socket = transport.get_extra_info("socket")
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _drip(request: web.Request, response: web.StreamResponse) -> None:
    """An event that never ends, a byte each second."""
    for byte in b"data: ":
        await response.write(bytes([byte]))
        await asyncio.sleep(_DRIP_SECONDS)
    while True:
        await response.write(b"x")
        await asyncio.sleep(_DRIP_SECONDS)


async def _pings(request: web.Request, response: web.StreamResponse) -> None:
    """Comments, one each second: the provider lives, and its model thinks."""
    while True:
        await response.write(b": ping\n\n")
        await asyncio.sleep(_DRIP_SECONDS)


CUTS: Mapping[str, Cut] = {
    "close": _close,
    "half_close": _half_close,
    "no_end": _no_end,
    "reset": _reset,
    "drip": _drip,
    "pings": _pings,
}
