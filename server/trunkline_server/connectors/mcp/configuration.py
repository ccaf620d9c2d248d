"""Reads the configuration of an MCP server, and finds what is wrong with it. Pure: no I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jsonschema_rs
import orjson
from trunkline.v1.api_pb2 import McpTool
from trunkline.v1.authentication_pb2 import AuthenticationScheme
from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.connector_pb2 import Connector
from trunkline.v1.integration_health_pb2 import ResultDrift
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.tool_pb2 import Tool

from trunkline_server.connectors.rest.request import HEADER_NAME, HEADER_VALUE, RESERVED_HEADERS
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.duration import duration, seconds
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.schemas import field_path
from trunkline_server.domain.timeouts import Timeouts, timeouts_of

TIMEOUT = 30.0
_ROOT = "configuration"
_NONE = AuthenticationScheme.AUTHENTICATION_SCHEME_NONE
_BEARER = AuthenticationScheme.AUTHENTICATION_SCHEME_BEARER
_KEY = AuthenticationScheme.AUTHENTICATION_SCHEME_API_KEY_HEADER
_UNSPECIFIED = AuthenticationScheme.AUTHENTICATION_SCHEME_UNSPECIFIED
SCHEMES = (_NONE, _BEARER, _KEY)
DEFAULT_KEY_HEADER = "x-api-key"
_PARAMETER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SECRET = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
# The protocol's own headers, beside HTTP's.
_PROTOCOL = frozenset(("accept", "content-type", "last-event-id"))
_MAX_VALUE = 1024
_MAX_DRIFTS = 16
_SCHEMA = {
    "type": "object",
    "required": ["endpoint", "mcp"],
    "properties": {
        "endpoint": {"type": "string", "description": "The server's address, its path included."},
        "mcp": {
            "type": "object",
            "properties": {
                "enabledTools": {"type": "array", "items": {"type": "string"}, "maxItems": 1024},
                "headers": {"type": "object", "additionalProperties": {"type": "string"}, "maxProperties": 32},
            },
        },
    },
}
CONNECTOR = Connector(
    name="mcp",
    type=IntegrationType.INTEGRATION_TYPE_API,
    display_name="MCP server (streamable HTTP)",
    authentication=_NONE,
    authentications=SCHEMES,
    timeout=duration(TIMEOUT),
    configuration_schema_json=orjson.dumps(_SCHEMA),
    notes=["Its tools are those that the server lists when the integration is made, changed or checked."],
    documentation_url="https://modelcontextprotocol.io",
    secret_description="The bearer token or API key of the server, where it wants one.",
)


@dataclass(frozen=True, slots=True)
class Shape:
    """What calls of an integration have in common, read once. `names` are the server's own, by ours."""

    endpoint: str
    timeout: float
    timeouts: Timeouts
    tools: Mapping[str, Tool]
    names: Mapping[str, str]


def shape_of(integration: Integration, default: Timeouts) -> Shape:
    """The tools that were found when the integration was stored, and are enabled."""
    configuration = integration.configuration
    timeout = seconds(configuration.timeout) or TIMEOUT
    enabled = frozenset(configuration.mcp.enabled_tools)
    known = [tool for tool in configuration.mcp.tools if not enabled or enabled & {tool.name, tool.server_name}]
    return Shape(
        configuration.endpoint,
        timeout,
        timeouts_of(configuration.timeouts, CONNECTOR.timeouts, default),
        {tool.name: _tool(integration.integration_id, tool, timeout) for tool in known},
        {tool.name: tool.server_name for tool in known},
    )


def headers_of(integration: Integration, secret: str) -> dict[str, str]:
    """The headers of every request. Raises UPSTREAM_AUTHENTICATION for a credential that is missing or unfit."""
    configuration = integration.configuration
    headers = {name.lower(): value for name, value in configuration.mcp.headers.items()}
    name = _credential_header(integration)
    if not name:
        return headers
    if not _SECRET.fullmatch(secret):
        found = "characters that no header can carry" if secret else "no credential"
        raise TrunklineError(
            Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, f"the integration holds {found}; rotate a new one in"
        )
    return headers | {name: f"Bearer {secret}" if name == "authorization" else secret}


def drifts_of(shape: Shape, name: str, body: bytes) -> list[ResultDrift]:
    """Where a result breaks its tool's schema, at most 16 places; never its values."""
    schema = shape.tools[name].result_schema_json
    if not schema:
        return []
    found: list[ResultDrift] = []
    for error in _validator(schema).iter_errors(orjson.loads(body)):
        path = field_path(*error.instance_path, root="result_json")
        found.append(ResultDrift(tool_name=name, path=path, description=error.message[:300]))
        if len(found) == _MAX_DRIFTS:
            break
    return found


@lru_cache(maxsize=512)
def _validator(schema: bytes) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(orjson.loads(schema), offline=True, mask="the value")


def violations_of(integration: Integration, policy: OutboundPolicy) -> Sequence[tuple[str, str]]:
    """(field path, what is wrong) of an integration with `mcp`."""
    configuration = integration.configuration
    found: list[tuple[str, str]] = []
    if not configuration.endpoint:
        found.append((f"{_ROOT}.endpoint", "is required: the server's address, its path included"))
    elif problem := policy.url_problem(configuration.endpoint):
        found.append((f"{_ROOT}.endpoint", problem))
    authentication = configuration.authentication
    if authentication.scheme not in (_UNSPECIFIED, *SCHEMES):
        found.append((f"{_ROOT}.authentication.scheme", "must be NONE, BEARER or API_KEY_HEADER"))
    name = authentication.parameter_name
    if name and (not _PARAMETER.fullmatch(name) or name.lower() in RESERVED_HEADERS | _PROTOCOL):
        found.append((f"{_ROOT}.authentication.parameter_name", "is no header that a credential can be in"))
    own = _credential_header(integration)
    for header, value in sorted(configuration.mcp.headers.items()):
        field, lower = field_path(header, root=f"{_ROOT}.mcp.headers"), header.lower()
        if not HEADER_NAME.fullmatch(header):
            found.append((field, "is not a header's name"))
        elif lower in RESERVED_HEADERS | _PROTOCOL | {own} or lower.startswith("mcp-"):
            found.append((field, "is set by the authentication, by HTTP or by the protocol itself"))
        if len(value) > _MAX_VALUE or not HEADER_VALUE.fullmatch(value):
            found.append((field, f"must be at most {_MAX_VALUE} printable ASCII characters"))
    return found


def secret_violations(integration: Integration, secret: str) -> Sequence[tuple[str, str]]:
    """(field path, what is wrong) of a secret; never shows it."""
    if not _credential_header(integration) or _SECRET.fullmatch(secret):
        return []
    return [(f"{_ROOT}.authentication.secret", "must be printable ASCII, as a header carries it")]


def _credential_header(integration: Integration) -> str:
    authentication = integration.configuration.authentication
    if authentication.scheme == _KEY:
        return authentication.parameter_name.lower() or DEFAULT_KEY_HEADER
    return "authorization" if authentication.scheme == _BEARER else ""


def _tool(integration_id: str, tool: McpTool, timeout: float) -> Tool:
    return Tool(
        name=tool.name,
        integration_id=integration_id,
        description=tool.description,
        parameters_schema_json=tool.parameters_schema_json,
        result_schema_json=tool.result_schema_json,
        has_side_effects=not tool.read_only,
        timeout=duration(timeout),
        repeatable=tool.read_only or tool.idempotent,
    )


def called(shape: Shape, name: str, parameters: Mapping[str, Any]) -> bytes:
    """The message of a call, as it is sent but for its id and what the protocol adds."""
    params = {"name": shape.names[name], "arguments": dict(parameters)}
    return orjson.dumps({"jsonrpc": "2.0", "method": "tools/call", "params": params})
