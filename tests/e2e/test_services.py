"""Integrations, tools, keys, tenants and budgets through a whole server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import orjson
import pytest
import pytest_asyncio
from aiohttp import web
from e2e.calls import ask, fields_of, llm, refusal
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.json_format import MessageToDict
from harness import Stack
from trunkline.v1 import access_pb2_grpc, budget_pb2_grpc, integration_pb2_grpc, tool_pb2_grpc
from trunkline.v1.access_pb2 import (
    CreateApiKeyRequest,
    CreateTenantRequest,
    GetTenantRequest,
    ListApiKeysRequest,
    ListRolesRequest,
    RevokeApiKeyRequest,
    RotateApiKeyRequest,
    Tenant,
)
from trunkline.v1.api_pb2 import ApiConfiguration, ApiTool
from trunkline.v1.authentication_pb2 import Authentication, AuthenticationScheme
from trunkline.v1.budget_pb2 import (
    Budget,
    BudgetPeriod,
    BudgetScope,
    CreateBudgetRequest,
    DeleteBudgetRequest,
    GetBudgetStatusRequest,
)
from trunkline.v1.common_pb2 import TokenClass
from trunkline.v1.configuration_pb2 import (
    Configuration,
    IntegrationType,
    LlmProviderConfiguration,
    ModelOverride,
    PriceOverride,
)
from trunkline.v1.connector_pb2 import ListConnectorsRequest
from trunkline.v1.integration_health_pb2 import IntegrationStatus
from trunkline.v1.integration_pb2 import (
    CheckIntegrationRequest,
    CreateIntegrationRequest,
    DeleteIntegrationRequest,
    GetIntegrationRequest,
    Integration,
    RotateCredentialRequest,
    UpdateIntegrationRequest,
)
from trunkline.v1.llm_pb2 import GetModelRequest
from trunkline.v1.model_pb2 import TokenPrice
from trunkline.v1.tool_pb2 import ExecuteToolRequest, GetToolRequest, ListToolsRequest
from upstream import MODEL, Upstream

pytestmark = pytest.mark.asyncio(loop_scope="module")
Mock = tuple[Stack, Upstream]
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
    "required": ["city"],
    "additionalProperties": False,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def weather() -> AsyncIterator[str]:
    """An HTTP API that wants a key."""

    async def forecast(request: web.Request) -> web.Response:
        if request.headers.get("authorization") != "Bearer weather-secret-1":
            return web.json_response({"error": "who are you?"}, status=401)
        if request.match_info["city"] == "slow":
            await asyncio.sleep(30)
        return web.json_response({"city": request.match_info["city"], "days": request.query.get("days")})

    async def root(_: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    app = web.Application()
    app.router.add_get("/forecast/{city}", forecast)
    app.router.add_get("/", root)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def weather_api(endpoint: str, name: str = "weather") -> CreateIntegrationRequest:
    tool = ApiTool(
        name="forecast",
        description="The forecast of a city.",
        method="GET",
        path="/forecast/{city}",
        parameters_schema_json=orjson.dumps(SCHEMA),
        query_parameters=["days"],
    )
    return CreateIntegrationRequest(
        integration_id=name,
        type=IntegrationType.INTEGRATION_TYPE_API,
        configuration=Configuration(
            endpoint=endpoint,
            authentication=Authentication(
                scheme=AuthenticationScheme.AUTHENTICATION_SCHEME_BEARER, secret="weather-secret-1"
            ),
            api=ApiConfiguration(tools=[tool]),
        ),
    )


async def test_a_tenant_knows_its_models_and_prices_better(mock: Mock, channel: grpc.aio.Channel) -> None:
    running, upstream = mock
    metadata = running.metadata()
    integrations: Any = integration_pb2_grpc.IntegrationServiceStub(channel)
    cached = TokenPrice(token_class=TokenClass.TOKEN_CLASS_CACHE_READ, nano_usd_per_million=1)
    settings = LlmProviderConfiguration(
        provider="vllm",
        models=["own-1"],
        price_overrides=[PriceOverride(model="own-1", input_nano_usd_per_million=1_000_000, prices=[cached])],
        model_overrides=[ModelOverride(model="own-1", context_window=4242, capabilities=["text", "vision"])],
    )
    await integrations.CreateIntegration(
        CreateIntegrationRequest(
            integration_id="own",
            type=IntegrationType.INTEGRATION_TYPE_LLM_PROVIDER,
            configuration=Configuration(endpoint=upstream.url, llm_provider=settings),
        ),
        metadata=metadata,
    )
    model = (await llm(channel).GetModel(GetModelRequest(name="vllm/own-1"), metadata=metadata)).model
    assert (model.context_window, list(model.capabilities)) == (4242, ["text", "vision"])
    assert {price.token_class for price in model.prices} >= {cached.token_class}
    answer = await llm(channel).Complete(ask(model="vllm/own-1"), metadata=metadata)
    got = await integrations.GetIntegration(GetIntegrationRequest(integration_id="own"), metadata=metadata)
    assert answer.cost_details.price_version == f"tenant/{got.integration.etag}"
    assert answer.cost_details.nano_usd == answer.usage.input_tokens
    await integrations.DeleteIntegration(DeleteIntegrationRequest(integration_id="own"), metadata=metadata)


async def test_an_api_becomes_tools(mock: Mock, channel: grpc.aio.Channel, weather: str) -> None:
    running, _ = mock
    metadata = running.metadata()
    integrations: Any = integration_pb2_grpc.IntegrationServiceStub(channel)
    tools: Any = tool_pb2_grpc.ToolServiceStub(channel)
    made = await integrations.CreateIntegration(weather_api(weather), metadata=metadata)
    assert made.status == IntegrationStatus.INTEGRATION_STATUS_ACTIVE
    assert made.health_service == "integration/weather"
    code, info, _ = await refusal(integrations.CreateIntegration(weather_api(weather), metadata=metadata))
    assert (code, info.reason) == (grpc.StatusCode.ALREADY_EXISTS, "ALREADY_EXISTS")
    got = await integrations.GetIntegration(GetIntegrationRequest(integration_id="weather"), metadata=metadata)
    authentication = got.integration.configuration.authentication
    assert (authentication.secret, authentication.secret_set) == ("", True)
    assert "weather-secret-1" not in str(MessageToDict(got))

    listed = await tools.ListTools(ListToolsRequest(), metadata=metadata)
    assert [(tool.integration_id, tool.name) for tool in listed.tools] == [("weather", "forecast")]
    run = ExecuteToolRequest(
        tool_name="forecast", integration_id="weather", parameters_json=b'{"city":"Bonn","days":2}'
    )
    answer = await tools.ExecuteTool(run, metadata=metadata)
    assert orjson.loads(answer.result_json) == {"city": "Bonn", "days": "2"}
    assert answer.http_status == 200
    record = await running.recorded(answer.request_id)
    assert record is not None
    assert (record.integration_id, record.tool_name) == ("weather", "forecast")

    await _refused(tools, run, metadata)
    await _switched_off(running, channel, run)


async def _refused(tools: Any, run: ExecuteToolRequest, metadata: Any) -> None:
    run.parameters_json = b'{"days":0}'
    code, info, status = await refusal(tools.ExecuteTool(run, metadata=metadata))
    assert (code, info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PARAMETERS")
    assert any(field.startswith("parameters_json") for field in fields_of(status))
    run.parameters_json = b'{"city":"slow"}'
    run.timeout.FromMilliseconds(200)
    code, info, _ = await refusal(tools.ExecuteTool(run, metadata=metadata))
    assert code == grpc.StatusCode.DEADLINE_EXCEEDED
    for request in (
        ExecuteToolRequest(tool_name="forecast", integration_id="nobody"),
        ExecuteToolRequest(tool_name="nothing", integration_id="weather"),
    ):
        code, info, _ = await refusal(tools.ExecuteTool(request, metadata=metadata))
        assert (code, info.reason) == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
    code, _, _ = await refusal(
        tools.GetTool(GetToolRequest(integration_id="weather", tool_name="nothing"), metadata=metadata)
    )
    assert code == grpc.StatusCode.NOT_FOUND


async def _switched_off(running: Stack, channel: grpc.aio.Channel, run: ExecuteToolRequest) -> None:
    metadata = running.metadata()
    integrations: Any = integration_pb2_grpc.IntegrationServiceStub(channel)
    tools: Any = tool_pb2_grpc.ToolServiceStub(channel)
    await integrations.RotateCredential(
        RotateCredentialRequest(integration_id="weather", secret="another-secret-2"), metadata=metadata
    )
    run.parameters_json = b'{"city":"Bonn"}'
    code, info, _ = await refusal(tools.ExecuteTool(run, metadata=metadata))
    assert (code, info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "UPSTREAM_AUTHENTICATION")
    assert "another-secret-2" not in running.logs()

    off = UpdateIntegrationRequest(
        integration=Integration(
            integration_id="weather", status=IntegrationStatus.INTEGRATION_STATUS_DISABLED, etag="stale"
        ),
        update_mask=FieldMask(paths=["status"]),
    )
    code, info, _ = await refusal(integrations.UpdateIntegration(off, metadata=metadata))
    assert (code, info.reason) == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
    off.integration.etag = ""
    await integrations.UpdateIntegration(off, metadata=metadata)
    code, info, _ = await refusal(tools.ExecuteTool(run, metadata=metadata))
    assert (code, info.reason) == (grpc.StatusCode.UNAVAILABLE, "INTEGRATION_UNAVAILABLE")
    await integrations.DeleteIntegration(DeleteIntegrationRequest(integration_id="weather"), metadata=metadata)
    code, _, _ = await refusal(tools.ExecuteTool(run, metadata=metadata))
    assert code == grpc.StatusCode.NOT_FOUND


async def test_what_cannot_be_created(mock: Mock, channel: grpc.aio.Channel) -> None:
    running, state = mock
    metadata = running.metadata()
    integrations: Any = integration_pb2_grpc.IntegrationServiceStub(channel)
    request = CreateIntegrationRequest(
        integration_id="gone",
        type=IntegrationType.INTEGRATION_TYPE_LLM_PROVIDER,
        configuration=Configuration(
            endpoint="http://127.0.0.1:1/v1", llm_provider=LlmProviderConfiguration(provider="vllm", models=[MODEL])
        ),
    )
    code, info, _ = await refusal(integrations.CreateIntegration(request, metadata=metadata))
    assert (code, info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "LIVE_CHECK_FAILED")
    code, _, _ = await refusal(
        integrations.GetIntegration(GetIntegrationRequest(integration_id="gone"), metadata=metadata)
    )
    assert code == grpc.StatusCode.NOT_FOUND
    request.configuration.llm_provider.provider = "nobody"
    code, info, status = await refusal(integrations.CreateIntegration(request, metadata=metadata))
    assert (code, info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_CONFIGURATION")
    assert fields_of(status) == {"configuration.llm_provider.provider"}
    code, info, status = await refusal(
        integrations.CreateIntegration(CreateIntegrationRequest(integration_id="No Good"), metadata=metadata)
    )
    assert fields_of(status) >= {"integration_id", "type", "configuration"}
    check = await integrations.CheckIntegration(CheckIntegrationRequest(integration_id="mock"), metadata=metadata)
    assert check.check.healthy
    assert list(check.check.models) == [MODEL]
    connectors = await integrations.ListConnectors(ListConnectorsRequest(), metadata=metadata)
    assert {"openai", "portkey", "vllm", "github"} <= {one.name for one in connectors.connectors}


async def test_keys_end_at_once(mock: Mock, channel: grpc.aio.Channel) -> None:
    running, _ = mock
    access: Any = access_pb2_grpc.AccessServiceStub(channel)
    made = await access.CreateApiKey(CreateApiKeyRequest(roles=["agent"]), metadata=running.metadata())
    agent = running.metadata(made.secret)
    assert (await llm(channel).Complete(ask(running.model), metadata=agent, timeout=5)).completion
    code, info, _ = await refusal(access.ListApiKeys(ListApiKeysRequest(), metadata=agent))
    assert (code, info.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING")
    assert info.metadata["permission"] == "access.keys"
    rotated = await access.RotateApiKey(RotateApiKeyRequest(key_id=made.key.key_id), metadata=running.metadata())
    code, info, _ = await refusal(llm(channel).Complete(ask(running.model), metadata=agent, timeout=5))
    assert (code, info.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_INVALID")
    fresh = running.metadata(rotated.secret)
    assert (await llm(channel).Complete(ask(running.model), metadata=fresh, timeout=5)).completion
    await access.RevokeApiKey(RevokeApiKeyRequest(key_id=rotated.key.key_id), metadata=running.metadata())
    code, _, _ = await refusal(llm(channel).Complete(ask(running.model), metadata=fresh, timeout=5))
    assert code == grpc.StatusCode.UNAUTHENTICATED
    listed = await access.ListApiKeys(ListApiKeysRequest(), metadata=running.metadata())
    assert rotated.key.key_id not in {key.key_id for key in listed.keys}
    roles = await access.ListRoles(ListRolesRequest(), metadata=running.metadata())
    assert {"admin", "agent", "operator"} <= {role.name for role in roles.roles}


async def test_tenants_do_not_see_each_other(mock: Mock, channel: grpc.aio.Channel) -> None:
    running, _ = mock
    access: Any = access_pb2_grpc.AccessServiceStub(channel)
    operator = running.metadata(running.operator_key)
    request = CreateTenantRequest(tenant=Tenant(tenant_id="other"))
    code, info, _ = await refusal(access.CreateTenant(request, metadata=running.metadata()))
    assert (code, info.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING")
    await access.CreateTenant(request, metadata=operator)
    code, _, _ = await refusal(access.GetTenant(GetTenantRequest(tenant_id="other"), metadata=running.metadata()))
    assert code == grpc.StatusCode.NOT_FOUND
    code, _, _ = await refusal(
        access.CreateApiKey(CreateApiKeyRequest(roles=["operator"]), metadata=running.metadata())
    )
    assert code == grpc.StatusCode.PERMISSION_DENIED
    made = await access.CreateApiKey(CreateApiKeyRequest(roles=["admin"], tenant_id="other"), metadata=operator)
    other = running.metadata(made.secret)
    integrations: Any = integration_pb2_grpc.IntegrationServiceStub(channel)
    for call in (
        integrations.GetIntegration(GetIntegrationRequest(integration_id="mock"), metadata=other),
        integrations.DeleteIntegration(DeleteIntegrationRequest(integration_id="mock"), metadata=other),
        llm(channel).Complete(ask(running.model), metadata=other, timeout=5),
    ):
        code, _, _ = await refusal(call)
        assert code == grpc.StatusCode.NOT_FOUND


async def test_budgets_tell_their_state(mock: Mock, channel: grpc.aio.Channel) -> None:
    running, _ = mock
    metadata = running.metadata()
    budgets: Any = budget_pb2_grpc.BudgetServiceStub(channel)
    budget = Budget(
        budget_id="tiny",
        scope=BudgetScope.BUDGET_SCOPE_AGENT,
        subject="spender",
        period=BudgetPeriod.BUDGET_PERIOD_DAY,
    )
    code, _, status = await refusal(budgets.CreateBudget(CreateBudgetRequest(budget=budget), metadata=metadata))
    assert (code, fields_of(status)) == (grpc.StatusCode.INVALID_ARGUMENT, {"budget.limit"})
    budget.limit.nanos = 50_000
    await budgets.CreateBudget(CreateBudgetRequest(budget=budget), metadata=metadata)
    request = ask(running.model, context={"agent_id": "spender"})
    code, info, _ = await refusal(llm(channel).Complete(request, metadata=metadata, timeout=5))
    assert (code, info.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "BUDGET_EXCEEDED")
    assert (await llm(channel).Complete(ask(running.model), metadata=metadata, timeout=5)).completion
    status = await budgets.GetBudgetStatus(GetBudgetStatusRequest(budget_id="tiny"), metadata=metadata)
    assert (status.spent.nanos, status.held.nanos, status.remaining.nanos) == (0, 0, 50_000)
    await budgets.DeleteBudget(DeleteBudgetRequest(budget_id="tiny"), metadata=metadata)
    assert (await llm(channel).Complete(request, metadata=metadata, timeout=5)).completion
