"""Row 10: an upstream drips a byte each second. Bytes that never make a frame are no progress."""

from __future__ import annotations

import asyncio
import statistics
import time

import pytest
from faults.load import Callers, Tally, crowd, during, streaming, whole
from faults.report import report
from faults.scale import NOISE, pick
from faults.scene import IDLE, joined
from harness import Stack, holds

pytestmark = pytest.mark.asyncio(loop_scope="session")

STREAMS = pick(20, 100)
ROUNDS = pick(3, 5)
# The loop and the machine may be this much later than the timer, in seconds.
LATE = 0.05 * NOISE


async def test_a_drip_is_cut_at_the_idle_timeout(shared: Stack) -> None:
    ratios, idle, ended = [], [], Tally()
    async with joined(shared, "brisk"), Callers(shared) as callers:
        for turn in range(ROUNDS):
            alone = await _p99(callers)
            # A provider of its own for each turn: none meets an open breaker.
            async with joined(shared, f"dripping-{turn}", cut="drip", cut_after=3) as (drip,):
                reading = asyncio.create_task(_drips(callers, f"vllm/dripping-{turn}", ended))
                ratios.append(await _p99(callers) / alone)
                cuts = await reading
                # The clock runs from the last frame, which left just before the drip began.
                idle += [cut - began for cut, began in zip(sorted(cuts), sorted(drip.cut_at), strict=True)]
                assert drip.open == 0
    report(
        10, f"idle timeout {IDLE:g} s, {len(idle)} dripping streams: earliest cut, s", min(idle), f"≥ {IDLE * 0.9:g}"
    )
    report(10, "latest cut, s", max(idle), f"≤ {IDLE * 1.1:g}")
    report(10, "p99 of other calls, times that without drips (median)", statistics.median(ratios), "≤ 1.5")
    assert ended.ended == {"UPSTREAM_TIMEOUT": STREAMS * ROUNDS}
    assert min(idle) >= IDLE * 0.9
    assert max(idle) <= IDLE * 1.1 + LATE
    # Other work on the machine slows down one turn or another, drips would slow down all of them.
    assert min(ratios) <= 1.5
    assert await holds(shared) == 0


async def _p99(callers: Callers) -> float:
    tally, ask = Tally(), whole("vllm/brisk")
    await during(lambda _: callers.answered(ask, tally), IDLE * 0.8, at_once=8)
    assert tally.failed == 0
    return tally.p99()


async def _drips(callers: Callers, model: str, tally: Tally) -> list[float]:
    """Read dripping streams; returns when each was cut."""
    cuts, ask = [], streaming(model)

    async def work(_: int) -> None:
        await callers.streamed(ask, tally)
        cuts.append(time.monotonic())

    await crowd(work, STREAMS, STREAMS)
    return cuts


async def test_comments_keep_a_stream_alive(shared: Stack) -> None:
    tally = Tally()
    async with joined(shared, "thinking", cut="pings", cut_after=1) as _, Callers(shared, 1) as callers:
        await callers.streamed(streaming("vllm/thinking"), tally, IDLE * 1.6)
    report(10, "a stream of comments alone outlives the idle timeout, ended by", next(iter(tally.ended)), "its caller")
    assert tally.ended == {"CALLER_DEADLINE": 1}
