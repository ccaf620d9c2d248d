"""From what an MCP server told to what the contract tells. Pure: no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import jsonschema_rs
import mcp_types as types
import orjson
from trunkline.v1.api_pb2 import McpTool

from trunkline_server.connectors.mcp.failures import failed
from trunkline_server.connectors.mcp.transport import too_large
from trunkline_server.connectors.rest.answers import MAX_BODY, mask
from trunkline_server.domain.connectors import ToolAnswer
from trunkline_server.domain.errors import Reason
from trunkline_server.domain.schemas import MAX_SCHEMA_BYTES, SchemaError, compiled

MAX_TOOLS = 1024
# What the tools of one integration may take together, in bytes.
_MAX_TOTAL = 3 * 1024 * 1024
_MAX_NAME = 64
_MAX_DESCRIPTION = 4096


def tools_of(tools: Iterable[types.Tool], enabled: Iterable[str]) -> list[McpTool]:
    """The server's tools as an integration has them, of which only those `enabled`, if any are named. Raises
    UPSTREAM_MALFORMED for more than can be kept."""
    wanted = frozenset(enabled)
    found: dict[str, McpTool] = {}
    size = 0
    for tool in tools:
        name = _free(tool.name, found)
        if wanted and not wanted & {name, tool.name}:
            continue
        found[name] = one = _tool(name, tool)
        size += one.ByteSize()
        if len(found) > MAX_TOOLS or size > _MAX_TOTAL:
            raise failed(
                Reason.ERROR_REASON_UPSTREAM_MALFORMED,
                f"the MCP server has more than {MAX_TOOLS} tools, or {_MAX_TOTAL} bytes of them; name those to use in "
                "`enabled_tools`",
            )
    return list(found.values())


def answer_of(result: types.CallToolResult | types.InputRequiredResult, secret: str) -> ToolAnswer:
    """The structured content, else the content: text that is JSON as that, other text as a JSON string, anything else a
    list of parts as MCP has them. Raises UPSTREAM_REJECTED for an error of the tool, MESSAGE_TOO_LARGE."""
    if isinstance(result, types.InputRequiredResult):
        raise failed(
            Reason.ERROR_REASON_UPSTREAM_REJECTED, "the MCP server asks a person for more: such tools cannot be called"
        )
    if result.is_error:
        said = mask(" ".join(part.text for part in result.content if isinstance(part, types.TextContent)), secret)
        text = f"the tool failed: {said}" if said else "the tool failed"
        metadata = {"upstream_message": said} if said else {}
        raise failed(Reason.ERROR_REASON_UPSTREAM_REJECTED, text, **metadata)
    if result.structured_content is not None:
        body = orjson.dumps(result.structured_content)
    else:
        body = _content(result.content)
    if len(body) > MAX_BODY:
        raise too_large()
    return ToolAnswer(200, "application/json", json=body)


def _content(parts: list[types.ContentBlock]) -> bytes:
    if not parts:
        return b"null"
    if len(parts) == 1 and isinstance(parts[0], types.TextContent):
        text = parts[0].text
        return text.encode() if _is_json(text) else orjson.dumps(text)
    return orjson.dumps([part.model_dump(mode="json", by_alias=True, exclude_none=True) for part in parts])


def _is_json(text: str) -> bool:
    """Whether the text is an object or a list in JSON; a bare word or number is a text all the same."""
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _tool(name: str, tool: types.Tool) -> McpTool:
    hints = tool.annotations or types.ToolAnnotations()
    return McpTool(
        name=name,
        server_name=tool.name,
        description=(tool.description or tool.title or "")[:_MAX_DESCRIPTION],
        parameters_schema_json=_parameters(tool.input_schema),
        result_schema_json=_result(tool.output_schema),
        read_only=bool(hints.read_only_hint),
        idempotent=bool(hints.idempotent_hint),
    )


def _parameters(schema: Mapping[str, Any]) -> bytes:
    """The schema, empty where it cannot be read: then the server alone checks."""
    try:
        text = orjson.dumps(schema)
        compiled(text)
    except (SchemaError, orjson.JSONEncodeError):
        return b""
    return text


def _result(schema: dict[str, Any] | None) -> bytes:
    if schema is None:
        return b""
    try:
        text = orjson.dumps(schema)
        jsonschema_rs.validator_for(schema, offline=True)
    except (ValueError, jsonschema_rs.ReferencingError, orjson.JSONEncodeError):
        return b""
    return text if len(text) <= MAX_SCHEMA_BYTES else b""


def _free(name: str, taken: Mapping[str, object]) -> str:
    base = found = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:_MAX_NAME] or "tool"
    number = 1
    while found in taken:
        number += 1
        suffix = f"_{number}"
        found = base[: _MAX_NAME - len(suffix)] + suffix
    return found
