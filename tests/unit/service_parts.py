"""Stores and systems in memory for the tests of the services, and calls to make through them."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ResourceInfo
from trunkline.v1.access_pb2 import Tenant
from trunkline.v1.api_pb2 import ApiTool
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.connector_pb2 import Connector
from trunkline.v1.integration_health_pb2 import HealthCheck, IntegrationStatus, RateUse
from trunkline.v1.integration_pb2 import Integration, IntegrationVersion
from trunkline.v1.tool_pb2 import ExecuteToolRequest, Tool, ToolPreview
from trunkline_server.domain.call import Call, Caller
from trunkline_server.domain.connectors import Connectors, ToolAnswer, ToolCall, ToolConnector
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError, already_exists, not_found
from trunkline_server.domain.integrations.versions import changed_paths
from trunkline_server.domain.ports import Actor, Target, TenantView
from trunkline_server.domain.resilience import Resilience
from trunkline_server.domain.tab import Settlements, Tab
from trunkline_server.domain.tools.approvals import Approval, Approvals, Claim
from trunkline_server.domain.tools.batch import ToolBatches
from trunkline_server.domain.tools.cache import ResultStore, ToolCache
from trunkline_server.domain.tools.catalogue import ToolCatalogue
from trunkline_server.domain.tools.execution import ToolExecution
from trunkline_server.services.tool import ToolService

TENANT = "acme"
API = IntegrationType.INTEGRATION_TYPE_API
LLM = IntegrationType.INTEGRATION_TYPE_LLM_PROVIDER


def a_call(
    *permissions: str,
    operator: bool = False,
    tenant_id: str = TENANT,
    seconds: float = 30.0,
    at: float = 1_795_000_000.0,
    tab: Tab | None = None,
) -> Call:
    """A call of an authenticated caller, with every permission unless some are named. `at` is Unix time."""
    return Call(
        method="/trunkline.v1.ToolService/ExecuteTool",
        request_id="r-1",
        trace_id="0af7651916cd43dd8448eb211c80319c",
        deadline=Deadline.after(seconds),
        arrived=time.monotonic(),
        arrived_wall=at,
        hold_id="h-1",
        caller=Caller(
            tenant_id, "key-1", frozenset(permissions or ("*",)), operator=operator, key_requests_per_minute=60
        ),
        context=CallContext(agent_id="agent-7"),
        tab=tab,
    )


class Told:
    """What a refusal told, as it would travel."""

    text = ""


@contextmanager
def refused(reason: str, *fields: str, kind: str = "", name: str = "", text: str = "") -> Iterator[Told]:
    """The block raises this reason, naming exactly these fields, or the resource, with `text` in its message."""
    told = Told()
    with pytest.raises(TrunklineError) as caught:
        yield told
    told.text = str(caught.value.status())
    assert caught.value.reason_name == reason
    assert text in caught.value.message
    details: dict[type[Message], Message] = {type(detail): detail for detail in caught.value.details}
    if fields:
        bad = details[BadRequest]
        assert isinstance(bad, BadRequest)
        assert [violation.field for violation in bad.field_violations] == list(fields)
    if kind:
        info = details[ResourceInfo]
        assert isinstance(info, ResourceInfo)
        assert (info.resource_type, info.resource_name) == (kind, name)


class MemoryDirectory:
    """One tenant's view, and which tenants were told to be forgotten."""

    def __init__(self) -> None:
        self.view = TenantView(Tenant(tenant_id=TENANT), {}, {}, ())
        self.forgotten: list[str] = []

    async def caller(self, token: str) -> Caller:
        raise NotImplementedError

    async def tenant(self, tenant_id: str) -> TenantView:
        return self.view

    async def changed(self, tenant_id: str) -> None:
        self.forgotten.append(tenant_id)


class MemoryIntegrations:
    """Rows by id, their versions, secrets and checks. An etag counts the changes."""

    def __init__(self) -> None:
        self.rows: dict[str, Integration] = {}
        self.kept: dict[str, list[IntegrationVersion]] = {}
        self.secrets: dict[str, str] = {}
        self.checks: list[HealthCheck] = []
        self.actors: list[Actor] = []
        self.writes: list[Integration] = []

    def _write(self, actor: Actor, integration: Integration, etag: str) -> Integration:
        self.writes.append(integration)
        row = self.rows[integration.integration_id] = Integration()
        row.CopyFrom(integration)
        row.etag = etag
        self.actors.append(actor)
        return self._copy(row)

    def _copy(self, row: Integration) -> Integration:
        copy = Integration()
        copy.CopyFrom(row)
        if self.secrets.get(row.integration_id):
            copy.configuration.authentication.secret_set = True
        return copy

    async def create(self, actor: Actor, integration: Integration, secret: str) -> Integration:
        if integration.integration_id in self.rows:
            raise already_exists("integration", integration.integration_id)
        self.secrets[integration.integration_id] = secret
        stored = self._write(actor, integration, "1")
        stored.version = self.rows[integration.integration_id].version = 1
        self._keep(stored, "create", ())
        return stored

    async def get(self, tenant_id: str, integration_id: str) -> Integration:
        if integration_id not in self.rows:
            raise not_found("integration", integration_id)
        return self._copy(self.rows[integration_id])

    async def list(
        self, tenant_id: str, page_size: int, page_token: str, type: IntegrationType.ValueType
    ) -> tuple[Sequence[Integration], str]:
        return [self._copy(row) for row in self.rows.values() if type in (0, row.type)][:page_size], ""

    async def update(
        self, actor: Actor, integration: Integration, secret: str | None, action: str = "update"
    ) -> Integration:
        current = await self.get(actor.tenant_id, integration.integration_id)
        if integration.etag and integration.etag != current.etag:
            raise TrunklineError(Reason.ERROR_REASON_ETAG_MISMATCH, "changed meanwhile")
        if secret is not None:
            self.secrets[integration.integration_id] = secret
        paths = changed_paths(current, integration)
        stored = self._write(actor, integration, str(int(current.etag) + 1))
        if paths or action == "rollback":
            stored.version = self.rows[integration.integration_id].version = current.version + 1
            self._keep(stored, action, paths)
        return stored

    def _keep(self, stored: Integration, action: str, paths: Sequence[str]) -> None:
        version = IntegrationVersion(version=stored.version, action=action, changed_paths=paths)
        version.integration.CopyFrom(stored)
        self.kept.setdefault(stored.integration_id, []).append(version)

    async def versions(
        self, tenant_id: str, integration_id: str, page_size: int, page_token: str
    ) -> tuple[Sequence[IntegrationVersion], str]:
        return self.kept[integration_id][::-1][:page_size], ""

    async def version(self, tenant_id: str, integration_id: str, version: int) -> IntegrationVersion:
        for one in self.kept[integration_id]:
            if one.version == version:
                return one
        raise not_found("integration version", f"{integration_id}/{version}")

    async def delete(self, actor: Actor, integration_id: str, etag: str) -> None:
        del self.rows[(await self.get(actor.tenant_id, integration_id)).integration_id]
        self.actors.append(actor)

    async def secret(self, tenant_id: str, integration_id: str) -> str:
        return self.secrets.get(integration_id, "")

    async def record_check(self, tenant_id: str, integration_id: str, check: HealthCheck) -> bool:
        self.checks.append(check)
        before = self.rows[integration_id]
        flipped = check.healthy != (not before.HasField("last_check") or before.last_check.healthy)
        before.last_check.CopyFrom(check)
        return flipped


class CheckedApi(ToolConnector):
    """HTTP APIs in memory: `problems` are what validation finds, `check_answer` what a live check finds. What was
    called is kept."""

    def __init__(self) -> None:
        self.problems: list[tuple[str, str]] = []
        self.check_answer = HealthCheck(healthy=True, detail="answered with HTTP 200", http_status=200)
        self.checked: list[tuple[Integration, str, Deadline]] = []
        # What a system tells of its tools, and who asked with what.
        self.discovery: Callable[[Integration], None] | None = None
        self.discovered: list[tuple[str, str]] = []
        self.bad_secrets: dict[str, str] = {}
        self.executed: list[ToolCall] = []
        self.deadlines: list[Deadline] = []
        self.outcome: ToolAnswer | TrunklineError = ToolAnswer(200, "application/json", json=b'{"ok":true}')
        # What the first calls answer instead.
        self.failures: list[TrunklineError] = []

    def tools(self, integration: Integration) -> Mapping[str, Tool]:
        configuration = integration.configuration
        timeout = configuration.timeout.ToSeconds() or (12 if configuration.api.template == "hub" else 30)
        return {one.name: self._tool(integration, one, timeout) for one in configuration.api.tools}

    def _tool(self, integration: Integration, one: ApiTool, timeout: int) -> Tool:
        reads = one.method == "GET"
        tool = Tool(
            name=one.name,
            integration_id=integration.integration_id,
            description=one.description,
            has_side_effects=not reads,
            repeatable=reads,
            cache_class=one.cache_class,
            cost_nano_usd=one.cost_nano_usd,
            approval_required=one.approval_required,
            paginated=one.HasField("pagination"),
        )
        tool.timeout.FromSeconds(timeout)
        if one.HasField("cache_ttl"):
            tool.cache_ttl.CopyFrom(one.cache_ttl)
        return tool

    async def preview(self, call: ToolCall) -> ToolPreview:
        return ToolPreview(method="GET", url="https://hub.example")

    def validate_secret(self, integration: Integration, secret: str) -> Sequence[tuple[str, str]]:
        why = self.bad_secrets.get(secret)
        return [("configuration.authentication.secret", why)] if why else []

    async def rates(self, integration: Integration, secret: str) -> Sequence[RateUse]:
        return []

    async def discover(self, integration: Integration, secret: str, deadline: Deadline) -> None:
        self.discovered.append((integration.integration_id, secret))
        if self.discovery is not None:
            self.discovery(integration)

    async def pages(self, call: ToolCall, deadline: Deadline) -> AsyncGenerator[ToolAnswer, None]:
        yield await self.execute(call, deadline)

    async def execute(self, call: ToolCall, deadline: Deadline) -> ToolAnswer:
        self.executed.append(call)
        self.deadlines.append(deadline)
        if self.failures:
            raise self.failures.pop(0)
        if isinstance(self.outcome, TrunklineError):
            raise self.outcome
        return self.outcome

    async def check(
        self, integration: Integration, secret: str, deadline: Deadline, tenant_id: str = ""
    ) -> HealthCheck:
        self.checked.append((integration, secret, deadline))
        return self.check_answer

    def validate(self, integration: Integration) -> Sequence[tuple[str, str]]:
        return self.problems

    def connectors(self) -> Sequence[Connector]:
        hub = Connector(name="hub", type=API, default_endpoint="https://hub.example")
        hub.timeout.FromSeconds(12)
        return [hub]


class MemoryApprovals:
    """Approvals in memory, and what was done to them."""

    def __init__(self) -> None:
        self.approvals: dict[str, Approval] = {}
        self.used: dict[str, str] = {}
        self.done: list[str] = []

    async def add(self, actor: Actor, approval: Approval) -> datetime:
        self.approvals[approval.approval_id] = approval
        self.done.append("add")
        return datetime.fromtimestamp(1_795_000_000 + approval.ttl, UTC)

    async def use(self, actor: Actor, claim: Claim) -> str:
        problem = await self.look(actor.tenant_id, claim)
        if not problem:
            self.used[claim.approval_id] = claim.hold_id
            self.done.append("use")
        return problem

    async def look(self, tenant_id: str, claim: Claim) -> str:
        found = self.approvals.get(claim.approval_id)
        if found is None:
            return "missing"
        if found.digest != claim.digest:
            return "other_call"
        if found.lineage == claim.lineage:
            return "own"
        return "used" if claim.approval_id in self.used else ""

    async def give_back(self, actor: Actor, claim: Claim) -> None:
        if self.used.get(claim.approval_id) == claim.hold_id:
            del self.used[claim.approval_id]
            self.done.append("give_back")


class Tools:
    """What serves tools, over a directory and an API in memory."""

    def __init__(
        self,
        directory: MemoryDirectory,
        api: ToolConnector,
        results: ResultStore | None = None,
        max_bytes: int = 4 << 20,
        kind: str = "api",
    ) -> None:
        self.settlements, self.approvals = Settlements(), MemoryApprovals()
        start = self.settlements.start
        catalogue = ToolCatalogue(directory, Connectors({kind: api}))
        approvals = Approvals(self.approvals, catalogue, start)
        self.cache = ToolCache(results, start)
        self.execution = ToolExecution(catalogue, approvals, self.cache, Resilience())

        async def execute(call: Call, request: ExecuteToolRequest, number: int) -> Message:
            inner = replace(call, request_id=f"{call.request_id}.{number}", hold_id=f"{call.hold_id}.{number}")
            return await self.execution.run(inner, request)

        self.service = ToolService(catalogue, self.execution, approvals, ToolBatches(execute, max_bytes))


def disabled(integration: Integration) -> Integration:
    """The integration, switched off."""
    integration.status = IntegrationStatus.INTEGRATION_STATUS_DISABLED
    return integration


def secrets_of(targets: Sequence[Target]) -> list[str]:
    """What each target was called with."""
    return [target.secret for target in targets]
