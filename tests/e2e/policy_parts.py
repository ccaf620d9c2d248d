"""A Trunkline of two workers, connections to both, and PolicyService as an admin calls it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.field_mask_pb2 import FieldMask
from harness import START_SECONDS, Stack, provider, stack
from trunkline.v1.policy_pb2 import (
    CreateRoutingPolicyRequest,
    DeleteRoutingPolicyRequest,
    GetRoutingPolicyRequest,
    ListRoutingChangesRequest,
    ListTaskMappingsRequest,
    RoutingPolicy,
    SetTaskMappingRequest,
    TaskMapping,
    UpdateRoutingPolicyRequest,
)
from trunkline.v1.policy_pb2_grpc import PolicyServiceStub
from trunkline.v1.route_pb2 import RoutingObjective
from upstream import MODEL, upstream

COST, BALANCED, PRIORITY, WEIGHTED, COMPLEXITY = (
    RoutingObjective.Value(f"ROUTING_OBJECTIVE_{name}")
    for name in ("COST", "BALANCED", "PRIORITY", "WEIGHTED", "COMPLEXITY")
)


@asynccontextmanager
async def two_workers(base: Path) -> AsyncIterator[Stack]:
    """A Trunkline with a budget that is never used up, in front of an upstream. Both workers serve."""
    async with upstream() as state:
        integration = provider("mock", state.url, [MODEL])
        async with stack(base, [integration], model=f"vllm/{MODEL}", workers=2, budget_usd=1_000_000) as running:
            async with asyncio.timeout(START_SECONDS):
                while running.logs().count('"serving"') < 2:
                    await asyncio.sleep(0.05)
            yield running


@asynccontextmanager
async def connections(running: Stack, count: int) -> AsyncIterator[list[grpc.aio.Channel]]:
    """Channels with a connection each, to one of the workers."""
    async with AsyncExitStack() as closing:
        options = [("grpc.use_local_subchannel_pool", 1)]
        yield [
            await closing.enter_async_context(grpc.aio.insecure_channel(running.target, options=options))
            for _ in range(count)
        ]


class Policies:
    """PolicyService as the admin calls it, or the holder of another key."""

    def __init__(self, running: Stack, channel: grpc.aio.Channel, key: str | None = None) -> None:
        self.channel, self.stub = channel, PolicyServiceStub(channel)
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
