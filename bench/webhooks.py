"""What the relay delivers: events per second to a local receiver, and the lag from the commit to the delivery.

A whole Trunkline with its relay, and a receiver in this process that answers at once; Postgres, the relay and the
receiver share the machine's cores. First a burst, which waits in the outbox, then a steady stream.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from aiohttp import web

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench")]

from faults.hooks import endpoint  # noqa: E402
from harness import Stack, stack  # noqa: E402
from run import quantile, say  # noqa: E402
from webhook_parts import Receiver, health, receiver, record, until  # noqa: E402

_BATCH = 100


class Quick(Receiver):
    """Verifies the challenge only: the bench is about the relay."""

    came: dict[str, float]

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        event_id = request.headers["webhook-id"]
        if event_id.startswith("msg_"):
            return await super().handle(request)
        await request.read()
        self.came.setdefault(event_id, time.monotonic())
        return web.Response()


async def burst(running: Stack, there: Quick, events: int) -> float:
    """Deliveries per second, of events that were all recorded before."""
    made = [health() for _ in range(events)]
    for start in range(0, events, _BATCH):
        await record(running.postgres_dsn, *made[start : start + _BATCH])
    before = len(there.came)
    await until(lambda: len(there.came) >= before + events * 0.05, 120)
    began, before = time.monotonic(), len(there.came)
    await until(lambda: all(one.event_id in there.came for one in made), 300)
    return (len(there.came) - before) / (max(there.came.values()) - began)


async def stream(running: Stack, there: Quick, rate: float, seconds: float) -> list[float]:
    """Milliseconds from the commit to the delivery, of a steady stream."""
    written: dict[str, float] = {}
    end = time.monotonic() + seconds
    while (now := time.monotonic()) < end:
        event = health()
        await record(running.postgres_dsn, event)
        written[event.event_id] = time.monotonic()
        await asyncio.sleep(max(0.0, now + 1 / rate - time.monotonic()))
    await until(lambda: written.keys() <= there.came.keys(), 60)
    return [1000 * max(0.0, there.came[one] - at) for one, at in written.items()]


async def main(events: int, concurrency: int, rate: float, seconds: float) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        async with stack(Path(folder), [], model="") as running, receiver(kind=Quick) as there:
            assert isinstance(there, Quick)
            await endpoint(running, there, "bench", max_concurrency=concurrency)
            there.came = {}
            found = await burst(running, there, events)
            say(f"a burst of {events:,} events, {concurrency} at a time: {found:,.0f} deliveries/s")
            lags = await stream(running, there, rate, seconds)
            p50, p99 = quantile(lags, 0.5), quantile(lags, 0.99)
            say(f"{rate:g} events/s for {seconds:g} s: lag p50 {p50:,.0f} ms, p99 {p99:,.0f} ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=5000)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--rate", type=float, default=20.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    asyncio.run(main(options.events, options.concurrency, options.rate, options.seconds))
