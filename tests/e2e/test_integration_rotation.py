"""A credential is rotated under load, and no call is dropped."""

from __future__ import annotations

import asyncio
from pathlib import Path

import grpc
from e2e.calls import refusal
from e2e.registry_parts import SECRET, Registry, guarded, orders, registry
from trunkline.v1.integration_pb2 import GetIntegrationRequest, RotateCredentialRequest

ROTATIONS, CALLERS = 10, 4
# Every worker knows a new credential within a second: so long the upstream goes on to accept the old one.
OVERLAP_SECONDS = 1.5


class Load:
    """Callers at full speed: how many calls ended well, and how the others ended."""

    def __init__(self, server: Registry) -> None:
        self._server = server
        self.done = 0
        self.failed: list[str] = []
        self.going = True

    async def call(self) -> None:
        while self.going:
            try:
                await self._server.run("orders")
                self.done += 1
            except grpc.aio.AioRpcError as error:
                self.failed.append(f"{error.code()}: {error.details()}")


async def test_ten_rotations_under_load_drop_no_call(tmp_path: Path) -> None:
    async with guarded() as upstream, registry(tmp_path, workers=2) as server:
        stub = server.integrations
        await server.call(stub.CreateIntegration, orders(upstream.url))
        load = Load(server)
        async with asyncio.TaskGroup() as group:
            for _ in range(CALLERS):
                group.create_task(load.call())
            for number in range(ROTATIONS):
                fresh, before = f"order-secret-1{number:03d}", load.done
                (old,) = upstream.secrets
                upstream.secrets = {old, fresh}
                await server.call(stub.RotateCredential, RotateCredentialRequest(integration_id="orders", secret=fresh))
                await asyncio.sleep(OVERLAP_SECONDS)
                upstream.secrets = {fresh}
                assert load.done > before
            await asyncio.sleep(0.2)
            load.going = False
        print(f"{load.done} calls, {len(load.failed)} failed, {ROTATIONS} rotations; sent with: {upstream.sent}")
        assert load.failed == [] and load.done > 100
        assert len(upstream.sent) == ROTATIONS + 1, "each credential was used"
        found = (await server.call(stub.GetIntegration, GetIntegrationRequest(integration_id="orders"))).integration
        assert (found.version, found.configuration.authentication.secret_hint) == (1, fresh[-4:])


async def test_a_new_secret_that_does_not_work_changes_nothing(tmp_path: Path) -> None:
    async with guarded() as upstream, registry(tmp_path) as server:
        stub = server.integrations
        made = (await server.call(stub.CreateIntegration, orders(upstream.url))).integration
        sealed = await server.rows("SELECT * FROM trunkline.credentials")
        wrong = RotateCredentialRequest(integration_id="orders", secret="order-secret-bad1")
        code, info, status = await refusal(server.call(stub.RotateCredential, wrong))
        assert (code, info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "LIVE_CHECK_FAILED")
        assert "order-secret-bad1" not in str(status)
        after = (await server.call(stub.GetIntegration, GetIntegrationRequest(integration_id="orders"))).integration
        assert after == made and await server.rows("SELECT * FROM trunkline.credentials") == sealed
        await server.run("orders")
        assert upstream.sent[SECRET] >= 2 and upstream.sent["order-secret-bad1"] == 1
