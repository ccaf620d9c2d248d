"""What a call of a tool costs by how it ended, when an approval is given back, and what an upstream is told."""

from __future__ import annotations

import asyncio

import pytest
from trunkline.v1.access_pb2 import Tenant
from trunkline.v1.api_pb2 import ApiConfiguration, ApiTool
from trunkline.v1.budget_pb2 import Budget, BudgetScope
from trunkline.v1.configuration_pb2 import Configuration
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.tool_pb2 import ApproveToolCallRequest, ExecuteToolRequest, ExecuteToolResponse, ListToolsRequest
from trunkline_server.domain.call import Call, Caller
from trunkline_server.domain.connectors import ToolAnswer, ToolCall
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.ports import TenantView
from trunkline_server.domain.tab import Settlements, Tab
from trunkline_server.domain.tools.permission import ToolScope
from trunkline_server.domain.tools.run import Fate, fate_of
from unit.domain_parts import FakeAdmission
from unit.service_parts import API, TENANT, CheckedApi, MemoryDirectory, Tools, a_call, refused

PRICE = 7


class Hanging(CheckedApi):
    """Never answers."""

    async def execute(self, call: ToolCall, deadline: Deadline) -> ToolAnswer:
        self.executed.append(call)
        await asyncio.sleep(60)
        raise AssertionError


class Scene:
    """A hub with a paid tool and one that needs an approval."""

    def __init__(self, api: CheckedApi | None = None) -> None:
        self.api, self.admission = api or CheckedApi(), FakeAdmission()
        tools = [
            ApiTool(name="paid", description="Costs money.", method="POST", path="/", cost_nano_usd=PRICE),
            ApiTool(name="asks", method="POST", path="/", approval_required=True, cost_nano_usd=PRICE),
            ApiTool(name="free", method="GET", path="/"),
        ]
        hub = Integration(
            integration_id="hub", type=API, configuration=Configuration(api=ApiConfiguration(tools=tools))
        )
        budget = Budget(budget_id="all", scope=BudgetScope.BUDGET_SCOPE_TENANT, period=1)
        budget.limit.units = 1
        directory = MemoryDirectory()
        directory.view = TenantView(Tenant(tenant_id=TENANT), {"hub": hub}, {}, (budget,))
        self.tools = Tools(directory, self.api)

    def call(self, key: str = "key-1", scope: ToolScope | None = None, request_id: str = "r-1") -> Call:
        call = a_call(tab=Tab(self.admission, Settlements()))
        call.caller = Caller(TENANT, key, frozenset({"*"}), lineage=key, tools=scope or ToolScope())
        call.request_id = request_id
        return call

    async def run(self, tool: str = "paid", call: Call | None = None, **fields: str) -> ExecuteToolResponse:
        """A call, and its end as the budget interceptor makes it."""
        call = call or self.call()
        assert call.tab is not None
        try:
            return await self.tools.execution.run(
                call,
                ExecuteToolRequest(integration_id="hub", tool_name=tool, **fields),  # type: ignore[arg-type]
            )
        except TrunklineError as error:
            await call.tab.close(error.code, error.reason_name)
            raise
        except asyncio.CancelledError:
            await call.tab.close(1, "CALLER_CANCELLED")
            raise

    async def approve(self, key: str = "key-2") -> str:
        request = ApproveToolCallRequest(integration_id="hub", tool_name="asks")
        return (await self.tools.service.approve_tool_call(self.call(key), request)).approval_id


def an_error(name: str, **metadata: str) -> TrunklineError:
    return TrunklineError(Reason.Value(f"ERROR_REASON_{name}"), "it failed", metadata=metadata)


@pytest.mark.parametrize(
    ("error", "fate"),
    [
        (an_error("INVALID_PARAMETERS"), Fate.NOT_SENT),
        (an_error("ADDRESS_FORBIDDEN"), Fate.NOT_SENT),
        (an_error("STORE_UNAVAILABLE"), Fate.NOT_SENT),
        (an_error("INTEGRATION_UNAVAILABLE", sent="no"), Fate.NOT_SENT),
        (an_error("UPSTREAM_TIMEOUT", timeout="connect"), Fate.NOT_SENT),
        (an_error("UPSTREAM_RATE_LIMITED"), Fate.NOT_SENT),
        (an_error("UPSTREAM_AUTHENTICATION"), Fate.NOT_SENT),
        (an_error("UPSTREAM_RATE_LIMITED", http_status="429"), Fate.REFUSED),
        (an_error("UPSTREAM_REJECTED", http_status="404"), Fate.REFUSED),
        (an_error("INTEGRATION_UNAVAILABLE", http_status="500"), Fate.REFUSED),
        (an_error("INTEGRATION_UNAVAILABLE"), Fate.UNKNOWN),
        (an_error("UPSTREAM_TIMEOUT", timeout="total"), Fate.UNKNOWN),
        (an_error("UPSTREAM_TIMEOUT", http_status="504"), Fate.UNKNOWN),
        (an_error("UPSTREAM_MALFORMED", http_status="200"), Fate.UNKNOWN),
        (an_error("MESSAGE_TOO_LARGE", http_status="200"), Fate.UNKNOWN),
        (an_error("CALLER_DEADLINE"), Fate.UNKNOWN),
        (an_error("INTERNAL"), Fate.UNKNOWN),
    ],
    ids=lambda value: value.reason_name + str(value.metadata) if isinstance(value, TrunklineError) else value.name,
)
async def test_a_failed_call_costs_what_may_have_been_done(error: TrunklineError, fate: Fate) -> None:
    assert fate_of(error) is fate
    scene = Scene()
    scene.api.outcome = error
    with pytest.raises(TrunklineError):
        await scene.run()
    assert scene.admission.spent == (PRICE if fate is Fate.UNKNOWN else 0)
    assert scene.admission.held == {}


async def test_a_call_holds_and_pays_its_price_on_the_budgets_in_scope() -> None:
    scene = Scene()
    answer = await scene.run()
    assert (answer.cost.nanos, scene.admission.spent) == (PRICE, PRICE)
    (ask,) = scene.admission.asks
    assert (ask.amount, [budget.budget_id for budget in ask.budgets]) == (PRICE, ["all"])
    await scene.run("free")
    assert (scene.admission.asks[1].amount, scene.admission.asks[1].budgets) == (0, ())
    assert not (await scene.run("free")).HasField("cost")
    assert scene.admission.spent == PRICE


async def test_a_cancelled_call_is_charged_for_what_was_sent() -> None:
    scene = Scene(Hanging())
    task = asyncio.create_task(scene.run())
    while not scene.api.executed:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (scene.admission.spent, scene.admission.held) == (PRICE, {})


async def test_a_repeated_call_has_the_key_of_the_first() -> None:
    scene = Scene()
    for request_id in ("one", "one", "two"):
        await scene.run(call=scene.call(request_id=request_id))
    first, again, other = (call.key for call in scene.api.executed)
    assert first == again != other


async def test_nothing_is_told_of_a_tool_that_the_key_may_not_execute() -> None:
    scene = Scene()
    scope = ToolScope(("hub/free",))
    for tool in ("paid", "no-such"):
        with pytest.raises(TrunklineError) as caught:
            await scene.run(tool, scene.call(scope=scope))
        assert caught.value.metadata["tool"] == f"hub/{tool}"
    listed = await scene.tools.service.list_tools(scene.call(scope=scope), ListToolsRequest())
    assert [tool.name for tool in listed.tools] == ["free"]
    hidden = scene.call(scope=ToolScope(("other/*",)))
    with refused("NOT_FOUND"):
        await scene.tools.service.list_tools(hidden, ListToolsRequest(integration_id="hub"))
    found = await scene.tools.service.list_tools(scene.call(), ListToolsRequest(query="MONEY paid"))
    assert [tool.name for tool in found.tools] == ["paid"]


# ── Approvals ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_call_without_an_approval_reaches_nothing() -> None:
    scene = Scene()
    for approval in ("", "no-such", await scene.approve("key-1")):
        with pytest.raises(TrunklineError) as caught:
            await scene.run("asks", approval_id=approval)
        assert caught.value.reason_name == "APPROVAL_REQUIRED"
    assert (scene.admission.asks, scene.api.executed) == ([], [])


async def test_an_approval_is_used_up_by_the_call_that_was_sent() -> None:
    scene = Scene()
    approval = await scene.approve()
    assert not (await scene.run("asks", approval_id=approval, validate_only=True)).preview.approval_missing  # type: ignore[arg-type]
    scene.api.outcome = an_error("UPSTREAM_REJECTED", http_status="400")
    with refused("UPSTREAM_REJECTED"):
        await scene.run("asks", approval_id=approval)
    assert scene.tools.approvals.done == ["add", "use"]
    with refused("APPROVAL_REQUIRED", text="used already"):
        await scene.run("asks", approval_id=approval)


async def test_an_approval_is_given_back_when_nothing_was_sent() -> None:
    scene = Scene()
    approval = await scene.approve()
    scene.api.outcome = an_error("INTEGRATION_UNAVAILABLE", sent="no")
    with refused("INTEGRATION_UNAVAILABLE"):
        await scene.run("asks", approval_id=approval)
    scene.admission.limit = -1
    with refused("BUDGET_EXCEEDED"):
        await scene.run("asks", approval_id=approval)
    assert scene.tools.approvals.done == ["add", *("use", "give_back") * 2]
    scene.admission.limit, scene.api.outcome = 10**9, ToolAnswer(200, "application/json", json=b"1")
    await scene.run("asks", approval_id=approval)
    (record,) = [one for one in scene.admission.records if one is not None and not one.status_code]
    assert record.approval_id == approval


async def test_a_caller_that_leaves_before_anything_was_sent_gives_it_back() -> None:
    scene = Scene()
    approval = await scene.approve()
    scene.admission.admitting = asyncio.Event()
    task = asyncio.create_task(scene.run("asks", approval_id=approval))
    while not scene.admission.asks:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await scene.tools.settlements.drain(5)
    assert scene.tools.approvals.done == ["add", "use", "give_back"]
    sent = Scene(Hanging())
    approval = await sent.approve()
    task = asyncio.create_task(sent.run("asks", approval_id=approval))
    while not sent.api.executed:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await sent.tools.settlements.drain(5)
    assert sent.tools.approvals.done == ["add", "use"]


async def test_only_what_needs_an_approval_is_approved() -> None:
    scene = Scene()
    with refused("INVALID_REQUEST", "tool_name"):
        await scene.tools.service.approve_tool_call(
            scene.call("key-2"), ApproveToolCallRequest(integration_id="hub", tool_name="free")
        )
