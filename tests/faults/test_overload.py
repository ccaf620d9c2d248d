"""FAULTS 15: five times as many calls as the worker carries. No more than its limit are let in, refusals are fast, and
health answers throughout."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path
from typing import Any

import grpc
from e2e.calls import ask
from faults.holding import channels, completer, holding, quantile
from faults.report import report
from faults.scale import NOISE, pick
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from harness import Stack, provider, stack
from trunkline.v1 import budget_pb2, budget_pb2_grpc
from upstream import MODEL

CALLS, LIMIT, QUEUE = pick((2000, 400, 200), (10_000, 2000, 1000))
# Refusals that are measured one after the other by each of some callers, while the worker and its queue are full. The
# best round counts: what else the machine does shows in some of them, a slow server in all.
ROUNDS, MEASURED, CALLERS = 5, pick(400, 2000), 4
SETTINGS = {
    "TRUNKLINE__SERVER__MAX_CONCURRENT_REQUESTS": str(LIMIT),
    "TRUNKLINE__SERVER__QUEUE_SIZE": str(QUEUE),
    # Whoever waits shall still wait when the provider answers at last.
    "TRUNKLINE__SERVER__QUEUE_SECONDS": "120",
    "TRUNKLINE__ROUTING__PROVIDER_TIMEOUT_SECONDS": "120",
    "TRUNKLINE__ROUTING__CONCURRENCY_START": str(LIMIT),
    "TRUNKLINE__ROUTING__CONCURRENCY_MAX": str(LIMIT),
    "TRUNKLINE__OBSERVABILITY__ACCESS_LOG": "off",
}


class Load:
    """Calls of one tenant, and how they ended."""

    def __init__(self, running: Stack, opened: list[grpc.aio.Channel]) -> None:
        self._complete = [completer(channel) for channel in opened]
        self._payload = ask(running.model).SerializeToString()
        self._metadata = running.metadata()
        self.ends: Counter[str] = Counter()
        self.refusals: list[float] = []

    async def call(self, number: int) -> None:
        began = time.monotonic()
        try:
            await self._complete[number % len(self._complete)](self._payload, metadata=self._metadata, timeout=120)
        except grpc.aio.AioRpcError as error:
            self.ends[error.code().name] += 1
            self.refusals.append(time.monotonic() - began)
        else:
            self.ends["OK"] += 1

    async def measure(self, count: int) -> list[float]:
        """So many calls by CALLERS, one after the other: seconds of each, all of them refused."""
        self.refusals.clear()

        async def one(caller: int) -> None:
            for _ in range(count // CALLERS):
                await self.call(caller)

        await asyncio.gather(*(one(caller) for caller in range(CALLERS)))
        return list(self.refusals)


async def watch_health(channel: grpc.aio.Channel, seconds: list[float]) -> None:
    """Ask every 50 ms until cancelled; raises on any other answer than SERVING."""
    health: Any = health_pb2_grpc.HealthStub(channel)
    while True:
        began = time.monotonic()
        for name in ("liveness", "readiness"):
            found = await health.Check(health_pb2.HealthCheckRequest(service=name), timeout=15)
            assert found.status == health_pb2.HealthCheckResponse.SERVING
        seconds.append((time.monotonic() - began) / 2)
        await asyncio.sleep(0.05)


async def administer(running: Stack, channel: grpc.aio.Channel) -> None:
    """Reads and reflection pass beside the full queue."""
    budgets: Any = budget_pb2_grpc.BudgetServiceStub(channel)
    found = await budgets.ListBudgets(budget_pb2.ListBudgetsRequest(), metadata=running.metadata(), timeout=10)
    assert len(found.budgets) == 1
    stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
    asked = stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services="")]), timeout=10)
    assert [len(one.list_services_response.service) > 5 async for one in asked] == [True]


async def test_never_more_than_the_limit_and_fast_refusals(tmp_path: Path) -> None:
    async with (
        holding() as state,
        stack(tmp_path, [provider("mock", state.url, [MODEL])], model=f"vllm/{MODEL}", environment=SETTINGS) as running,
        channels(running.target, 9) as opened,
    ):
        load, health = Load(running, opened[1:]), list[float]()
        watching = asyncio.create_task(watch_health(opened[0], health))
        burst = [asyncio.create_task(load.call(number)) for number in range(CALLS)]
        async with asyncio.timeout(120):
            while load.ends.total() < CALLS - LIMIT - QUEUE or state.open < LIMIT:
                await asyncio.sleep(0.05)
        in_burst = quantile(load.refusals, 0.99)
        rounds = [await load.measure(MEASURED) for _ in range(ROUNDS)]
        await administer(running, opened[0])
        assert state.open == LIMIT
        state.release.set()
        await asyncio.gather(*burst)
        assert not watching.done(), watching
        watching.cancel()
        p99s = sorted(quantile(refusals, 0.99) for refusals in rounds)
        report(15, f"calls let in at once, of {CALLS} at a limit of {LIMIT}", state.most, f"<= {LIMIT}")
        report(
            15,
            f"refusals, {CALLERS} callers on a full worker, p99 ms, best of {ROUNDS} rounds",
            p99s[0] * 1000,
            "< 100",
        )
        report(15, "the same, worst round", p99s[-1] * 1000)
        report(15, f"refusals in a burst of {CALLS} at once, p99 ms", in_burst * 1000)
        report(15, "health p99 ms, all SERVING", quantile(health, 0.99) * 1000)
        assert state.most == LIMIT
        assert load.ends == {"OK": LIMIT + QUEUE, "RESOURCE_EXHAUSTED": CALLS - LIMIT - QUEUE + ROUNDS * MEASURED}
        assert p99s[0] < 0.1 * NOISE
