"""One exchange: the head of a request, and what becomes of its connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from rest_upstream import LOCAL
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import ProviderError, Reason
from trunkline_server.providers.http import Bound, Http
from trunkline_server.providers.http1 import Place
from yarl import URL

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
# More than the buffers of both sockets hold.
LARGE = b"x" * 32 * 1024 * 1024


@asynccontextmanager
async def upstream(*serves: Serve) -> AsyncIterator[str]:
    """The address of a server; its connections are served by `serves` in turn, the last one again and again."""
    left = list(serves)
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await (left.pop(0) if len(left) > 1 else left[0])(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        server.close()
        for task in tasks:
            task.cancel()


async def ask(http: Http, url: str, method: str = "GET", body: bytes | None = None, seconds: float = 5.0) -> bytes:
    bound = Bound.of(Deadline.after(seconds), seconds)
    with await http.send(method, url, {}, body, bound, "openai") as answer:
        return (await http.whole(answer, bound, "openai")).body


async def always(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)


async def test_the_head_says_what_is_missing_and_nothing_twice() -> None:
    place = Place(URL("https://api.example:8443/v1/chat?a=b"), "trunkline")
    assert place.head("POST", {"Authorization": "Bearer s"}, b"{}").split(b"\r\n") == [
        b"POST /v1/chat?a=b HTTP/1.1",
        b"Host: api.example:8443",
        b"User-Agent: trunkline",
        b"Accept: */*",
        b"Accept-Encoding: gzip, deflate",
        b"Authorization: Bearer s",
        b"Content-Length: 2",
        b"",
        b"",
    ]
    own = place.head("GET", {"host": "h", "USER-AGENT": "u", "Accept": "a", "accept-encoding": "e"}, None)
    assert own.count(b"\r\n") == 6 and b"api.example" not in own and b"Content-Length" not in own
    assert Place(URL("http://[::1]/"), "t").head("GET", {}, None).startswith(b"GET / HTTP/1.1\r\nHost: [::1]\r\n")


@pytest.mark.parametrize("value", ["a\r\nX-Other: b", "a\nb", "a\rb", "a\0b"])
async def test_a_header_is_one_line(value: str) -> None:
    place = Place(URL("https://api.example/"), "trunkline")
    for headers in ({"Authorization": value}, {value: "a"}):
        with pytest.raises(ValueError, match="one line"):
            place.head("POST", headers, b"")


async def test_words_before_the_answer_are_passed_over() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")
        await asyncio.sleep(0.02)
        writer.write(OK)

    http = Http(LOCAL)
    async with upstream(serve) as url:
        assert await ask(http, url) == b"ok"
    await http.close()


async def test_a_connection_that_ends_in_the_pool_costs_no_question_that_may_be_repeated() -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await reader.readuntil(b"\r\n\r\n")  # The next one comes, and is not answered.

    http = Http(LOCAL)
    async with upstream(once, always) as url:
        assert [await ask(http, url) for _ in range(2)] == [b"ok", b"ok"]
    async with upstream(once, always) as url:
        assert await ask(http, url) == b"ok"
        with pytest.raises(ProviderError) as caught:
            await ask(http, url, "POST", b"")
        assert caught.value.reason == Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, "it may have been done"
    await http.close()


async def test_what_is_no_answer_at_all() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"220 mail.example ESMTP\r\n\r\n")

    http = Http(LOCAL)
    async with upstream(serve) as url:
        with pytest.raises(ProviderError) as caught:
            await ask(http, url)
    assert caught.value.reason == Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE
    assert caught.value.metadata["cause"] == "ClientResponseError"
    await http.close()


async def test_a_request_that_is_given_up_is_not_sent_to_its_end() -> None:
    read: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3)
        taken = 0
        try:
            while part := await reader.read(1 << 20):
                taken += len(part)
        except ConnectionError:
            pass
        read.set_result(taken)

    http = Http(LOCAL)
    async with upstream(slow) as url:
        since = time.monotonic()
        with pytest.raises(ProviderError) as caught:
            await ask(http, url, "POST", LARGE, seconds=0.1)
        assert caught.value.reason == Reason.ERROR_REASON_CALLER_DEADLINE
        assert time.monotonic() - since < 0.3
        assert await asyncio.wait_for(read, 5) < len(LARGE)
    await http.close()


async def test_a_connection_is_not_used_again_while_a_request_is_still_on_its_way() -> None:
    async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)  # Long before the body is there.
        await asyncio.sleep(3600)

    http = Http(LOCAL)
    async with upstream(refuses, always) as url:
        assert await ask(http, url, "POST", LARGE) == b"ok"
        assert await ask(http, url) == b"ok"
    await http.close()


async def test_large_bodies_arrive_whole() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            size = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
            whole = await reader.readexactly(size)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(whole) + whole)

    http = Http(LOCAL)
    async with upstream(serve) as url:
        for size in (0, 1, 64 * 1024, 64 * 1024 + 1, 3_000_000):
            body = bytes(size)
            assert await ask(http, url, "POST", body) == body
    await http.close()
