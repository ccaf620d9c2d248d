"""ToolService: what the tenant's integrations can do."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence

from google.protobuf.timestamp_pb2 import Timestamp
from trunkline.v1.analytics_pb2 import RecordedRequest
from trunkline.v1.common_pb2 import Attempt
from trunkline.v1.integration_pb2 import ApiTool, Integration, IntegrationStatus, IntegrationType
from trunkline.v1.tool_pb2 import (
    ExecuteToolRequest,
    ExecuteToolResponse,
    GetToolRequest,
    GetToolResponse,
    ListToolsRequest,
    ListToolsResponse,
    Tool,
)

from trunkline_server.domain.admission import rates_of
from trunkline_server.domain.call import Call
from trunkline_server.domain.duration import duration, seconds
from trunkline_server.domain.errors import Reason, TrunklineError, not_found
from trunkline_server.domain.ports import ApiConnector, Ask, Directory, TenantView, ToolAnswer
from trunkline_server.domain.resilience import Resilience
from trunkline_server.domain.router import breaker_rule
from trunkline_server.domain.signals import Signals
from trunkline_server.domain.tool_attempts import ToolAttempts
from trunkline_server.services.paging import page

_DEFAULT_TIMEOUT = 30.0


class ToolService:
    """Tools of `api` integrations."""

    def __init__(
        self, directory: Directory, api: ApiConnector, resilience: Resilience, signals: Signals | None = None
    ) -> None:
        self._directory = directory
        self._api = api
        self._resilience = resilience
        self._attempts = ToolAttempts(resilience.retries, signals)
        self._timeouts = {one.name: seconds(one.timeout) for one in api.connectors()}

    async def list_tools(self, call: Call, request: ListToolsRequest) -> ListToolsResponse:
        """See the contract."""
        view = await self._directory.tenant(call.tenant_id)
        wanted = request.integration_id
        if wanted:
            _integration(view, wanted)
        tools = [
            self._described(integration, tool)
            for name, integration in sorted(view.integrations.items())
            if wanted in ("", name) and integration.status != IntegrationStatus.INTEGRATION_STATUS_DISABLED
            for _, tool in sorted(self._tools(integration).items())
        ]
        found, following = page(tools, request.page_size, request.page_token)
        return ListToolsResponse(tools=found, next_page_token=following)

    async def get_tool(self, call: Call, request: GetToolRequest) -> GetToolResponse:
        """See the contract."""
        view = await self._directory.tenant(call.tenant_id)
        integration = _integration(view, request.integration_id)
        return GetToolResponse(tool=self._described(integration, self._tool(integration, request.tool_name)))

    async def execute_tool(self, call: Call, request: ExecuteToolRequest) -> ExecuteToolResponse:
        """See the contract. Admitted and recorded like a completion; tools cost nothing of their own. The timeout
        bounds all attempts together."""
        view = await self._directory.tenant(call.tenant_id)
        integration = _integration(view, request.integration_id)
        tool = self._tool(integration, request.tool_name)
        if integration.status == IntegrationStatus.INTEGRATION_STATUS_DISABLED:
            raise TrunklineError(
                Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE,
                f"the integration {integration.integration_id} is switched off; its owner can switch it on",
                metadata={"integration_id": integration.integration_id},
            )

        made: list[Attempt] = []

        def record(code: int, reason: str) -> RecordedRequest:
            return _record(call, request, code, reason, made)

        if call.tab is not None:
            ask = Ask(call.tenant_id, call.hold_id, 0, rates_of(call.identity), ())
            await call.tab.open(ask, record)
        started = time.monotonic()
        answer = await self._run(call, request, integration, tool, view.secrets, made)
        if call.tab is not None:
            await call.tab.settle()
        return ExecuteToolResponse(
            result_json=answer.json,
            result_bytes=answer.raw,
            content_type=answer.content_type,
            http_status=answer.http_status,
            execution_time=duration(time.monotonic() - started),
            trace_id=call.trace_id,
            request_id=call.request_id,
        )

    async def _run(
        self,
        call: Call,
        request: ExecuteToolRequest,
        integration: Integration,
        tool: ApiTool,
        secrets: Mapping[str, str],
        made: list[Attempt],
    ) -> ToolAnswer:
        name = integration.integration_id
        timeout = seconds(request.timeout) or self._timeout(integration)
        end = call.deadline.sooner(timeout)
        key = hashlib.blake2b(f"{call.tenant_id}\0{call.request_id}".encode(), digest_size=16).hexdigest()

        async def attempt(number: int) -> ToolAnswer:
            # The first has all of the time; the connector tells it and the caller's deadline apart.
            left = timeout if number == 1 else end.remaining()
            timed = _timed(integration, left) if number > 1 or request.HasField("timeout") else integration
            return await self._api.execute(
                timed, secrets.get(name, ""), tool, request.parameters_json, call.deadline, key
            )

        rule = breaker_rule(integration.configuration.circuit_breaker)
        breaker = self._resilience.breaker(call.tenant_id, name, "", rule)
        try:
            return await self._attempts.run(attempt, breaker, self._api.repeatable(integration, tool), end, made)
        finally:
            for one in made:
                one.integration_id = name

    def _timeout(self, integration: Integration) -> float:
        configuration = integration.configuration
        return seconds(configuration.timeout) or self._timeouts.get(configuration.api.template) or _DEFAULT_TIMEOUT

    def _tools(self, integration: Integration) -> Mapping[str, ApiTool]:
        if integration.type != IntegrationType.INTEGRATION_TYPE_API:
            return {}
        return {tool.name: tool for tool in self._api.tools(integration)}

    def _tool(self, integration: Integration, name: str) -> ApiTool:
        tool = self._tools(integration).get(name)
        if tool is None:
            raise not_found("tool", f"{integration.integration_id}/{name}")
        return tool

    def _described(self, integration: Integration, tool: ApiTool) -> Tool:
        found = Tool(
            name=tool.name,
            integration_id=integration.integration_id,
            description=tool.description,
            parameters_schema_json=tool.parameters_schema_json,
            has_side_effects=tool.method != "GET",
            timeout=duration(self._timeout(integration)),
        )
        if tool.HasField("cache_ttl"):
            found.cache_ttl.CopyFrom(tool.cache_ttl)
        return found


def _integration(view: TenantView, integration_id: str) -> Integration:
    integration = view.integrations.get(integration_id)
    if integration is None:
        raise not_found("integration", integration_id)
    return integration


def _timed(integration: Integration, timeout: float) -> Integration:
    """The integration with another timeout, in seconds, in place of its own."""
    timed = Integration()
    timed.CopyFrom(integration)
    timed.configuration.timeout.CopyFrom(duration(timeout))
    return timed


def _record(
    call: Call, request: ExecuteToolRequest, code: int, reason: str, made: Sequence[Attempt]
) -> RecordedRequest:
    created = Timestamp()
    created.FromNanoseconds(int(call.arrived_wall * 1e9))
    record = RecordedRequest(
        request_id=call.request_id,
        create_time=created,
        method=call.method,
        context=call.context,
        integration_id=request.integration_id,
        tool_name=request.tool_name,
        status_code=code,
        error_reason=reason,
        latency=duration(time.monotonic() - call.arrived),
        attempts=made,
        trace_id=call.trace_id,
        key_id=call.identity.key_id,
    )
    record.context.tenant_id = call.tenant_id
    return record
