"""The tools of integrations for MCP clients: tools/list and tools/call over ToolService."""

from __future__ import annotations

import base64
import hashlib
import logging
import uuid
from collections.abc import Awaitable, Callable
from functools import lru_cache
from importlib.metadata import version
from typing import Any, TypeVar

import grpc
import jsonschema_rs
import mcp_types as types
import orjson
from google.rpc.error_details_pb2 import BadRequest, RetryInfo
from mcp.server import Server
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.tool_pb2 import ExecuteToolRequest, ExecuteToolResponse, GetToolRequest, ListToolsRequest, Tool
from trunkline.v1.tool_pb2_grpc import ToolServiceStub
from trunkline_client import detail, error_info

SEPARATOR = "__"
_PAGE = 50
_LIST_SECONDS = 60.0
# Result schemas that are kept, of all callers together.
_MAX_SCHEMAS = 4096
_INSTRUCTIONS = "The tools of the systems behind Trunkline. A name is the integration's, two underscores, the tool's."
_PARAMETERS = "parameters_json"
# What a failure without our own details means; gRPC's text would show addresses.
_BARE = {
    grpc.StatusCode.UNAVAILABLE: "the server is not reachable now; try again shortly",
    grpc.StatusCode.DEADLINE_EXCEEDED: "the call took too long; allow more time or ask for less",
    grpc.StatusCode.CANCELLED: "the call was cancelled",
}

Context = ServerRequestContext[Any, Any]
Params = TypeVar("Params")
Result = TypeVar("Result")
_log = logging.getLogger("trunkline.mcp")


class OfferedTools:
    """The tools that a key may use. `key_of` tells the key of a request; `seconds` bound one call; only tools of the
    `integration`, unless it is empty, are offered. Calls are counted for the `agent`."""

    def __init__(
        self, channel: grpc.aio.Channel, key_of: Callable[[Context], str], integration: str, agent: str, seconds: float
    ) -> None:
        self._stub = ToolServiceStub(channel)
        self._key_of = key_of
        self._integration = integration
        self._agent = agent
        self._seconds = seconds
        self._results: dict[tuple[bytes, str], bytes] = {}

    def server(self) -> Server[Any]:
        """The MCP server."""
        return Server(
            "trunkline",
            version=version("trunkline"),
            instructions=_INSTRUCTIONS,
            on_list_tools=_contained(self._list),
            on_call_tool=_contained(self._call),
        )

    async def _list(self, ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        token = (params.cursor if params else None) or ""
        request = ListToolsRequest(page_size=_PAGE, page_token=token, integration_id=self._integration)
        key = self._key_of(ctx)
        try:
            answer = await self._stub.ListTools(request, timeout=_LIST_SECONDS, metadata=_metadata(key))
        except grpc.aio.AioRpcError as error:
            wrong = error.code() is grpc.StatusCode.INVALID_ARGUMENT
            raise MCPError(types.INVALID_PARAMS if wrong else types.INTERNAL_ERROR, told(error)) from None
        return types.ListToolsResult(
            tools=[self._offered(key, tool) for tool in answer.tools], next_cursor=answer.next_page_token or None
        )

    async def _call(self, ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        integration, separator, name = params.name.partition(SEPARATOR)
        if not separator or self._integration not in ("", integration):
            return _failed(f"NOT_FOUND: tool {params.name[:130]!r} does not exist; list the tools")
        key = self._key_of(ctx)
        request = ExecuteToolRequest(
            request_id=f"mcp-{uuid.uuid4()}",
            tool_name=name,
            integration_id=integration,
            parameters_json=orjson.dumps(params.arguments or {}),
            context=CallContext(agent_id=self._agent),
        )
        validator = await self._validator(key, integration, name)
        try:
            # Cancelled, the call to the server ends too.
            answer = await self._stub.ExecuteTool(request, timeout=self._seconds, metadata=_metadata(key))
        except grpc.aio.AioRpcError as error:
            return _failed(told(error))
        return _result(answer, validator)

    def _offered(self, key: str, tool: Tool) -> types.Tool:
        schema = tool.result_schema_json if _readable(tool.result_schema_json) else b""
        self._learn(key, tool, schema)
        reads = not tool.has_side_effects
        told = [tool.description, f"Deprecated: {tool.deprecation}" if tool.deprecation else ""]
        return types.Tool(
            name=f"{tool.integration_id}{SEPARATOR}{tool.name}",
            description="\n\n".join(one for one in told if one) or None,
            input_schema={"type": "object"} | orjson.loads(tool.parameters_schema_json or b"{}"),
            output_schema=orjson.loads(schema) if schema else None,
            annotations=types.ToolAnnotations(
                read_only_hint=reads, destructive_hint=not reads, idempotent_hint=tool.repeatable, open_world_hint=True
            ),
        )

    async def _validator(self, key: str, integration: str, name: str) -> jsonschema_rs.Validator | None:
        """What the result must meet, as the caller was told or would be. Nothing for who may not read it."""
        place = _digest(key), f"{integration}{SEPARATOR}{name}"
        if place not in self._results:
            request = GetToolRequest(integration_id=integration, tool_name=name)
            try:
                answer = await self._stub.GetTool(request, timeout=_LIST_SECONDS, metadata=_metadata(key))
            except grpc.aio.AioRpcError:
                # The call itself tells what is wrong.
                return None
            self._learn(key, answer.tool, answer.tool.result_schema_json)
        return _readable(self._results[place])

    def _learn(self, key: str, tool: Tool, schema: bytes) -> None:
        place = _digest(key), f"{tool.integration_id}{SEPARATOR}{tool.name}"
        self._results.pop(place, None)
        while len(self._results) >= _MAX_SCHEMAS:
            del self._results[next(iter(self._results))]
        self._results[place] = schema


def _contained(
    handler: Callable[[Context, Params], Awaitable[Result]],
) -> Callable[[Context, Params], Awaitable[Result]]:
    """The handler, the text of whose unknown exceptions stays here: the SDK would tell it to older clients."""

    async def safe(context: Context, params: Params) -> Result:
        try:
            return await handler(context, params)
        except MCPError:
            raise
        except Exception:
            _log.exception("a request failed")
            raise MCPError(types.INTERNAL_ERROR, "INTERNAL: a fault of this gateway; its log tells more") from None

    return safe


def told(error: grpc.aio.AioRpcError) -> str:
    """`REASON: what is wrong and what to do`, then one line for each wrong parameter; never what is inside."""
    info, bad, retry = error_info(error), detail(error, BadRequest), detail(error, RetryInfo)
    if info is None:
        return f"{error.code().name}: {_BARE.get(error.code(), 'the server refused the call')}"
    lines = [f"{info.reason}: {error.details() or 'no details'}".replace(f"{_PARAMETERS}.", "")]
    for violation in bad.field_violations if bad else ():
        field = violation.field.removeprefix(_PARAMETERS).lstrip(".") or "arguments"
        lines.append(f"  {field}: {violation.description}")
    if retry is not None:
        lines.append(f"  try again in {retry.retry_delay.ToMilliseconds() / 1000:g} s")
    return "\n".join(lines)


def _result(answer: ExecuteToolResponse, validator: jsonschema_rs.Validator | None) -> types.CallToolResult:
    """The answer: JSON as text, and as structured content where it is an object; bytes as what they are."""
    if answer.result_bytes:
        content: list[types.ContentBlock] = [_raw(answer)]
        value = None
    else:
        content = [types.TextContent(text=answer.result_json.decode())]
        value = orjson.loads(answer.result_json)
    notes = [types.TextContent(text=f"Note: {warning}") for warning in answer.warnings]
    structured = value if isinstance(value, dict) else None
    if validator is not None and (structured is None or not validator.is_valid(structured)):
        # A client that was told the schema would refuse it; so the model sees it all the same.
        why = types.TextContent(text="UPSTREAM_MALFORMED: the result breaks the tool's schema; it follows as it came")
        return types.CallToolResult(content=[why, *content, *notes], is_error=True)
    if structured is None:
        return types.CallToolResult(content=[*content, *notes])
    return types.CallToolResult(content=[*content, *notes], structured_content=structured)


def _raw(answer: ExecuteToolResponse) -> types.ContentBlock:
    data, kind = base64.b64encode(answer.result_bytes).decode(), answer.content_type or "application/octet-stream"
    if kind.startswith("image/"):
        return types.ImageContent(data=data, mime_type=kind)
    if kind.startswith("audio/"):
        return types.AudioContent(data=data, mime_type=kind)
    uri = f"trunkline://results/{answer.request_id}"
    return types.EmbeddedResource(resource=types.BlobResourceContents(uri=uri, blob=data, mime_type=kind))


@lru_cache(maxsize=1024)
def _readable(schema: bytes) -> jsonschema_rs.Validator | None:
    """What checks results by a schema; None for one that clients would not take: before 2026-07-28 the protocol has
    those of objects only."""
    try:
        found = orjson.loads(schema or b"{}")
        if not isinstance(found, dict) or found.get("type") != "object":
            return None
        return jsonschema_rs.validator_for(found, offline=True)
    except (ValueError, jsonschema_rs.ReferencingError):
        return None


def _failed(text: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=text)], is_error=True)


def _metadata(key: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {key}"),)


def _digest(key: str) -> bytes:
    """Stands for a key, which is not kept."""
    return hashlib.blake2b(key.encode(), digest_size=16).digest()
