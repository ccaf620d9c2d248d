"""FAULTS row 8: a breaker is half-open, and 1,000 callers wait at two workers: one probe."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import grpc
from e2e.calls import ask, llm
from faults.report import report
from faults.scale import pick
from google.protobuf.duration_pb2 import Duration
from harness import Stack, provider, stack
from trunkline.v1.configuration_pb2 import CircuitBreaker
from trunkline.v1.llm_pb2 import ListModelsRequest
from trunkline.v1.model_pb2 import BreakerState
from upstream import MODEL, upstream

ROUNDS = pick(1, 5)
CALLERS = 1000
CHANNELS = 16
STALL = 3.0


async def state(running: Stack, channel: grpc.aio.Channel) -> int:
    """The breaker, as the contract tells it."""
    request = ListModelsRequest(reachable_only=True)
    (model,) = (await llm(channel).ListModels(request, metadata=running.metadata(), timeout=5)).models
    return int(model.availability["mock"].breaker)


async def until(running: Stack, channels: list[grpc.aio.Channel], wanted: int) -> None:
    """Wait until every worker tells this state."""
    async with asyncio.timeout(20):
        while {await state(running, channel) for channel in channels} != {wanted}:
            await asyncio.sleep(0.05)


async def attempt(running: Stack, channel: Any) -> str:
    try:
        await llm(channel).Complete(ask(running.model), metadata=running.metadata(), timeout=60)
    except grpc.aio.AioRpcError as error:
        return f"{error.code().name}: {error.details()}"
    return "OK"


async def test_one_probe_for_a_thousand_callers(tmp_path: Path) -> None:
    async with upstream(chunks=2) as upper:
        integration = provider("mock", upper.url, [MODEL])
        rule = CircuitBreaker(failure_threshold=3, open_duration=Duration(seconds=2))
        integration.configuration.circuit_breaker.CopyFrom(rule)
        environment = {"MAX_CONCURRENT_REQUESTS": "4000", "TRUNKLINE__ROUTING__PROBE_INTERVAL_SECONDS": "0"}
        async with stack(tmp_path, [integration], model=f"vllm/{MODEL}", workers=2, environment=environment) as running:
            options = [("grpc.use_local_subchannel_pool", 1)]
            channels = [grpc.aio.insecure_channel(running.target, options=options) for _ in range(CHANNELS)]
            try:
                for _ in range(ROUNDS):
                    await one_round(running, channels, upper)
            finally:
                await asyncio.gather(*(channel.close() for channel in channels))


async def one_round(running: Stack, channels: list[grpc.aio.Channel], upper: Any) -> None:
    upper.status, upper.stall = 500, 0.0
    while await state(running, channels[0]) == BreakerState.BREAKER_STATE_CLOSED:
        await attempt(running, channels[0])
    await until(running, channels, BreakerState.BREAKER_STATE_HALF_OPEN)
    upper.status, upper.stall = 200, STALL
    before = len(upper.requests)
    callers = [asyncio.create_task(attempt(running, channels[one % CHANNELS])) for one in range(CALLERS)]
    async with asyncio.timeout(20):
        while len(upper.requests) == before:
            await asyncio.sleep(0.01)
    # The probe is under way until its stall ends; what comes after it is answered at once.
    upper.stall = 0.0
    await asyncio.sleep(STALL - 0.5)
    probes, ended = len(upper.requests) - before, sum(caller.done() for caller in callers)
    outcomes = await asyncio.gather(*callers)
    report(8, f"probes for {CALLERS} callers at two workers", probes, "1")
    report(8, "callers that were refused before its verdict", ended)
    report(8, "callers that were served after it", outcomes.count("OK"))
    assert probes == 1
    assert set(outcomes) == {"OK"}, set(outcomes)
    assert len(upper.requests) - before == CALLERS
