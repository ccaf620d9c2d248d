"""Two servers over the same stores, and many calls at once over both."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from e2e.calls import llm, read
from e2e.replicas import replica
from google.protobuf.message import Message
from harness import Stack, provider, stack
from trunkline.v1.completion_pb2 import CompleteRequest, StreamCompleteRequest
from upstream import MODEL, Upstream, upstream

FULL = os.environ.get("TRUNKLINE_FAULTS") == "full"
# More calls than a worker takes by default come at once.
_ENVIRONMENT = {"TRUNKLINE__SERVER__MAX_CONCURRENT_REQUESTS": "3000"}
_CHANNELS = 4


@dataclass
class Crowd:
    """Callers of two servers, of one worker each."""

    servers: list[Stack]
    channels: list[list[grpc.aio.Channel]]
    state: Upstream

    @property
    def model(self) -> str:
        return self.servers[0].model

    def channel(self, number: int) -> grpc.aio.Channel:
        """Callers take turns with the servers, and with several connections to each."""
        return self.channels[number % 2][number // 2 % _CHANNELS]

    async def whole(self, number: int, request: CompleteRequest, seconds: float = 60) -> Message:
        """The answer that a caller gets; its error is raised."""
        metadata = self.servers[0].metadata()
        answer: Message = await llm(self.channel(number)).Complete(request, metadata=metadata, timeout=seconds)
        return answer

    async def streamed(self, number: int, request: CompleteRequest, seconds: float = 60) -> Sequence[Message]:
        """The events that a caller gets; its error is raised."""
        metadata, asked = self.servers[0].metadata(), StreamCompleteRequest(request=request)
        events, error = await read(llm(self.channel(number)).StreamComplete(asked, metadata=metadata, timeout=seconds))
        if error is not None:
            raise error
        return events

    async def kill_worker(self, at: int) -> None:
        """SIGKILL to the worker of a server; its supervisor starts another one."""
        pid = self.servers[at].process.pid
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            if b"worker" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(int(child), signal.SIGKILL)

    def expect(self, **behaviour: Any) -> None:
        """What the upstream does from now on; what it saw is forgotten."""
        self.state.__dict__.update({"chunks": 5, "pace": 0.0, "status": 200, "stall": 0.0, **behaviour})
        self.state.requests.clear()


@asynccontextmanager
async def crowd(base: Path) -> AsyncIterator[Crowd]:
    """Everything started."""
    async with AsyncExitStack() as opened:
        state = await opened.enter_async_context(upstream())
        integration = provider("mock", state.url, [MODEL])
        first = await opened.enter_async_context(
            stack(base, [integration], model=f"vllm/{MODEL}", environment=_ENVIRONMENT)
        )
        servers = [first, await opened.enter_async_context(replica(first))]
        # A pool of its own: else channels to one target share a connection.
        options = [("grpc.use_local_subchannel_pool", 1)]
        channels = [
            [
                await opened.enter_async_context(grpc.aio.insecure_channel(server.target, options=options))
                for _ in range(_CHANNELS)
            ]
            for server in servers
        ]
        yield Crowd(servers, channels, state)


async def outcomes(calls: Sequence[Awaitable[Any]]) -> tuple[list[Any], Counter[grpc.StatusCode]]:
    """All answers, and how the other calls failed."""
    found = await asyncio.gather(*calls, return_exceptions=True)
    errors = [one for one in found if isinstance(one, BaseException)]
    for error in errors:
        if not isinstance(error, grpc.aio.AioRpcError):
            raise error
    codes = Counter(error.code() for error in errors if isinstance(error, grpc.aio.AioRpcError))
    return [one for one in found if not isinstance(one, BaseException)], codes


async def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)
