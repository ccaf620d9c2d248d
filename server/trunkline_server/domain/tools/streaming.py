"""A call of a tool whose input or result comes in pieces: as the system tells them, page by page, or cut so that each
fits a message."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

from trunkline.v1.tool_pb2 import (
    ExecuteToolResponse,
    StreamExecuteToolRequest,
    StreamExecuteToolResponse,
    ToolProgress,
)

from trunkline_server.domain.call import Call
from trunkline_server.domain.connectors import ToolAnswer
from trunkline_server.domain.errors import invalid_fields
from trunkline_server.domain.tools.execution import ToolExecution
from trunkline_server.domain.tools.pieces import StreamInput, following
from trunkline_server.domain.tools.run import ToolRun

# The most bytes of one chunk.
CHUNK = 256 * 1024
_DEFAULT_PAGES = 100


class ToolStreams:
    """Streamed calls of tools."""

    def __init__(self, execution: ToolExecution) -> None:
        self._execution = execution

    async def stream(
        self, call: Call, first: StreamExecuteToolRequest
    ) -> AsyncGenerator[StreamExecuteToolResponse, None]:
        """Everything that the caller gets, numbered; `finished` is last. Raises INVALID_REQUEST for a stream that does
        not begin with `start`, or brings input that the tool does not take; else as `ToolExecution.run`."""
        sequence = 0
        async with aclosing(self._told(call, first)) as told:
            async for message in told:
                sequence += 1
                message.sequence = sequence
                yield message

    async def _told(
        self, call: Call, first: StreamExecuteToolRequest
    ) -> AsyncGenerator[StreamExecuteToolResponse, None]:
        if first.WhichOneof("message") != "start":
            raise invalid_fields([("start", "is required in the first message")])
        run = await self._execution.begin(call, first.start)
        given = StreamInput(call) if run.tool.takes_input and not first.start.validate_only else None
        if given is None:
            await _to_the_end_of_input(call)
        if first.start.validate_only:
            yield StreamExecuteToolResponse(finished=await self._execution.preview(run))
        elif given is not None or run.tool.streams_output:
            async with aclosing(self._execution.pieces(run, given)) as pieces:
                async for message in pieces:
                    yield message
            yield StreamExecuteToolResponse(finished=run.response(run.ended))
        elif run.tool.paginated:
            async with aclosing(self._paged(run)) as told:
                async for message in told:
                    yield message
        else:
            response = await self._execution.answer(run)
            for message in _chunks(response.result_json or response.result_bytes):
                yield message
            response.ClearField("result_json")
            response.ClearField("result_bytes")
            yield StreamExecuteToolResponse(finished=response)

    async def _paged(self, run: ToolRun) -> AsyncGenerator[StreamExecuteToolResponse, None]:
        last: ToolAnswer | None = None
        most = run.request.max_pages or _DEFAULT_PAGES
        async with aclosing(self._execution.pages(run, most)) as pages:
            async for page in pages:
                for message in _chunks(page.json or page.raw):
                    yield message
                yield StreamExecuteToolResponse(progress=ToolProgress(detail=f"page {run.pages}"))
                last = page
        yield StreamExecuteToolResponse(finished=_finished(run, last))


def _finished(run: ToolRun, last: ToolAnswer | None) -> ExecuteToolResponse:
    response = run.response(None)
    response.pages, response.pages_left = run.pages, run.pages_left
    if last is not None:
        response.content_type, response.http_status = last.content_type, last.http_status
    return response


async def _to_the_end_of_input(call: Call) -> None:
    """Until the caller says that nothing more comes: before anything is called, so that what a tool cannot take is
    refused and not lost. Raises INVALID_REQUEST, CALLER_DEADLINE."""
    message = await following(call)
    kind = message.WhichOneof("message") if message is not None else "finish"
    if kind == "chunk":
        raise invalid_fields([("chunk", "the tool takes no input; send `finish`, or close the stream, after `start`")])
    if kind != "finish":
        raise invalid_fields([(kind or "message", "only `finish` may follow `start`")])


def _chunks(result: bytes) -> Iterator[StreamExecuteToolResponse]:
    for at in range(0, len(result), CHUNK):
        yield StreamExecuteToolResponse(chunk=result[at : at + CHUNK])
