"""A provider fails and recovers, before two workers: what callers, lists, events and metrics tell of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import grpc
from e2e.calls import ask, llm, refusal
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from harness import Stack, provider, stack
from trunkline.v1.configuration_pb2 import CircuitBreaker
from trunkline.v1.event_pb2 import Event
from trunkline.v1.llm_pb2 import ExplainRouteRequest, GetModelRequest, ListModelsRequest
from trunkline.v1.model_pb2 import Availability, BreakerState
from upstream import MODEL, upstream


async def availability(running: Stack, channel: grpc.aio.Channel) -> Availability:
    """As `GetModel` tells it; the other two tell the same state."""
    metadata = running.metadata()
    model = (await llm(channel).GetModel(GetModelRequest(name=running.model), metadata=metadata, timeout=5)).model
    return Availability.FromString(model.availability["mock"].SerializeToString())


async def until(condition: Any, seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.05)


async def events(running: Stack) -> list[Event]:
    connection = await asyncpg.connect(running.postgres_dsn)
    try:
        rows = await connection.fetch(
            "SELECT payload FROM trunkline.outbox WHERE type LIKE 'provider.breaker%' ORDER BY cursor"
        )
    finally:
        await connection.close()
    return [Event.FromString(row["payload"]) for row in rows]


async def test_a_breaker_is_seen_everywhere_and_closes_after_a_real_answer(tmp_path: Path) -> None:
    async with upstream(status=500) as state:
        integration = provider("mock", state.url, [MODEL])
        rule = CircuitBreaker(failure_threshold=3, open_duration=Duration(seconds=1))
        integration.configuration.circuit_breaker.CopyFrom(rule)
        environment = {"TRUNKLINE__ROUTING__PROBE_INTERVAL_SECONDS": "1"}
        options = [("grpc.use_local_subchannel_pool", 1)]
        async with (
            stack(tmp_path, [integration], model=f"vllm/{MODEL}", workers=2, environment=environment) as running,
            grpc.aio.insecure_channel(running.target, options=options) as channel,
        ):
            await opens(running, channel, state)
            await closes(running, channel, state)


async def opens(running: Stack, channel: grpc.aio.Channel, state: Any) -> None:
    metadata = running.metadata()

    async def is_open() -> bool:
        await asyncio.gather(llm(channel).Complete(ask(running.model), metadata=metadata), return_exceptions=True)
        return (await availability(running, channel)).breaker == BreakerState.BREAKER_STATE_OPEN

    await until(is_open)
    code, info, status = await refusal(llm(channel).Complete(ask(running.model), metadata=metadata, timeout=5))
    assert (code, info.reason) == (grpc.StatusCode.UNAVAILABLE, "NO_PROVIDER_AVAILABLE")
    assert "breaker_open" in info.metadata[running.model]
    assert any(detail.Is(RetryInfo.DESCRIPTOR) for detail in status.details)
    explained = await llm(channel).ExplainRoute(ExplainRouteRequest(request=ask(running.model)), metadata=metadata)
    assert explained.candidates[0].rejected_by == "breaker_open"
    assert explained.candidates[0].availability.reason == "UPSTREAM_UNAVAILABLE"
    (listed,) = (await llm(channel).ListModels(ListModelsRequest(reachable_only=True), metadata=metadata)).models
    assert listed.availability["mock"].success_ratio == 0.0

    async def checked() -> bool:
        found = await availability(running, channel)
        return found.HasField("check_healthy") and not found.check_healthy

    # The view of a tenant is ten seconds old at most. Meanwhile failing checks spare callers the probe.
    asked = len(state.requests)
    await until(checked)
    assert (await availability(running, channel)).breaker == BreakerState.BREAKER_STATE_OPEN
    assert len(state.requests) == asked
    (event,) = await events(running)
    assert event.provider_breaker_opened.integration_id == "mock"


async def closes(running: Stack, channel: grpc.aio.Channel, state: Any) -> None:
    state.status = 200
    metadata = running.metadata()

    async def answers() -> bool:
        (found,) = await asyncio.gather(
            llm(channel).Complete(ask(running.model), metadata=metadata), return_exceptions=True
        )
        return not isinstance(found, BaseException)

    await until(answers)
    assert (await availability(running, channel)).breaker == BreakerState.BREAKER_STATE_CLOSED

    async def told() -> bool:
        return len(await events(running)) == 2

    await until(told)
    opened, closed = await events(running)
    assert (opened.type, closed.type) == ("provider.breaker_opened", "provider.breaker_closed")
    assert closed.provider_breaker_closed.open_for.seconds >= 1
    async with aiohttp.ClientSession() as session, session.get(f"http://{running.admin}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    for decision in ("breaker_opened", "breaker_probe", "breaker_closed", "check_failed", "check_passed"):
        assert any(f'decision="{decision}"' in line and 'provider="vllm"' in line for line in lines), decision
    assert any(line.startswith("trunkline_level{") and 'name="breaker_open"' in line for line in lines)
