"""A result read batch by batch: as one answer, or as rows that come while they are read, in little memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from trunkline.v1.database_pb2 import RowBatch
from trunkline.v1.tool_pb2 import StreamExecuteToolResponse

from trunkline_server.connectors.sql.encoding import Encoder, Row, columns_json
from trunkline_server.connectors.sql.port import Result
from trunkline_server.domain.connectors import ToolAnswer, ToolPiece
from trunkline_server.domain.errors import Reason, TrunklineError

# What a message of rows aims at, in bytes: large enough that a message costs next to nothing, small enough to be cheap
# to hold for many callers.
TARGET = 192 * 1024
_FIRST_ROWS = 64
_MOST_ROWS = 8192
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Caps:
    """Of one call: rows, bytes of all rows, and bytes of one message."""

    rows: int
    bytes: int
    message: int


@dataclass(slots=True)
class _Pace:
    """How many rows to ask for: about TARGET bytes of them."""

    rows: int = _FIRST_ROWS

    def learn(self, rows: int, size: int) -> None:
        self.rows = max(1, min(_MOST_ROWS, self.rows * 4, TARGET * rows // max(1, size)))


async def whole(result: Result, caps: Caps, writes: bool) -> bytes:
    """The result as JSON. What is beyond the cap on rows is left out. Raises OVER_CAP for one beyond the others."""
    encoder, pace = Encoder(result.columns), _Pace()
    parts: list[bytes] = []
    count = size = 0
    truncated = False
    while rows := await result.fetch(min(pace.rows, caps.rows - count + 1)):
        truncated = len(rows) > caps.rows - count
        rows = rows[: caps.rows - count]
        if rows:
            part = encoder.encode(rows)
            parts.append(part[1:-1])
            count, size = count + len(rows), size + len(part)
            if size > min(caps.bytes, caps.message):
                raise _over("result", min(caps.bytes, caps.message))
            pace.learn(len(rows), len(part))
        if truncated:
            break
    while writes and truncated and await result.fetch(_FIRST_ROWS):
        # To the end: what is left early is rolled back.
        pass
    told: dict[str, Any] = {
        "columns": columns_json(result.columns),
        "rows": orjson.Fragment(b"[" + b",".join(parts) + b"]"),
    }
    told |= {"row_count": count, "truncated": truncated}
    if result.affected is not None:
        told["affected"] = result.affected
    return orjson.dumps(told)


class Rows:
    """Reads a result for a stream. While a batch is on its way to the caller, the next one is read; `waits` bounds each
    wait for the database."""

    def __init__(
        self, result: Result, caps: Caps, waits: Callable[[Awaitable[Sequence[Row]]], Awaitable[Sequence[Row]]]
    ):
        self._result = result
        self._caps = caps
        self._waits = waits
        self._ahead: asyncio.Task[Sequence[Row]] | None = None

    async def read(self) -> AsyncGenerator[ToolPiece, None]:
        """The batches, the columns in the first one; then the answer."""
        result, caps, pace = self._result, self._caps, _Pace()
        encoder, columns = Encoder(result.columns), result.columns
        count = size = 0
        truncated = False
        self._ask(pace, count)
        while rows := await self._asked():
            truncated = len(rows) > caps.rows - count
            rows = rows[: caps.rows - count]
            count += len(rows)
            if not truncated:
                self._ask(pace, count)
            data = encoder.encode(rows)
            for piece, number in _pieces(encoder, rows, data, caps.message) if rows else ():
                size += len(piece)
                if size > caps.bytes:
                    raise _over("result", caps.bytes)
                yield _batch(piece, number, columns)
                columns = ()
            pace.learn(len(rows) or 1, len(data))
            if truncated:
                break
        if columns:
            yield _batch(b"[]", 0, columns)
        told = orjson.dumps({"row_count": count, "truncated": truncated})
        yield ToolAnswer(http_status=0, content_type=JSON, json=told)

    def _ask(self, pace: _Pace, count: int) -> None:
        most = min(pace.rows, self._caps.rows - count + 1)
        self._ahead = asyncio.ensure_future(self._result.fetch(most))

    async def _asked(self) -> Sequence[Row]:
        assert self._ahead is not None
        return await self._waits(self._ahead)

    async def close(self) -> None:
        """End what is read ahead."""
        ahead = self._ahead
        if ahead is not None and not ahead.done():
            ahead.cancel()
            await asyncio.wait((ahead,))
        if ahead is not None and not ahead.cancelled():
            ahead.exception()


def _pieces(encoder: Encoder, rows: Sequence[Row], data: bytes, most: int) -> list[tuple[bytes, int]]:
    """The rows in messages of at most so many bytes; halved until they fit. Raises OVER_CAP for a row that does not."""
    if len(data) <= most:
        return [(data, len(rows))]
    if len(rows) == 1:
        raise _over("row", most)
    half = len(rows) // 2
    halves = (rows[:half], rows[half:])
    return [piece for one in halves for piece in _pieces(encoder, one, encoder.encode(one), most)]


def _batch(data: bytes, rows: int, columns: Sequence[object]) -> StreamExecuteToolResponse:
    batch = RowBatch(rows_json=data, row_count=rows, columns=columns)  # type: ignore[arg-type]
    return StreamExecuteToolResponse(rows=batch)


def _over(what: str, most: int) -> TrunklineError:
    advice = "ask for less, or stream it (`StreamExecuteTool`)" if what == "result" else "leave its large columns out"
    return TrunklineError(
        Reason.ERROR_REASON_OVER_CAP,
        f"a {what} has more than {most} bytes; {advice}",
        metadata={"cap_bytes": str(most), "of": what},
    )
