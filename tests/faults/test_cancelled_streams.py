"""Row 16: streams that their callers cancel leave nothing behind."""

from __future__ import annotations

import asyncio
from random import Random

import pytest
from faults.load import Callers, crowd, streaming
from faults.observe import rss, until, value, workers
from faults.report import report
from faults.scale import NOISE, pick
from faults.scene import joined
from harness import Stack, holds

pytestmark = pytest.mark.asyncio(loop_scope="session")

STREAMS = pick(2_000, 100_000)
WARM_UP = pick(1_000, 5_000)
AT_ONCE = 64
# Callers leave after the first message at the soonest, after so many at the latest.
LAST_READ = 10
# Tasks of the server's own jobs that may just run when tasks are counted; streams that leak are thousands.
SPARE = 5
# Tasks are counted once a second.
LEFT_AFTER = 2.0 * NOISE


async def test_cancelled_streams_leave_nothing(shared: Stack) -> None:
    worker = workers(shared.process.pid)[0]
    async with joined(shared, "cancelled", chunks=1_000, pace=0.02) as (state,), Callers(shared) as callers:
        ask, moment = streaming("vllm/cancelled"), Random(16)

        async def work(_: int) -> None:
            call = callers.stream(ask, timeout=60)
            for _ in range(moment.randint(1, LAST_READ)):
                await call.read()
            call.cancel()

        async def quiet() -> bool:
            return state.sockets <= kept and await value(shared, "trunkline_tasks") <= idle + SPARE

        # The connection on which the models were asked for stays in its pool.
        kept = state.sockets
        # A connection's own tasks count as idle.
        await crowd(work, 4, 4)
        await asyncio.sleep(2)
        idle = await value(shared, "trunkline_tasks")
        await crowd(work, WARM_UP, AT_ONCE)
        before = rss(worker)
        await crowd(work, STREAMS, AT_ONCE)
        settled = await until(quiet, 10)
        grown, tasks, open_sockets = (
            rss(worker) - before,
            await value(shared, "trunkline_tasks") - idle,
            state.sockets - kept,
        )
        asked = len(state.visits)
    report(16, f"{STREAMS:,} cancelled streams: memory of the worker, MB more", grown, "≤ 20")
    report(16, f"tasks left (± {SPARE} of the server's own)", max(0, int(tasks)), "0")
    report(16, "upstream sockets left", open_sockets, "0")
    report(16, "all gone after, s", settled if settled is not None else "never", "≤ 2")
    assert asked >= STREAMS
    assert grown <= 20
    assert settled is not None and settled <= LEFT_AFTER
    assert await until(lambda: _no_holds(shared), 5) is not None


async def _no_holds(shared: Stack) -> bool:
    return await holds(shared) == 0
