"""Integrations are checked by themselves: each in its interval and in one place, with an event where health changes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import grpc
from e2e.calls import refusal
from e2e.registry_parts import Guarded, Registry, guarded, orders, registry
from harness import provider
from trunkline.v1.event_pb2 import Event
from trunkline.v1.integration_health_pb2 import GetIntegrationHealthRequest, IntegrationStatus
from trunkline.v1.integration_pb2 import CreateIntegrationRequest, GetIntegrationRequest
from upstream import MODEL
from upstream import upstream as llm_upstream

EVERY_SECOND = {"TRUNKLINE__INTEGRATIONS__CHECK_INTERVAL_SECONDS": "1"}


async def until(found: Callable[[], Awaitable[Any]], seconds: float = 30.0) -> Any:
    """What is found, as soon as it is something."""
    async with asyncio.timeout(seconds):
        while not (result := await found()):
            await asyncio.sleep(0.05)
    return result


async def checks(server: Registry, name: str) -> int:
    query = "SELECT count(*) FROM trunkline.integration_health_checks WHERE integration_id = $1"
    return int((await server.rows(query, name))[0][0])


async def events(server: Registry) -> list[Event]:
    rows = await server.rows("SELECT payload FROM trunkline.outbox ORDER BY cursor")
    found = [Event.FromString(row["payload"]) for row in rows]
    return [event for event in found if event.type == "integration.health_changed"]


async def test_checks_of_all_kinds_by_one_worker_of_all(tmp_path: Path) -> None:
    async with guarded() as upstream, llm_upstream() as models, registry(tmp_path, EVERY_SECOND, 2) as server:
        stub = server.integrations
        await server.call(stub.CreateIntegration, orders(upstream.url))
        await server.call(stub.CreateIntegration, orders(upstream.url, "unwatched", enabled=False))
        slow = orders(upstream.url, "seldom")
        slow.monitoring.check_interval.FromSeconds(3600)
        await server.call(stub.CreateIntegration, slow)
        llm = provider("mock", models.url, [MODEL])
        request = CreateIntegrationRequest(integration_id="mock", type=llm.type, configuration=llm.configuration)
        request.configuration.authentication.secret = "sk-test-upstream-secret"
        await server.call(stub.CreateIntegration, request)

        async def often() -> bool:
            return await checks(server, "orders") > 4 and await checks(server, "mock") > 4

        await until(often)
        assert await checks(server, "unwatched") == 1 and await checks(server, "seldom") == 1, "when they were made"
        # Nothing is called but for a finding; one check may be under way, and others may end meanwhile.
        before = upstream.calls
        made = sum([await checks(server, name) for name in ("orders", "unwatched", "seldom")])
        assert before - 1 <= made <= upstream.calls
        assert await events(server) == []
        health = (
            await server.call(stub.GetIntegrationHealth, GetIntegrationHealthRequest(integration_id="orders"))
        ).health
        assert health.HasField("next_check_time") and len(health.checks) > 4
        unwatched = GetIntegrationHealthRequest(integration_id="unwatched")
        assert not (await server.call(stub.GetIntegrationHealth, unwatched)).health.HasField("next_check_time")


async def test_an_event_when_health_changes_and_only_then(tmp_path: Path) -> None:
    async with guarded() as upstream, registry(tmp_path, EVERY_SECOND, 2) as server:
        stub = server.integrations
        made = (await server.call(stub.CreateIntegration, orders(upstream.url))).integration

        async def status() -> IntegrationStatus.ValueType:
            request = GetIntegrationRequest(integration_id="orders")
            found: IntegrationStatus.ValueType = (await server.call(stub.GetIntegration, request)).integration.status
            return found

        async def turned(wanted: IntegrationStatus.ValueType) -> None:
            async def reached() -> bool:
                return await status() == wanted

            await until(reached)
            seen = await checks(server, "orders")

            async def more() -> bool:
                return await checks(server, "orders") > seen + 1

            await until(more)

        upstream.status = 503
        await turned(IntegrationStatus.INTEGRATION_STATUS_DEGRADED)
        upstream.status = 200
        await turned(IntegrationStatus.INTEGRATION_STATUS_ACTIVE)
        told = [event.integration_health_changed for event in await events(server)]
        assert [(one.integration_id, one.healthy) for one in told] == [("orders", False), ("orders", True)]
        assert "503" in told[0].detail and all(one.HasField("timestamp") for one in told)
        after = (await server.call(stub.GetIntegration, GetIntegrationRequest(integration_id="orders"))).integration
        assert (after.etag, after.version) == (made.etag, 1)


async def test_health_tells_what_calls_met(tmp_path: Path) -> None:
    async with guarded() as upstream, registry(tmp_path) as server:
        stub = server.integrations
        await server.call(stub.CreateIntegration, orders(upstream.url))
        await server.call(stub.CreateIntegration, orders(upstream.url, "unmeasured", enabled=False))
        for number in range(8):
            await server.run("orders", f"good-{number}")
        await server.run("unmeasured", "good-unmeasured")
        upstream.status = 404
        code, _, _ = await refusal(server.run("orders", "rejected"))
        assert code == grpc.StatusCode.INVALID_ARGUMENT
        upstream.status = 401
        code, info, _ = await refusal(server.run("orders", "refused"))
        assert info.reason == "UPSTREAM_AUTHENTICATION"
        for request_id in ("refused", "good-unmeasured"):
            assert await server.running.recorded(request_id) is not None
        health = (
            await server.call(stub.GetIntegrationHealth, GetIntegrationHealthRequest(integration_id="orders"))
        ).health
        assert (health.calls, health.failed_calls) == (10, 1) and abs(health.error_rate - 0.1) < 1e-9
        p50, p95, p99 = (one.ToMicroseconds() for one in (health.latency_p50, health.latency_p95, health.latency_p99))
        assert 0 < p50 <= p95 <= p99
        last = health.last_failure
        assert (last.reason, last.request_id, last.subject) == ("UPSTREAM_AUTHENTICATION", "refused", "read")
        assert health.window.seconds == 900 and not health.breakers and [one.healthy for one in health.checks] == [True]
        await opened(server, upstream)
        await measured(server)


async def opened(server: Registry, upstream: Guarded) -> None:
    """A breaker that opens is told, and until when."""
    upstream.status = 500
    for number in range(5):
        await refusal(server.run("orders", f"broken-{number}"))
    request = GetIntegrationHealthRequest(integration_id="orders")
    health = (await server.call(server.integrations.GetIntegrationHealth, request)).health
    (breaker,) = health.breakers
    assert (breaker.model, breaker.state) == ("", 2) and 0 < breaker.retry_after.ToSeconds() <= 30


async def measured(server: Registry) -> None:
    """Calls are measured by integration, but for those of one that is not monitored."""
    async with aiohttp.ClientSession(f"http://{server.running.admin}") as http, http.get("/metrics") as response:
        lines = [line for line in (await response.text()).splitlines() if line.startswith("trunkline_integration_")]
    own = 'integration="orders",tenant="acme"'
    assert any(line.startswith(f"trunkline_integration_seconds_count{{{own}}}") for line in lines), lines
    assert any('reason="UPSTREAM_AUTHENTICATION"' in line and own.partition(",")[0] in line for line in lines)
    assert not any("unmeasured" in line for line in lines)
