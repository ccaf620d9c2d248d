"""Tools: what is listed, how a run is admitted, bounded and recorded."""

from __future__ import annotations

from dataclasses import replace

import pytest
from google.rpc.code_pb2 import Code
from trunkline.v1.access_pb2 import Tenant
from trunkline.v1.api_pb2 import ApiConfiguration, ApiTool
from trunkline.v1.common_pb2 import AttemptOutcome
from trunkline.v1.configuration_pb2 import Configuration
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.tool_pb2 import ExecuteToolRequest, GetToolRequest, ListToolsRequest
from trunkline_server.domain.connectors import ToolAnswer
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.ports import RateLimit, TenantView
from trunkline_server.domain.tab import Settlements, Tab
from unit.domain_parts import FakeAdmission
from unit.service_parts import API, LLM, TENANT, CheckedApi, MemoryDirectory, Tools, a_call, disabled, refused


def an_api(name: str, *tools: str, template: str = "") -> Integration:
    made = [ApiTool(name=tool, method="GET", path="/", description=f"{tool} it") for tool in tools]
    return Integration(
        integration_id=name,
        type=API,
        configuration=Configuration(
            endpoint="https://api.example", api=ApiConfiguration(tools=made, template=template)
        ),
    )


class Scene:
    """A tenant with integrations, and the service before them."""

    def __init__(self, *integrations: Integration) -> None:
        self.api, self.directory, self.admission = CheckedApi(), MemoryDirectory(), FakeAdmission()
        self.directory.view = TenantView(
            Tenant(tenant_id=TENANT),
            {one.integration_id: one for one in integrations},
            {one.integration_id: f"secret of {one.integration_id}" for one in integrations},
            (),
        )
        self.service = Tools(self.directory, self.api).service
        self.tab = Tab(self.admission, Settlements())
        self.call = a_call(tab=self.tab)


def run_of(integration_id: str = "hub-main", tool: str = "read", seconds: float = 0) -> ExecuteToolRequest:
    request = ExecuteToolRequest(integration_id=integration_id, tool_name=tool, parameters_json=b'{"n":1}')
    if seconds:
        request.timeout.FromMilliseconds(int(seconds * 1000))
    return request


async def test_tools_are_listed_by_integration_and_name_in_pages() -> None:
    scene = Scene(
        an_api("zeta", "b", "a"),
        an_api("alpha", "c"),
        disabled(an_api("off", "never")),
        Integration(integration_id="model", type=LLM),
    )
    first = await scene.service.list_tools(scene.call, ListToolsRequest(page_size=2))
    rest = await scene.service.list_tools(scene.call, ListToolsRequest(page_token=first.next_page_token))
    names = [(tool.integration_id, tool.name) for tool in (*first.tools, *rest.tools)]
    assert names == [("alpha", "c"), ("zeta", "a"), ("zeta", "b")]
    assert (len(first.tools), rest.next_page_token) == (2, "")
    one = await scene.service.list_tools(scene.call, ListToolsRequest(integration_id="zeta"))
    assert [tool.name for tool in one.tools] == ["a", "b"]
    with refused("NOT_FOUND", kind="integration", name="nobody"):
        await scene.service.list_tools(scene.call, ListToolsRequest(integration_id="nobody"))


async def test_a_tool_tells_its_timeout_and_effects() -> None:
    plain, hub = an_api("plain", "read"), an_api("hub-main", "read", template="hub")
    own = an_api("own", "write", template="hub")
    own.configuration.timeout.FromSeconds(7)
    own.configuration.api.tools[0].method = "POST"
    scene = Scene(plain, hub, own)
    listed = (await scene.service.list_tools(scene.call, ListToolsRequest())).tools
    assert {tool.integration_id: tool.timeout.seconds for tool in listed} == {"plain": 30, "hub-main": 12, "own": 7}
    assert {tool.integration_id: tool.has_side_effects for tool in listed} == {
        "plain": False,
        "hub-main": False,
        "own": True,
    }


@pytest.mark.parametrize(
    ("integration_id", "tool", "kind", "name"),
    [
        ("nobody", "read", "integration", "nobody"),
        ("hub-main", "nothing", "tool", "hub-main/nothing"),
        ("model", "read", "tool", "model/read"),
    ],
)
async def test_what_is_not_there_is_told_apart(integration_id: str, tool: str, kind: str, name: str) -> None:
    scene = Scene(an_api("hub-main", "read"), Integration(integration_id="model", type=LLM))
    with refused("NOT_FOUND", kind=kind, name=name):
        await scene.service.get_tool(scene.call, GetToolRequest(integration_id=integration_id, tool_name=tool))
    with refused("NOT_FOUND", kind=kind, name=name):
        await scene.service.execute_tool(scene.call, run_of(integration_id, tool))
    assert (scene.admission.asks, scene.api.executed) == ([], [])


async def test_a_run_is_admitted_answered_and_recorded() -> None:
    scene = Scene(an_api("hub-main", "read"))
    answer = await scene.service.execute_tool(scene.call, run_of())
    assert (answer.result_json, answer.http_status, answer.content_type) == (b'{"ok":true}', 200, "application/json")
    assert (answer.trace_id, answer.request_id) == (scene.call.trace_id, "r-1")
    assert answer.HasField("execution_time")
    assert not answer.HasField("cost")
    (ask,) = scene.admission.asks
    assert (ask.tenant_id, ask.hold_id, ask.amount, ask.budgets) == (TENANT, "h-1", 0, ())
    assert ask.rates == (RateLimit("key/key-1", 60),)
    (record,) = scene.admission.records
    assert record is not None
    assert (record.integration_id, record.tool_name, record.status_code) == ("hub-main", "read", Code.OK)
    assert (record.context.tenant_id, record.context.agent_id, record.key_id) == (TENANT, "agent-7", "key-1")
    assert (record.request_id, record.trace_id, record.method) == ("r-1", scene.call.trace_id, scene.call.method)
    assert record.create_time.seconds == int(scene.call.arrived_wall)
    assert scene.admission.held == {}
    (made,) = scene.api.executed
    assert (made.secret, made.tool.name, made.parameters) == ("secret of hub-main", "read", {"n": 1})


async def test_a_secret_that_cannot_be_had_fails_its_own_integration_only() -> None:
    scene = Scene(an_api("hub-main", "read"), an_api("other", "read"))
    scene.directory.view = replace(scene.directory.view, secrets={"other": "s"}, unresolved={"hub-main": "it is gone"})
    with pytest.raises(TrunklineError, match="it is gone") as caught:
        await scene.service.execute_tool(scene.call, run_of())
    assert caught.value.reason_name == "SECRET_UNAVAILABLE" and scene.api.executed == []
    shown = await scene.service.get_tool(scene.call, GetToolRequest(integration_id="hub-main", tool_name="read"))
    assert shown.tool.name == "read", "no secret is needed to see it"
    await scene.service.execute_tool(a_call(tab=Tab(scene.admission, Settlements())), run_of("other"))
    assert [call.secret for call in scene.api.executed] == ["s"]


async def test_bytes_stay_bytes() -> None:
    scene = Scene(an_api("hub-main", "read"))
    scene.api.outcome = ToolAnswer(200, "image/png", raw=b"\x89PNG")
    answer = await scene.service.execute_tool(scene.call, run_of())
    assert (answer.result_json, answer.result_bytes, answer.content_type) == (b"", b"\x89PNG", "image/png")


async def test_the_requests_timeout_stands_in_for_the_integrations() -> None:
    integration = an_api("hub-main", "read")
    integration.configuration.timeout.FromSeconds(7)
    scene = Scene(integration)
    await scene.service.execute_tool(scene.call, run_of())
    await scene.service.execute_tool(a_call(), run_of(seconds=90))
    own, asked = scene.api.executed
    assert (own.timeout, asked.timeout) == (7, 90)
    assert scene.api.deadlines[0] is scene.call.deadline


async def test_a_failed_run_is_left_to_the_budget_interceptor() -> None:
    scene = Scene(an_api("hub-main", "read"))
    scene.api.outcome = TrunklineError(Reason.ERROR_REASON_UPSTREAM_TIMEOUT, "too slow")
    with refused("UPSTREAM_TIMEOUT"):
        await scene.service.execute_tool(scene.call, run_of())
    assert list(scene.admission.held) == ["h-1"]
    await scene.tab.settle(Code.DEADLINE_EXCEEDED, "UPSTREAM_TIMEOUT")
    (record,) = scene.admission.records
    assert record is not None
    assert (record.tool_name, record.status_code) == ("read", Code.DEADLINE_EXCEEDED)
    assert record.error_reason == "UPSTREAM_TIMEOUT"
    assert scene.admission.held == {}


async def test_a_refused_call_reaches_nothing() -> None:
    scene = Scene(an_api("hub-main", "read"), disabled(an_api("off", "read")))
    with refused("INTEGRATION_UNAVAILABLE"):
        await scene.service.execute_tool(scene.call, run_of("off"))
    assert scene.admission.asks == []
    scene.admission.limit = -1
    with refused("BUDGET_EXCEEDED"):
        await scene.service.execute_tool(scene.call, run_of())
    assert scene.api.executed == []


async def test_a_run_that_fails_in_passing_is_tried_again_and_recorded() -> None:
    scene = Scene(an_api("hub-main", "read"))
    scene.api.failures = [TrunklineError(Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE, "down")]
    answer = await scene.service.execute_tool(scene.call, run_of(seconds=5))
    assert answer.http_status == 200
    first, second = scene.api.executed
    assert first.timeout == 5
    assert second.timeout < 5, "the timeout bounds all attempts together"
    assert first.key == second.key != "", "one call, one key"
    (record,) = scene.admission.records
    assert record is not None
    assert [(one.integration_id, one.outcome) for one in record.attempts] == [
        ("hub-main", AttemptOutcome.ATTEMPT_OUTCOME_FAILED),
        ("hub-main", AttemptOutcome.ATTEMPT_OUTCOME_SUCCEEDED),
    ]


async def test_the_breaker_of_an_integration_follows_its_configuration() -> None:
    broken = an_api("hub-main", "read")
    broken.configuration.circuit_breaker.failure_threshold = 1
    scene = Scene(broken, an_api("other", "read"))
    scene.api.outcome = TrunklineError(Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE, "down")
    with refused("INTEGRATION_UNAVAILABLE"):
        await scene.service.execute_tool(a_call(), run_of())
    called = len(scene.api.executed)
    scene.api.outcome = ToolAnswer(200, "application/json", json=b"1")
    with refused("INTEGRATION_UNAVAILABLE"):
        await scene.service.execute_tool(a_call(), run_of())
    assert len(scene.api.executed) == called, "it is left alone"
    await scene.service.execute_tool(a_call(), run_of("other"))
