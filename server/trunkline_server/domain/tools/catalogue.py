"""The tools of a tenant, as one caller may see and execute them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from trunkline.v1.integration_health_pb2 import IntegrationStatus
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.tool_pb2 import Tool

from trunkline_server.domain.admission import BudgetIndex
from trunkline_server.domain.call import Call
from trunkline_server.domain.connectors import Connectors, ToolConnector
from trunkline_server.domain.errors import Reason, TrunklineError, not_found
from trunkline_server.domain.ports import BudgetLimit, Directory, TenantView
from trunkline_server.domain.tools.permission import tool_forbidden

_DISABLED = IntegrationStatus.INTEGRATION_STATUS_DISABLED
# Tenants whose budgets are kept ready.
_MOST_INDEXES = 4096


@dataclass(slots=True)
class FoundTool:
    """A tool and what calls it."""

    view: TenantView
    integration: Integration
    tool: Tool
    connector: ToolConnector
    secret: str = field(repr=False)


class ToolCatalogue:
    """The tools behind the integrations of every tenant."""

    def __init__(self, directory: Directory, connectors: Connectors, alert_threshold: float = 0.8) -> None:
        self._directory = directory
        self._connectors = connectors
        self._alert_threshold = alert_threshold
        self._indexes: dict[str, tuple[TenantView, BudgetIndex]] = {}

    async def listed(self, call: Call, integration_id: str, query: str) -> Sequence[Tool]:
        """The tools of integrations that are switched on, of one or of all, by integration and name. Raises NOT_FOUND
        for an integration that there is not for this caller."""
        view, scope = await self._directory.tenant(call.tenant_id), call.identity.tools
        if integration_id and not (integration_id in view.integrations and scope.sees(integration_id)):
            raise not_found("integration", integration_id)
        words = query.casefold().split()
        return [
            tool
            for name, integration in sorted(view.integrations.items())
            if integration_id in ("", name) and integration.status != _DISABLED and scope.sees(name)
            for _, tool in sorted(self._connectors.tools(integration).items())
            if scope.allows(name, tool.name) and (not words or _holds(tool, words))
        ]

    async def shown(self, call: Call, integration_id: str, tool_name: str) -> Tool:
        """One tool. Raises NOT_FOUND, also for one that the caller may not execute."""
        view = await self._directory.tenant(call.tenant_id)
        if not call.identity.tools.allows(integration_id, tool_name):
            raise not_found("tool", f"{integration_id}/{tool_name}")
        return self._find(view, integration_id, tool_name)[1]

    async def executable(self, call: Call, integration_id: str, tool_name: str) -> FoundTool:
        """A tool to execute. Raises PERMISSION_MISSING, before anything is said of the tool; NOT_FOUND;
        INTEGRATION_UNAVAILABLE where it is switched off; SECRET_UNAVAILABLE."""
        caller = call.identity
        if not caller.tools.allows(integration_id, tool_name):
            raise tool_forbidden(integration_id, tool_name, caller.key_id)
        view = await self._directory.tenant(call.tenant_id)
        integration, tool, connector = self._find(view, integration_id, tool_name)
        if integration.status == _DISABLED:
            raise TrunklineError(
                Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE,
                f"the integration {integration_id} is switched off; its owner can switch it on",
                metadata={"integration_id": integration_id},
            )
        return FoundTool(view, integration, tool, connector, view.secret(integration_id))

    def budgets(self, view: TenantView, call: Call) -> tuple[BudgetLimit, ...]:
        """The budgets that the call counts against."""
        if not view.budgets:
            return ()
        kept = self._indexes.get(call.tenant_id)
        if kept is None or kept[0] is not view:
            while len(self._indexes) >= _MOST_INDEXES:
                del self._indexes[next(iter(self._indexes))]
            kept = self._indexes[call.tenant_id] = view, BudgetIndex(view.budgets, self._alert_threshold)
        return kept[1].in_scope(call.identity, call.context, call.arrived_wall)

    def _find(self, view: TenantView, integration_id: str, tool_name: str) -> tuple[Integration, Tool, ToolConnector]:
        integration = view.integrations.get(integration_id)
        if integration is None:
            raise not_found("integration", integration_id)
        connector = self._connectors.of(integration)
        tool = connector.tools(integration).get(tool_name) if connector is not None else None
        if connector is None or tool is None:
            raise not_found("tool", f"{integration_id}/{tool_name}")
        return integration, tool, connector


def _holds(tool: Tool, words: Sequence[str]) -> bool:
    text = f"{tool.name}\n{tool.description}".casefold()
    return all(word in text for word in words)
