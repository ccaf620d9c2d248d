"""A cache of loaded values: bounded, single-flight, and willing to serve an old value while the store is away."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from trunkline_server.domain.errors import Reason, TrunklineError

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

# While the store is away an old value is served, and the store asked again this often.
_RETRY_SECONDS = 1.0


@dataclass(slots=True)
class _Held(Generic[V]):
    value: V
    fresh_until: float
    stale_until: float


class LoadingCache(Generic[K, V]):
    """Values by key. A load is shared by all who wait for the same key, and none of them can cancel it.

    A value is served for `ttl` seconds, and for `stale` more while loading raises STORE_UNAVAILABLE. Errors of the
    reason `remember` are kept for `error_ttl`. Values and errors are bounded by `size` each; the least recently
    used go first.
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

    async def get(self, key: K, load: Callable[[], Awaitable[V]]) -> V:
        """The value, loaded where needed. Raises what `load` raises."""
        held = self._values.get(key)
        if held is not None and held.fresh_until > self._clock():
            self._values.move_to_end(key)
            return held.value
        error = self._errors.get(key)
        if error is not None and error[1] > self._clock():
            raise error[0].with_traceback(None)
        task = self._loads.get(key)
        if task is None:
            task = self._loads[key] = asyncio.create_task(self._run(key, load))
            task.add_done_callback(_observe)
        return await asyncio.shield(task)

    def forget(self, matches: Callable[[K, V], bool]) -> None:
        """Drop the values that match, all errors, and what is being loaded: those who wait for it still get it, those
        who come later do not."""
        for key in [key for key, held in self._values.items() if matches(key, held.value)]:
            del self._values[key]
        self._errors.clear()
        self._loads.clear()

    async def close(self) -> None:
        """End the loads under way."""
        tasks = list(self._loads.values())
        self._loads.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, key: K, load: Callable[[], Awaitable[V]]) -> V:
        task = asyncio.current_task()
        try:
            value = await load()
        except TrunklineError as error:
            return self._failed(key, error, self._current(key, task))
        except BaseException:
            self._current(key, task)
            raise
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
            if held is None or held.stale_until <= now:
                raise error
            held.fresh_until = min(now + _RETRY_SECONDS, held.stale_until)
            return held.value
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


def _observe(task: asyncio.Task[V]) -> None:
    # Whoever asked may have gone: without this the loop complains of an error that nobody read.
    if not task.cancelled():
        task.exception()
