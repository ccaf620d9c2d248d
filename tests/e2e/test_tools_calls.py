"""Calls of tools through a whole server: who may make them, what they cost, and what is kept of each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import grpc
import orjson
import pytest
import pytest_asyncio
from e2e.calls import fields_of, refusal
from e2e.tool_scene import PRICE, Hub, asking, hub
from google.type.money_pb2 import Money
from harness import holds
from trunkline.v1 import access_pb2_grpc, budget_pb2_grpc
from trunkline.v1.access_pb2 import RotateApiKeyRequest
from trunkline.v1.budget_pb2 import (
    Budget,
    BudgetPeriod,
    BudgetScope,
    CreateBudgetRequest,
    GetBudgetStatusRequest,
)
from trunkline.v1.event_pb2 import Event
from trunkline.v1.tool_pb2 import GetToolRequest, ListToolsRequest
from trunkline_server.stores.postgres import PgAudit, open_database

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hub]:
    async with hub(tmp_path_factory.mktemp("tools")) as opened:
        yield opened


async def test_a_key_sees_and_executes_its_own_tools_only(scene: Hub) -> None:
    _, key = await scene.key("agent", tools=["hub/re*", "hub/paid"])
    metadata = scene.running.metadata(key)
    listed = await scene.tools.ListTools(ListToolsRequest(), metadata=metadata)
    assert [tool.name for tool in listed.tools] == ["paid", "read"]
    found = await scene.tools.ListTools(ListToolsRequest(query="reads MONEY"), metadata=metadata)
    assert [tool.name for tool in found.tools] == ["paid"]
    hidden = GetToolRequest(integration_id="hub", tool_name="change")
    code, info, _ = await refusal(scene.tools.GetTool(hidden, metadata=metadata))
    assert (code, info.reason) == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
    assert (await scene.run("read", key=key)).http_status == 200
    before = len(scene.upstream.seen)
    code, info, _ = await refusal(scene.run("change", key=key))
    assert (code, info.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING")
    assert info.metadata["tool"] == "hub/change"
    assert len(scene.upstream.seen) == before


async def test_no_key_allows_more_than_it_may_itself(scene: Hub) -> None:
    access = access_pb2_grpc.AccessServiceStub(scene.channel)
    own_id, own = await scene.key("admin", tools=["hub/re*"])
    code, info, _ = await refusal(scene.key("agent", tools=["hub/*"], of=own))
    assert (code, info.metadata["tool"]) == (grpc.StatusCode.PERMISSION_DENIED, "hub/*")
    _, heir = await scene.key("agent", of=own)
    code, info, _ = await refusal(scene.run("paid", key=heir))
    assert info.reason == "PERMISSION_MISSING"
    free_id, _ = await scene.key("agent")
    rotate = RotateApiKeyRequest(key_id=free_id)
    code, info, _ = await refusal(access.RotateApiKey(rotate, metadata=scene.running.metadata(own)))
    assert info.reason == "PERMISSION_MISSING"
    made = await access.RotateApiKey(RotateApiKeyRequest(key_id=own_id), metadata=scene.metadata)
    assert list(made.key.allowed_tools) == ["hub/re*"]


async def test_parameters_are_refused_by_path(scene: Hub) -> None:
    before = len(scene.upstream.seen)
    code, info, status = await refusal(scene.run("read", parameters={"n": "one"}))
    assert (code, info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PARAMETERS")
    assert fields_of(status) == {"parameters_json.n"}
    assert len(scene.upstream.seen) == before


async def test_a_budget_is_exact_under_concurrent_paid_calls(scene: Hub) -> None:
    """Room for 60 calls of 200: exactly 60 are made and charged, and no hold is left."""
    budgets = budget_pb2_grpc.BudgetServiceStub(scene.channel)
    budget = Budget(
        budget_id="spender",
        scope=BudgetScope.BUDGET_SCOPE_AGENT,
        subject="spender",
        period=BudgetPeriod.BUDGET_PERIOD_DAY,
        limit=Money(currency_code="USD", nanos=60 * PRICE),
    )
    await budgets.CreateBudget(CreateBudgetRequest(budget=budget), metadata=scene.metadata)
    before = scene.calls("/paid")
    ends = await asyncio.gather(*(scene.run("paid", agent="spender") for _ in range(200)), return_exceptions=True)
    good = [one for one in ends if not isinstance(one, BaseException)]
    assert {one.cost.nanos for one in good} == {PRICE}
    refused = [one for one in ends if isinstance(one, grpc.aio.AioRpcError)]
    assert {one.code() for one in refused} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert (len(good), len(refused)) == (60, 140)
    assert scene.calls("/paid") - before == 60
    # Settlements travel beside their answers.
    async with asyncio.timeout(10):
        while await holds(scene.running):
            await asyncio.sleep(0.02)
    status = await budgets.GetBudgetStatus(GetBudgetStatusRequest(budget_id="spender"), metadata=scene.metadata)
    assert (status.spent.nanos, status.held.nanos) == (60 * PRICE, 0)
    sql = "SELECT nano_usd FROM trunkline.ledger WHERE agent_id = 'spender'"
    rows = await scene.rows(sql, least=60)
    assert [row["nano_usd"] for row in rows] == [PRICE] * 60


async def test_a_refused_call_costs_nothing(scene: Hub) -> None:
    code, info, _ = await refusal(scene.run("paid", parameters={"fail": 1}, request_id="refused-1"))
    assert info.reason == "UPSTREAM_REJECTED"
    record = await scene.running.recorded("refused-1")
    assert record is not None
    assert (record.error_reason, record.cost_details.nano_usd, record.tool_name) == ("UPSTREAM_REJECTED", 0, "paid")


async def test_an_open_end_is_charged(scene: Hub) -> None:
    """The upstream got the call and its answer never came: it may have done the work."""

    async def hang(request: object) -> object:
        await asyncio.sleep(60)
        raise AssertionError

    kept, scene.upstream.answer = scene.upstream.answer, hang  # type: ignore[assignment]
    try:
        request = asking("change", request_id="open-1")
        request.timeout.FromMilliseconds(300)
        code, info, _ = await refusal(scene.tools.ExecuteTool(request, metadata=scene.metadata, timeout=20))
    finally:
        scene.upstream.answer = kept
    assert info.reason == "UPSTREAM_TIMEOUT"
    record = await scene.running.recorded("open-1")
    assert record is not None and record.cost_details.nano_usd == PRICE


async def test_two_hundred_equal_calls_are_one_execution(scene: Hub) -> None:
    before = scene.calls("/change")
    calls = [scene.run("change", request_id="same-1", parameters={"a": 1}) for _ in range(200)]
    answers = await asyncio.gather(*calls)
    assert scene.calls("/change") - before == 1
    assert len({one.result_json for one in answers}) == 1
    assert len(await scene.rows("SELECT 1 FROM trunkline.ledger WHERE request_id = 'same-1'")) == 1
    code, info, _ = await refusal(scene.run("change", request_id="same-1", parameters={"a": 2}))
    assert info.reason == "IDEMPOTENCY_KEY_REUSED"


async def test_every_call_leaves_a_record_an_event_and_an_audit_row(scene: Hub) -> None:
    key_id, key = await scene.key("agent")
    good = await scene.run("paid", key=key, request_id="traced-1", parameters={"secret": "hunter2"})
    await refusal(scene.run("paid", key=key, request_id="traced-2", parameters={"fail": 1, "secret": "hunter2"}))
    assert orjson.loads(good.result_json)["path"] == "/paid"
    assert [attempt.http_status for attempt in good.attempts] == [200]
    record = await scene.running.recorded("traced-1")
    assert record is not None
    assert (record.tool_name, record.cost_details.nano_usd, record.key_id) == ("paid", PRICE, key_id)
    sql = "SELECT * FROM trunkline.audit_log WHERE action = 'tool.execute' AND actor_key_id = $1 ORDER BY sequence"
    rows = await scene.rows(sql, key_id, least=2)
    assert [json.loads(row["detail"]) for row in rows] == [
        {"request_id": "traced-1", "outcome": "OK"},
        {"request_id": "traced-2", "outcome": "UPSTREAM_REJECTED"},
    ]
    assert {(row["resource_type"], row["resource_id"]) for row in rows} == {("tool", "hub/paid")}
    assert "hunter2" not in str([dict(row) for row in rows])
    events = await scene.rows("SELECT payload FROM trunkline.outbox WHERE type = 'integration.request_completed'")
    told = [Event.FromString(row["payload"]).integration_request_completed for row in events]
    mine = {one.request_id: one for one in told if one.request_id.startswith("traced-")}
    assert (mine["traced-1"].cost.nanos, mine["traced-1"].success, mine["traced-1"].tool_name) == (PRICE, True, "paid")
    assert (mine["traced-2"].cost.nanos, mine["traced-2"].success) == (0, False)
    assert mine["traced-1"].execution_time.ToMicroseconds() > 0
    async with open_database(scene.running.postgres_dsn) as database:
        assert (await PgAudit(database).verify("acme")).intact
