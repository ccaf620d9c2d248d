"""An integration and its template, read together once: what the engine needs for each call. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trunkline.v1.api_pb2 import ApiTool
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.tool_pb2 import Tool

from trunkline_server.connectors.rest.auth.base import Authenticator
from trunkline_server.connectors.rest.auth.table import Authenticators
from trunkline_server.connectors.rest.configuration import parts_of, target_of, timeout_of
from trunkline_server.connectors.rest.request import Target
from trunkline_server.connectors.rest.template_models import Template
from trunkline_server.domain.duration import duration
from trunkline_server.domain.timeouts import Timeouts


@dataclass(frozen=True, slots=True)
class Shape:
    """What calls of an integration have in common. `calls` and `tools` are by name."""

    integration: Integration
    template: Template | None
    target: Target
    authenticator: Authenticator
    timeouts: Timeouts
    calls: Mapping[str, ApiTool]
    tools: Mapping[str, Tool]


def shape_of(
    integration: Integration,
    template: Template | None,
    template_tools: Sequence[ApiTool],
    default: Timeouts,
    authenticators: Authenticators,
) -> Shape:
    """The template's tools in its order, then the integration's own; an own one replaces one of the same name."""
    calls = {tool.name: tool for tool in (*template_tools, *integration.configuration.api.tools)}
    whole = timeout_of(integration, template)
    keyed = bool(template and template.idempotency_header)
    target = target_of(integration, template)
    return Shape(
        integration,
        template,
        target,
        authenticators.of(integration.integration_id, target.endpoint, target.authentication),
        parts_of(integration, template, default),
        calls,
        {name: _tool(integration.integration_id, tool, whole, keyed) for name, tool in calls.items()},
    )


def reads(tool: ApiTool) -> bool:
    """Whether it only reads."""
    return tool.read_only if tool.HasField("read_only") else tool.method == "GET"


def _tool(integration_id: str, tool: ApiTool, timeout: float, keyed: bool) -> Tool:
    found = Tool(
        name=tool.name,
        integration_id=integration_id,
        description=tool.description,
        parameters_schema_json=tool.parameters_schema_json,
        has_side_effects=not reads(tool),
        timeout=tool.timeout if tool.HasField("timeout") else duration(timeout),
        result_schema_json=tool.result_schema_json,
        cache_class=tool.cache_class,
        cost_nano_usd=tool.cost_nano_usd,
        approval_required=tool.approval_required,
        paginated=tool.HasField("pagination"),
        deprecation=tool.deprecation,
        repeatable=keyed or reads(tool),
    )
    if tool.HasField("cache_ttl"):
        found.cache_ttl.CopyFrom(tool.cache_ttl)
    return found
