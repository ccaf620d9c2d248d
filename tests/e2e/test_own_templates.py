"""A new service by one TOML file of the operator's: its tools work through a real server, without code."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import grpc
import orjson
import pytest
from aiohttp import web
from harness import bare_environment, stack
from rest_upstream import http_upstream
from trunkline.v1 import integration_pb2_grpc, tool_pb2_grpc
from trunkline.v1.api_pb2 import ApiConfiguration
from trunkline.v1.authentication_pb2 import Authentication
from trunkline.v1.configuration_pb2 import Configuration, IntegrationType
from trunkline.v1.connector_pb2 import ListConnectorsRequest
from trunkline.v1.integration_pb2 import CreateIntegrationRequest
from trunkline.v1.tool_pb2 import ExecuteToolRequest, ListToolsRequest

WEATHER = """
display_name = "Weather"
documentation = "https://weather.example.com/docs"
endpoint = "{url}"
timeout_seconds = 5
check_path = "/ping"
[settings]
type = "object"
properties = {{ units = {{ type = "string", enum = ["metric", "imperial"], default = "metric" }} }}
additionalProperties = false
[authentication]
scheme = "api_key_header"
parameter_name = "X-Key"
[[rates]]
calls = 100
per_seconds = 1
[[tools]]
name = "forecast"
description = "The weather of a place in the days to come."
method = "GET"
path = "/v1/{{units}}/forecast/{{place}}"
constants = {{ source = "trunkline" }}
[tools.parameters]
type = "object"
required = ["place"]
additionalProperties = false
properties = {{ place = {{ type = "string" }}, days = {{ type = "integer", maximum = 14 }} }}
[tools.result]
type = "object"
required = ["days"]
properties = {{ days = {{ type = "array" }} }}
"""
SECRET = "weather-key-0001"


async def answer(request: web.BaseRequest) -> web.Response:
    """Tell a caller with the key what it asked for."""
    if request.headers.get("X-Key") != SECRET:
        return web.json_response({"message": f"not {request.headers.get('X-Key')}"}, status=401)
    return web.json_response({"days": [{"at": request.raw_path}]})


def sky(endpoint: str, settings: bytes) -> CreateIntegrationRequest:
    """An integration of the template, at the test's upstream."""
    return CreateIntegrationRequest(
        integration_id="sky",
        type=IntegrationType.INTEGRATION_TYPE_API,
        configuration=Configuration(
            endpoint=endpoint,
            authentication=Authentication(secret=SECRET),
            api=ApiConfiguration(template="weather", settings_json=settings),
        ),
    )


async def test_a_file_is_a_service(tmp_path: Path) -> None:
    own = tmp_path / "templates"
    own.mkdir()
    async with http_upstream() as upstream:
        upstream.answer = answer
        # The endpoint of a template is https; that of the test's upstream is the integration's own.
        (own / "weather.toml").write_text(WEATHER.format(url="https://weather.example.com"))
        (own / "other.toml").write_text(WEATHER.format(url="https://other.example.com"))
        environment = {"TRUNKLINE__INTEGRATIONS__TEMPLATE_DIR": str(own)}
        async with (
            stack(tmp_path, [], model="none", environment=environment) as running,
            grpc.aio.insecure_channel(running.target) as channel,
        ):
            integrations = integration_pb2_grpc.IntegrationServiceStub(channel)
            tools = tool_pb2_grpc.ToolServiceStub(channel)
            key = running.metadata()
            listed = await integrations.ListConnectors(
                ListConnectorsRequest(type=IntegrationType.INTEGRATION_TYPE_API), metadata=key
            )
            found = {one.name: one for one in listed.connectors}
            assert {"weather", "other", "github"} <= found.keys()
            assert orjson.loads(found["weather"].settings_schema_json)["properties"]["units"]["default"] == "metric"

            wanted = sky(upstream.url, b'{"units":"furlongs","x":1}')
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await integrations.CreateIntegration(wanted, metadata=key)
            assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
            assert "configuration.api.settings_json" in (caught.value.details() or "")
            assert "furlongs" not in (caught.value.details() or "")
            await integrations.CreateIntegration(sky(upstream.url, b'{"units":"imperial"}'), metadata=key)

            names = [one.name for one in (await tools.ListTools(ListToolsRequest(), metadata=key)).tools]
            assert names == ["forecast"]
            asked = ExecuteToolRequest(
                integration_id="sky", tool_name="forecast", parameters_json=b'{"place":"S\xc3\xa8te","days":3}'
            )
            told = await tools.ExecuteTool(asked, metadata=key)
            path = orjson.loads(told.result_json)["days"][0]["at"]
            assert path == "/v1/imperial/forecast/S%C3%A8te?days=3&source=trunkline"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("timeout_seconds = 5", "timeout = 5", "weather.toml: timeout_seconds"),
        ("{{units}}/forecast", "{{nothing}}/forecast", "weather.toml: tools[0].path"),
        ('"{url}"', '"{url}/{{zone}}"', "weather.toml: endpoint"),
        ("display_name", "[display_name", "weather.toml is not TOML"),
    ],
)
async def test_a_bad_file_keeps_the_server_from_starting(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = WEATHER.replace(old, new).format(url="https://weather.example.com")
    (tmp_path / "weather.toml").write_text(text)
    environment = bare_environment() | {"TRUNKLINE__INTEGRATIONS__TEMPLATE_DIR": str(tmp_path)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "trunkline_server.main", env=environment, stderr=asyncio.subprocess.PIPE
    )
    _, error = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 2
    assert error.decode().startswith(said)
