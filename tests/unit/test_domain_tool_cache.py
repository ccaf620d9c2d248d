"""Kept results: what a key names, who waits for whom, and what is never kept."""

from __future__ import annotations

import asyncio

import pytest
from google.protobuf.duration_pb2 import Duration
from trunkline.v1.access_pb2 import Tenant
from trunkline.v1.api_pb2 import ApiConfiguration, ApiTool, CacheClass
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.configuration_pb2 import Configuration
from trunkline.v1.integration_health_pb2 import ResultDrift
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.tool_pb2 import ExecuteToolRequest, ExecuteToolResponse, Tool, ToolCacheMode
from trunkline_server.domain.call import Call
from trunkline_server.domain.connectors import ToolAnswer, ToolCall
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError, store_unavailable
from trunkline_server.domain.ports import TenantView
from trunkline_server.domain.tab import Settlements, Tab
from trunkline_server.domain.tools import cache as cache_module
from trunkline_server.domain.tools.cache import CLASS_SECONDS, KEYED, UNKEYED, key_of, ttl_of
from unit.domain_parts import FakeAdmission
from unit.service_parts import API, TENANT, CheckedApi, MemoryDirectory, Tools, a_call, refused


class MemoryResults:
    """What all workers share."""

    def __init__(self) -> None:
        self.kept: dict[bytes, tuple[bytes, float]] = {}
        self.away = False
        self.gets = 0

    async def get(self, tenant_id: str, key: bytes) -> tuple[bytes, float] | None:
        self.gets += 1
        if self.away:
            raise store_unavailable("redis")
        return self.kept.get(key)

    async def put(self, tenant_id: str, key: bytes, result: bytes, ttl: float) -> None:
        if self.away:
            raise store_unavailable("redis")
        self.kept[key] = result, ttl


class Slow(CheckedApi):
    """Answers when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()

    async def execute(self, call: ToolCall, deadline: Deadline) -> ToolAnswer:
        self.executed.append(call)
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        assert isinstance(self.outcome, ToolAnswer)
        return self.outcome


class Scene:
    """A worker; `of` another one that shares its store."""

    def __init__(self, results: MemoryResults | None = None, etag: str = "1") -> None:
        self.api, self.results, self.admission = Slow(), results or MemoryResults(), FakeAdmission()
        minute = Duration(seconds=60)
        tools = [
            ApiTool(name="kept", method="GET", path="/", cache_ttl=minute, cost_nano_usd=7),
            ApiTool(name="user", method="GET", path="/", cache_class=CacheClass.CACHE_CLASS_USER),
            ApiTool(name="change", method="POST", path="/", cache_ttl=minute),
        ]
        hub = Integration(
            integration_id="hub", type=API, etag=etag, configuration=Configuration(api=ApiConfiguration(tools=tools))
        )
        directory = MemoryDirectory()
        directory.view = TenantView(Tenant(tenant_id=TENANT), {"hub": hub}, {}, ())
        self.tools = Tools(directory, self.api, self.results)
        self.calls = 0

    def call(self, user: str = "", seconds: float = 30.0) -> Call:
        self.calls += 1
        call = a_call(seconds=seconds, tab=Tab(self.admission, Settlements()))
        call.hold_id, call.context.user_id = f"h-{self.calls}", user
        return call

    async def run(
        self, tool: str = "kept", user: str = "", seconds: float = 30.0, **fields: object
    ) -> ExecuteToolResponse:
        request = ExecuteToolRequest(integration_id="hub", tool_name=tool, **fields)  # type: ignore[arg-type]
        return await self.tools.execution.run(self.call(user, seconds), request)

    async def settled(self) -> None:
        await self.tools.settlements.drain(5)


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_no_field_of_a_request_is_forgotten() -> None:
    fields = {field.name for field in ExecuteToolRequest.DESCRIPTOR.fields}
    assert fields == KEYED | UNKEYED and not KEYED & UNKEYED


def test_how_long_a_result_serves() -> None:
    kind = CacheClass
    ann, nobody = CallContext(user_id="u"), CallContext()
    assert [ttl_of(Tool(cache_class=one), ann) for one in (0, 1, 2, 3)] == [0, 300, 3600, 86_400]
    assert set(CLASS_SECONDS) == set(kind.values()) - {0}
    assert ttl_of(Tool(cache_class=kind.CACHE_CLASS_USER), nobody) == 0
    assert ttl_of(Tool(cache_class=kind.CACHE_CLASS_SEARCH, cache_ttl=Duration(seconds=5)), nobody) == 5
    assert ttl_of(Tool(cache_class=kind.CACHE_CLASS_STATIC, has_side_effects=True), ann) == 0


async def test_a_key_names_all_that_a_result_depends_on() -> None:
    async def key(tool: str = "kept", etag: str = "1", user: str = "u", parameters: bytes = b'{"a":1,"b":2}') -> bytes:
        scene = Scene(etag=etag)
        request = ExecuteToolRequest(integration_id="hub", tool_name=tool, parameters_json=parameters)
        return key_of(await scene.tools.execution.begin(scene.call(user), request))

    same = await key()
    assert await key(parameters=b'{ "b": 2, "a": 1 }') == same == await key(user="v")
    others = [await key(tool="user"), await key(etag="2"), await key(parameters=b'{"a":1,"b":3}')]
    assert len({same, *others}) == 4
    assert await key("user", user="v") != others[0]


async def test_equal_calls_wait_for_one_and_are_free() -> None:
    scene = Scene()
    calls = [asyncio.create_task(scene.run()) for _ in range(20)]
    await turns()
    assert (len(scene.api.executed), scene.results.gets) == (1, 1)
    scene.api.gate.set()
    answers = await asyncio.gather(*calls)
    assert len(scene.api.executed) == 1
    assert sum(one.cached for one in answers) == 19
    await scene.settled()
    assert scene.admission.spent == 7 and scene.admission.held == {}
    hits = [one for one in scene.admission.records if one is not None and one.cache_hit]
    assert len(hits) == 19 and not any(one.cost_details.nano_usd for one in hits)
    assert [ask.amount for ask in scene.admission.asks].count(0) == 19


async def test_a_leader_that_fails_hands_over() -> None:
    scene = Scene()
    scene.api.failures = [TrunklineError(Reason.ERROR_REASON_UPSTREAM_REJECTED, "no")]
    calls = [asyncio.create_task(scene.run()) for _ in range(3)]
    await turns()
    scene.api.gate.set()
    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert [isinstance(one, TrunklineError) for one in ends] == [True, False, False]
    assert len(scene.api.executed) == 2


async def test_a_leader_that_leaves_hands_over() -> None:
    scene = Scene()
    leader, follower = (asyncio.create_task(scene.run()) for _ in range(2))
    await turns()
    leader.cancel()
    await turns()
    first, second = scene.api.executed
    assert first.timeout == 30 and second.timeout < 30, "it has waited already"
    scene.api.gate.set()
    assert not (await follower).cached
    assert scene.tools.cache.flights == {}


async def test_a_follower_keeps_its_own_deadline() -> None:
    scene = Scene()
    leader = asyncio.create_task(scene.run())
    await turns()
    with refused("CALLER_DEADLINE"):
        await scene.run(seconds=0.02)
    with refused("UPSTREAM_TIMEOUT"):
        await scene.run(timeout=Duration(nanos=20_000_000))
    scene.api.gate.set()
    assert not (await leader).cached


@pytest.mark.parametrize("what", ["drift", "large"])
async def test_what_cannot_be_shared_is_asked_for_by_each(what: str) -> None:
    scene = Scene()
    drifts = [ResultDrift(tool_name="kept", path="result_json.a")] if what == "drift" else []
    body = b'"' + bytes(b"x" * (1 << 20)) + b'"' if what == "large" else b"1"
    scene.api.outcome = ToolAnswer(200, "application/json", json=body, drifts=drifts, warnings=("broken",) * 2)
    calls = [asyncio.create_task(scene.run()) for _ in range(4)]
    await turns()
    scene.api.gate.set()
    answers = await asyncio.gather(*calls)
    assert len(scene.api.executed) == 4 and not any(one.cached for one in answers)
    assert list(answers[0].warnings) == ["broken"]
    await scene.settled()
    assert scene.results.kept == {}
    if what == "drift":
        record = next(one for one in scene.admission.records if one is not None)
        assert [one.path for one in record.drifts] == ["result_json.a"]


async def test_another_worker_finds_it_with_its_age() -> None:
    first = Scene()
    first.api.gate.set()
    await first.run()
    await first.settled()
    ((key, (result, ttl)),) = first.results.kept.items()
    assert ttl == 60
    first.results.kept[key] = result, 20.0
    second = Scene(first.results)
    answer = await second.run()
    assert answer.cached and second.api.executed == []
    assert answer.cache_age.ToSeconds() == 40
    assert (await Scene(first.results).run(validate_only=True)).preview.cached
    # The second time it is in the worker itself.
    await second.run()
    assert second.results.gets == 3
    later = Scene(first.results, etag="2")
    later.api.gate.set()
    assert not (await later.run()).cached


async def test_without_the_store_calls_are_made() -> None:
    scene = Scene()
    scene.results.away = True
    scene.api.gate.set()
    assert not (await scene.run()).cached
    await scene.settled()
    assert (await scene.run()).cached, "this worker keeps it"


async def test_modes_users_and_changes() -> None:
    scene = Scene()
    scene.api.gate.set()
    refresh, bypass = ToolCacheMode.TOOL_CACHE_MODE_REFRESH, ToolCacheMode.TOOL_CACHE_MODE_BYPASS
    assert not (await scene.run(cache=bypass)).cached
    assert not (await scene.run(cache=refresh)).cached
    assert (await scene.run()).cached
    assert not (await scene.run(validate_only=True, cache=refresh)).preview.cached
    assert [(await scene.run("user")).cached for _ in range(2)] == [False, False]
    assert [(await scene.run("user", "ann")).cached for _ in range(2)] == [False, True]
    assert [(await scene.run("change")).cached for _ in range(2)] == [False, False]
    assert not (await scene.run("change", validate_only=True)).preview.cached


async def test_a_worker_keeps_so_much_and_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "_MOST_ENTRIES", 2)
    scene = Scene()
    scene.api.gate.set()
    for at in range(3):
        await scene.run(parameters_json=b'{"a": %d}' % at)
    await scene.settled()
    scene.results.kept.clear()
    assert [(await scene.run(parameters_json=b'{"a": %d}' % at)).cached for at in (2, 1, 0)] == [True, True, False]
    now = scene.tools.cache._clock()
    scene.tools.cache._clock = lambda: now + 31
    await scene.settled()
    scene.results.kept.clear()
    assert not (await scene.run(parameters_json=b'{"a": 1}')).cached
