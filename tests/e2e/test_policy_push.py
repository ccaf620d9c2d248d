"""A changed policy is in force in every worker at once, with calls under way, and while either store is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
import pytest_asyncio
from e2e.calls import ask, llm, refusal
from e2e.policy_parts import COST, Policies, connections, two_workers
from harness import Stack
from trunkline.v1.budget_pb2 import DeleteBudgetRequest
from trunkline.v1.budget_pb2_grpc import BudgetServiceStub
from trunkline.v1.completion_pb2 import CompleteResponse
from trunkline.v1.policy_pb2 import RoutingPolicy

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Each is to one of the two workers: that all are to the same one happens once in 2**15 runs.
CONNECTIONS = 16
CHANGES = 100
# How old what a worker knows may be.
SECONDS = 1.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with two_workers(tmp_path_factory.mktemp("push")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def channels(running: Stack) -> AsyncIterator[list[grpc.aio.Channel]]:
    async with connections(running, CONNECTIONS) as opened:
        yield opened


@pytest.fixture
def policies(running: Stack, channels: list[grpc.aio.Channel]) -> Policies:
    return Policies(running, channels[0])


async def complete(running: Stack, channel: grpc.aio.Channel) -> CompleteResponse:
    answer: CompleteResponse = await llm(channel).Complete(ask(running.model), metadata=running.metadata(), timeout=20)
    return answer


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
            await asyncio.sleep(0.02)
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
