"""The REST engine against upstreams that are slow, broken or hostile, and callers that go away."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from rest_upstream import (
    LOCAL,
    Upstream,
    call,
    http_upstream,
    integration,
    read_head,
    refused,
    socket_upstream,
    tool,
)
from trunkline_server.connectors.rest.engine import RestConnector
from trunkline_server.domain.errors import Reason


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    async with http_upstream() as running:
        yield running


@pytest.fixture
async def rest() -> AsyncIterator[RestConnector]:
    async with RestConnector(LOCAL) as running:
        yield running


@pytest.mark.parametrize(
    ("own", "callers", "reason"),
    [
        (0.2, 30.0, Reason.ERROR_REASON_UPSTREAM_TIMEOUT),
        (30.0, 0.2, Reason.ERROR_REASON_CALLER_DEADLINE),
        (None, 0.2, Reason.ERROR_REASON_CALLER_DEADLINE),
    ],
)
async def test_timeouts(
    rest: RestConnector, upstream: Upstream, own: float | None, callers: float, reason: Reason.ValueType
) -> None:
    async def never(request: web.BaseRequest) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    upstream.answer = never
    error = await refused(rest, integration(upstream.url, tool(), seconds=own), seconds=callers)
    assert error.reason == reason
    assert len(upstream.seen) == 1


async def test_a_deadline_in_the_past(rest: RestConnector, upstream: Upstream) -> None:
    error = await refused(rest, integration(upstream.url, tool()), seconds=-1)
    assert error.reason == Reason.ERROR_REASON_CALLER_DEADLINE
    assert upstream.seen == []


async def test_a_drip_is_cut_by_the_timeout(rest: RestConnector) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with socket_upstream(drip) as sockets:
        target = integration(f"http://127.0.0.1:{sockets.port}", tool(), seconds=0.4)
        assert (await refused(rest, target)).reason == Reason.ERROR_REASON_UPSTREAM_TIMEOUT
        await asyncio.wait_for(sockets.closed.wait(), 10)


@pytest.mark.parametrize(
    "speech",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
        b"220 smtp.example ESMTP\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x00\x05hello",
    ],
    ids=["silence", "half-a-body", "half-a-chunk", "not-gzip", "not-http", "long-header", "noise"],
)
@pytest.mark.parametrize("reset", [False, True], ids=["end", "reset"])
async def test_broken_connections(rest: RestConnector, speech: bytes, reset: bool) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(speech)
        await writer.drain()
        if reset:
            writer.transport.abort()
        else:
            writer.close()

    async with socket_upstream(speak) as sockets:
        error = await refused(rest, integration(f"http://127.0.0.1:{sockets.port}", tool("POST")))
    assert error.reason == Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE
    assert "127.0.0.1" not in error.message


async def test_nobody_listens(rest: RestConnector) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        return

    async with socket_upstream(speak) as sockets:
        port = sockets.port
    error = await refused(rest, integration(f"http://127.0.0.1:{port}", tool()))
    assert error.reason == Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE


# RFC 2606 reserves `.invalid`; the others are no names at all.
@pytest.mark.parametrize("host", ["nothing.invalid", "x..y", "a" * 64 + ".example", "a" * 300])
async def test_a_name_that_does_not_resolve(rest: RestConnector, host: str) -> None:
    error = await refused(rest, integration(f"http://{host}", tool()))
    assert error.reason == Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE


async def test_tls_that_is_not_trusted(rest: RestConnector, upstream: Upstream) -> None:
    # Plain HTTP where TLS is expected.
    error = await refused(rest, integration(upstream.url.replace("http:", "https:"), tool()))
    assert error.reason == Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE
    assert upstream.seen == []


LIMIT = 8 * 1024 * 1024


@pytest.mark.parametrize("extra", [0, 1])
async def test_the_largest_answer(rest: RestConnector, upstream: Upstream, extra: int) -> None:
    upstream.answers(body=b"x" * (LIMIT + extra), kind="application/octet-stream")
    target = integration(upstream.url, tool())
    if not extra:
        assert len((await call(rest, target)).raw) == LIMIT
        return
    error = await refused(rest, target)
    assert error.reason == Reason.ERROR_REASON_MESSAGE_TOO_LARGE


async def test_an_endless_answer_is_cut(rest: RestConnector) -> None:
    sent = 0

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536

    async with socket_upstream(pour) as sockets:
        error = await refused(rest, integration(f"http://127.0.0.1:{sockets.port}", tool()))
        assert error.reason == Reason.ERROR_REASON_MESSAGE_TOO_LARGE
        await asyncio.wait_for(sockets.closed.wait(), 10)
    # What was in flight comes on top of the limit.
    assert sent < 4 * LIMIT


async def test_a_compressed_bomb_is_cut(rest: RestConnector, upstream: Upstream) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b"0" * 1_000_000) for _ in range(200)) + packer.flush()
    upstream.answers(body=bomb, kind="text/plain", headers={"Content-Encoding": "gzip"})
    error = await refused(rest, integration(upstream.url, tool()))
    assert error.reason == Reason.ERROR_REASON_MESSAGE_TOO_LARGE


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"], ids=["waiting", "reading"])
async def test_a_cancelled_call_closes_its_connection(rest: RestConnector, head: bytes) -> None:
    started = asyncio.Event()

    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(head)
        await writer.drain()
        started.set()

    async with socket_upstream(stall) as sockets:
        running = asyncio.create_task(call(rest, integration(f"http://127.0.0.1:{sockets.port}", tool())))
        await asyncio.wait_for(started.wait(), 10)
        assert not sockets.closed.is_set()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await asyncio.wait_for(sockets.closed.wait(), 2)
