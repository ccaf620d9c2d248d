"""Row 11: a stream is half-closed, reset, or ends without its end mark."""

from __future__ import annotations

import time

import pytest
from faults.load import Callers, Tally, crowd, streaming
from faults.observe import ledger, until
from faults.report import report
from faults.scale import NOISE, pick
from faults.scene import joined
from harness import Stack, holds
from trunkline.v1.completion_pb2 import StreamCompleteResponse

pytestmark = pytest.mark.asyncio(loop_scope="session")

STREAMS = pick(30, 300)
CHUNKS = 5


@pytest.mark.parametrize("cut", ["half_close", "no_end", "reset", "close"])
async def test_a_torn_stream_is_told_and_billed(shared: Stack, cut: str) -> None:
    tally, ends, last = Tally(), [], []
    name = f"torn-{cut}".replace("_", "-")
    # All are on their way before the first fails: none meets an open breaker.
    behaviour = {"stall": 1.0, "cut": cut, "cut_after": CHUNKS, "chunks": 2 * CHUNKS}
    async with joined(shared, name, **behaviour) as (state,), Callers(shared) as callers:

        async def work(_: int) -> None:
            messages = await callers.streamed(streaming(f"vllm/{name}"), tally, 20)
            ends.append(time.monotonic())
            last.append(StreamCompleteResponse.FromString(messages[-1]))

        await crowd(work, STREAMS, STREAMS)
        waits = [end - torn for end, torn in zip(sorted(ends), sorted(state.cut_at), strict=True)]
        closed = await until(lambda: _none(state), 2)
    where = f"model = '{name}' AND status_code <> 0 AND nano_usd > 0"
    billed = await until(lambda: _written(shared, where, STREAMS), 10)
    report(11, f"{cut}: latest error after the cut, {STREAMS} streams, s", max(waits), "≤ 1")
    report(
        11, f"{cut}: streams that ended otherwise than STREAM_TRUNCATED", STREAMS - tally.ended["STREAM_TRUNCATED"], "0"
    )
    entries, cost = await ledger(shared, where)
    report(11, f"{cut}: charges in the ledger, of {STREAMS}", entries, str(STREAMS))
    assert tally.ended == {"STREAM_TRUNCATED": STREAMS}
    assert max(waits) <= 1.0 * NOISE
    assert billed is not None and closed is not None
    # Each tells its caller what it was charged for: the words that came.
    assert all(event.usage.output_tokens >= CHUNKS for event in last)
    assert await holds(shared) == 0


async def _none(state: object) -> bool:
    return state.open == 0  # type: ignore[attr-defined]


async def _written(running: Stack, where: str, count: int) -> bool:
    return (await ledger(running, where))[0] >= count
