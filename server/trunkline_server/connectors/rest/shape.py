"""An integration and its template, read together once: what the engine needs for each call. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from trunkline.v1.api_pb2 import ApiTool
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.tool_pb2 import Tool

from trunkline_server.connectors.rest.auth.base import Authenticator
from trunkline_server.connectors.rest.auth.table import Authenticators
from trunkline_server.connectors.rest.configuration import endpoint_problem, parts_of, target_of, timeout_of
from trunkline_server.connectors.rest.operation import Operation, reads
from trunkline_server.connectors.rest.rates import Limit, binding, limits_of
from trunkline_server.connectors.rest.request import Target
from trunkline_server.connectors.rest.settings import Settings, Violations, fill_path, read_settings
from trunkline_server.connectors.rest.template_models import ErrorMap, Template
from trunkline_server.connectors.rest.templates import rate_of
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.duration import duration
from trunkline_server.domain.errors import Reason, TrunklineError, invalid_fields
from trunkline_server.domain.timeouts import Timeouts

_PLAIN_HTTP = ErrorMap()


@dataclass(frozen=True, slots=True)
class Shape:
    """What calls of an integration have in common. `operations`, `tools` and `bound` (the rates of a tool's calls) are
    by name; `check` is the tool of the live check, None where `check_path` is called. `timeout` is that of the whole
    call, in seconds."""

    template: Template | None
    target: Target
    authenticator: Authenticator
    timeout: float
    timeouts: Timeouts
    errors: ErrorMap
    redacted: Collection[str]
    strict: bool
    check_path: str
    check: Operation | None
    limits: Sequence[Limit]
    operations: Mapping[str, Operation]
    tools: Mapping[str, Tool]
    bound: Mapping[str, Sequence[Limit]]
    # What is wrong with the endpoint by the policy, and with settings.
    forbidden: str | None
    problems: Violations = field(default_factory=list)

    def judge(self, operation: Operation | None = None) -> None:
        """Again, as policy and template may have changed since the integration was stored. Raises ADDRESS_FORBIDDEN and
        INVALID_CONFIGURATION."""
        problems = self.problems or (operation.problems if operation else ())
        if problems:
            raise invalid_fields(problems, reason=Reason.ERROR_REASON_INVALID_CONFIGURATION)
        if self.forbidden:
            raise TrunklineError(Reason.ERROR_REASON_ADDRESS_FORBIDDEN, f"the integration's endpoint {self.forbidden}")


def shape_of(
    integration: Integration,
    template: Template | None,
    template_tools: Sequence[ApiTool],
    default: Timeouts,
    policy: OutboundPolicy,
    authenticators: Authenticators,
) -> Shape:
    """The template's tools in its order, those that are enabled, then the integration's own; an own one replaces one of
    the same name."""
    api = integration.configuration.api
    settings, problems = read_settings(template, api.settings_json)
    target, unfilled = target_of(integration, template, settings)
    calls = tools_of(integration, template_tools)
    whole = timeout_of(integration, template)
    key_header = template.idempotency_header if template else ""
    operations = {name: Operation(tool, settings, key_header) for name, tool in calls.items()}
    limits = limits_of(api.rates or ([rate_of(rate) for rate in template.rates] if template else ()))
    return Shape(
        template=template,
        target=target,
        authenticator=authenticators.of(integration.integration_id, target.endpoint, target.authentication),
        timeout=whole,
        timeouts=parts_of(integration, template, default),
        errors=template.errors if template else _PLAIN_HTTP,
        redacted=template.redaction.fields if template else frozenset(),
        strict=api.strict_results,
        check_path=fill_path(api.check_path or (template.check_path if template else "") or "/", settings, ())[0],
        check=_check(integration, template, template_tools, settings),
        limits=limits,
        operations=operations,
        tools={name: _tool(integration.integration_id, tool, whole, bool(key_header)) for name, tool in calls.items()},
        bound={name: binding(limits, name) for name in calls} if limits else {},
        forbidden=None if problems or unfilled else endpoint_problem(target.endpoint, policy),
        problems=[*problems, *unfilled],
    )


def tools_of(integration: Integration, template_tools: Sequence[ApiTool]) -> Mapping[str, ApiTool]:
    """The tools by name."""
    api = integration.configuration.api
    enabled = set(api.enabled_tools)
    chosen = [tool for tool in template_tools if not enabled or tool.name in enabled]
    return {tool.name: tool for tool in (*chosen, *api.tools)}


def _check(
    integration: Integration, template: Template | None, template_tools: Sequence[ApiTool], settings: Settings
) -> Operation | None:
    if template is None or not template.check_tool or integration.configuration.api.check_path:
        return None
    return next(Operation(tool, settings) for tool in template_tools if tool.name == template.check_tool)


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
