"""A lean load: raw bytes over several connections, so that two cores carry the caller and the server."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType, TracebackType
from typing import Any, Self

import grpc
from e2e.calls import ask
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from harness import Stack
from trunkline.v1.completion_pb2 import StreamCompleteRequest

SERVICE = "trunkline.v1.LLMService"
Work = Callable[[int], Awaitable[object]]

# gRFC A6. What a client of a service that rolls should have.
RETRIES = {
    "methodConfig": [
        {
            "name": [{"service": SERVICE}],
            "retryPolicy": {
                "maxAttempts": 5,
                "initialBackoff": "0.1s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ]
}


@dataclass
class Tally:
    """How calls ended, by reason (OK for an answer), and how long those took that got one, in seconds."""

    ended: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    @property
    def failed(self) -> int:
        """Calls without an answer."""
        return self.ended.total() - self.ended["OK"]

    def p99(self) -> float:
        """Seconds."""
        return quantile(self.seconds, 0.99)


def quantile(values: Iterable[float], share: float) -> float:
    """The value below which `share` of the values lie; 0 of none."""
    ordered = sorted(values)
    return ordered[int(share * (len(ordered) - 1))] if ordered else 0.0


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """The reason in the details, else the status code."""
    trailers = dict(error.trailing_metadata() or ())
    info = ErrorInfo()
    for detail in Status.FromString(trailers.get("grpc-status-details-bin", b"")).details:
        if detail.Unpack(info):
            return info.reason
    return str(error.code().name)


class Callers:
    """Connections to a running Trunkline, used in turn. Messages are bytes."""

    def __init__(
        self,
        running: Stack,
        connections: int = 4,
        *,
        retries: bool = False,
        options: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        arguments: list[tuple[str, Any]] = [("grpc.use_local_subchannel_pool", 1), *options.items()]
        if retries:
            arguments.append(("grpc.service_config", json.dumps(RETRIES)))
        self.channels = [grpc.aio.insecure_channel(running.target, options=arguments) for _ in range(connections)]
        self._metadata = running.metadata()
        self._unary = itertools.cycle([channel.unary_unary(f"/{SERVICE}/Complete") for channel in self.channels])
        stream = f"/{SERVICE}/StreamComplete"
        self._streams = [channel.unary_stream(stream) for channel in self.channels]
        self._turn = itertools.cycle(range(connections))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for channel in self.channels:
            await channel.close()

    def unary(self, payload: bytes, timeout: float) -> Any:
        """Start a call of `Complete`."""
        return next(self._unary)(payload, metadata=self._metadata, timeout=timeout)

    def stream(self, payload: bytes, timeout: float, connection: int | None = None) -> Any:
        """Start a call of `StreamComplete`, on the next connection or a certain one."""
        index = next(self._turn) if connection is None else connection
        return self._streams[index](payload, metadata=self._metadata, timeout=timeout)

    async def answered(self, payload: bytes, tally: Tally, seconds: float = 30.0) -> None:
        """One whole call, counted."""
        begun = time.monotonic()
        try:
            await self.unary(payload, seconds)
        except grpc.aio.AioRpcError as error:
            tally.ended[reason_of(error)] += 1
            return
        tally.ended["OK"] += 1
        tally.seconds.append(time.monotonic() - begun)

    async def streamed(
        self, payload: bytes, tally: Tally, seconds: float = 30.0, connection: int | None = None
    ) -> list[bytes]:
        """One stream to its end, counted; returns its messages."""
        begun, messages = time.monotonic(), []
        try:
            async for message in self.stream(payload, seconds, connection):
                messages.append(message)
        except grpc.aio.AioRpcError as error:
            tally.ended[reason_of(error)] += 1
            return messages
        tally.ended["OK"] += 1
        tally.seconds.append(time.monotonic() - begun)
        return messages


def whole(model: str, **fields: Any) -> bytes:
    """The bytes of a request of `Complete`."""
    return ask(model, **fields).SerializeToString()


def streaming(model: str, **fields: Any) -> bytes:
    """The bytes of a request of `StreamComplete`."""
    return StreamCompleteRequest(request=ask(model, **fields)).SerializeToString()


async def crowd(work: Work, count: int, at_once: int) -> None:
    """Do `work(0) … work(count - 1)`, so many of them at once."""
    numbers = iter(range(count))

    async def one() -> None:
        for number in numbers:
            await work(number)

    await asyncio.gather(*(one() for _ in range(min(at_once, count))))


async def during(work: Work, seconds: float, at_once: int) -> None:
    """Do `work` again and again for so long, so many at once."""
    give_up, numbers = time.monotonic() + seconds, itertools.count()

    async def one() -> None:
        while time.monotonic() < give_up:
            await work(next(numbers))

    await asyncio.gather(*(one() for _ in range(at_once)))
