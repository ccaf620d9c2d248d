"""How integrations are authenticated, through a whole server of two workers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import grpc
import orjson
import pytest
import pytest_asyncio
from aiohttp import web
from e2e.calls import fields_of, refusal
from google.protobuf.field_mask_pb2 import FieldMask
from harness import Stack, provider, stack
from integration.redis_parts import until
from rest_upstream import http_upstream
from token_upstream import SECRET, Upstream, service_account, serving
from trunkline.v1 import integration_pb2_grpc, tool_pb2_grpc
from trunkline.v1.api_pb2 import ApiConfiguration, ApiTool
from trunkline.v1.authentication_pb2 import Authentication, AuthenticationScheme, OAuth2
from trunkline.v1.configuration_pb2 import Configuration, IntegrationType
from trunkline.v1.integration_pb2 import (
    CreateIntegrationRequest,
    GetIntegrationRequest,
    Integration,
    RotateCredentialRequest,
    UpdateIntegrationRequest,
)
from trunkline.v1.tool_pb2 import ExecuteToolRequest

pytestmark = pytest.mark.asyncio(loop_scope="module")
FIELD = "configuration.authentication.secret"
PATH_KEY = "12:s3cret-in-the-Path"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    base = tmp_path_factory.mktemp("authentication")
    async with stack(base, [provider("mock", "http://127.0.0.1:1", ["m"])], model="vllm/m", workers=2) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def tokens() -> AsyncIterator[Upstream]:
    async with serving() as upstream:
        yield upstream


def services(channel: grpc.aio.Channel) -> tuple[Any, Any]:
    return integration_pb2_grpc.IntegrationServiceStub(channel), tool_pb2_grpc.ToolServiceStub(channel)


def wanted(name: str, endpoint: str, scheme: str, secret: str, token_url: str = "") -> CreateIntegrationRequest:
    authentication = Authentication(scheme=AuthenticationScheme.Value(f"AUTHENTICATION_SCHEME_{scheme}"), secret=secret)
    if token_url:
        authentication.oauth2.CopyFrom(OAuth2(token_url=token_url, client_id="c1"))
    models = ApiTool(name="models", method="GET", path="/models")
    return CreateIntegrationRequest(
        integration_id=name,
        type=IntegrationType.INTEGRATION_TYPE_API,
        configuration=Configuration(
            endpoint=endpoint,
            authentication=authentication,
            api=ApiConfiguration(tools=[models], check_path="/models"),
        ),
    )


async def test_workers_share_one_token(running: Stack, tokens: Upstream) -> None:
    async with AsyncExitStack() as opened:
        # A pool of connections that channels share would reach one worker only.
        options = (("grpc.use_local_subchannel_pool", 1),)
        channels = [
            await opened.enter_async_context(grpc.aio.insecure_channel(running.target, options=options))
            for _ in range(8)
        ]
        url = f"{tokens.base}/google/token"
        create = wanted("client", f"{tokens.base}/provider", "OAUTH2_CLIENT_CREDENTIALS", SECRET, url)
        await services(channels[0])[0].CreateIntegration(create, metadata=running.metadata())
        run = ExecuteToolRequest(tool_name="models", integration_id="client")
        for _ in range(2):
            answers = await asyncio.gather(
                *(services(channels[at % 8])[1].ExecuteTool(run, metadata=running.metadata()) for at in range(80))
            )
            assert {orjson.loads(answer.result_json)["data"][0]["id"] for answer in answers} == {"m1"}
        # The live check fetched it.
        assert len(tokens.asked) == 1
        # Ended early: fetched once more, by one of the workers.
        tokens.valid.clear()
        answers = await asyncio.gather(
            *(services(channels[at % 8])[1].ExecuteTool(run, metadata=running.metadata()) for at in range(80))
        )
        assert {answer.http_status for answer in answers} == {200}
        assert len(tokens.asked) == 2
    assert SECRET not in running.logs()
    assert "token-1" not in running.logs()


async def test_a_key_in_the_path_is_told_to_nobody(running: Stack) -> None:
    async with http_upstream() as upstream, grpc.aio.insecure_channel(running.target) as channel:
        integrations, tools = services(channel)

        async def bot(request: web.BaseRequest) -> web.StreamResponse:
            if request.path == f"/bot{PATH_KEY}/models":
                return web.json_response({"ok": True})
            return web.json_response({"message": f"no {request.path}"}, status=404)

        upstream.answer = bot
        create = wanted("bot", upstream.url + "/bot{secret}", "API_KEY_PATH", PATH_KEY)
        create.configuration.api.tools.add(name="missing", method="GET", path="/missing")
        made = await integrations.CreateIntegration(create, metadata=running.metadata())
        assert made.integration.configuration.endpoint.endswith("/bot{secret}")
        run = ExecuteToolRequest(tool_name="models", integration_id="bot")
        assert (await tools.ExecuteTool(run, metadata=running.metadata())).http_status == 200
        run.tool_name = "missing"
        code, info, status = await refusal(tools.ExecuteTool(run, metadata=running.metadata()))
        assert (code, info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "UPSTREAM_REJECTED")
        assert info.metadata["upstream_message"] == "no /bot***/missing"
        for told in (str(made), str(status), running.logs()):
            assert "s3cret" not in told


async def test_bad_secrets_store_nothing_and_name_the_field(running: Stack) -> None:
    async with http_upstream() as upstream, grpc.aio.insecure_channel(running.target) as channel:
        integrations, _ = services(channel)
        metadata = running.metadata()
        bad = [
            ("BEARER", "s3cret-a\n"),
            ("MTLS", "-----BEGIN CERTIFICATE-----\ns3cret\n-----END CERTIFICATE-----\nPRIVATE KEY-----"),
            ("OAUTH2_REFRESH_TOKEN", '{"refresh_token": 7}'),
            ("SERVICE_ACCOUNT", service_account(private_key="s3cret")),
        ]
        for scheme, secret in bad:
            url = f"{upstream.url}/token" if scheme.startswith("OAUTH2") else ""
            endpoint = "https://127.0.0.1:1" if scheme == "MTLS" else upstream.url
            create = wanted("bad", endpoint, scheme, secret, url)
            code, info, status = await refusal(integrations.CreateIntegration(create, metadata=metadata))
            assert (code, info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_CONFIGURATION")
            assert fields_of(status) == {FIELD}
            assert "s3cret" not in str(status)
        assert upstream.seen == []
        await integrations.CreateIntegration(wanted("good", upstream.url, "BEARER", "s3cret-b"), metadata=metadata)
        rotate = RotateCredentialRequest(integration_id="good", secret="s3cret-c\r\nHost: x", skip_check=True)
        _, info, status = await refusal(integrations.RotateCredential(rotate, metadata=metadata))
        assert (info.reason, fields_of(status)) == ("INVALID_CONFIGURATION", {FIELD})
        changed = Integration(integration_id="good")
        changed.configuration.authentication.secret = "s3cret-d\0"
        update = UpdateIntegrationRequest(
            integration=changed, update_mask=FieldMask(paths=["configuration.authentication.secret"])
        )
        _, info, status = await refusal(integrations.UpdateIntegration(update, metadata=metadata))
        assert (info.reason, fields_of(status)) == ("INVALID_CONFIGURATION", {FIELD})
    connection = await asyncpg.connect(running.postgres_dsn)
    try:
        names = await connection.fetch("SELECT integration_id FROM trunkline.integrations ORDER BY 1")
        assert "bad" not in {row[0] for row in names}
    finally:
        await connection.close()
    assert "s3cret" not in running.logs()


async def test_a_stored_secret_goes_to_no_other_token_endpoint(running: Stack, tokens: Upstream) -> None:
    async with http_upstream() as other, grpc.aio.insecure_channel(running.target) as channel:
        integrations, _ = services(channel)
        url = f"{tokens.base}/google/token"
        create = wanted("mine", f"{tokens.base}/provider", "OAUTH2_CLIENT_CREDENTIALS", SECRET, url)
        await integrations.CreateIntegration(create, metadata=running.metadata())
        changed = Integration(integration_id="mine")
        changed.configuration.authentication.oauth2.CopyFrom(OAuth2(token_url=f"{other.url}/token", client_id="c1"))
        update = UpdateIntegrationRequest(
            integration=changed, update_mask=FieldMask(paths=["configuration.authentication.oauth2"])
        )
        _, info, _ = await refusal(integrations.UpdateIntegration(update, metadata=running.metadata()))
        assert info.reason == "INVALID_CONFIGURATION"
        assert other.seen == []


async def test_a_replaced_refresh_token_is_stored(running: Stack, tokens: Upstream) -> None:
    def answer(form: Any) -> web.Response:
        token = f"t-{form['refresh_token']}"
        tokens.valid.add(token)
        following = f"{form['refresh_token']}+"
        return web.json_response({"access_token": token, "token_type": "bearer", "refresh_token": following})

    tokens.answer = answer
    async with grpc.aio.insecure_channel(running.target) as channel:
        integrations, tools = services(channel)
        url = f"{tokens.base}/google/token"
        create = wanted("user", f"{tokens.base}/provider", "OAUTH2_REFRESH_TOKEN", '{"refresh_token": "r"}', url)
        await integrations.CreateIntegration(create, metadata=running.metadata())
        wait = GetIntegrationRequest(integration_id="user")

        async def stored() -> bool:
            found = await integrations.GetIntegration(wait, metadata=running.metadata())
            return bool(found.integration.configuration.authentication.secret_hint != '"r"}')

        await until(stored)
        tokens.valid.clear()
        run = ExecuteToolRequest(tool_name="models", integration_id="user")
        assert (await tools.ExecuteTool(run, metadata=running.metadata())).http_status == 200
        assert [form["refresh_token"] for form in tokens.asked] == ["r", "r+"]
