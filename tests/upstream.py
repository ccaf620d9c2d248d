"""An OpenAI-compatible upstream for tests: answers, streams at a pace, stalls, fails, cuts its streams in every way
(upstream_cuts.py), and watches its sockets."""

from __future__ import annotations

import asyncio
import base64
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson
from aiohttp import web
from upstream_cuts import CUTS

MODEL = "mock-1"
# What the counter of Anthropic's API answers.
COUNTED = 4711
# What every answer of a completion has in its head.
HEAD = {"x-request-id": "req_7", "x-ratelimit-remaining-requests": "41", "x-ratelimit-reset-requests": "120ms"}


@dataclass
class Visit:
    """One completion as the upstream saw it, by `time.monotonic()`. `broken`: the caller left before its end."""

    body: dict[str, Any]
    arrived: float
    ended: float | None = None
    broken: bool = False


@dataclass
class Upstream:
    """What the upstream does next, and what it saw. `pace` is in seconds between chunks, `padding` in bytes more for
    each of them. A stream is cut after `cut_after` chunks in the way that `cut` names, at `cut_at`. Failures carry
    `failed_head` too, for example a Retry-After."""

    url: str = ""
    chunks: int = 5
    pace: float = 0.0
    status: int = 200
    stall: float = 0.0
    padding: int = 0
    cut_after: int | None = None
    failed_head: dict[str, str] = field(default_factory=dict)
    cut: str = "close"
    requests: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    open: int = 0
    sent: int = 0
    closed_at: list[float] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    cut_at: list[float] = field(default_factory=list)
    server: web.Server | None = None

    @property
    def sockets(self) -> int:
        """How many connections are open, idle ones included."""
        return len(self.server.connections) if self.server is not None else 0


@asynccontextmanager
async def upstream(**behaviour: object) -> AsyncIterator[Upstream]:
    """Serve on a free port of the loopback."""
    state = Upstream(**behaviour)  # type: ignore[arg-type]

    async def embeddings(request: web.Request) -> web.Response:
        body = await request.read()
        state.requests.append(body)
        state.open += 1
        try:
            return await _vectors(state, orjson.loads(body))
        finally:
            state.open -= 1

    async def count(request: web.Request) -> web.Response:
        state.requests.append(await request.read())
        await asyncio.sleep(state.stall)
        if state.status != 200:
            return _failed(state)
        return web.json_response({"input_tokens": COUNTED})

    async def models(_: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": MODEL, "object": "model"}]}, status=state.status)

    app = web.Application()
    app.router.add_post("/v1/chat/completions", partial(_chat, state))
    app.router.add_post("/v1/embeddings", embeddings)
    app.router.add_post("/v1/messages/count_tokens", count)
    app.router.add_get("/v1/models", models)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    state.server = runner.server
    state.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield state
    finally:
        await runner.cleanup()


async def _chat(state: Upstream, request: web.Request) -> web.StreamResponse:
    body = await request.read()
    state.requests.append(body)
    state.headers.append(dict(request.headers))
    state.open += 1
    visit = Visit(orjson.loads(body), time.monotonic())
    state.visits.append(visit)
    try:
        return await _answer(request, state, visit.body)
    except (asyncio.CancelledError, ConnectionResetError):
        visit.broken = True
        state.closed_at.append(time.monotonic())
        raise
    finally:
        visit.ended = time.monotonic()
        state.open -= 1


def _failed(state: Upstream) -> web.Response:
    return web.json_response(
        {"error": {"message": "the upstream failed", "type": "server_error"}},
        status=state.status,
        headers=HEAD | state.failed_head,
    )


async def _vectors(state: Upstream, body: dict[str, Any]) -> web.Response:
    """Of each text, its length and two numbers more; `dimensions` may shorten them. A token for each text."""
    await asyncio.sleep(state.stall)
    if state.status != 200:
        return _failed(state)
    length = body.get("dimensions", 3)
    rows = []
    for index, text in enumerate(body["input"]):
        packed = struct.pack("<3f", len(text), 0.5, -1.0)[: 4 * length]
        vector = base64.b64encode(packed).decode()
        rows.append({"object": "embedding", "index": index, "embedding": vector})
    usage = {"prompt_tokens": len(rows), "total_tokens": len(rows)}
    return web.json_response({"object": "list", "model": MODEL, "data": rows, "usage": usage})


async def _answer(request: web.Request, state: Upstream, body: dict[str, Any]) -> web.StreamResponse:
    await asyncio.sleep(state.stall)
    if state.status != 200:
        return _failed(state)
    usage = {"prompt_tokens": 9, "completion_tokens": state.chunks, "total_tokens": 9 + state.chunks}
    head = {"id": "chatcmpl-1", "model": MODEL, "created": 1}
    if not body.get("stream"):
        message = {"role": "assistant", "content": "word " * state.chunks}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        whole = {**head, "object": "chat.completion", "choices": [choice], "usage": usage}
        return web.json_response(whole, headers=HEAD)
    response = web.StreamResponse(headers={"content-type": "text/event-stream", **HEAD})
    await response.prepare(request)

    async def send(value: dict[str, object]) -> None:
        payload = orjson.dumps({**head, "object": "chat.completion.chunk", **value})
        await response.write(b"data: " + payload + b"\n\n")
        state.sent += 1

    for number in range(state.chunks):
        if state.cut_after is not None and number >= state.cut_after:
            state.cut_at.append(time.monotonic())
            await CUTS[state.cut](request, response)
            return response
        content = f"word{number} " + "x" * state.padding
        await send({"choices": [{"index": 0, "delta": {"content": content}, "finish_reason": None}]})
        await asyncio.sleep(state.pace)
    await send({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    await send({"choices": [], "usage": usage})
    await response.write(b"data: [DONE]\n\n")
    return response
