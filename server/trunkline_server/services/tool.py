"""ToolService: what the tenant's integrations can do."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace

from google.protobuf.timestamp_pb2 import Timestamp
from trunkline.v1.analytics_pb2 import RecordedRequest
from trunkline.v1.common_pb2 import Attempt
from trunkline.v1.integration_health_pb2 import IntegrationStatus
from trunkline.v1.integration_pb2 import Integration
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
from trunkline_server.domain.connectors import Connectors, ToolAnswer, ToolCall
from trunkline_server.domain.duration import duration, seconds
from trunkline_server.domain.errors import Reason, TrunklineError, not_found
from trunkline_server.domain.ports import Ask, Directory, TenantView
from trunkline_server.domain.resilience import Resilience
from trunkline_server.domain.router import breaker_rule
from trunkline_server.domain.schemas import read_parameters
from trunkline_server.domain.signals import Signals
from trunkline_server.domain.tool_attempts import ToolAttempts
from trunkline_server.services.paging import page


class ToolService:
    """The tools of every integration that has some."""

    def __init__(
        self, directory: Directory, connectors: Connectors, resilience: Resilience, signals: Signals | None = None
    ) -> None:
        self._directory = directory
        self._connectors = connectors
        self._resilience = resilience
        self._attempts = ToolAttempts(resilience.retries, signals)

    async def list_tools(self, call: Call, request: ListToolsRequest) -> ListToolsResponse:
        """See the contract."""
        view = await self._directory.tenant(call.tenant_id)
        wanted = request.integration_id
        if wanted:
            _integration(view, wanted)
        tools = [
            tool
            for name, integration in sorted(view.integrations.items())
            if wanted in ("", name) and integration.status != IntegrationStatus.INTEGRATION_STATUS_DISABLED
            for _, tool in sorted(self._connectors.tools(integration).items())
        ]
        found, following = page(tools, request.page_size, request.page_token)
        return ListToolsResponse(tools=found, next_page_token=following)

    async def get_tool(self, call: Call, request: GetToolRequest) -> GetToolResponse:
        """See the contract."""
        view = await self._directory.tenant(call.tenant_id)
        integration = _integration(view, request.integration_id)
        return GetToolResponse(tool=self._tool(integration, request.tool_name))

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
        answer = await self._run(call, request, integration, tool, view.secret(request.integration_id), made)
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
        tool: Tool,
        secret: str,
        made: list[Attempt],
    ) -> ToolAnswer:
        connector = self._connectors.of(integration)
        assert connector is not None, "it has a tool"
        name = integration.integration_id
        timeout = seconds(request.timeout) or seconds(tool.timeout)
        end = call.deadline.sooner(timeout)
        wanted = ToolCall(
            tenant_id=call.tenant_id,
            integration=integration,
            tool=tool,
            parameters=read_parameters(tool.parameters_schema_json, request.parameters_json),
            timeout=timeout,
            secret=secret,
            key=hashlib.blake2b(f"{call.tenant_id}\0{call.request_id}".encode(), digest_size=16).hexdigest(),
        )

        async def attempt(number: int) -> ToolAnswer:
            # The first has all of the time; the connector tells it and the caller's deadline apart.
            timed = wanted if number == 1 else replace(wanted, timeout=end.remaining())
            return await connector.execute(timed, call.deadline)

        rule = breaker_rule(integration.configuration.circuit_breaker)
        breaker = self._resilience.breaker(call.tenant_id, name, "", rule)
        try:
            return await self._attempts.run(attempt, breaker, tool.repeatable, end, made)
        finally:
            for one in made:
                one.integration_id = name

    def _tool(self, integration: Integration, name: str) -> Tool:
        tool = self._connectors.tools(integration).get(name)
        if tool is None:
            raise not_found("tool", f"{integration.integration_id}/{name}")
        return tool


def _integration(view: TenantView, integration_id: str) -> Integration:
    integration = view.integrations.get(integration_id)
    if integration is None:
        raise not_found("integration", integration_id)
    return integration


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
