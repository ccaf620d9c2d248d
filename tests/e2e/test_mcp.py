"""Trunkline's tools for the official MCP client, over both transports; among them those of an MCP server behind it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import httpx2
import mcp_types as types
import orjson
import pytest
import pytest_asyncio
from aiohttp import web
from harness import Stack, bare_environment, stack
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp_upstream import TOKEN, McpUpstream, mcp_upstream
from rest_upstream import LOCAL, Upstream, http_upstream, integration
from trunkline.v1.api_pb2 import ApiTool, McpConfiguration
from trunkline.v1.authentication_pb2 import Authentication, AuthenticationScheme
from trunkline.v1.configuration_pb2 import Configuration, IntegrationType
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.connectors.mcp import McpConnector
from trunkline_server.domain.deadline import Deadline
from trunkline_server.embedded.process import free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")
COMMAND = ["-c", "from trunkline_server.cli import main; main()", "mcp"]
MANY = 60
ORDER = b'{"type":"object","required":["id"],"additionalProperties":false,"properties":{"id":{"type":"integer"}}}'
RESULT = b'{"type":"object","required":["state"],"properties":{"state":{"type":"string"}}}'


@dataclass
class Scene:
    """A running Trunkline with two integrations: `orders`, an HTTP API, and `numbers`, an MCP server."""

    stack: Stack
    orders: Upstream
    numbers: McpUpstream
    directory: Path


def tools() -> list[ApiTool]:
    own = [
        ApiTool(
            name="get_order",
            description="An order.",
            method="GET",
            path="/orders/{id}",
            parameters_schema_json=ORDER,
            result_schema_json=RESULT,
        ),
        ApiTool(name="new_order", method="POST", path="/orders", deprecation="Use the other one."),
        ApiTool(name="picture", method="GET", path="/picture"),
    ]
    return own + [ApiTool(name=f"more_{number:03}", method="GET", path="/more") for number in range(MANY)]


async def answer(request: web.BaseRequest) -> web.StreamResponse:
    match request.path:
        case "/orders/7":
            return web.json_response({"state": "shipped"})
        case "/orders/8":
            return web.json_response({"state": 8})
        case "/orders/9":
            await asyncio.sleep(30)
        case "/picture":
            return web.Response(body=b"png", content_type="image/png")
        case "/more":
            return web.json_response([1, 2])
    return web.json_response({"message": "no such order"}, status=404)


async def numbers_of(upstream: McpUpstream) -> Integration:
    """The MCP server as an integration, as it is stored."""
    found = Integration(
        integration_id="numbers",
        type=IntegrationType.INTEGRATION_TYPE_API,
        configuration=Configuration(
            endpoint=upstream.url,
            authentication=Authentication(scheme=AuthenticationScheme.AUTHENTICATION_SCHEME_BEARER),
            mcp=McpConfiguration(),
        ),
    )
    async with McpConnector(LOCAL) as connector:
        await connector.discover(found, TOKEN, Deadline.after(20))
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    base = tmp_path_factory.mktemp("mcp")
    async with http_upstream() as orders, mcp_upstream() as numbers:
        orders.answer = answer
        api = integration(orders.url, *tools())
        api.integration_id = "orders"
        async with stack(base, [api, await numbers_of(numbers)], model="none") as running:
            yield Scene(running, orders, numbers, base)


@asynccontextmanager
async def on_stdio(scene: Scene, *options: str, key: str = "") -> AsyncIterator[Client]:
    environment = bare_environment() | {"TRUNKLINE_TARGET": scene.stack.target, "TRUNKLINE_KEY": key or scene.stack.key}
    parameters = StdioServerParameters(
        command=sys.executable, args=[*COMMAND, *options], env=environment, cwd=str(scene.directory)
    )
    async with Client(parameters) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def address(scene: Scene) -> AsyncIterator[str]:
    """`trunkline mcp --listen`, running."""
    port = free_port()
    environment = bare_environment() | {"TRUNKLINE_TARGET": scene.stack.target}
    process = await asyncio.create_subprocess_exec(
        sys.executable, *COMMAND, "--listen", f"127.0.0.1:{port}", env=environment, cwd=scene.directory
    )
    url = f"http://127.0.0.1:{port}/mcp"
    try:
        async with asyncio.timeout(30), aiohttp.ClientSession() as client:
            while True:
                try:
                    async with client.post(url):
                        break
                except aiohttp.ClientError:
                    assert process.returncode is None
                    await asyncio.sleep(0.05)
        yield url
        process.terminate()
        # uvicorn passes the signal on once it has served everybody.
        assert await asyncio.wait_for(process.wait(), 30) in (0, -15)
    finally:
        if process.returncode is None:
            process.kill()


@asynccontextmanager
async def on_http(url: str, key: str, mode: str = "auto") -> AsyncIterator[Client]:
    headers = {"authorization": f"Bearer {key}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as browser,
        Client(streamable_http_client(url, http_client=browser), mode=mode) as client,
    ):
        yield client


async def listed(client: Client) -> list[types.Tool]:
    """Every page."""
    found, cursor, pages = [], None, 0
    while True:
        answer = await client.list_tools(cursor=cursor)
        found += answer.tools
        cursor, pages = answer.next_cursor, pages + 1
        if cursor is None:
            assert pages > 1
            return found


def text_of(result: types.CallToolResult) -> str:
    assert isinstance(result.content[0], types.TextContent)
    return result.content[0].text


async def use(client: Client) -> None:
    """Everything that a client does with tools."""
    offered = {tool.name: tool for tool in await listed(client)}
    assert len(offered) == MANY + 3 + 11 and {"orders__get_order", "numbers__math_add_2"} <= offered.keys()
    order = offered["orders__get_order"]
    assert order.input_schema == orjson.loads(ORDER) and order.output_schema == orjson.loads(RESULT)
    assert order.description == "An order." and order.annotations is not None and order.annotations.read_only_hint
    new = offered["orders__new_order"]
    assert new.annotations is not None and new.annotations.destructive_hint and not new.annotations.idempotent_hint
    assert new.description == "Deprecated: Use the other one."

    good = await client.call_tool("orders__get_order", {"id": 7})
    assert good.structured_content == {"state": "shipped"} and not good.is_error
    assert orjson.loads(text_of(good)) == {"state": "shipped"}
    assert (await client.call_tool("numbers__add", {"a": 20, "b": 22})).structured_content == {"sum": 42}
    assert text_of(await client.call_tool("orders__more_000")) == "[1,2]".replace(",", ", ")
    picture = (await client.call_tool("orders__picture")).content[0]
    assert isinstance(picture, types.ImageContent) and (picture.data, picture.mime_type) == ("cG5n", "image/png")

    for name, arguments, told in (
        ("orders__get_order", {"id": "x", "more": 1}, "INVALID_PARAMETERS: "),
        (
            "orders__get_order",
            {"id": 1},
            "UPSTREAM_REJECTED: the integration refused the call (HTTP 404): no such order",
        ),
        ("orders__get_order", {"id": 8}, "UPSTREAM_MALFORMED: "),
        ("orders__nothing", {}, "NOT_FOUND: tool 'orders/nothing' does not exist"),
        ("nothing", {}, "NOT_FOUND: tool 'nothing' does not exist; list the tools"),
        ("numbers__fail", {}, "UPSTREAM_REJECTED: the tool failed: no good: "),
    ):
        failed = await client.call_tool(name, arguments)
        assert failed.is_error and text_of(failed).startswith(told), text_of(failed)
        assert "127.0.0.1" not in text_of(failed) and "parameters_json" not in text_of(failed)
    wrong = text_of(await client.call_tool("orders__get_order", {"id": "x"}))
    assert "\n  id: " in wrong


async def test_a_client_that_starts_the_command_lists_and_calls_tools(scene: Scene) -> None:
    async with on_stdio(scene) as client:
        assert client.server_info is not None and client.server_info.name == "trunkline"
        await use(client)
    async with on_stdio(scene, "--integration", "numbers") as client:
        found = await client.list_tools()
        assert found.next_cursor is None and {tool.name.partition("__")[0] for tool in found.tools} == {"numbers"}
        assert (await client.call_tool("orders__get_order", {"id": 7})).is_error


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_clients_over_http_list_and_call_tools_with_their_own_keys(scene: Scene, address: str, mode: str) -> None:
    async with on_http(address, scene.stack.key, mode) as client:
        await use(client)
    async with on_http(address, "tl_unknown_key", mode) as client:
        with pytest.raises(MCPError, match="CREDENTIAL_INVALID"):
            await client.list_tools()
        failed = await client.call_tool("orders__get_order", {"id": 7})
        assert failed.is_error and text_of(failed).startswith("CREDENTIAL_INVALID")


async def test_without_a_key_nothing_is_read(address: str) -> None:
    async with aiohttp.ClientSession() as client:
        for headers in ({}, {"authorization": "Basic abc"}):
            async with client.post(address, headers=headers, data=b"x") as answer:
                assert answer.status == 401 and answer.headers["www-authenticate"] == "Bearer"


async def test_a_session_does_not_lend_its_key(scene: Scene, address: str) -> None:
    """Each message counts by the key that came with it."""
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }
    headers = {"accept": "application/json, text/event-stream", "authorization": f"Bearer {scene.stack.key}"}
    async with aiohttp.ClientSession() as client:
        async with client.post(address, json=hello, headers=headers) as answer:
            assert answer.status == 200
            session = answer.headers["mcp-session-id"]
        other = headers | {"authorization": "Bearer tl_other", "mcp-session-id": session}
        note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        async with client.post(address, json=note, headers=headers | {"mcp-session-id": session}) as answer:
            assert answer.status == 202
        listing = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
        async with client.post(address, json=listing, headers=other) as answer:
            assert "CREDENTIAL_INVALID" in await answer.text() or answer.status in (401, 403, 404)


@pytest.mark.parametrize("transport", ["stdio", "auto", "legacy"])
async def test_a_cancelled_call_ends_at_the_system_behind(scene: Scene, address: str, transport: str) -> None:
    ended = asyncio.Event()

    async def slow(request: web.BaseRequest) -> web.StreamResponse:
        started.set()
        while request.transport is not None and not request.transport.is_closing():
            await asyncio.sleep(0.02)
        ended.set()
        return web.Response()

    started = asyncio.Event()
    scene.orders.answer = slow
    opened = on_stdio(scene) if transport == "stdio" else on_http(address, scene.stack.key, transport)
    try:
        async with opened as client:
            call = asyncio.create_task(client.call_tool("orders__get_order", {"id": 9}))
            await asyncio.wait_for(started.wait(), 20)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await asyncio.wait_for(ended.wait(), 20)
    finally:
        scene.orders.answer = answer


async def test_calls_are_recorded_with_an_id_and_an_agent(scene: Scene) -> None:
    async with on_stdio(scene, "--agent", "desk") as client:
        await client.call_tool("orders__get_order", {"id": 7})
    connection = await asyncpg.connect(scene.stack.postgres_dsn)
    try:
        for _ in range(200):
            query = "SELECT request_id FROM trunkline.request_log WHERE agent_id = 'desk'"
            if rows := await connection.fetch(query):
                break
            await asyncio.sleep(0.05)
    finally:
        await connection.close()
    assert [row["request_id"][:4] for row in rows] == ["mcp-"]
    recorded: Any = await scene.stack.recorded(rows[0]["request_id"])
    assert recorded.tool_name == "get_order" and recorded.context.agent_id == "desk"


async def test_a_server_that_is_away_is_told_without_its_address(scene: Scene) -> None:
    environment = bare_environment() | {"TRUNKLINE_TARGET": f"127.0.0.1:{free_port()}", "TRUNKLINE_KEY": "tl_a_b"}
    parameters = StdioServerParameters(
        command=sys.executable, args=COMMAND, env=environment | {"PATH": os.environ["PATH"]}, cwd=str(scene.directory)
    )
    async with Client(parameters) as client:
        failed = await client.call_tool("orders__get_order", {"id": 7})
        assert failed.is_error and text_of(failed) == "UNAVAILABLE: the server is not reachable now; try again shortly"
