"""Policies and task mappings through a whole server of two workers: kept, refused, and in force everywhere at once."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio
from e2e.calls import ask, fields_of, llm, refusal
from google.protobuf.field_mask_pb2 import FieldMask
from google.rpc.error_details_pb2 import PreconditionFailure
from harness import Stack, provider, stack
from trunkline.v1.access_pb2 import CreateApiKeyRequest
from trunkline.v1.access_pb2_grpc import AccessServiceStub
from trunkline.v1.budget_pb2 import DeleteBudgetRequest
from trunkline.v1.budget_pb2_grpc import BudgetServiceStub
from trunkline.v1.completion_pb2 import CompleteResponse
from trunkline.v1.policy_pb2 import (
    ComplexityTier,
    CreateRoutingPolicyRequest,
    DeleteRoutingPolicyRequest,
    DeleteTaskMappingRequest,
    GetRoutingPolicyRequest,
    ListRoutingChangesRequest,
    ListRoutingPoliciesRequest,
    ListTaskMappingsRequest,
    RoutingLink,
    RoutingMatch,
    RoutingPolicy,
    RoutingWeights,
    SetTaskMappingRequest,
    TaskMapping,
    UpdateRoutingPolicyRequest,
)
from trunkline.v1.policy_pb2_grpc import PolicyServiceStub
from trunkline.v1.requirements_pb2 import ModelRequirements
from trunkline.v1.route_pb2 import RoutingObjective
from upstream import MODEL, upstream

pytestmark = pytest.mark.asyncio(loop_scope="module")

COST, BALANCED, PRIORITY, WEIGHTED, COMPLEXITY = (
    RoutingObjective.Value(f"ROUTING_OBJECTIVE_{name}")
    for name in ("COST", "BALANCED", "PRIORITY", "WEIGHTED", "COMPLEXITY")
)
# Connections, each to one of the two workers: that all are to the same one happens once in 2**15 runs.
CONNECTIONS = 16
CHANGES = 100
# How old what a worker knows may be.
SECONDS = 1.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with upstream() as state:
        integration = provider("mock", state.url, [MODEL])
        base: Path = tmp_path_factory.mktemp("policies")
        async with stack(base, [integration], model=f"vllm/{MODEL}", workers=2, budget_usd=1_000_000) as opened:
            yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def channels(running: Stack) -> AsyncIterator[list[grpc.aio.Channel]]:
    async with AsyncExitStack() as closing:
        options = [("grpc.use_local_subchannel_pool", 1)]
        yield [
            await closing.enter_async_context(grpc.aio.insecure_channel(running.target, options=options))
            for _ in range(CONNECTIONS)
        ]


class Policies:
    """PolicyService as the admin calls it."""

    def __init__(self, running: Stack, channel: grpc.aio.Channel, key: str | None = None) -> None:
        self.stub = PolicyServiceStub(channel)
        self.options: dict[str, Any] = {"metadata": running.metadata(key), "timeout": 20}

    def create(self, policy: RoutingPolicy) -> Any:
        return self.stub.CreateRoutingPolicy(CreateRoutingPolicyRequest(policy=policy), **self.options)

    def update(self, policy: RoutingPolicy, *paths: str) -> Any:
        request = UpdateRoutingPolicyRequest(policy=policy, update_mask=FieldMask(paths=paths))
        return self.stub.UpdateRoutingPolicy(request, **self.options)

    def get(self, policy_id: str) -> Any:
        return self.stub.GetRoutingPolicy(GetRoutingPolicyRequest(policy_id=policy_id), **self.options)

    def delete(self, policy_id: str, etag: str = "") -> Any:
        return self.stub.DeleteRoutingPolicy(DeleteRoutingPolicyRequest(policy_id=policy_id, etag=etag), **self.options)

    def map(self, mapping: TaskMapping) -> Any:
        return self.stub.SetTaskMapping(SetTaskMappingRequest(mapping=mapping), **self.options)

    async def mappings(self) -> dict[str, TaskMapping]:
        answer = await self.stub.ListTaskMappings(ListTaskMappingsRequest(), **self.options)
        return {one.task: one for one in answer.mappings}

    async def revision(self) -> int:
        answer = await self.stub.ListRoutingChanges(ListRoutingChangesRequest(page_size=1), **self.options)
        return max((one.revision for one in answer.changes), default=0)


@pytest.fixture
def policies(running: Stack, channels: list[grpc.aio.Channel]) -> Policies:
    return Policies(running, channels[0])


async def complete(running: Stack, channel: grpc.aio.Channel) -> CompleteResponse:
    answer: CompleteResponse = await llm(channel).Complete(ask(running.model), metadata=running.metadata(), timeout=20)
    return answer


async def test_a_policy_from_its_making_to_its_end(policies: Policies) -> None:
    wanted = RoutingPolicy(
        policy_id="frugal",
        objective=PRIORITY,
        chain=[RoutingLink(model=MODEL), RoutingLink(model="openai/gpt-4o-mini")],
        match=RoutingMatch(tasks=["analysis"], labels={"env": "test"}),
        constraints=ModelRequirements(capabilities=["text"]),
        max_provider_share=0.5,
        version=7,
        etag="mine",
    )
    made = (await policies.create(wanted)).policy
    assert (made.version, made.chain, made.match) == (1, wanted.chain, wanted.match) and made.etag not in ("", "mine")
    assert (await policies.get("frugal")).policy == made

    change = RoutingPolicy(policy_id="frugal", order=5, etag=made.etag, description="not in the mask")
    changed = (await policies.update(change, "order", "max_provider_share")).policy
    assert (changed.version, changed.order, changed.description) == (2, 5, "")
    assert not changed.HasField("max_provider_share") and changed.chain == wanted.chain
    code, info, _ = await refusal(policies.update(change, "order"))
    assert (code, info.reason) == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
    listed = await policies.stub.ListRoutingPolicies(ListRoutingPoliciesRequest(), **policies.options)
    assert list(listed.policies) == [changed]

    code, info, _ = await refusal(policies.delete("frugal", made.etag))
    assert info.reason == "ETAG_MISMATCH"
    await policies.delete("frugal", changed.etag)
    for call in (policies.get("frugal"), policies.delete("frugal"), policies.update(change, "order")):
        code, info, _ = await refusal(call)
        assert (code, info.metadata["resource_name"]) == (grpc.StatusCode.NOT_FOUND, "frugal")
    found = await policies.stub.ListRoutingChanges(ListRoutingChangesRequest(page_size=3), **policies.options)
    assert [(one.action, one.policy.version, one.policy.order) for one in found.changes] == [
        ("delete", 2, 5),
        ("update", 2, 5),
        ("create", 1, 0),
    ]
    assert all(one.key_id and one.policy.policy_id == "frugal" for one in found.changes)
    # To go back: an earlier version again.
    again = (await policies.create(found.changes[2].policy)).policy
    assert (again.version, again.chain, again.max_provider_share) == (1, wanted.chain, 0.5)
    await policies.delete("frugal")


REFUSED: dict[str, tuple[RoutingPolicy, set[str]]] = {
    "id": (RoutingPolicy(objective=COST), {"policy.policy_id"}),
    "reserved": (RoutingPolicy(policy_id="cost", objective=COST), {"policy.policy_id"}),
    "chain": (RoutingPolicy(policy_id="p", objective=WEIGHTED), {"policy.chain"}),
    "model": (
        RoutingPolicy(policy_id="p", objective=PRIORITY, chain=[RoutingLink(model="gpt-9")]),
        {"policy.chain[0].model"},
    ),
    "policy": (
        RoutingPolicy(policy_id="p", objective=PRIORITY, chain=[RoutingLink(policy_id="none")]),
        {"policy.chain[0].policy_id"},
    ),
    "weight": (
        RoutingPolicy(policy_id="p", objective=WEIGHTED, chain=[RoutingLink(model=MODEL, weight=math.nan)]),
        {"policy.chain[0].weight"},
    ),
    "weights": (
        RoutingPolicy(policy_id="p", objective=BALANCED, weights=RoutingWeights(cost=-1)),
        {"policy.weights.cost"},
    ),
    "tiers": (
        RoutingPolicy(policy_id="p", objective=COMPLEXITY, tiers=[ComplexityTier(up_to=0.5)]),
        {"policy.tiers[0].up_to"},
    ),
    "lists": (
        RoutingPolicy(policy_id="p", allowed_models=["nobody/*", MODEL], denied_models=[MODEL]),
        {"policy.allowed_models[0]", "policy.allowed_models[1]"},
    ),
    "capability": (
        RoutingPolicy(policy_id="p", constraints=ModelRequirements(capabilities=["telepathy"])),
        {"policy.constraints.capabilities[0]"},
    ),
    "share": (RoutingPolicy(policy_id="p", max_provider_share=1.5), {"policy.max_provider_share"}),
    "enum": (RoutingPolicy(policy_id="p", objective=99), {"policy.objective"}),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_what_could_not_be_followed_is_refused(policies: Policies, what: str) -> None:
    wrong, fields = REFUSED[what]
    before = await policies.revision()
    code, info, status = await refusal(policies.create(wrong))
    assert (code, info.reason, fields_of(status)) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", fields)
    assert await policies.revision() == before


async def test_policies_that_lead_to_each_other(policies: Policies) -> None:
    await policies.create(RoutingPolicy(policy_id="last", objective=COST))
    await policies.create(RoutingPolicy(policy_id="first", objective=PRIORITY, chain=[RoutingLink(policy_id="last")]))
    code, _, _ = await refusal(policies.create(RoutingPolicy(policy_id="last", objective=COST)))
    assert code == grpc.StatusCode.ALREADY_EXISTS
    back = RoutingPolicy(policy_id="last", objective=PRIORITY, chain=[RoutingLink(policy_id="first")])
    code, info, status = await refusal(policies.update(back, "objective", "chain"))
    assert (code, fields_of(status)) == (grpc.StatusCode.INVALID_ARGUMENT, {"policy.chain[0].policy_id"})
    assert "last -> first -> last" in status.message
    code, info, status = await refusal(policies.delete("last"))
    assert (code, info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "IN_USE")
    assert info.metadata["used_by"] == "first"
    assert any(detail.Is(PreconditionFailure.DESCRIPTOR) for detail in status.details)
    for path in ("etag", "version", "policy_id", "unknown"):
        code, _, status = await refusal(policies.update(back, path))
        assert (code, fields_of(status)) == (grpc.StatusCode.INVALID_ARGUMENT, {"update_mask"})
    await policies.delete("first")
    await policies.delete("last")


async def test_task_mappings(policies: Policies) -> None:
    made = (await policies.map(TaskMapping(task="haiku", primary_model=MODEL, version=9))).mapping
    assert (made.version, made.primary_model) == (1, MODEL)
    assert (await policies.mappings())["haiku"] == made
    other = TaskMapping(task="haiku", primary_model="openai/gpt-4o", fallback_models=[MODEL], etag=made.etag)
    changed = (await policies.map(other)).mapping
    assert (changed.version, list(changed.fallback_models)) == (2, [MODEL])
    code, info, _ = await refusal(policies.map(other))
    assert info.reason == "ETAG_MISMATCH"
    wrong = TaskMapping(task="haiku", primary_model="gpt-9", budget_model="vllm/*")
    code, _, status = await refusal(policies.map(wrong))
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert fields_of(status) == {"mapping.primary_model", "mapping.budget_model"}
    request = DeleteTaskMappingRequest(task="haiku", etag=changed.etag)
    await policies.stub.DeleteTaskMapping(request, **policies.options)
    assert "haiku" not in await policies.mappings()
    code, _, _ = await refusal(policies.stub.DeleteTaskMapping(request, **policies.options))
    assert code == grpc.StatusCode.NOT_FOUND


async def test_who_may_read_does_not_write(running: Stack, channels: list[grpc.aio.Channel]) -> None:
    request = CreateApiKeyRequest(roles=["developer"])
    made = await AccessServiceStub(channels[0]).CreateApiKey(request, metadata=running.metadata(), timeout=20)
    reader = Policies(running, channels[0], made.secret)
    await reader.mappings()
    code, info, _ = await refusal(reader.create(RoutingPolicy(policy_id="p", objective=COST)))
    assert (code, info.metadata["permission"]) == (grpc.StatusCode.PERMISSION_DENIED, "policies.write")


class Load:
    """Calls over every connection, one after the other on each, and what revision each was routed by."""

    def __init__(self, running: Stack, channels: list[grpc.aio.Channel]) -> None:
        self._running = running
        self._clock = asyncio.get_running_loop().time
        self.seen: list[tuple[float, int]] = []
        self.failed: list[str] = []
        # When which revision was told to whoever made it.
        self.made: list[tuple[float, int]] = []
        self._tasks = [asyncio.create_task(self._calls(channel)) for channel in channels]

    async def _calls(self, channel: grpc.aio.Channel) -> None:
        while True:
            began = self._clock()
            try:
                answer = await complete(self._running, channel)
            except grpc.aio.AioRpcError as error:
                self.failed.append(f"{error.code()} {error.details()}")
            else:
                self.seen.append((began, answer.route.revision))

    async def change(self, policies: Policies, order: int) -> int:
        """Change a policy; returns its version."""
        answer = await policies.update(RoutingPolicy(policy_id="pushed", order=order), "order")
        self.made.append((self._clock(), await policies.revision()))
        version: int = answer.policy.version
        return version

    async def settle(self) -> None:
        """Go on until every connection has called again, a second after the last change."""
        await asyncio.sleep(2 * SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def oldest(self) -> float:
        """The longest after a change, in seconds, that a call began and was routed without it."""
        return max(
            (began - at for began, revision in self.seen for at, made in self.made if at <= began and revision < made),
            default=0.0,
        )


async def test_a_hundred_changes_under_load(
    running: Stack, channels: list[grpc.aio.Channel], policies: Policies, record_property: Any
) -> None:
    await policies.create(RoutingPolicy(policy_id="pushed", objective=COST))
    load = Load(running, channels)
    for number in range(CHANGES):
        version = await load.change(policies, number + 1)
        # Whoever made a change is routed by it at once.
        assert (await complete(running, channels[0])).route.revision >= load.made[-1][1]
    await load.settle()
    record_property("oldest_seconds", load.oldest())
    print(f"{len(load.seen)} calls, {len(load.failed)} failed; the oldest view {load.oldest() * 1000:.1f} ms old")
    assert load.failed == [] and version == CHANGES + 1
    assert len({revision for _, revision in load.seen}) > CHANGES / 4
    assert load.oldest() <= SECONDS
    assert load.seen[-1][1] == load.made[-1][1]
    await policies.delete("pushed")


async def test_without_redis_postgres_tells_of_changes(
    running: Stack, channels: list[grpc.aio.Channel], policies: Policies
) -> None:
    assert running.redis is not None
    # A hard budget needs Redis.
    await BudgetServiceStub(channels[0]).DeleteBudget(DeleteBudgetRequest(budget_id="monthly"), **policies.options)
    await policies.create(RoutingPolicy(policy_id="pushed", objective=COST))
    await running.redis.stop()
    try:
        # Whether Redis is away is found out by the first calls.
        await asyncio.gather(*(complete(running, channel) for channel in channels), return_exceptions=True)
        load = Load(running, channels)
        for number in range(5):
            await load.change(policies, number + 1)
            await asyncio.sleep(0.2)
        await load.settle()
        assert load.failed == [] and load.oldest() <= SECONDS
        assert load.seen[-1][1] == load.made[-1][1]
    finally:
        await running.redis.start()
    await policies.delete("pushed")


async def test_without_postgres_the_last_good_view_serves(
    running: Stack, channels: list[grpc.aio.Channel], policies: Policies
) -> None:
    assert running.postgres is not None
    await policies.create(RoutingPolicy(policy_id="pushed", objective=COST))
    revision = await policies.revision()
    await asyncio.sleep(SECONDS)
    await asyncio.gather(*(complete(running, channel) for channel in channels))
    await running.postgres.stop("immediate")
    try:
        # Longer than what was read counts as fresh.
        load = Load(running, channels)
        await asyncio.sleep(12)
        code, info, _ = await refusal(policies.update(RoutingPolicy(policy_id="pushed", order=1), "order"))
        assert (code, info.reason) == (grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE")
        await load.settle()
        assert load.failed == [] and {seen for _, seen in load.seen} == {revision}
    finally:
        await running.postgres.start()
    async with asyncio.timeout(20):
        while True:
            try:
                await policies.update(RoutingPolicy(policy_id="pushed", order=2), "order")
                break
            except grpc.aio.AioRpcError as error:
                assert error.code() == grpc.StatusCode.UNAVAILABLE
                await asyncio.sleep(0.1)
        while {(await complete(running, channel)).route.revision for channel in channels} != {revision + 1}:
            await asyncio.sleep(0.1)
