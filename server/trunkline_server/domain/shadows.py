"""Copies of calls for the shadow arms of experiments: each a call of its own, which nobody waits for.

A copy is admitted, attempted, settled and recorded as every call is: it has its own hold, deadline and request id, and
the lowest priority, so that it makes way first. What becomes of it, only its record and the metrics tell.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable

import structlog
from google.rpc.code_pb2 import Code
from trunkline.v1.completion_pb2 import CompleteRequest, CompleteResponse, Priority

from trunkline_server.domain.assignment import Assignment
from trunkline_server.domain.call import Call
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.ports import Admission
from trunkline_server.domain.signals import Signals, Silent
from trunkline_server.domain.tab import Settlements, Tab

_log = structlog.get_logger("trunkline.shadows")

# A copy has as long as its caller allowed for the call, but no longer than this, in seconds.
_LONGEST = 300.0
_MAX_REQUEST_ID = 128
# What a cut-off copy may take to settle; what takes longer settles in the background.
_DRAIN_SECONDS = 5.0
# What a caller says of how it wants its answer is not for the copy.
_CALLERS_OWN = ("request_id", "cache", "coalesce", "routing")

Complete = Callable[[Call, CompleteRequest], Awaitable[CompleteResponse]]


class Shadows:
    """The copies of one worker, `limit` at once; more are dropped and counted."""

    def __init__(
        self, admission: Admission, settlements: Settlements, limit: int = 100, signals: Signals | None = None
    ) -> None:
        self._admission = admission
        self._settlements = settlements
        self._limit = limit
        self._signals = signals or Silent()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, complete: Complete, call: Call, request: CompleteRequest, assignment: Assignment) -> None:
        """Copy a call to the shadow arms of its assignment. Returns at once."""
        for arm_id, model in assignment.shadows:
            if self._closed or len(self._tasks) >= self._limit:
                self._signals.decided("shadow_dropped", model=model)
                continue
            arm = Assignment(assignment.experiment_id, arm_id, model)
            task = asyncio.create_task(self._run(complete, call, request, arm))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def drain(self) -> None:
        """Cut off what runs, and wait until it is settled; what comes later is dropped."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_DRAIN_SECONDS)

    async def _run(self, complete: Complete, caller: Call, request: CompleteRequest, arm: Assignment) -> None:
        call = _copy_of(caller, arm)
        tab = call.tab = Tab(self._admission, self._settlements)
        code, reason = int(Code.INTERNAL), "INTERNAL"
        try:
            async with call.deadline.timeout():
                await complete(call, _request_of(request, arm.model))
            code, reason = 0, ""
        except asyncio.CancelledError:
            code, reason = Code.CANCELLED, "CALLER_CANCELLED"
            raise
        except TimeoutError:
            code, reason = Code.DEADLINE_EXCEEDED, "CALLER_DEADLINE"
        except TrunklineError as error:
            code, reason = error.code, error.reason_name
        except Exception as error:
            _log.error("shadow failed", request_id=call.request_id, error=type(error).__name__, exc_info=error)
        finally:
            self._signals.decided("shadow_failed" if code else "shadow", model=arm.model, reason=reason)
            await self._close(tab, code, reason)

    async def _close(self, tab: Tab, code: int, reason: str) -> None:
        try:
            await tab.close(code, reason)
        except TrunklineError as error:
            _log.error("not settled", reason=error.reason_name)


def _copy_of(call: Call, arm: Assignment) -> Call:
    now = time.monotonic()
    ending = f"-shadow-{arm.arm_id}"
    return Call(
        method=call.method,
        request_id=call.request_id[: _MAX_REQUEST_ID - len(ending)] + ending,
        trace_id=call.trace_id,
        deadline=Deadline(now + min(_LONGEST, max(0.0, call.deadline.at - call.arrived))),
        arrived=now,
        arrived_wall=time.time(),
        hold_id=secrets.token_hex(12),
        caller=call.caller,
        context=call.context,
        copy=arm,
    )


def _request_of(request: CompleteRequest, model: str) -> CompleteRequest:
    copied = CompleteRequest()
    copied.CopyFrom(request)
    for name in _CALLERS_OWN:
        copied.ClearField(name)  # type: ignore[arg-type]
    copied.recovery.ClearField("hedge_after")
    del copied.recovery.fallback_models[:]
    copied.model, copied.priority = model, Priority.PRIORITY_LOW
    # Calls that name a policy take no part in experiments: no copy of a copy.
    copied.routing.policy = "cost"
    return copied
