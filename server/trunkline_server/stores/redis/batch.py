"""Calls travel together, over one connection, in one write: those of one tick of the event loop, and of some
milliseconds while the loop is busy all the time. One that comes while nothing is under way leaves at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

import structlog

_log = structlog.get_logger(__name__)

Command: TypeAlias = tuple[str | bytes | int, ...]
# Told once: for each command its answer or the error in its place, or the error of them all.
Done: TypeAlias = Callable[[Sequence[Any] | Exception], None]
# What is gathered: commands, or what else may go together.
C = TypeVar("C")
# Sends commands. A callback and no future: that would wake the callers a turn of the loop later.
Exchange: TypeAlias = Callable[[Sequence[C], Done], None]

_Batch: TypeAlias = list[tuple[C, asyncio.Future[Any]]]

# A batch is cut here, so that one write and its answers stay far below a socket timeout.
_MOST = 128
# The loop is busy when its thread computes for this share of the time: one caller after the other brings it to 0.75,
# two to 0.85, many to 0.93. Looked at so often, in seconds.
_BUSY, _LOOK = 0.88, 0.02
# Calls wait longer by a step at each look that finds the loop busy, in seconds: a write and a read of a socket for each
# of them is a sixth of what a call costs. No timer of the loop is finer than a millisecond.
_STEP, _LONGEST = 0.001, 0.005


class Patience:
    """How long calls wait for others: the longer, the longer the loop has had no pause; not at all once it has one, for
    then it can do without."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, used: Callable[[], float] = time.thread_time
    ) -> None:
        self._clock = clock
        self._used = used
        self._looked, self._used_before = clock(), used()
        self._wait = 0.0

    def seconds(self) -> float:
        """For the batch that begins to gather now."""
        now = self._clock()
        passed = now - self._looked
        if passed >= _LOOK:
            used = self._used()
            busy = used - self._used_before >= _BUSY * passed
            self._wait = min(self._wait + _STEP, _LONGEST) if busy else 0.0
            self._looked, self._used_before = now, used
        return self._wait


class Batcher(Generic[C]):
    """Collects calls and sends them through `exchange`, at most `width` batches at a time.

    While all are under way, calls gather for the next batch: the busier the server, the larger the batches. When one
    cannot be exchanged, those that wait fail with it: they would meet the same server.
    """

    def __init__(self, exchange: Exchange[C], width: int, patience: Patience | None = None) -> None:
        self._exchange = exchange
        self._width = width
        self._patience = patience or Patience()
        self._waiting: _Batch[C] = []
        self._scheduled = False
        self._closed = False
        self._under_way: list[_Batch[C]] = []

    def call(self, command: C) -> asyncio.Future[Any]:
        """The answer to come: a value, or the exception as a value.

        Cancelling it leaves the others alone: a command not yet sent is dropped, one on its way is carried out and
        its answer thrown away.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._waiting.append((command, future))
        if self._scheduled or len(self._under_way) >= self._width:
            return future
        wait = self._patience.seconds()
        if wait or self._under_way:
            self._schedule(loop, wait)
        else:
            self._launch()
        return future

    def close(self) -> None:
        """Callers, those of what is under way and later ones, get ConnectionResetError as their answer."""
        self._closed = True
        waiting, self._waiting = self._waiting, []
        for batch in (*self._under_way, waiting):
            _fail(batch)

    def _schedule(self, loop: asyncio.AbstractEventLoop, wait: float) -> None:
        self._scheduled = True
        if wait:
            loop.call_later(wait, self._launch)
        else:
            loop.call_soon(self._launch)

    def _launch(self) -> None:
        self._scheduled = False
        batch = [one for one in self._waiting if not one[1].done()]
        batch, self._waiting = batch[:_MOST], batch[_MOST:]
        if self._closed:
            _fail(batch)
        elif batch:
            self._under_way.append(batch)
            self._exchange([one[0] for one in batch], partial(self._sent, batch))

    def _sent(self, batch: _Batch[C], answers: Sequence[Any] | Exception) -> None:
        self._under_way.remove(batch)
        if isinstance(answers, Exception):
            waiting, self._waiting = self._waiting, []
            if not self._closed:
                _log.warning("redis_batch_failed", error=repr(answers), calls=len(batch), waiting=len(waiting))
            _fail(batch, answers)
            _fail(waiting, answers)
        else:
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)
        if self._waiting and not self._scheduled:
            self._schedule(asyncio.get_running_loop(), self._patience.seconds())


class Errands:
    """Work in tasks, until closed."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self, work: Coroutine[Any, Any, Any], done: Callable[[Any], None]) -> None:
        """Do `work` and tell what came of it, be it an error."""
        task = asyncio.create_task(_told(work, done))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """End what is under way, and wait for it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _told(work: Coroutine[Any, Any, Any], done: Callable[[Any], None]) -> None:
    try:
        found = await work
    except Exception as error:
        done(error)
    except asyncio.CancelledError:
        done(ConnectionResetError("closed"))
        raise
    else:
        done(found)


def _fail(batch: _Batch[Any], error: BaseException | None = None) -> None:
    for _, future in batch:
        if not future.done():
            future.set_result(error or ConnectionResetError("closed"))
