"""Events, through cuts: a subscription that goes on by its cursor."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable

import grpc
from google.rpc.error_details_pb2 import RetryInfo
from trunkline.v1.event_pb2 import SubscribeRequest, SubscribeResponse

from trunkline_client.errors import detail

# A heartbeat comes every 15 s: a stream that says nothing for so long is dead, in seconds.
SILENCE = 45.0
# The pauses before trying again, with full jitter, in seconds: doubled from the first to the last.
FIRST_PAUSE, LAST_PAUSE = 0.2, 15.0
# What another try will not help against.
FINAL = frozenset(
    (
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.OUT_OF_RANGE,
        grpc.StatusCode.UNIMPLEMENTED,
    )
)

Open = Callable[[SubscribeRequest], "grpc.aio.UnaryStreamCall[SubscribeRequest, SubscribeResponse]"]


async def follow(
    open_stream: Open, request: SubscribeRequest, *, silence: float = SILENCE, pause: float = FIRST_PAUSE
) -> AsyncIterator[SubscribeResponse]:
    """Every event after `request.cursor`, with the cursor to go on from; heartbeats are kept from the caller.

    A stream that ends, is cut or falls silent is opened anew after the last cursor, again and again. An event may come
    twice, by the same id. Raises grpc.aio.AioRpcError for what another try will not help against: a cursor that is kept
    no longer (CURSOR_EXPIRED), a key that may not.
    """
    asked = SubscribeRequest()
    asked.CopyFrom(request)
    failures = 0
    while True:
        call = open_stream(asked)
        told: float | None = None
        try:
            while (message := await _next(call, silence)) is not None:
                failures = 0
                if message.HasField("event"):
                    yield message
                asked.cursor = message.cursor or asked.cursor
        except grpc.aio.AioRpcError as error:
            if error.code() in FINAL:
                raise
            info = detail(error, RetryInfo)
            told = info.retry_delay.ToMilliseconds() / 1000 if info else None
        finally:
            call.cancel()
        longest = min(LAST_PAUSE, pause * 2.0 ** min(failures, 16))
        failures += 1
        await asyncio.sleep(told if told is not None else random.uniform(0, longest))


async def _next(
    call: grpc.aio.UnaryStreamCall[SubscribeRequest, SubscribeResponse], silence: float
) -> SubscribeResponse | None:
    """The next message; None where the stream ended, or said nothing for so long."""
    try:
        async with asyncio.timeout(silence):
            message = await call.read()
    except TimeoutError:
        return None
    return message if isinstance(message, SubscribeResponse) else None
