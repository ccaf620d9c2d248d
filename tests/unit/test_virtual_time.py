"""The made-up clock of the simulations."""

from __future__ import annotations

import asyncio
import time

import pytest
from virtual_time import MONOTONIC, WALL, StuckError, virtual_time


def test_the_clock_jumps_from_timer_to_timer() -> None:
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        woken.append((name, time.monotonic() - MONOTONIC))

    async def scene() -> None:
        await asyncio.gather(sleeper("late", 86_400 * 3), sleeper("early", 0.5), sleeper("same", 0.5))
        assert asyncio.get_running_loop().time() == time.monotonic()
        assert time.time() == WALL + 86_400 * 3

    virtual_time(scene())
    assert [name for name, _ in woken] == ["early", "same", "late"]
    assert [at for _, at in woken] == pytest.approx([0.5, 0.5, 86_400 * 3])


def test_deadlines_pass() -> None:
    async def scene() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout_at(time.monotonic() + 3600):
                await asyncio.Event().wait()

    virtual_time(scene())


def test_what_nothing_can_wake_is_told() -> None:
    async def scene() -> None:
        await asyncio.Event().wait()

    with pytest.raises(StuckError):
        virtual_time(scene())


def test_the_real_clocks_are_back_afterwards() -> None:
    async def scene() -> str:
        await asyncio.sleep(100)
        return "done"

    clocks = time.monotonic, time.time
    assert virtual_time(scene()) == "done"
    assert (time.monotonic, time.time) == clocks
