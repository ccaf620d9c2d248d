"""An upstream that holds what it is asked, until it is told or for some time, and counts what it holds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from aiohttp import web
from upstream import MODEL

_ANSWER = (
    b'{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"mock-1","choices":[{"index":0,"message":'
    b'{"role":"assistant","content":"word"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":1,'
    b'"total_tokens":10}}'
)
assert MODEL.encode() in _ANSWER


@dataclass
class Holding:
    """`seconds` tells how long the next request is held after `release` is set. `most` were held at once so far."""

    seconds: Callable[[], float] = lambda: 0.0
    url: str = ""
    open: int = 0
    most: int = 0
    release: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def holding(seconds: Callable[[], float] = lambda: 0.0) -> AsyncIterator[Holding]:
    """Serve on a free port of the loopback."""
    state = Holding(seconds)

    async def chat(request: web.Request) -> web.Response:
        state.open += 1
        state.most = max(state.most, state.open)
        try:
            await request.read()
            await state.release.wait()
            await asyncio.sleep(state.seconds())
            return web.Response(body=_ANSWER, content_type="application/json")
        finally:
            state.open -= 1

    app = web.Application()
    app.router.add_post("/v1/chat/completions", chat)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
    state.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield state
    finally:
        await runner.cleanup()


@asynccontextmanager
async def channels(target: str, number: int) -> AsyncIterator[list[grpc.aio.Channel]]:
    """So many connections of their own."""
    opened = [grpc.aio.insecure_channel(target, options=[("grpc.use_local_subchannel_pool", 1)]) for _ in range(number)]
    try:
        yield opened
    finally:
        for channel in opened:
            await channel.close()


def completer(channel: grpc.aio.Channel) -> Callable[..., Any]:
    """`Complete` in bytes, which costs the caller least."""
    return channel.unary_unary("/trunkline.v1.LLMService/Complete")


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of them do not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
