"""An event loop whose clock jumps: hours of waiting pass in milliseconds, and every run is the same.

    def test_backoff() -> None:
        async def scene() -> float:
            before = time.monotonic()
            await asyncio.sleep(3600)
            return time.monotonic() - before

        assert virtual_time(scene()) == 3600

Inside, `loop.time()`, `time.monotonic()` and `time.time()` tell the same made-up time: it stands still while anything
can run and then jumps to the next timer. What took `time.monotonic` as a default argument took the real clock when it
was imported: give it `loop.time` in place of that. No I/O and no threads: nothing would ever wait for them.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar
from unittest.mock import patch

T = TypeVar("T")

# Where the clocks start: an arbitrary second of the monotonic clock, and 1 January 2026, 00:00 UTC.
MONOTONIC, WALL = 1000.0, 1_767_225_600.0


class StuckError(AssertionError):
    """Every task waits, and nothing is left that could wake one: a lost wake-up, or a wait without a deadline."""


class _Clock(selectors.DefaultSelector):
    """Takes the place of waiting: the time that the loop would sleep is added to the clock."""

    now = MONOTONIC

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if not found and timeout is None:
            raise StuckError("every task waits and no timer is left")
        if not found and timeout is not None:
            self.now += max(0.0, timeout)
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop with such a clock."""

    def __init__(self) -> None:
        self._virtual = _Clock()
        super().__init__(self._virtual)

    def time(self) -> float:
        """Seconds on the made-up clock."""
        return self._virtual.now


def virtual_time(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end, as `asyncio.run` does, in made-up time. Raises StuckError instead of hanging for ever."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        clock = runner.get_loop().time
        with patch("time.monotonic", clock), patch("time.time", lambda: clock() - MONOTONIC + WALL):
            return runner.run(main)
