"""What MCP clients are told, by a ToolService that does as it is told."""

from __future__ import annotations

from typing import Any

import grpc
import mcp_types as types
import pytest
from mcp import Client, MCPError
from trunkline.v1.tool_pb2 import ExecuteToolRequest, ExecuteToolResponse, GetToolResponse, ListToolsResponse, Tool
from trunkline_server.cli.mcp_tools import OfferedTools


class Stub:
    """The service; `tools` are listed, `answer` is what a call gets."""

    def __init__(self, tools: list[Tool], answer: ExecuteToolResponse | Exception) -> None:
        self.asked: list[Any] = []
        self._tools = tools
        self._answer = answer
        self.readable = True

    async def ListTools(self, request: Any, **options: Any) -> ListToolsResponse:
        self.asked.append((request, options))
        return ListToolsResponse(tools=self._tools)

    async def GetTool(self, request: Any, **options: Any) -> GetToolResponse:
        self.asked.append((request, options))
        if not self.readable:
            raise grpc.aio.AioRpcError(grpc.StatusCode.PERMISSION_DENIED, grpc.aio.Metadata(), grpc.aio.Metadata())
        return GetToolResponse(tool=self._tools[0])

    async def ExecuteTool(self, request: Any, **options: Any) -> ExecuteToolResponse:
        self.asked.append((request, options))
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


SUM = b'{"type":"object","required":["sum"],"properties":{"sum":{"type":"integer"}}}'


def offered(stub: Stub) -> Any:
    channel = grpc.aio.insecure_channel("127.0.0.1:1")
    found = OfferedTools(channel, lambda _: "tl_key", "", "desk", 12.5)
    found._stub = stub  # type: ignore[assignment]
    return found.server()


def tool(result: bytes = SUM, **fields: Any) -> Tool:
    return Tool(integration_id="numbers", name="add", result_schema_json=result, **fields)


def text_of(result: types.CallToolResult) -> str:
    assert isinstance(result.content[0], types.TextContent)
    return result.content[0].text


async def test_a_result_that_breaks_its_schema_is_an_error_that_holds_it() -> None:
    for body, broken in ((b'{"sum": 3}', False), (b'{"sum": "3"}', True), (b"[3]", True)):
        async with Client(offered(Stub([tool()], ExecuteToolResponse(result_json=body, warnings=["old"])))) as client:
            await client.list_tools()
            found = await client.call_tool("numbers__add")
            assert found.is_error is broken
            texts = [part.text for part in found.content if isinstance(part, types.TextContent)]
            assert body.decode() in texts and texts[-1] == "Note: old"
            assert texts[0].startswith("UPSTREAM_MALFORMED") is broken


async def test_a_call_carries_key_deadline_agent_and_id() -> None:
    stub = Stub([tool(b"")], ExecuteToolResponse(result_json=b"1"))
    async with Client(offered(stub)) as client:
        assert text_of(await client.call_tool("numbers__add", {"a": 1})) == "1"
    ((request, options),) = [pair for pair in stub.asked if isinstance(pair[0], ExecuteToolRequest)]
    assert options == {"timeout": 12.5, "metadata": (("authorization", "Bearer tl_key"),)}
    assert request.request_id.startswith("mcp-") and request.context.agent_id == "desk"
    assert (request.integration_id, request.tool_name, request.parameters_json) == ("numbers", "add", b'{"a":1}')


@pytest.mark.parametrize("schema", [b"", b'{"type":"array"}', b'{"type":"object","$ref":"#/none"}', b'{"type": 7}'])
async def test_schemas_that_no_client_takes_are_not_told(schema: bytes) -> None:
    async with Client(offered(Stub([tool(schema)], ExecuteToolResponse(result_json=b'{"a": 1}')))) as client:
        assert (await client.list_tools()).tools[0].output_schema is None
        assert (await client.call_tool("numbers__add")).structured_content == {"a": 1}


async def test_who_may_call_but_not_read_calls() -> None:
    stub = Stub([tool(b"")], ExecuteToolResponse(result_bytes=b"raw", content_type="application/pdf", request_id="r"))
    stub.readable = False
    async with Client(offered(stub)) as client:
        part = (await client.call_tool("numbers__add")).content[0]
    assert isinstance(part, types.EmbeddedResource) and isinstance(part.resource, types.BlobResourceContents)
    assert part.resource.mime_type == "application/pdf" and part.resource.uri == "trunkline://results/r"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_text_of_a_fault_stays_within(mode: str) -> None:
    stub = Stub([tool(b"")], ValueError("the secret text"))
    async with Client(offered(stub), mode=mode) as client:
        with pytest.raises(MCPError) as caught:
            await client.call_tool("numbers__add")
    assert str(caught.value).startswith("INTERNAL: ") and "secret" not in str(caught.value)
