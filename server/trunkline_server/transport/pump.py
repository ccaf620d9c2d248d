"""The outermost link: between grpc.aio and the chain. A coroutine, so that the generators inside are always closed in
the task that ran them; it writes every message, ends every call with a status, and lets no exception text out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from random import getrandbits
from typing import Any

import grpc
from google.protobuf.message import Message
from google.rpc.code_pb2 import Code

from trunkline_server.domain.call import Call
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.transport.chain import Proceed
from trunkline_server.transport.methods import Method

Context = grpc.aio.ServicerContext[Any, Any]

# grpc's code of each number.
STATUS = {code.value[0]: code for code in grpc.StatusCode}
# The caller's deadline is brought forward by this share, at most by these seconds, so that a typed error is in time.
_MARGIN_SHARE, _MARGIN_MOST = 0.05, 0.02
# The deadline of a call that lasts until its caller ends it: ten years, in seconds.
_LASTING_SECONDS = 3650 * 86_400.0
# Calls are refused until none has come for the first, at most for the second, in seconds. Callers that were sent
# elsewhere come back after the third, and know by then that this server goes; later ones come back sooner.
_QUIET_SECONDS, _HUSH_SECONDS, _RETURN_SECONDS = 0.2, 0.6, 1.2
_SOONEST_RETURN = 0.1
# gRFC A6: when a client tries again, in ms; a negative value tells it not to. None: as the error says.
_PUSHBACK = {Reason.ERROR_REASON_BUDGET_EXCEEDED: "-1", Reason.ERROR_REASON_DRAINING: None}


class Calls:
    """The calls in flight of one worker: drained at the end, cut off when a caller stops reading. While `refusing`,
    new ones are sent elsewhere."""

    def __init__(self, write_timeout: float) -> None:
        self._write_timeout = write_timeout
        self.refusing = False
        self._refused_at = self._return_at = 0.0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._writing: dict[asyncio.Task[Any], float] = {}
        self._slow: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    async def watch(self) -> None:
        """Cut off callers that have not read for the write timeout. Runs until cancelled."""
        while True:
            await asyncio.sleep(min(1.0, self._write_timeout / 4))
            limit = time.monotonic() - self._write_timeout
            for task, since in list(self._writing.items()):
                if since < limit and task not in self._slow:
                    self._slow.add(task)
                    task.cancel()

    async def refuse(self) -> None:
        """Send new calls elsewhere; returns when hardly any comes any more. gRPC answers those that it has not handed
        over when it stops with CANCELLED (grpc/grpc#41785), which no client repeats."""
        self.refusing, self._refused_at = True, time.monotonic()
        give_up, self._return_at = self._refused_at + _HUSH_SECONDS, self._refused_at + _RETURN_SECONDS
        while time.monotonic() < min(give_up, self._refused_at + _QUIET_SECONDS):  # noqa: ASYNC110
            await asyncio.sleep(_QUIET_SECONDS / 4)

    def refused(self) -> TrunklineError:
        """A call came while calls are refused."""
        self._refused_at = time.monotonic()
        return TrunklineError(
            Reason.ERROR_REASON_DRAINING,
            "this server is draining; call again, or elsewhere",
            retry_after=max(_SOONEST_RETURN, self._return_at - self._refused_at),
        )

    async def drain(self, seconds: float) -> int:
        """Wait until no call is in flight; returns how many are left after `seconds`."""
        give_up = time.monotonic() + seconds
        # Calls that were on the wire already begin while others end.
        while self._tasks and (left := give_up - time.monotonic()) > 0:
            await asyncio.wait(self._tasks, timeout=left)
        return len(self._tasks)

    async def write(self, context: Context, task: asyncio.Task[Any], payload: bytes) -> None:
        """Write one message, under the watch."""
        self._writing[task] = time.monotonic()
        await context.write(payload)
        self._writing.pop(task, None)

    def enter(self) -> asyncio.Task[Any]:
        """A call begins."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        return task

    def leave(self, task: asyncio.Task[Any]) -> bool:
        """A call ends; returns whether it was cut off for not reading."""
        self._tasks.discard(task)
        self._writing.pop(task, None)
        slow = task in self._slow
        self._slow.discard(task)
        return slow


def new_call(method: Method, sent: Any, context: Context, default_deadline: float) -> Call:
    """The call as the wire tells it; `sent` is its request, or the stream of them."""
    now = time.monotonic()
    remaining = context.time_remaining()
    seconds = most = _LASTING_SECONDS if method.lasting else default_deadline
    if remaining is not None and remaining < most:
        seconds = remaining - min(_MARGIN_MOST, remaining * _MARGIN_SHARE)
    return Call(
        method=method.name,
        request_id="",
        trace_id="",
        deadline=Deadline(now + seconds),
        arrived=now,
        arrived_wall=time.time(),
        hold_id=f"{getrandbits(96):024x}",
        metadata=dict(context.invocation_metadata() or ()),  # type: ignore[arg-type]
        raw=b"" if method.client_streaming else sent,
        incoming=sent if method.client_streaming else None,
    )


def pump(
    method: Method, chain: Proceed, calls: Calls, default_deadline: float
) -> Callable[[Any, Context], Awaitable[bytes | None]]:
    """What grpc.aio calls for a method, with its request or the stream of them."""

    async def run(sent: Any, context: Context) -> bytes | None:
        task = calls.enter()
        call = new_call(method, sent, context, default_deadline)
        if calls.refusing:
            calls.leave(task)
            await _abort(context, call, calls.refused())
        answer: bytes | None = None

        async def write(message: Message) -> None:
            if call.first_sent is None:
                call.first_sent = time.monotonic()
            call.messages_sent += 1
            await calls.write(context, task, message.SerializeToString())

        async def keep(message: Message) -> None:
            nonlocal answer
            call.first_sent, call.messages_sent = time.monotonic(), 1
            answer = message.SerializeToString()

        slow = False
        try:
            await chain(call, write if method.server_streaming else keep)
        except asyncio.CancelledError:
            slow = calls.leave(task)
            if not slow:
                raise
            call.error = TrunklineError(
                Reason.ERROR_REASON_SLOW_CONSUMER, "the caller stopped reading; read faster or ask for less"
            )
        finally:
            calls.leave(task)
        if call.error is not None:
            await _abort(context, call, call.error)
        if call.trailers:
            context.set_trailing_metadata(tuple(call.trailers))
        return answer

    return run


async def _abort(context: Context, call: Call, error: TrunklineError) -> None:
    """End the call with the error as google.rpc.Status in the trailers, as gRPC's richer error model has it."""
    status = error.status()
    trailers: list[tuple[str, str | bytes]] = [
        ("grpc-status-details-bin", status.SerializeToString()),
        ("x-trace-id", call.trace_id),
    ]
    if error.reason in _PUSHBACK:
        pushback = _PUSHBACK[error.reason] or str(round((error.retry_after or 0) * 1000))
        trailers.append(("grpc-retry-pushback-ms", pushback))
    code = STATUS.get(status.code, STATUS[Code.INTERNAL])
    await context.abort(code, status.message, (*trailers, *call.trailers))
