"""Several calls of tools, some at a time, each of them a call of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

from google.protobuf.message import Message
from trunkline.v1.tool_pb2 import (
    BatchExecuteToolsRequest,
    BatchExecuteToolsResponse,
    ExecuteToolRequest,
    ExecuteToolResponse,
    ToolOutcome,
)

from trunkline_server.domain.call import Call
from trunkline_server.domain.errors import Reason, TrunklineError

_DEFAULT_CONCURRENCY = 8
# Tag and length of an outcome within the response, in bytes, at most.
_FRAME = 6
# Executes one call of the batch as a call of its own, by its number. Raises TrunklineError.
Execute = Callable[[Call, ExecuteToolRequest, int], Awaitable[Message]]


class ToolBatches:
    """Batches, whose answers have at most `max_bytes`."""

    def __init__(self, execute: Execute, max_bytes: int) -> None:
        self._execute = execute
        self._max_bytes = max_bytes

    async def run(self, call: Call, request: BatchExecuteToolsRequest) -> BatchExecuteToolsResponse:
        """The end of each, in order. Leaving early ends all of them."""
        outcomes = [_left_alone() for _ in request.requests]
        waiting = iter(enumerate(request.requests))
        async with asyncio.TaskGroup() as group:
            for _ in range(min(request.max_concurrency or _DEFAULT_CONCURRENCY, len(outcomes))):
                group.create_task(self._work(call, waiting, outcomes, request.stop_on_error))
        return BatchExecuteToolsResponse(outcomes=self._fitting(outcomes))

    async def _work(
        self,
        call: Call,
        waiting: Iterator[tuple[int, ExecuteToolRequest]],
        outcomes: list[ToolOutcome],
        stop_on_error: bool,
    ) -> None:
        for number, request in waiting:
            try:
                answer = await self._execute(call, request, number)
            except TrunklineError as error:
                outcomes[number] = _error(error)
                if stop_on_error:
                    # For the others too: they share what is waiting.
                    for _ in waiting:
                        pass
            else:
                assert isinstance(answer, ExecuteToolResponse)
                outcomes[number] = ToolOutcome(response=answer)

    def _fitting(self, outcomes: list[ToolOutcome]) -> Iterator[ToolOutcome]:
        """The outcomes; those that do not fit as errors, for which there is always room. What was done stays done."""
        spare = _too_large(self._max_bytes)
        reserve = spare.ByteSize() + _FRAME
        room = self._max_bytes - reserve * len(outcomes)
        for outcome in outcomes:
            size = outcome.ByteSize() + _FRAME
            if size <= reserve:
                yield outcome
            elif size - reserve <= room:
                room -= size - reserve
                yield outcome
            else:
                yield spare


def _left_alone() -> ToolOutcome:
    return _error(
        TrunklineError(
            Reason.ERROR_REASON_CALLER_CANCELLED,
            "an earlier call of the batch failed, and this one was left alone (stop_on_error); nothing was called",
        )
    )


def _too_large(limit: int) -> ToolOutcome:
    return _error(
        TrunklineError(
            Reason.ERROR_REASON_MESSAGE_TOO_LARGE,
            "the tool was executed, but its result does not fit into the answer of the batch; use StreamExecuteTool",
            metadata={"limit": str(limit)},
        )
    )


def _error(error: TrunklineError) -> ToolOutcome:
    return ToolOutcome(error=error.status())
