"""Secrets by reference through a real server: a file that changes, a real OpenBao that goes away, and refusals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import grpc
import pytest
import pytest_asyncio
from e2e.calls import ask, fields_of, llm, refusal
from faults.observe import until
from google.protobuf.field_mask_pb2 import FieldMask
from harness import TENANT, Stack, provider, stack
from rest_upstream import http_upstream, tool
from rest_upstream import integration as api_of
from trunkline.v1 import integration_pb2_grpc, tool_pb2_grpc
from trunkline.v1.authentication_pb2 import AuthenticationScheme
from trunkline.v1.integration_pb2 import (
    CheckIntegrationRequest,
    CreateIntegrationRequest,
    GetIntegrationRequest,
    Integration,
    RotateCredentialRequest,
    UpdateIntegrationRequest,
)
from trunkline.v1.tool_pb2 import ExecuteToolRequest
from trunkline_server.domain.secrets import FIELD
from trunkline_server.embedded.process import free_port
from upstream import MODEL, upstream
from vault_server import ROOT, vault_server

pytestmark = pytest.mark.asyncio(loop_scope="module")
CACHE = 2.0
BEARER = AuthenticationScheme.AUTHENTICATION_SCHEME_BEARER


@dataclass
class Scene:
    """A running server, a directory of files that the tenant may name, and who is called."""

    running: Stack
    files: Path
    vault_port: int
    vault_home: Path
    channel: grpc.aio.Channel
    integrations: integration_pb2_grpc.IntegrationServiceStub
    tools: tool_pb2_grpc.ToolServiceStub

    async def create(self, found: Integration, reference: str, name: str) -> None:
        found.configuration.authentication.scheme = BEARER
        found.configuration.authentication.secret_reference = reference
        request = CreateIntegrationRequest(integration_id=name, type=found.type, configuration=found.configuration)
        await self.integrations.CreateIntegration(request, metadata=self.running.metadata(), timeout=20)

    async def execute(self, name: str) -> None:
        request = ExecuteToolRequest(integration_id=name, tool_name="call")
        await self.tools.ExecuteTool(request, metadata=self.running.metadata(), timeout=10)

    def file(self, name: str, content: str) -> str:
        """Its reference."""
        (self.files / name).write_text(content)
        return f"file:{self.files / name}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    base = tmp_path_factory.mktemp("references")
    files, port = base / TENANT, free_port()
    files.mkdir()
    allowed = [f"file:{base}/{{tenant}}/*", "env:LENT_*", "vault:secret/{tenant}/*#*"]
    environment = {
        "TRUNKLINE__SECURITY__SECRET_REFERENCES": ",".join(allowed),
        "TRUNKLINE__SECURITY__SECRET_CACHE_SECONDS": str(CACHE),
        "TRUNKLINE__VAULT__ADDRESS": f"http://127.0.0.1:{port}",
        "TRUNKLINE__VAULT__TOKEN": ROOT,
        "TRUNKLINE__OBSERVABILITY__LOG_LEVEL": "debug",
        "LENT_KEY": "from-the-environment-1",
    }
    async with (
        stack(base, [], model=f"vllm/{MODEL}", environment=environment) as running,
        grpc.aio.insecure_channel(running.target) as channel,
    ):
        integrations = integration_pb2_grpc.IntegrationServiceStub(channel)
        yield Scene(running, files, port, base, channel, integrations, tool_pb2_grpc.ToolServiceStub(channel))
        found = running.logs()
        assert not [secret for secret in ("from-the-", "-secret-") if secret in found], "a secret is in the log"


async def test_a_changed_file_is_used_within_the_cache_time_without_a_change(scene: Scene) -> None:
    async with http_upstream() as up, upstream() as state:
        reference = scene.file("key", "from-the-file-1\n")
        await scene.create(api_of(up.url, tool()), reference, "files")
        await scene.create(provider("files-llm", state.url, [MODEL]), reference, "files-llm")
        before = await scene.integrations.GetIntegration(
            GetIntegrationRequest(integration_id="files"), metadata=scene.running.metadata()
        )
        stored = before.integration.configuration.authentication
        assert (stored.secret_reference, stored.secret_set, stored.secret, stored.secret_hint) == (
            reference,
            False,
            "",
            "",
        )

        async def used(secret: str) -> bool:
            await scene.execute("files")
            await llm(scene.channel).Complete(ask(f"vllm/{MODEL}"), metadata=scene.running.metadata(), timeout=10)
            told = {up.seen[-1].headers["authorization"], state.headers[-1]["Authorization"]}
            return told == {f"Bearer {secret}"}

        assert await used("from-the-file-1")
        scene.file("key", "from-the-file-2")
        assert await until(lambda: used("from-the-file-2"), CACHE + 8) is not None
        after = await scene.integrations.GetIntegration(
            GetIntegrationRequest(integration_id="files"), metadata=scene.running.metadata()
        )
        assert after.integration.etag == before.integration.etag
        await _one_is_away_and_the_other_goes_on(scene)


async def _one_is_away_and_the_other_goes_on(scene: Scene) -> None:
    async with http_upstream() as up:
        await scene.create(api_of(up.url, tool()), "env:LENT_KEY", "lent")
        (scene.files / "key").unlink()

        async def refused() -> bool:
            try:
                await scene.execute("files")
            except grpc.aio.AioRpcError:
                return True
            return False

        assert await until(refused, CACHE + 8) is not None
        request = ExecuteToolRequest(integration_id="files", tool_name="call")
        code, info, status = await refusal(scene.tools.ExecuteTool(request, metadata=scene.running.metadata()))
        assert (code, info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "SECRET_UNAVAILABLE")
        assert info.metadata["integration_id"] == "files" and "does not exist" in info.metadata["finding"]
        assert str(scene.files) not in str(status)
        call = llm(scene.channel).Complete(ask(f"vllm/{MODEL}"), metadata=scene.running.metadata())
        code, info, _ = await refusal(call)
        assert (code, info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "SECRET_UNAVAILABLE"), info
        await scene.execute("lent")
        assert up.seen[-1].headers["authorization"] == "Bearer from-the-environment-1"
        check = await scene.integrations.CheckIntegration(
            CheckIntegrationRequest(integration_id="files"), metadata=scene.running.metadata()
        )
        assert not check.check.healthy and "does not exist" in check.check.detail


async def test_vault_goes_away_and_its_last_secret_serves(scene: Scene, tmp_path: Path) -> None:
    async with http_upstream() as up:
        async with vault_server(tmp_path, scene.vault_port) as vault:
            await vault.put(f"{TENANT}/hub", key="from-the-vault-1")
            await scene.create(api_of(up.url, tool()), f"vault:secret/{TENANT}/hub#key", "vaulted")
            await scene.execute("vaulted")
            await vault.put(f"{TENANT}/hub", key="from-the-vault-2")

            async def used() -> bool:
                await scene.execute("vaulted")
                return up.seen[-1].headers["authorization"] == "Bearer from-the-vault-2"

            assert await until(used, CACHE + 8) is not None
        await asyncio.sleep(CACHE + 1)
        assert await used(), "Vault is away"
        code, info, status = await refusal(
            _create(scene, api_of(up.url, tool()), f"vault:secret/{TENANT}/hub#other", "later")
        )
        assert (code, info.reason, fields_of(status)) == _INVALID and "cannot be asked" in str(status)


_INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_CONFIGURATION", {FIELD})


def _create(scene: Scene, found: Integration, reference: str, name: str) -> object:
    found.configuration.authentication.secret_reference = reference
    request = CreateIntegrationRequest(integration_id=name, type=found.type, configuration=found.configuration)
    return scene.integrations.CreateIntegration(request, metadata=scene.running.metadata(), timeout=20)


@pytest.mark.parametrize(
    "reference",
    [
        *("env:HOME", "env:DATABASE_URL", "env:LENT_NONE", "file:/etc/passwd", "vault:secret/other/hub#key"),
        *("aws-secrets-manager:acme", "nonsense", f"file:/{TENANT}/../etc/passwd", "env:LENT_KEY ", "env:LENT_*"),
    ],
)
async def test_what_does_not_resolve_is_refused_with_its_path_and_not_stored(scene: Scene, reference: str) -> None:
    async with http_upstream() as up:
        code, info, status = await refusal(_create(scene, api_of(up.url, tool()), reference, "refused"))
        assert (code, info.reason, fields_of(status)) == _INVALID
        assert up.seen == [], "nothing was called"
    connection = await asyncpg.connect(scene.running.postgres_dsn)
    try:
        assert not await connection.fetchval(
            "SELECT count(*) FROM trunkline.integrations WHERE integration_id = 'refused'"
        )
    finally:
        await connection.close()


async def test_a_reference_and_a_stored_secret_take_each_others_place(scene: Scene) -> None:
    metadata = scene.running.metadata()
    async with http_upstream() as up:
        await scene.create(api_of(up.url, tool()), scene.file("first", "from-the-file-one"), "turns")

        async def now(sent: str, reference: str, stored: bool) -> None:
            await scene.execute("turns")
            assert up.seen[-1].headers["authorization"] == f"Bearer {sent}"
            request = GetIntegrationRequest(integration_id="turns")
            found = (await scene.integrations.GetIntegration(request, metadata=metadata)).integration
            told = found.configuration.authentication
            assert (told.secret_reference, told.secret_set) == (reference, stored)

        rotate = scene.integrations.RotateCredential
        await rotate(RotateCredentialRequest(integration_id="turns", secret="a-secret-stored-1"), metadata=metadata)
        await now("a-secret-stored-1", "", True)
        await rotate(
            RotateCredentialRequest(integration_id="turns", secret_reference="env:LENT_KEY"), metadata=metadata
        )
        await now("from-the-environment-1", "env:LENT_KEY", False)
        both = RotateCredentialRequest(integration_id="turns", secret="a", secret_reference="env:LENT_KEY")
        assert (await refusal(rotate(both, metadata=metadata)))[1].reason == "INVALID_REQUEST"
        away = RotateCredentialRequest(integration_id="turns", secret_reference="env:LENT_NONE")
        assert (await refusal(rotate(away, metadata=metadata)))[1].reason == "INVALID_CONFIGURATION"
        await now("from-the-environment-1", "env:LENT_KEY", False)
        changed = Integration(integration_id="turns")
        for field, value, expected in (
            ("secret", "a-secret-stored-2", ("a-secret-stored-2", "", True)),
            ("secret_reference", "env:LENT_KEY", ("from-the-environment-1", "env:LENT_KEY", False)),
        ):
            changed.configuration.authentication.Clear()
            setattr(changed.configuration.authentication, field, value)
            mask = FieldMask(paths=[f"configuration.authentication.{field}"])
            request = UpdateIntegrationRequest(integration=changed, update_mask=mask)
            await scene.integrations.UpdateIntegration(request, metadata=metadata)
            await now(*expected)
