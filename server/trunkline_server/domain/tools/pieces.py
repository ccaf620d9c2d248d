"""A result that comes in pieces of one attempt: rows, or an object; and the input that some tools take."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Self

from trunkline.v1.tool_pb2 import StreamExecuteToolRequest, StreamExecuteToolResponse

from trunkline_server.domain.breaker import Breaker
from trunkline_server.domain.call import Call
from trunkline_server.domain.connectors import ToolAnswer, ToolInput, ToolPiece
from trunkline_server.domain.deadline import caller_deadline
from trunkline_server.domain.errors import TrunklineError, invalid_fields
from trunkline_server.domain.tools.attempts import ToolAttempts, failed_later
from trunkline_server.domain.tools.run import Fate, ToolRun, fate_of

# What an attempt tells beside its first piece: nothing yet.
_BEGUN = ToolAnswer(http_status=0, content_type="")


class Pieces:
    """Reads piece by piece; leaving the block ends the work in the system. Until the first piece is there a call
    without input may be made again, as any other; after it, what fails ends the call."""

    def __init__(self, run: ToolRun, given: ToolInput | None, attempts: ToolAttempts, breaker: Breaker) -> None:
        self._run = run
        self._given = given
        self._attempts = attempts
        self._breaker = breaker
        self._source: AsyncGenerator[ToolPiece, None] | None = None
        self._first: ToolPiece = _BEGUN
        self._started = 0.0

    async def read(self) -> AsyncGenerator[StreamExecuteToolResponse, None]:
        """Every piece but the answer, which `ToolRun.note` gets. Raises as `ToolConnector.stream`."""
        run = self._run
        repeatable = run.tool.repeatable and self._given is None
        end = run.call.deadline.sooner(run.timeout) if self._given is None else run.call.deadline
        await self._attempts.run(self._begin, self._breaker, repeatable, end, run.attempts)
        assert self._source is not None
        piece: ToolPiece | None = self._first
        while isinstance(piece, StreamExecuteToolResponse):
            yield piece
            try:
                piece = await anext(self._source, None)
            except TrunklineError as error:
                failed_later(run.attempts[-1], self._breaker, error, self._started)
                raise
        assert piece is not None, "a stream ends with its answer"
        run.fate = Fate.DONE
        run.note(piece)
        run.ended = piece

    async def _begin(self, number: int) -> ToolAnswer:
        run, before = self._run, self._run.fate
        await self.close()
        self._started = time.monotonic()
        self._source = run.connector.stream(run.tool_call(run.timeout), self._given, run.call.deadline)
        run.fate = Fate.UNKNOWN
        try:
            self._first = await anext(self._source)
        except TrunklineError as error:
            run.fate = max(before, fate_of(error))
            raise
        return self._first if isinstance(self._first, ToolAnswer) else _BEGUN

    async def close(self) -> None:
        """End what is under way."""
        if self._source is not None:
            await self._source.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class StreamInput:
    """Implements `ToolInput` over the messages of a stream."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._sha256 = ""

    @property
    def sha256(self) -> str:
        """See the port."""
        return self._sha256

    async def next(self) -> bytes | None:
        """See the port."""
        while True:
            message = await following(self._call)
            kind = message.WhichOneof("message") if message is not None else None
            if kind == "chunk" and message is not None:
                if message.chunk:
                    return message.chunk
            elif kind == "finish" and message is not None:
                self._sha256 = message.finish.sha256.lower()
                return None
            else:
                problem = "is required after the last chunk" if message is None else "or `chunk` must follow `start`"
                raise invalid_fields([("finish", problem)])


async def following(call: Call) -> StreamExecuteToolRequest | None:
    """The caller's next message; None when it has closed its side. Raises CALLER_DEADLINE."""
    if call.incoming is None:
        return None
    try:
        async with call.deadline.timeout():
            return await anext(call.incoming, None)
    except TimeoutError:
        raise caller_deadline() from None
