"""What one admission and one settlement cost in CPU, alone and in batches.

Run: `python bench/redis_batch.py [seconds]`. Starts a Redis of its own, and prints microseconds of CPU time of this
process and of the server for each call. "alone": one caller, one call after the other. "together": many callers, so
that the calls of one tick of the event loop share a write. Figures of Redis hold what waking up costs: alone, most.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import uvloop
from redis.asyncio import Redis
from trunkline_server.domain.ports import Ask, BudgetLimit, RateLimit, Settled
from trunkline_server.embedded import embedded_redis
from trunkline_server.stores.redis import client as client_module
from trunkline_server.stores.redis.admission import RedisAdmission
from trunkline_server.stores.redis.client import connect
from trunkline_server.stores.redis.scripts import SHARDS

TRIVIAL = "return 1"
Work = Callable[[str], Awaitable[Any]]


class NoLedger:
    """Nothing was ever spent."""

    async def write(self, batch: Sequence[Settled]) -> None:
        raise AssertionError("nothing is written here")

    async def spent(self, tenant_id: str, windows: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
        return {}


async def measure(name: str, redis: Redis, callers: int, seconds: float, work: Work) -> None:
    """Print calls per second and CPU per call."""
    calls = 0
    end = time.monotonic() + seconds

    async def caller(number: int) -> None:
        nonlocal calls
        turn = 0
        while time.monotonic() < end:
            turn += 1
            await work(f"{name}-{number}-{turn}")
            calls += 1

    async def server_cpu() -> float:
        info = await redis.info("cpu")
        return float(info["used_cpu_user"] + info["used_cpu_sys"])

    server, own, started = await server_cpu(), time.process_time(), time.monotonic()
    await asyncio.gather(*map(caller, range(callers)))
    took = time.monotonic() - started
    own_us = (time.process_time() - own) / calls * 1e6
    server_us = (await server_cpu() - server) / calls * 1e6
    print(
        f"{name:34} {callers:5} callers {calls / took:9,.0f} /s   client {own_us:6.1f} us   server {server_us:5.1f} us"
    )


async def main(seconds: float) -> None:
    """Measure all."""
    with tempfile.TemporaryDirectory() as directory:
        async with (
            embedded_redis(Path(directory) / "redis", modules=False, durable=False) as server,
            Redis.from_url(server.url) as redis,
            connect([server.url], grace=0) as store,
        ):
            sha = await redis.script_load(TRIVIAL)
            admission = RedisAdmission(store, NoLedger())
            budgets = tuple(
                BudgetLimit(name, "2026-11", 10**15, True, (0.8,), time.time() + 86_400) for name in ("tenant", "key")
            )
            rates = (RateLimit("key/k", 10**8),)

            async def direct(_: str) -> None:
                await redis.evalsha(sha, 1, SHARDS[0])

            async def batched(_: str) -> None:
                await store._link.call(SHARDS[0], ("EVALSHA", sha, 1, SHARDS[0]))

            async def round_trip(name: str) -> None:
                ask = Ask("acme", name, 1000, rates, budgets)
                await admission.admit(ask)
                await admission.settle(ask, 0, b"")

            await round_trip("warm")
            for callers, label in ((1, "alone"), (64, "together")):
                await measure(f"EVALSHA through redis-py, {label}", redis, callers, seconds, direct)
                await measure(f"EVALSHA batched, {label}", redis, callers, seconds, batched)
                await measure(f"admit + void, {label}", redis, callers, seconds, round_trip)
            print(f"width {client_module._WIDTH}")


if __name__ == "__main__":
    uvloop.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 3.0))
