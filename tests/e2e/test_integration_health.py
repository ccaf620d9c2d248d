"""The health of an integration where probes look for it: gRPC health, and HTTP on the admin port."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import grpc
from e2e.commands import trunkline
from grpc_health.v1 import health_pb2, health_pb2_grpc
from harness import provider, stack
from trunkline.v1 import integration_pb2_grpc
from trunkline.v1.integration_pb2 import CheckIntegrationRequest, GetIntegrationRequest
from upstream import MODEL, upstream

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


async def test_an_integration_tells_its_health(tmp_path: Path) -> None:
    async with (
        upstream() as state,
        stack(tmp_path, [provider("mock", state.url, [MODEL])], model=f"vllm/{MODEL}") as running,
        grpc.aio.insecure_channel(running.target) as channel,
        aiohttp.ClientSession(f"http://{running.admin}") as http,
    ):
        integrations = integration_pb2_grpc.IntegrationServiceStub(channel)
        health = health_pb2_grpc.HealthStub(channel)
        key, bearer = running.metadata(), {"Authorization": f"Bearer {running.key}"}
        found = await integrations.GetIntegration(GetIntegrationRequest(integration_id="mock"), metadata=key)
        name, path = found.integration.health_service, found.integration.health_check_url

        async def status() -> tuple[int, int]:
            checked = await health.Check(health_pb2.HealthCheckRequest(service=name), metadata=key)
            async with http.get(path, headers=bearer) as response:
                assert (await response.json())["healthy"] == (response.status == 200)
                return checked.status, response.status

        # Never checked, checked, and found failing.
        assert await status() == (SERVING, 200)
        await integrations.CheckIntegration(CheckIntegrationRequest(integration_id="mock"), metadata=key)
        assert await status() == (SERVING, 200)
        state.status = 503
        await integrations.CheckIntegration(CheckIntegrationRequest(integration_id="mock"), metadata=key)
        assert await status() == (NOT_SERVING, 503)
        for wanted, code in ((running.key, 1), ("", 2)):
            probed = await trunkline(tmp_path, "probe", name, "--target", running.target, TRUNKLINE_KEY=wanted)
            assert probed.code == code, probed

        for metadata, service, code in (
            ((), name, grpc.StatusCode.UNAUTHENTICATED),
            ((("authorization", "Bearer nonsense"),), name, grpc.StatusCode.UNAUTHENTICATED),
            (key, "integration/other", grpc.StatusCode.NOT_FOUND),
            ((), "nothing", grpc.StatusCode.NOT_FOUND),
        ):
            try:
                await health.Check(health_pb2.HealthCheckRequest(service=service), metadata=metadata)
            except grpc.aio.AioRpcError as error:
                assert error.code() == code
            else:
                raise AssertionError(f"{service} was answered")
        for headers, where, refused in (({}, path, 401), (bearer, "/health/integrations/other", 404)):
            async with http.get(where, headers=headers) as response:
                assert response.status == refused
