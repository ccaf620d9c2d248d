"""Real OpenAPI documents become integrations of a real server, and their tools do what the documents say."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import jsonschema_rs
import orjson
import pytest
import pytest_asyncio
import yaml
from e2e.calls import fields_of, refusal
from e2e.commands import trunkline
from harness import Stack, stack
from openapi_upstream import Api, Asked, Intended, intend, openapi_upstream
from trunkline.v1.authentication_pb2 import AuthenticationScheme
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.configuration_pb2 import Configuration, IntegrationType
from trunkline.v1.connector_pb2 import ImportOpenApiRequest
from trunkline.v1.integration_pb2 import CreateIntegrationRequest, GetIntegrationRequest
from trunkline.v1.integration_pb2_grpc import IntegrationServiceStub
from trunkline.v1.tool_pb2 import ExecuteToolRequest, ListToolsRequest, Tool
from trunkline.v1.tool_pb2_grpc import ToolServiceStub
from trunkline_client import open_channel

DOCUMENTS = Path(__file__).parents[1] / "conformance" / "openapi"
SECRET = "project-secret-4711"

pytestmark = pytest.mark.asyncio(loop_scope="module")


def document(name: str) -> bytes:
    return gzip.decompress((DOCUMENTS / f"{name}.gz").read_bytes())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with stack(tmp_path_factory.mktemp("openapi"), [], model="none") as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def channel(running: Stack) -> AsyncIterator[grpc.aio.Channel]:
    async with open_channel(running.target) as opened:
        yield opened


async def register(running: Stack, channel: grpc.aio.Channel, name: str, configuration: Configuration) -> None:
    request = CreateIntegrationRequest(
        integration_id=name, type=IntegrationType.INTEGRATION_TYPE_API, configuration=configuration
    )
    await IntegrationServiceStub(channel).CreateIntegration(request, metadata=running.metadata())


async def listed(running: Stack, channel: grpc.aio.Channel, name: str) -> dict[str, Tool]:
    request = ListToolsRequest(integration_id=name, page_size=1000)
    found = await ToolServiceStub(channel).ListTools(request, metadata=running.metadata())
    return {tool.name: tool for tool in found.tools}


def texts(value: Any) -> list[str]:
    """A value as it stands in a query or a path."""
    return [
        one if isinstance(one, str) else orjson.dumps(one).decode()
        for one in (value if isinstance(value, list) else [value])
    ]


def check_asked(asked: Asked, wanted: Intended) -> None:
    """The API was asked for exactly what was meant."""
    assert asked.path == {name: texts(value)[0] for name, value in wanted.path.items()}
    assert asked.query == [(name, text) for name, value in wanted.query.items() for text in texts(value)]
    assert asked.body in (wanted.body, None if not wanted.body else wanted.body)


@pytest.mark.parametrize(
    ("name", "base", "at_least", "secret"),
    [("blockfrost.yaml", "/api/v0", 120, SECRET), ("github.json", "", 120, "")],
)
async def test_every_tool_of_a_real_document_does_what_the_document_says(
    running: Stack, channel: grpc.aio.Channel, name: str, base: str, at_least: int, secret: str
) -> None:
    raw = document(name)
    api = Api(yaml.load(raw, Loader=yaml.CSafeLoader), seed=7)
    stub, tool_stub = IntegrationServiceStub(channel), ToolServiceStub(channel)
    found = await stub.ImportOpenApi(ImportOpenApiRequest(document=raw), metadata=running.metadata())
    tools = list(found.configuration.api.tools)
    skipped = sum(finding.skipped for finding in found.findings)
    assert len(tools) >= at_least and len(tools) + skipped == len(api.operations)
    by_call = {(one.method, one.path): one for one in api.operations}
    integration = name.partition(".")[0]
    async with openapi_upstream(api, base) as url:
        found.configuration.endpoint = url
        found.configuration.authentication.secret = secret
        await register(running, channel, integration, found.configuration)
        offered = await listed(running, channel, integration)
        assert offered.keys() == {tool.name for tool in tools}
        api.asked.clear()
        api.answered.clear()
        for tool in tools:
            wanted = intend(api, by_call[tool.method, tool.path])
            request = ExecuteToolRequest(
                tool_name=tool.name,
                integration_id=integration,
                parameters_json=orjson.dumps(wanted.parameters),
                context=CallContext(agent_id="tests"),
            )
            answer = await tool_stub.ExecuteTool(request, metadata=running.metadata())
            check_asked(api.asked[-1], wanted)
            assert api.asked[-1].headers.get("project_id", "") == secret
            assert orjson.loads(answer.result_json) == api.answered[-1]
            if schema := offered[tool.name].result_schema_json:
                validator = jsonschema_rs.validator_for(orjson.loads(schema), offline=True)
                assert not [error.message for error in validator.iter_errors(api.answered[-1])], tool.name
        assert len(api.asked) == len(tools)
        assert not api.wrong


async def test_parameters_that_the_document_forbids_are_refused(running: Stack, channel: grpc.aio.Channel) -> None:
    for name, parameters, path in (
        ("issues_create", {"owner": "o", "repo": "r"}, "parameters_json.title"),
        ("issues_list-for-repo", {"owner": "o", "repo": "r", "state": "ajar"}, "parameters_json.state"),
    ):
        request = ExecuteToolRequest(tool_name=name, integration_id="github", parameters_json=orjson.dumps(parameters))
        code, info, status = await refusal(ToolServiceStub(channel).ExecuteTool(request, metadata=running.metadata()))
        assert code == grpc.StatusCode.INVALID_ARGUMENT and info.reason == "INVALID_PARAMETERS"
        assert fields_of(status) == {path}


async def test_a_document_that_cannot_be_read_is_refused_with_pointers(
    running: Stack, channel: grpc.aio.Channel
) -> None:
    broken = (
        b"openapi: 3.0.0\npaths:\n  /a:\n    get: {parameters: [{name: x}]}\n    post: {requestBody: {$ref: a.yaml}}\n"
    )
    stub = IntegrationServiceStub(channel)
    for text, fields in (
        (b"swagger: '2.0'", {"document#/openapi"}),
        (broken, {"document#/paths/~1a/get/parameters/0", "document#/paths/~1a/post/requestBody"}),
    ):
        call = stub.ImportOpenApi(ImportOpenApiRequest(document=text), metadata=running.metadata())
        code, _, status = await refusal(call)
        assert code == grpc.StatusCode.INVALID_ARGUMENT and fields_of(status) == fields


async def test_the_command_writes_a_template_and_registers_an_integration(
    running: Stack, channel: grpc.aio.Channel, tmp_path: Path
) -> None:
    (tmp_path / "api.yaml").write_bytes(document("blockfrost.yaml"))
    api = Api(yaml.load(document("blockfrost.yaml"), Loader=yaml.CSafeLoader), seed=1)
    where = {"TRUNKLINE_TARGET": running.target, "TRUNKLINE_KEY": running.key, "API_SECRET": SECRET}
    chosen = ("import-openapi", "api.yaml", "--operations", "GET /health*")
    async with openapi_upstream(api) as url:
        made = await trunkline(
            tmp_path,
            *chosen,
            "--toml",
            "t.toml",
            "--create",
            "health",
            "--secret-env",
            "API_SECRET",
            "--endpoint",
            url,
            **where,
        )
    assert made.code == 0 and made.out == "health created\n", made
    assert "2 tools, 0 operations left out" in made.err and "/servers" in made.err
    printed = await trunkline(tmp_path, *chosen, **where)
    assert printed.out == (tmp_path / "t.toml").read_text() and SECRET not in printed.out
    stub = IntegrationServiceStub(channel)
    found = await stub.GetIntegration(GetIntegrationRequest(integration_id="health"), metadata=running.metadata())
    authentication = found.integration.configuration.authentication
    assert authentication.scheme == AuthenticationScheme.AUTHENTICATION_SCHEME_API_KEY_HEADER
    assert authentication.parameter_name == "project_id" and authentication.secret_set
    assert set(await listed(running, channel, "health")) == {"get_health", "get_health_clock"}
