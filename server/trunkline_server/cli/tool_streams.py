"""`trunkline tools run --stream`: results of any length, input from files, and going on after a cut."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import click
import grpc
from trunkline.v1.database_pb2 import RowBatch
from trunkline.v1.tool_pb2 import (
    ExecuteToolRequest,
    ExecuteToolResponse,
    StreamExecuteToolRequest,
    StreamExecuteToolResponse,
    ToolInputFinished,
    ToolProgress,
)
from trunkline.v1.tool_pb2_grpc import ToolServiceStub
from trunkline_client import error_info

from trunkline_server.cli.remote import Failure, Remote
from trunkline_server.cli.text import dim, table

# Seconds that one stream may take; a server allows no more without another setting.
STREAM_SECONDS = 600.0
_CHUNK = 256 * 1024
# After a cut: how often it is tried again, and the first pause in seconds, doubled each time.
_TRIES, _PAUSE = 5, 0.5
# What gRPC itself calls a connection that broke; told by a server, the last two are its own faults.
_CUT = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL)
_READ_OBJECT, _STAT_OBJECT = "get_object", "stat_object"


@dataclass
class Rows:
    """Prints rows as they come, one JSON object a line; or keeps them for a table."""

    as_table: bool
    columns: Sequence[str] = ()
    kept: list[list[object]] = field(default_factory=list)

    def take(self, batch: RowBatch) -> None:
        """Some rows."""
        if batch.columns:
            self.columns = [column.name for column in batch.columns]
        rows = json.loads(batch.rows_json or b"[]")
        if self.as_table:
            self.kept += [["" if value is None else value for value in row] for row in rows]
            return
        # Names need not be unique: then a row is a list.
        named = len(set(self.columns)) == len(self.columns)
        for row in rows:
            click.echo(json.dumps(dict(zip(self.columns, row, strict=True)) if named else row, ensure_ascii=False))

    def end(self) -> None:
        """No more come."""
        if self.as_table and self.columns:
            click.echo(table(self.columns, self.kept))


class Output:
    """Where chunks go: a file, complete or not there at all; else stdout."""

    def __init__(self, path: str | None) -> None:
        self._path = Path(path) if path else None
        self._part = self._path.with_name(f"{self._path.name}.part") if self._path else None
        self._file: IO[bytes] = self._part.open("wb") if self._part else sys.stdout.buffer
        self.size = 0
        self._hash = hashlib.sha256()

    def take(self, chunk: bytes) -> None:
        """A piece."""
        self._file.write(chunk)
        self._hash.update(chunk)
        self.size += len(chunk)

    def begin(self) -> None:
        """Another stream goes on here: its checksum is of what it sends."""
        self._hash = hashlib.sha256()

    def end(self, told: str) -> None:
        """All came. `told` is the checksum that the server tells, empty without. Raises Failure where it differs."""
        self._file.flush()
        if told and told != self._hash.hexdigest():
            raise Failure(f"what came is not what was sent: the checksum differs{self._left()}")
        if self._part and self._path:
            self._file.close()
            os.replace(self._part, self._path)

    def _left(self) -> str:
        return f"; it is left in {self._part}" if self._part else ""


class ToolStream:
    """One call, through cuts. `source` is the input."""

    def __init__(
        self, remote: Remote, request: ExecuteToolRequest, source: IO[bytes] | None, rows: Rows, output: Output
    ):
        self._stub, self._remote = ToolServiceStub(remote.channel), remote
        self._request, self._source, self._rows, self._output = request, source, rows, output
        self._params: dict[str, Any] = json.loads(request.parameters_json or b"{}")
        self._offset = int(self._params.get("offset") or 0)
        self._length = self._params.get("length")
        self._row_seen = False
        # Where the input goes on; None until the server says so.
        self._send_from: asyncio.Future[int] | None = None

    async def run(self) -> ExecuteToolResponse:
        """The end of the stream, after everything else was printed. Raises grpc.aio.AioRpcError, Failure."""
        await self._pin()
        for tried in range(_TRIES + 1):
            try:
                return await self._stream()
            except grpc.aio.AioRpcError as error:
                if not _is_cut(error) or tried == _TRIES or not self._can_go_on():
                    self._tell_token()
                    raise
                click.echo(dim(f"cut off ({error.code().name}); going on"), err=True)
                await asyncio.sleep(_PAUSE * 2**tried)
        raise AssertionError("not reached")

    async def _pin(self) -> None:
        """Read one object, whatever is stored under its key meanwhile: its ETag goes along when the read is resumed."""
        if self._request.tool_name != _READ_OBJECT or "if_match" in self._params:
            return
        wanted = ExecuteToolRequest(
            tool_name=_STAT_OBJECT,
            integration_id=self._request.integration_id,
            parameters_json=json.dumps({"key": self._params.get("key")}).encode(),
            context=self._request.context,
        )
        answer = await self._remote.ask(self._stub.ExecuteTool, wanted)
        if etag := json.loads(answer.result_json or b"{}").get("etag"):
            self._params["if_match"] = etag

    def _can_go_on(self) -> bool:
        """Whether another stream can begin where this one ended; sets the parameters for it."""
        if self._source is not None:
            return bool(self._params.get("resume_token")) and self._source.seekable()
        if self._request.tool_name != _READ_OBJECT or "if_match" not in self._params:
            return False
        self._params["offset"] = self._offset + self._output.size
        if self._length is not None:
            self._params["length"] = int(self._length) - self._output.size
        self._output.begin()
        return True

    async def _stream(self) -> ExecuteToolResponse:
        self._request.parameters_json = json.dumps(self._params).encode()
        metadata = (("authorization", f"Bearer {self._remote.key}"),)
        call = self._stub.StreamExecuteTool(timeout=STREAM_SECONDS, metadata=metadata)
        await call.write(StreamExecuteToolRequest(start=self._request))
        self._send_from = asyncio.get_running_loop().create_future()
        if "resume_token" not in self._params:
            self._send_from.set_result(0)
        sending = asyncio.create_task(self._send(call))
        end: ExecuteToolResponse | None = None
        try:
            # To its status: a call that is left before it counts as cancelled.
            async for message in call:
                if message.HasField("finished"):
                    end = message.finished
                else:
                    self._take(message)
            if end is None:
                raise Failure("the stream ended without a result")
            return self._finished(end)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            call.cancel()

    def _take(self, message: StreamExecuteToolResponse) -> None:
        kind = message.WhichOneof("message")
        if kind == "chunk":
            self._output.take(message.chunk)
        elif kind == "rows":
            self._row_seen = True
            self._rows.take(message.rows)
        elif kind == "progress":
            self._progress(message.progress)

    def _progress(self, told: ToolProgress) -> None:
        if told.resume_token:
            self._params["resume_token"] = told.resume_token
        if self._send_from is not None and not self._send_from.done():
            self._send_from.set_result(told.bytes_stored)
        share = f"{told.fraction:.0%} " if told.HasField("fraction") else ""
        stored = f"{told.bytes_stored} bytes stored" if told.bytes_stored else ""
        click.echo(dim(f"{share}{told.detail or stored}"), err=True)

    def _finished(self, end: ExecuteToolResponse) -> ExecuteToolResponse:
        told = json.loads(end.result_json) if end.result_json else None
        self._rows.end()
        self._output.end(told.get("sha256", "") if isinstance(told, dict) and self._output.size else "")
        if not self._row_seen and not self._output.size:
            click.echo(end.result_json or end.result_bytes)
        return end

    async def _send(self, call: Any) -> None:
        """Send the input from where the server has it, then its end. A call that ended meanwhile tells why itself."""
        assert self._send_from is not None
        try:
            if self._source is not None:
                checksum = await self._send_source(call, self._source, await self._send_from)
                await call.write(StreamExecuteToolRequest(finish=ToolInputFinished(sha256=checksum)))
            await call.done_writing()
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            return

    async def _send_source(self, call: Any, source: IO[bytes], begin: int) -> str:
        """Send what is after `begin`; returns its checksum."""
        digest = hashlib.sha256()
        if source.seekable():
            source.seek(begin)
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            await call.write(StreamExecuteToolRequest(chunk=chunk))
        return digest.hexdigest()

    def _tell_token(self) -> None:
        if token := self._params.get("resume_token"):
            click.echo(dim(f'go on later with "resume_token": "{token}" among the parameters'), err=True)


def _is_cut(error: grpc.aio.AioRpcError) -> bool:
    code = error.code()
    return code is grpc.StatusCode.UNAVAILABLE or (code in _CUT and error_info(error) is None)
