"""One connection to Redis for batches: commands out in one write, answers in as they come, no task and no stream
between. redis-py connects it, shakes hands and authenticates; from then on its bytes come here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

import hiredis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError, NoScriptError, ResponseError

from trunkline_server.stores.redis.batch import Command, Done

_NOTHING = object()
# A timer that is so late, in seconds, tells that the process was not given the processor, or blocked its own loop.
_STOOD_STILL = 0.1
# So much longer is waited then, in seconds: an answer that lies here unread is read at once, and a caller whose Redis
# is away is to know it soon.
_TO_READ = 0.1
# Its stub knows only commands of one word.
_pack: Callable[[Command], bytes] = hiredis.pack_command  # type: ignore[assignment]


class Pipe(asyncio.Protocol):
    """Carries one batch at a time. `timeout` bounds a batch, from sending to its last answer, in seconds."""

    def __init__(self, connection: AbstractConnection, timeout: float) -> None:
        self._connection = connection
        self._timeout = timeout
        self._transport: asyncio.Transport | None = None
        self._reader = _reader()
        self._answers: list[Any] = []
        self._expected = 0
        self._done: Done | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0

    @property
    def is_open(self) -> bool:
        """Whether commands can be sent."""
        return self._transport is not None

    async def open(self) -> None:
        """Connect. Raises what redis-py raises, and TimeoutError."""
        connection: Any = self._connection
        async with asyncio.timeout(self._timeout):
            # It does not see a connection end whose bytes come here.
            await connection.disconnect(nowait=True)
            await connection.connect()
        # redis-py shows its transport nowhere else.
        transport = connection._writer.transport
        transport.set_protocol(self)
        self._transport = transport
        self._reader = _reader()

    def send(self, commands: Sequence[Command], done: Done) -> None:
        """Send, and tell the answers, errors of Redis among them as values; or ConnectionError when the connection
        ends, and TimeoutError, which both close it. Needs an open pipe without a batch."""
        assert self._transport is not None and self._done is None
        self._answers, self._expected, self._done = [], len(commands), done
        self._wait(asyncio.get_running_loop(), self._timeout)
        self._transport.write(b"".join(map(_pack, commands)))

    def _wait(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        """The batch is due in so many seconds. A timer that is under way for an earlier one will look."""
        self._due = time.monotonic() + seconds
        if self._timer is None:
            self._timer = loop.call_later(seconds, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Redis took too long, unless this process stood still meanwhile: then the answer may lie here unread."""
        self._timer, late = None, time.monotonic() - self._due
        if self._done is None:
            return
        if late < 0:
            self._timer = loop.call_later(-late, self._look, loop)
        elif late > _STOOD_STILL:
            self._wait(loop, _TO_READ)
        else:
            self._fail(TimeoutError("redis took too long"))

    async def aclose(self) -> None:
        """Close the connection; a batch under way fails."""
        self._fail(ConnectionError("closed"))
        await self._connection.disconnect(nowait=True)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        try:
            self._reader.feed(data)
            while (answer := self._reader.gets()) is not _NOTHING:
                self._answers.append(answer)
        except hiredis.ProtocolError:
            self._fail(ConnectionError("redis sent what is no answer"))
            return
        if self._done is not None and len(self._answers) >= self._expected:
            self._end(self._answers)

    def connection_lost(self, error: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._transport = None
        self._fail(ConnectionError("the connection ended"))

    def _fail(self, error: Exception) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._done is not None:
            self._end(error)

    def _end(self, answers: Sequence[Any] | Exception) -> None:
        """Take the batch off, and tell what came of it."""
        assert self._done is not None
        done, self._done = self._done, None
        done(answers)


def _reader() -> hiredis.Reader:
    return hiredis.Reader(replyError=_error, notEnoughData=_NOTHING)


def _error(text: str) -> ResponseError:
    """An error that Redis answers, in the classes that matter here."""
    return NoScriptError(text) if text.startswith("NOSCRIPT") else ResponseError(text)
