"""The driver against a real server on a socket: time, size, truncation, and closing at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import orjson
import pytest
from rest_upstream import LOCAL
from trunkline.v1.completion_pb2 import CompleteRequest, StreamCompleteResponse
from trunkline.v1.llm_pb2 import EmbedRequest
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import ProviderError, Reason
from trunkline_server.domain.fold import fold
from trunkline_server.domain.ports import Heard, Target
from trunkline_server.domain.timeouts import Timeouts
from trunkline_server.providers.driver import ProviderDriver

ASK = CompleteRequest(prompt="Hi")
JSON = "application/json"
SSE = "text/event-stream"
ANSWER = {
    "id": "c1",
    "model": "m1",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
}


@dataclass
class Upstream:
    """A server that answers as told and watches its sockets."""

    answer: Callable[[asyncio.StreamWriter], Awaitable[None]]
    port: int = 0
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    gone_at: float = 0.0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lower = head.lower()
                size = int(lower.partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
                self.requests.append(head + await reader.readexactly(size))
                self.asked.set()
                await self.answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.gone_at = time.monotonic()
            self.gone.set()
            writer.close()


@asynccontextmanager
async def _upstream(answer: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[Upstream]:
    upstream = Upstream(answer)
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0)
    upstream.port = server.sockets[0].getsockname()[1]
    try:
        yield upstream
    finally:
        server.close()


def _target(upstream: Upstream | int, timeout: float = 5.0) -> Target:
    port = upstream if isinstance(upstream, int) else upstream.port
    return Target("i", "openai", "openai", "m1", f"http://127.0.0.1:{port}/v1", timeout, "s3cret")


def _http(body: bytes, content_type: str = JSON, status: str = "200 OK", extra: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


def _answering(data: bytes) -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return answer


def _frame(content: str, finish: str | None = None) -> bytes:
    chunk = {
        "id": "c1",
        "model": "m1",
        "choices": [{"index": 0, "delta": {"content": content}, "finish_reason": finish}],
    }
    return b"data: " + orjson.dumps(chunk) + b"\n\n"


def _chunked(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


_STREAM_HEAD = f"HTTP/1.1 200 OK\r\ncontent-type: {SSE}\r\ntransfer-encoding: chunked\r\n\r\n".encode()


async def _silence(writer: asyncio.StreamWriter) -> None:
    """Never answers."""


async def _begin(writer: asyncio.StreamWriter) -> None:
    """Begins a stream and says no more."""
    writer.write(_STREAM_HEAD + _chunked(_frame("Hel")))
    await writer.drain()


async def _failure(run: Awaitable[object]) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await asyncio.wait_for(run, 5)
    return caught.value


async def _all(driver: ProviderDriver, target: Target, seconds: float = 5.0) -> list[StreamCompleteResponse]:
    return [event async for event in driver.stream(target, ASK, Deadline.after(seconds))]


async def _closed_within(upstream: Upstream, since: float) -> float:
    await asyncio.wait_for(upstream.gone.wait(), 2)
    return upstream.gone_at - since


async def test_a_whole_answer_and_what_was_sent() -> None:
    async with _upstream(_answering(_http(orjson.dumps(ANSWER)))) as upstream, ProviderDriver(LOCAL) as driver:
        for _ in range(3):
            answer = await driver.complete(_target(upstream), ASK, Deadline.after(5))
        assert (answer.completion, answer.model_used, answer.usage.input_tokens) == ("Hello", "m1", 3)
        assert upstream.connections == 1
        head, _, body = upstream.requests[0].partition(b"\r\n\r\n")
        assert head.startswith(b"POST /v1/chat/completions HTTP/1.1\r\n")
        assert b"authorization: bearer s3cret" in head.lower()
        assert orjson.loads(body) == {"model": "m1", "messages": [{"role": "user", "content": "Hi"}]}


async def test_a_stream_that_ends_well_keeps_its_connection() -> None:
    data = _STREAM_HEAD + _chunked(_frame("Hel") + _frame("lo", "stop") + b"data: [DONE]\n\n") + b"0\r\n\r\n"
    async with _upstream(_answering(data)) as upstream, ProviderDriver(LOCAL) as driver:
        for _ in range(2):
            events = await _all(driver, _target(upstream))
        assert fold(events).completion == "Hello"
        assert events[-1].HasField("finished")
        assert upstream.connections == 1


@pytest.mark.parametrize("begun", [False, True])
async def test_a_cancelled_stream_closes_its_connection_at_once(begun: bool) -> None:
    async with _upstream(_begin if begun else _silence) as upstream, ProviderDriver(LOCAL) as driver:
        task = asyncio.create_task(_all(driver, _target(upstream)))
        await upstream.asked.wait()
        await asyncio.sleep(0.05)
        since = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await _closed_within(upstream, since) < 1.0


async def test_a_cancelled_answer_closes_its_connection_at_once() -> None:
    async with _upstream(_silence) as upstream, ProviderDriver(LOCAL) as driver:
        task = asyncio.create_task(driver.complete(_target(upstream), ASK, Deadline.after(5)))
        await upstream.asked.wait()
        since = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await _closed_within(upstream, since) < 1.0


async def test_closing_the_generator_closes_the_connection_at_once() -> None:
    async with _upstream(_begin) as upstream, ProviderDriver(LOCAL) as driver:
        stream = driver.stream(_target(upstream), ASK, Deadline.after(5))
        assert (await anext(stream)).HasField("started")
        since = time.monotonic()
        await stream.aclose()
        assert await _closed_within(upstream, since) < 1.0


async def test_no_answer_in_time() -> None:
    async with _upstream(_silence) as upstream, ProviderDriver(LOCAL) as driver:
        slow = _target(upstream, timeout=0.1)
        error = await _failure(driver.complete(slow, ASK, Deadline.after(5)))
        assert (error.reason, error.retry, error.fallback) == (Reason.ERROR_REASON_UPSTREAM_TIMEOUT, True, True)
        error = await _failure(_all(driver, slow))
        assert error.reason == Reason.ERROR_REASON_UPSTREAM_TIMEOUT
        error = await _failure(driver.complete(_target(upstream), ASK, Deadline.after(0.1)))
        assert (error.reason, error.retry, error.fallback) == (Reason.ERROR_REASON_CALLER_DEADLINE, False, False)


async def test_a_stream_that_falls_silent() -> None:
    async with _upstream(_begin) as upstream, ProviderDriver(LOCAL) as driver:
        target = replace(_target(upstream), timeouts=Timeouts(idle=0.1))
        error = await _failure(_all(driver, target))
        assert error.reason == Reason.ERROR_REASON_UPSTREAM_TIMEOUT
        assert error.metadata["timeout"] == "idle"
    async with _upstream(_begin) as upstream, ProviderDriver(LOCAL) as driver:
        error = await _failure(_all(driver, _target(upstream), seconds=0.2))
        assert error.reason == Reason.ERROR_REASON_CALLER_DEADLINE


async def test_what_came_before_a_break_counts() -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(_STREAM_HEAD + _chunked(_frame("Hel")) + _chunked(_frame("lo")))
        writer.transport.abort()

    events: list[StreamCompleteResponse] = []

    async def read(driver: ProviderDriver, target: Target) -> None:
        async for event in driver.stream(target, ASK, Deadline.after(5)):
            events.append(event)

    async with _upstream(answer) as upstream, ProviderDriver(LOCAL) as driver:
        error = await _failure(read(driver, _target(upstream)))
        assert error.reason == Reason.ERROR_REASON_STREAM_TRUNCATED
        assert "".join(event.content_delta.text for event in events) == "Hello"


async def test_a_long_stream_outlives_the_timeout_of_its_beginning() -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(_STREAM_HEAD)
        for word in ("a", "b", "c", "d"):
            writer.write(_chunked(_frame(word)))
            await asyncio.sleep(0.1)
        writer.write(_chunked(_frame("", "stop") + b"data: [DONE]\n\n") + b"0\r\n\r\n")

    async with _upstream(answer) as upstream, ProviderDriver(LOCAL) as driver:
        assert fold(await _all(driver, _target(upstream, timeout=0.2))).completion == "abcd"


@pytest.mark.parametrize("ending", [b"", b"0\r\n\r\n", _chunked(_frame("lo", "stop")[:20]) + b"0\r\n\r\n"])
async def test_a_stream_without_its_end_mark(ending: bytes) -> None:
    usage = {"id": "c1", "model": "m1", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 1}}

    async def answer(writer: asyncio.StreamWriter) -> None:
        frames = _frame("Hel") + b"data: " + orjson.dumps(usage) + b"\n\n"
        writer.write(_STREAM_HEAD + _chunked(frames) + ending)
        await writer.drain()
        writer.close()

    async with _upstream(answer) as upstream, ProviderDriver(LOCAL) as driver:
        seen: list[StreamCompleteResponse] = []

        async def read() -> None:
            async for event in driver.stream(_target(upstream), ASK, Deadline.after(5)):
                seen.append(event)

        error = await _failure(read())
        assert error.reason == Reason.ERROR_REASON_STREAM_TRUNCATED
        assert error.usage is not None
        assert error.usage.input_tokens == 3
        assert fold(seen).completion == "Hel"
        assert not any(event.HasField("finished") for event in seen)


async def test_nobody_listens() -> None:
    async with _upstream(_silence) as upstream:
        port = upstream.port
    async with ProviderDriver(LOCAL) as driver:
        for run in (driver.complete(_target(port), ASK, Deadline.after(5)), _all(driver, _target(port))):
            error = await _failure(run)
            assert (error.reason, error.retry, error.fallback) == (Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, True, True)
            assert error.http_status is None
            assert "127.0.0.1" not in error.message


async def test_a_reset_before_the_answer() -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with _upstream(answer) as upstream, ProviderDriver(LOCAL) as driver:
        error = await _failure(driver.complete(_target(upstream), ASK, Deadline.after(5)))
        assert (error.reason, error.retry) == (Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, True)


async def test_a_name_that_does_not_resolve() -> None:
    async with ProviderDriver(LOCAL) as driver:
        target = Target("i", "openai", "openai", "m1", "http://nowhere.invalid/v1", 5.0, "")
        error = await _failure(driver.complete(target, ASK, Deadline.after(5)))
        assert error.reason == Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_http(b"<html>"), Reason.ERROR_REASON_UPSTREAM_MALFORMED),
        (_http(b"[]"), Reason.ERROR_REASON_UPSTREAM_MALFORMED),
        (_http(b"{}"), Reason.ERROR_REASON_UPSTREAM_MALFORMED),
        (_http(b'{"id":"c","model":"m","choices":[7]}'), Reason.ERROR_REASON_UPSTREAM_MALFORMED),
        (
            _http(b"", status="302 Found", extra="location: /\r\n"),
            Reason.ERROR_REASON_UPSTREAM_MALFORMED,
        ),
        (_http(b'{"error":{"message":"no"}}', status="400 Bad Request"), Reason.ERROR_REASON_UPSTREAM_REJECTED),
        (_http(b'{"error":{"message":"later","code":429}}'), Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED),
    ],
)
async def test_answers_that_are_none(data: bytes, reason: int) -> None:
    async with _upstream(_answering(data)) as upstream, ProviderDriver(LOCAL) as driver:
        assert (await _failure(driver.complete(_target(upstream), ASK, Deadline.after(5)))).reason == reason
        assert (await _failure(_all(driver, _target(upstream)))).reason == reason


async def test_an_answer_without_end_is_not_kept() -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: {JSON}\r\n\r\n".encode())
        while True:
            writer.write(b" " * 1_000_000)
            await writer.drain()

    async with _upstream(answer) as upstream, ProviderDriver(LOCAL) as driver:
        error = await _failure(driver.complete(_target(upstream), ASK, Deadline.after(5)))
        assert error.reason == Reason.ERROR_REASON_UPSTREAM_MALFORMED


async def test_checks() -> None:
    listed = _http(orjson.dumps({"data": [{"id": f"m{i}"} for i in range(1200)]}))
    refused = _http(b'{"error":{"message":"Incorrect key sk-abcdef123456"}}', status="401 Unauthorized")
    async with _upstream(_answering(listed)) as upstream, ProviderDriver(LOCAL) as driver:
        found = await driver.check(_target(upstream), Deadline.after(5))
        assert (found.healthy, found.http_status, len(found.models), found.models[0]) == (True, 200, 1000, "m0")
        assert upstream.requests[0].startswith(b"GET /v1/models ")
        assert found.latency.ToMicroseconds() > 0
    async with _upstream(_answering(refused)) as upstream, ProviderDriver(LOCAL) as driver:
        found = await driver.check(_target(upstream), Deadline.after(5))
        assert (found.healthy, found.http_status) == (False, 401)
        assert "sk-abcdef" not in found.detail
        tgi = Target("i", "tgi", "tgi", "m1", f"http://127.0.0.1:{upstream.port}/v1", 5.0, "")
        await driver.check(tgi, Deadline.after(5))
        assert upstream.requests[1].startswith(b"GET /health ")
    async with ProviderDriver(LOCAL) as driver:
        found = await driver.check(_target(upstream.port), Deadline.after(5))
        assert not found.healthy
        assert not found.HasField("http_status")


async def test_what_an_embedding_hears() -> None:
    told = "x-request-id: req_9\r\nx-ratelimit-remaining-requests: 3\r\nx-ratelimit-reset-requests: 2s\r\n"
    row = {"index": 0, "embedding": "AAAAAA=="}
    answer = _http(orjson.dumps({"data": [row], "usage": {"prompt_tokens": 1}}), extra=told)
    async with _upstream(_answering(answer)) as upstream, ProviderDriver(LOCAL) as driver:
        heard = Heard()
        await driver.embed(_target(upstream), EmbedRequest(inputs=["a"]), Deadline.after(5), heard)
        assert (heard.http_status, heard.request_id) == (200, "req_9")
        assert [(one.unit, one.remaining) for one in heard.quotas] == [("requests", 3)]
