"""A cache of loaded values: bounded, single-flight, and willing to serve an old value while a new one is loaded, or
while the store is away."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from trunkline_server.domain.errors import Reason, TrunklineError

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

# While the store is away old values are served, and the store is asked again this often, by one load for all.
_RETRY_SECONDS = 1.0
# Whoever has an old value waits so long for a new one: a store that hangs is as good as away.
_PATIENCE_SECONDS = 1.0


@dataclass(slots=True)
class _Held(Generic[V]):
    value: V
    fresh_until: float
    stale_until: float


class LoadingCache(Generic[K, V]):
    """Values by key. A load is shared by all who wait for the same key, and none of them can cancel it.

    A value is served for `ttl` seconds, and for `stale` more while loading raises STORE_UNAVAILABLE or hangs: nobody
    waits for the store then, once it is known to be away. Errors of the reason `remember` are kept for `error_ttl`.
    Values and errors are bounded by `size` each; the least recently used go first.
    """

    def __init__(
        self,
        *,
        remember: int,
        ttl: float,
        stale: float,
        error_ttl: float,
        size: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._remember = remember
        self._ttl = ttl
        self._stale = stale
        self._error_ttl = error_ttl
        self._size = size
        self._clock = clock
        self._values: OrderedDict[K, _Held[V]] = OrderedDict()
        # Apart from the values, so that a flood of wrong keys cannot push them out.
        self._errors: OrderedDict[K, tuple[TrunklineError, float]] = OrderedDict()
        self._loads: dict[K, asyncio.Task[V]] = {}
        # Those that begin when the load under way has ended.
        self._following: dict[K, asyncio.Task[V]] = {}
        # When to ask the store again; None while it answers.
        self._ask_at: float | None = None

    async def get(self, key: K, load: Callable[[], Awaitable[V]]) -> V:
        """The value, loaded where needed. Raises what `load` raises."""
        held, now = self._values.get(key), self._clock()
        if held is not None and held.fresh_until > now:
            self._values.move_to_end(key)
            return held.value
        error = self._errors.get(key)
        if error is not None and error[1] > now:
            raise error[0].with_traceback(None)
        if held is None or held.stale_until <= now:
            return await asyncio.shield(self._loads.get(key) or self._start(key, load))
        if self._ask_at is None:
            task = self._loads.get(key) or self._start(key, load)
            await asyncio.wait((task,), timeout=_PATIENCE_SECONDS)
            if task.done():
                return task.result()
            self._ask_at = now
        elif self._ask_at <= now and not self._loads:
            self._start(key, load)
        return held.value

    def refresh(self, key: K, load: Callable[[], Awaitable[V]]) -> asyncio.Task[V] | None:
        """Load a value that is held anew; the old one is served until the new one is there. Returns the load, which
        begins after this call, or None where no value is held: the next one to ask loads it."""
        self._errors.pop(key, None)
        under_way = self._loads.get(key)
        if key not in self._values:
            self._loads.pop(key, None)
            return None
        if under_way is None:
            return self._start(key, load)
        # However many ask meanwhile, one more load is enough.
        if key not in self._following:
            self._following[key] = _observed(self._follow(under_way, key, load))
        return self._following[key]

    def forget(self, matches: Callable[[K, V], bool]) -> None:
        """Drop the values that match, all errors, and what is being loaded: those who wait for it still get it, those
        who come later do not."""
        for key in [key for key, held in self._values.items() if matches(key, held.value)]:
            del self._values[key]
        self._errors.clear()
        self._loads.clear()

    async def close(self) -> None:
        """End the loads under way."""
        tasks = [*self._loads.values(), *self._following.values()]
        self._loads.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, key: K, load: Callable[[], Awaitable[V]]) -> asyncio.Task[V]:
        task = self._loads[key] = _observed(self._run(key, load))
        return task

    async def _follow(self, under_way: asyncio.Task[V], key: K, load: Callable[[], Awaitable[V]]) -> V:
        task = self._following[key]
        try:
            await asyncio.wait((under_way,))
        finally:
            self._following.pop(key, None)
        self._loads[key] = task
        return await self._run(key, load)

    async def _run(self, key: K, load: Callable[[], Awaitable[V]]) -> V:
        task = asyncio.current_task()
        try:
            value = await load()
        except TrunklineError as error:
            return self._failed(key, error, self._current(key, task))
        except BaseException:
            self._current(key, task)
            raise
        self._ask_at = None
        if self._current(key, task):
            now = self._clock()
            self._values[key] = _Held(value, now + self._ttl, now + self._ttl + self._stale)
            self._values.move_to_end(key)
            self._errors.pop(key, None)
            _trim(self._values, self._size)
        return value

    def _current(self, key: K, task: asyncio.Task[V] | None) -> bool:
        # Once, at the end of a load. False after a `forget`: what was loaded may be what was to be forgotten.
        if self._loads.get(key) is not task:
            return False
        del self._loads[key]
        return True

    def _failed(self, key: K, error: TrunklineError, current: bool) -> V:
        now = self._clock()
        held = self._values.get(key)
        if error.reason == Reason.ERROR_REASON_STORE_UNAVAILABLE:
            self._ask_at = now + _RETRY_SECONDS
            if held is None or held.stale_until <= now:
                raise error
            held.fresh_until = min(held.fresh_until, now)
            return held.value
        self._ask_at = None
        if current:
            self._values.pop(key, None)
        if current and error.reason == self._remember:
            self._errors[key] = (error, now + self._error_ttl)
            self._errors.move_to_end(key)
            _trim(self._errors, self._size)
        raise error


def _trim(entries: OrderedDict[K, V], size: int) -> None:
    while len(entries) > size:
        entries.popitem(last=False)


def _observed(work: Coroutine[Any, Any, V]) -> asyncio.Task[V]:
    # Whoever asked may have gone: without this the loop complains of an error that nobody read.
    task = asyncio.create_task(work)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task
