"""How long admission and settlement take on a loopback Redis: the median and the 99th percentile.

Run: `python bench/admission.py [calls]`. Starts a Redis of its own. The ask is a full one: two budgets, and three rates
with calls, tokens and calls in flight. One caller, one call after the other: what a call waits for that
shares its batch with nobody. The bar is 0.3 ms at the median.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop
from redis_batch import NoLedger
from trunkline_server.domain.ports import Ask, BudgetLimit, RateLimit
from trunkline_server.embedded import embedded_redis
from trunkline_server.stores.redis.admission import RedisAdmission
from trunkline_server.stores.redis.client import connect

MOST = 10**8
RATES = (
    RateLimit("tenant", MOST, MOST, 10_000),
    RateLimit("key/k", MOST, MOST, 10_000),
    RateLimit("model/openai/gpt-4o", MOST, MOST, 10_000),
)
BUDGETS = tuple(BudgetLimit(name, "2026-11", 10**15, True, (0.8,), time.time() + 86_400) for name in ("tenant", "key"))
ASKS = {"2 budgets, 3 rates": (RATES, BUDGETS), "2 budgets": ((), BUDGETS), "no limits": ((), ())}


def show(name: str, seconds: list[float]) -> None:
    """A line with the median and the 99th percentile."""
    ordered = sorted(seconds)
    p50, p99 = (ordered[int(len(ordered) * share)] * 1e3 for share in (0.5, 0.99))
    print(f"{name:32} p50 {p50:6.3f} ms   p99 {p99:6.3f} ms", flush=True)


async def timed(into: list[float], work: Callable[[], Awaitable[object]]) -> None:
    """Run `work` and note how long it took."""
    began = time.perf_counter()
    await work()
    into.append(time.perf_counter() - began)


async def main(calls: int) -> None:
    """Measure all."""
    with tempfile.TemporaryDirectory() as directory:
        async with (
            embedded_redis(Path(directory) / "redis", modules=False, durable=False) as server,
            connect([server.url], grace=0.5) as store,
        ):
            admission = RedisAdmission(store, NoLedger())
            tending = asyncio.create_task(admission.run())
            for name, (rates, budgets) in ASKS.items():
                admitting: list[float] = []
                settling: list[float] = []
                for number in range(calls + 200):
                    ask = Ask("acme", f"{name}-{number}", 1000, rates, budgets, 500)
                    await timed(admitting, lambda ask=ask: admission.admit(ask))  # type: ignore[misc]
                    await timed(settling, lambda ask=ask: admission.settle(ask, 0, b"", 400))  # type: ignore[misc]
                show(f"admit, {name}", admitting[200:])
                show(f"settle, {name}", settling[200:])
            tending.cancel()
            await asyncio.gather(tending, return_exceptions=True)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000))
