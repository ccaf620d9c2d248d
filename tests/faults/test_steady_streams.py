"""Row 14: many long streams at once. Nothing is lost or reordered, the loop stays prompt, memory stays level."""

from __future__ import annotations

import asyncio
import time

import pytest
from faults.load import Callers, Tally, crowd, quantile, streaming
from faults.observe import bound_of, buckets, rss, workers
from faults.report import report
from faults.scale import NOISE, full, pick
from faults.scene import joined
from harness import Stack, holds
from trunkline.v1.completion_pb2 import StreamCompleteResponse

pytestmark = pytest.mark.asyncio(loop_scope="session")

STREAMS = pick(200, 1000)
SECONDS = pick(5, 60)
CHUNKS_PER_SECOND = 5
CHUNKS = SECONDS * CHUNKS_PER_SECOND
LAG = "trunkline_loop_lag_seconds"
SAMPLE_SECONDS = 1.0


def _whole(messages: list[bytes]) -> bool:
    """Whether a stream has each sequence number and each word once, in order, and its end."""
    events = [StreamCompleteResponse.FromString(message) for message in messages]
    words = [event.content_delta.text for event in events if event.content_delta.text]
    return (
        [event.sequence for event in events] == list(range(1, len(events) + 1))
        and words == [f"word{number} " for number in range(CHUNKS)]
        and events[-1].WhichOneof("event") == "finished"
    )


def _slope(samples: list[tuple[float, float]]) -> float:
    """MB a minute, by least squares."""
    middle_at = sum(at for at, _ in samples) / len(samples)
    middle = sum(value for _, value in samples) / len(samples)
    spread = sum((at - middle_at) ** 2 for at, _ in samples)
    return 60 * sum((at - middle_at) * (value - middle) for at, value in samples) / spread


async def _watch(pid: int, samples: list[tuple[float, float]]) -> None:
    while True:
        await asyncio.sleep(SAMPLE_SECONDS)
        samples.append((time.monotonic(), rss(pid)))


async def test_long_streams_side_by_side(shared: Stack) -> None:
    tally, broken, samples = Tally(), [], []
    pace = {"chunks": CHUNKS, "pace": 1 / CHUNKS_PER_SECOND}
    async with joined(shared, "steady", **pace) as (state,), Callers(shared, 8) as callers:
        ask = streaming("vllm/steady", max_tokens=2 * CHUNKS)

        async def work(number: int) -> None:
            # Callers do not come in one instant; nor do chunks.
            await asyncio.sleep(number / STREAMS * 2)
            if not _whole(await callers.streamed(ask, tally, SECONDS + 60)):
                broken.append(number)

        before = await buckets(shared, LAG)
        watch = asyncio.create_task(_watch(workers(shared.process.pid)[0], samples))
        await crowd(work, STREAMS, STREAMS)
        watch.cancel()
        lag = bound_of(before, await buckets(shared, LAG), 0.99)
        assert state.open == 0
    # Warm after a third of the time; the last streams end while the first have.
    warm = samples[len(samples) // 3 : -3]
    slope = _slope(warm)
    what = f"{STREAMS:,} streams × {SECONDS} s, {CHUNKS_PER_SECOND} chunks/s each"
    report(14, f"{what}: lost, reordered or failed", len(broken), "0")
    report(14, "loop lag p99, at most, ms", lag * 1000, "< 100")
    report(14, "longest stream beyond its pace, s", quantile(tally.seconds, 1.0) - SECONDS)
    report(14, "memory after warm-up, MB a minute", slope, "< 1" if full else "< 1 (full form)")
    assert tally.ended == {"OK": STREAMS}
    assert not broken
    assert lag <= 0.1 * (1 if full else NOISE)
    assert not full or slope < 1
    assert await holds(shared) == 0
