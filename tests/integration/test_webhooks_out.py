"""What is sent, to real servers, well and ill."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from email.utils import formatdate

import pytest
import pytest_asyncio
from aiohttp import web
from rest_upstream import LOCAL, Upstream, http_upstream, read_head, socket_upstream
from trunkline_server.connectors.webhooks_out import WebhookSender
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.webhooks.ports import Answer


@pytest_asyncio.fixture
async def sender() -> AsyncIterator[WebhookSender]:
    async with WebhookSender(LOCAL) as found:
        yield found


async def send(sender: WebhookSender, url: str, seconds: float = 10.0) -> Answer:
    return await sender.send(url, seconds, {"webhook-id": "1"}, b'{"a":1}')


async def test_the_very_bytes_are_posted(sender: WebhookSender) -> None:
    async with http_upstream() as up:
        up.answers(body=b"fine")
        answer = await send(sender, up.url + "/hook?key=a%2Fb")
        assert (answer.status, answer.body, answer.error) == (200, b"fine", "") and answer.latency > 0
        (seen,) = up.seen
        assert (seen.method, seen.raw_path, seen.body) == ("POST", "/hook?key=a%2Fb", b'{"a":1}')
        assert seen.headers["user-agent"] == "Trunkline" and seen.headers["content-type"] == "application/json"


async def test_redirects_are_not_followed(sender: WebhookSender) -> None:
    async with http_upstream() as up, http_upstream() as elsewhere:
        up.answers(307, headers={"Location": elsewhere.url})
        answer = await send(sender, up.url)
        assert answer.status == 307 and "redirects" in answer.error and not elsewhere.seen


@pytest.mark.parametrize("value,low,high", [("7", 7, 7), ("", None, None), ("soon", None, None), ("-3", None, None)])
async def test_retry_after_in_seconds(sender: WebhookSender, value: str, low: float | None, high: float | None) -> None:
    async with http_upstream() as up:
        up.answers(429, headers={"Retry-After": value} if value else {})
        assert (await send(sender, up.url)).retry_after == low == high


async def test_retry_after_as_a_date(sender: WebhookSender) -> None:
    async with http_upstream() as up:
        up.answers(503, headers={"Retry-After": formatdate(time.time() + 60, usegmt=True)})
        asked = (await send(sender, up.url)).retry_after
        assert asked is not None and 50 < asked <= 60


async def test_of_a_large_answer_the_beginning_is_read(sender: WebhookSender) -> None:
    async with http_upstream() as up:
        up.answers(body=b"x" * 5_000_000)
        assert (await send(sender, up.url)).body == b"x" * 4096
        # Nothing is unpacked.
        packed = gzip.compress(b"x" * 100)
        up.answers(body=packed, headers={"Content-Encoding": "gzip"})
        assert (await send(sender, up.url)).body == packed


async def test_an_answer_counts_though_its_body_never_ends(sender: WebhookSender) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 202 Accepted\r\ncontent-length: 100\r\n\r\nab")
        await reader.read()

    async with socket_upstream(drip) as sockets:
        answer = await send(sender, f"http://127.0.0.1:{sockets.port}/", 0.5)
        assert answer.status == 202 and not answer.error
        async with asyncio.timeout(10):
            await sockets.closed.wait()


async def test_no_answer_in_time(sender: WebhookSender) -> None:
    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        await asyncio.sleep(30)

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.close()

    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(b"SSH-2.0-what\r\n\r\n")
        writer.close()

    for speak, error in (
        (silence, "no answer within 0.5 s"),
        (hang_up, "the connection was closed without an answer"),
        (nonsense, "the request failed"),
    ):
        async with socket_upstream(speak) as sockets:
            answer = await send(sender, f"http://127.0.0.1:{sockets.port}/", 0.5)
            assert (answer.status, answer.error) == (0, error)
    assert (await send(sender, f"http://127.0.0.1:{sockets.port}/")).error == "no connection"


async def test_addresses_inside_are_refused_at_the_socket() -> None:
    async with http_upstream() as up, WebhookSender(OutboundPolicy(allow_http=True)) as closed:
        port = up.url.rpartition(":")[2]
        # The shape of the first shows it; the second only when it is resolved.
        for host in ("127.0.0.1", "localhost"):
            answer = await send(closed, f"http://{host}:{port}/")
            assert answer.status == 0 and "not allowed" in answer.error and "127" not in answer.error
        assert not up.seen


async def test_a_cancelled_one_closes_its_connection(sender: WebhookSender) -> None:
    up: Upstream
    async with http_upstream() as up:
        began = asyncio.Event()

        async def wait(_: web.BaseRequest) -> web.StreamResponse:
            began.set()
            await asyncio.sleep(30)
            return web.Response()

        up.answer = wait
        task = asyncio.create_task(send(sender, up.url))
        await began.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
