"""An object that is written as its bytes come: at once where it is small, else part by part.

One part is on its way while the next one fills, so that two are held. What was stored stays after a cut, invisible, for
a later call to go on from: it asks the store how much that is. An upload that can come to nothing is given up: over the
cap, with a wrong checksum, against its condition.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import suppress
from typing import Any

import orjson
from trunkline.v1.tool_pb2 import StreamExecuteToolResponse, ToolProgress

from trunkline_server.connectors.storage.client import Client
from trunkline_server.connectors.storage.failures import checksum_mismatch, over_cap
from trunkline_server.connectors.storage.port import Body, Part, Writing, Written
from trunkline_server.domain.connectors import ToolAnswer, ToolInput, ToolPiece
from trunkline_server.domain.errors import Reason, TrunklineError

_JSON = "application/json"
_FINAL = frozenset(
    (
        Reason.ERROR_REASON_CHECKSUM_MISMATCH,
        Reason.ERROR_REASON_OVER_CAP,
        Reason.ERROR_REASON_UPSTREAM_REJECTED,
    )
)


class Cutter:
    """Cuts what comes into parts of `size` bytes, and digests them; pieces are not copied. `algorithm` is hashlib's;
    `rolling`: the digest of a part is that of all so far."""

    def __init__(self, size: int, algorithm: str, rolling: bool) -> None:
        self._size = size
        self._algorithm = algorithm
        self._rolling = rolling
        self._pieces: list[bytes | memoryview] = []
        self._held = 0
        self._digest = self._new()

    def add(self, chunk: bytes) -> Generator[Body, None, None]:
        """The parts that are full with this chunk."""
        view = memoryview(chunk)
        while len(view) >= self._size - self._held:
            cut = self._size - self._held
            self._take(view[:cut])
            yield self.rest()
            view = view[cut:]
        if view:
            self._take(view)

    def rest(self) -> Body:
        """What is held, as the next part; nothing is held afterwards."""
        body = Body(self._pieces, self._digest.digest())
        self._pieces, self._held = [], 0
        if not self._rolling:
            self._digest = self._new()
        return body

    def _take(self, view: memoryview) -> None:
        self._pieces.append(view)
        self._held += len(view)
        self._digest.update(view)

    def _new(self) -> Any:
        return hashlib.new(self._algorithm, usedforsecurity=False)


class Upload:
    """One call that writes `what`. `close` seals an upload's id as a token; `upload_id` is that of an upload to go on
    with; `key` is the caller's."""

    def __init__(
        self,
        client: Client,
        what: Writing,
        key: str,
        given: ToolInput,
        limits: tuple[int, int],
        close: Callable[[str], str],
        upload_id: str = "",
    ) -> None:
        self._client = client
        self._store = client.store
        self._what = what
        self._key = key
        self._given = given
        self._most, part_bytes = limits
        self._close = close
        self._id = upload_id
        self._from: int | None = None
        self._parts: list[Part] = []
        self._cutter = Cutter(part_bytes, self._store.digest, self._store.rolling)
        self._sha256 = hashlib.sha256()
        self._received = 0
        self._flight: asyncio.Task[Part] | None = None

    async def pieces(self) -> AsyncGenerator[ToolPiece, None]:
        """Progress, then the answer. Raises CHECKSUM_MISMATCH and OVER_CAP, else as `ToolConnector.stream`."""
        what = self._what
        try:
            await self._client.agree(what.key, what.absent, what.etag, self._key)
            if self._id:
                self._parts = list(await self._client.run(self._store.stored(what.key, self._id), self._key))
                self._from = self._stored
                yield self._progress()
            reading: asyncio.Task[bytes | None] | None = None
            try:
                while True:
                    reading = asyncio.ensure_future(self._given.next()) if self._flight else None
                    while reading is not None and await self._landed(reading):
                        yield self._progress()
                    chunk = await (reading or self._given.next())
                    if chunk is None:
                        break
                    self._take(chunk)
                    for part in self._cutter.add(chunk):
                        if not self._id:
                            self._id = await self._client.run(self._store.begin(what), self._key)
                            yield self._progress()
                        if await self._settled():
                            yield self._progress()
                        self._launch(part)
            finally:
                await _ended(reading)
            if await self._settled():
                yield self._progress()
            yield self._answer(await self._finish())
        except TrunklineError as error:
            if error.reason in _FINAL:
                await self._give_up()
            raise
        finally:
            await _ended(self._flight)

    @property
    def _stored(self) -> int:
        return sum(part.size for part in self._parts)

    def _progress(self) -> StreamExecuteToolResponse:
        stored = self._stored
        return StreamExecuteToolResponse(
            progress=ToolProgress(
                detail=f"{stored} bytes are stored", bytes_stored=stored, resume_token=self._close(self._id)
            )
        )

    def _take(self, chunk: bytes) -> None:
        self._received += len(chunk)
        if (self._from or 0) + self._received > self._most:
            raise over_cap(self._most)
        self._sha256.update(chunk)

    def _launch(self, body: Body) -> None:
        number, offset = len(self._parts) + 1, self._stored
        if self._store.most_parts and number > self._store.most_parts:
            raise over_cap(offset)
        steps = self._store.part(self._what.key, self._id, number, offset, body)
        self._flight = asyncio.create_task(self._client.run(steps, self._key))

    async def _landed(self, reading: asyncio.Task[bytes | None]) -> bool:
        """Wait for more input or for the part on its way: whether that one is stored."""
        if self._flight is None or reading.done():
            return False
        await asyncio.wait((reading, self._flight), return_when=asyncio.FIRST_COMPLETED)
        return await self._settled() if self._flight.done() else False

    async def _settled(self) -> bool:
        """Wait for the part on its way, if there is one. Raises what it met."""
        flight = self._flight
        if flight is None:
            return False
        part = await flight
        self._flight = None
        self._parts.append(part)
        return True

    async def _finish(self) -> Written:
        tail = self._cutter.rest()
        told = self._given.sha256
        if told and told != self._sha256.hexdigest():
            which = "" if self._from is None else f", which are those from byte {self._from} on"
            raise checksum_mismatch(
                f"the SHA-256 of the bytes that came{which} is not `finish.sha256`; nothing was written"
            )
        if not self._id:
            return await self._client.run(self._store.put(self._what, tail), self._key)
        if self._store.rolling and self._from:
            # The digest of the whole is not known: its beginning came in another call.
            tail = Body(tail.pieces)
        steps = self._store.finish(self._what, self._id, self._parts, tail)
        return await self._client.run(steps, self._key)

    def _answer(self, written: Written) -> ToolAnswer:
        found: dict[str, Any] = {"size": (self._from or 0) + self._received, "etag": written.etag}
        if self._from:
            found["resumed_from"] = self._from
        else:
            found["sha256"] = self._sha256.hexdigest()
        found |= {"version_id": written.version_id} if written.version_id else {}
        return ToolAnswer(200, _JSON, json=orjson.dumps(found))

    async def _give_up(self) -> None:
        """Drop what is stored; where that fails it expires by the bucket's rule."""
        await _ended(self._flight)
        self._flight = None
        if self._id:
            with suppress(TrunklineError):
                await self._client.run(self._store.abort(self._what.key, self._id), self._key)


async def _ended(task: asyncio.Task[Any] | None) -> None:
    """End a task of ours, whatever it met: the call ends with an error of its own."""
    if task is not None:
        task.cancel()
        await asyncio.wait((task,))
        if not task.cancelled():
            task.exception()
