"""Row 4: the server is replaced three times under load, each time by one that listens on the same port already."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import Process
from pathlib import Path

from faults.load import Callers, Tally, streaming, whole
from faults.observe import ledger, until
from faults.report import report
from faults.rolling import end, start
from faults.scale import pick
from faults.scene import own
from harness import Stack, holds
from trunkline.v1.completion_pb2 import StreamCompleteResponse
from upstream import Upstream

ROLLS = 3
WORKERS = pick(1, 2)
CALLERS, STREAMS = pick(8, 16), pick(20, 100)
BETWEEN = pick(0.5, 5.0)
# Streams of two seconds and more: some are open at each SIGTERM, and end within the grace.
BEHAVIOUR = {"chunks": 20, "pace": 0.1}
GRACE = 15.0


async def _roll(running: Stack, base: Path) -> tuple[list[str], Process]:
    """Replace the server three times; returns the log of each that went."""
    old, logs, gone = running.process, [running.log_path], []
    for number in range(ROLLS):
        await asyncio.sleep(BETWEEN)
        path = base / f"server-{number}.log"
        new = await start(running, path, WORKERS)
        await end(old, GRACE * 2 + 30)
        gone.append(logs[-1].read_text())
        logs.append(path)
        old = new
    await asyncio.sleep(BETWEEN)
    return gone, old


async def _load(callers: Callers, model: str, calls: Tally, streams: Tally, stop: asyncio.Event) -> int:
    """Calls and streams until told to stop; returns how many streams came incomplete."""
    ask, read, torn = whole(model), streaming(model), 0

    async def call() -> None:
        while not stop.is_set():
            await callers.answered(ask, calls)

    async def stream() -> None:
        nonlocal torn
        while not stop.is_set():
            messages = await callers.streamed(read, streams)
            torn += not messages or StreamCompleteResponse.FromString(messages[-1]).WhichOneof("event") != "finished"

    await asyncio.gather(*(call() for _ in range(CALLERS)), *(stream() for _ in range(STREAMS)))
    return torn


async def test_three_rolls_under_load(tmp_path: Path) -> None:
    calls, streams, stop = Tally(), Tally(), asyncio.Event()
    environment = {"TRUNKLINE__SERVER__GRACE_SECONDS": str(GRACE)}
    async with (
        own(tmp_path, workers=WORKERS, environment=environment, **BEHAVIOUR) as (running, state),
        Callers(running, 8, retries=True) as callers,
    ):
        loading = asyncio.create_task(_load(callers, running.model, calls, streams, stop))
        gone, last = await _roll(running, tmp_path)
        stop.set()
        torn = await loading
        answered = calls.ended["OK"] + streams.ended["OK"]
        written = await until(lambda: _in_the_books(running, state), 15)
        entries, _ = await ledger(running)
        failed, _ = await ledger(running, "status_code <> 0")
        left = await holds(running)
        last.terminate()
        assert await asyncio.wait_for(last.wait(), GRACE * 2 + 30) == 0
    drained = [line for log in gone for line in log.splitlines() if '"drained"' in line and '"worker"' in line]
    cut = sum('"cut_off":0' not in line for line in drained)
    report(4, f"{ROLLS} rolls: calls and streams that failed, of {answered:,}", calls.failed + streams.failed, "0")
    report(4, "streams cut", torn + cut, "0")
    report(4, "requests open at the upstream, and holds, afterwards", f"{state.open}, {left}", "0, 0")
    report(4, f"entries of the ledger, for {len(state.visits):,} calls of the upstream", f"{entries:,}")
    failures = calls.ended + streams.ended
    assert torn == cut == 0 and len(drained) == ROLLS * WORKERS
    assert set(failures) == {"OK"}, failures
    assert written is not None
    assert state.open == left == failed == 0
    assert entries == len(state.visits) == answered


async def _in_the_books(running: Stack, state: Upstream) -> bool:
    entries, _ = await ledger(running)
    return entries == len(state.visits) and await holds(running) == 0
