"""PolicyService over a store in memory: masks, etags, built-in mappings, and who is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from domain_parts import FakeCatalogue, FakeProviders, World
from google.protobuf.field_mask_pb2 import FieldMask
from service_parts import TENANT, MemoryDirectory, a_call, refused
from trunkline.v1.policy_pb2 import (
    CreateRoutingPolicyRequest,
    DeleteRoutingPolicyRequest,
    DeleteTaskMappingRequest,
    ListTaskMappingsRequest,
    RoutingLink,
    RoutingPolicy,
    SetTaskMappingRequest,
    TaskMapping,
    UpdateRoutingPolicyRequest,
)
from trunkline.v1.route_pb2 import RoutingObjective
from trunkline_server.domain.ports import Actor
from trunkline_server.domain.steering import RoutingView
from trunkline_server.services.policy import PolicyService
from trunkline_server.services.steering import Steering

COST = RoutingObjective.ROUTING_OBJECTIVE_COST
PRIORITY = RoutingObjective.ROUTING_OBJECTIVE_PRIORITY
CALL = a_call()


class Items:
    """A configuration in memory. The etag counts the changes; lists come one on a page."""

    def __init__(self) -> None:
        self.rows: dict[tuple[type[Any], str], Any] = {}
        self.actors: list[Actor] = []

    async def list(self, tenant_id: str, kind: type[Any], page_size: int, page_token: str) -> tuple[list[Any], str]:
        ids = sorted(item_id for of, item_id in self.rows if of is kind and item_id > page_token)
        return [self.rows[kind, item_id] for item_id in ids[:1]], ids[0] if ids[1:] else ""

    async def write(
        self, actor: Actor, kind: type[Any], item_id: str, action: str, edit: Callable[[Any, RoutingView], Any]
    ) -> Any:
        policies = [one for (of, _), one in self.rows.items() if of is RoutingPolicy]
        before = self.rows.get((kind, item_id))
        after = edit(before, RoutingView(policies=policies))
        self.actors.append(actor)
        if after is None:
            del self.rows[kind, item_id]
            return None
        stored = kind()
        stored.CopyFrom(after)
        stored.version = before.version + 1 if before else 1
        stored.etag = str(stored.version)
        self.rows[kind, item_id] = stored
        return stored


class Catalogue(FakeCatalogue):
    def task_mappings(self) -> Sequence[TaskMapping]:
        return [TaskMapping(task=task, primary_model="m") for task in ("analysis", "code_generation")]


class Scene:
    def __init__(self) -> None:
        world = World({"alpha": []})
        catalogue = Catalogue({"openai/gpt-4o": (1, 1)})
        self.items, self.directory = Items(), MemoryDirectory()
        aliases = {"fast": ("alpha/m",)}
        steering = Steering(
            self.items,  # type: ignore[arg-type]
            *(self.directory, world.router, catalogue, FakeProviders({}), aliases),
        )
        self.steering = steering
        self.service = PolicyService(steering, None, catalogue)  # type: ignore[arg-type]

    async def create(self, policy: RoutingPolicy) -> RoutingPolicy:
        answer = await self.service.create_routing_policy(CALL, CreateRoutingPolicyRequest(policy=policy))
        return answer.policy

    async def update(self, policy: RoutingPolicy, *paths: str) -> RoutingPolicy:
        request = UpdateRoutingPolicyRequest(policy=policy, update_mask=FieldMask(paths=paths))
        return (await self.service.update_routing_policy(CALL, request)).policy

    async def mappings(self, **page: Any) -> Any:
        return await self.service.list_task_mappings(CALL, ListTaskMappingsRequest(**page))


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_what_a_tenant_may_name(scene: Scene) -> None:
    names = await scene.steering.names(TENANT)
    known = ("fast", "m", "alpha/m", "alpha-main/m", "gpt-4o", "openai/gpt-4o")
    assert [name for name in known if not names.knows(name)] == []
    assert [name for name in ("gpt-9", "openai/gpt-9", "openai/*", "openai", "", "/") if names.knows(name)] == []
    assert names.knows_provider("alpha") and names.knows_provider("openai")
    assert not names.knows_provider("nobody") and not names.knows_provider("")


async def test_the_mask_decides_what_changes_and_what_is_absent_goes(scene: Scene) -> None:
    made = await scene.create(
        RoutingPolicy(
            policy_id="p",
            objective=PRIORITY,
            chain=[RoutingLink(model="m")],
            max_provider_share=0.5,
            cache_affinity=True,
        )
    )
    wanted = RoutingPolicy(policy_id="p", chain=[RoutingLink(model="fast")], order=3, etag=made.etag)
    changed = await scene.update(wanted, "chain", "max_provider_share")
    assert [link.model for link in changed.chain] == ["fast"] and not changed.HasField("max_provider_share")
    assert (changed.order, changed.cache_affinity, changed.objective) == (0, True, PRIORITY)
    with refused("ETAG_MISMATCH"):
        await scene.update(wanted, "order")
    for paths in ((), ("version",), ("policy_id",), ("chain.model",)):
        with refused("INVALID_REQUEST", "update_mask"):
            await scene.update(wanted, *paths)
    with refused("INVALID_REQUEST", "policy.chain"):
        await scene.update(RoutingPolicy(policy_id="p"), "objective")
    with refused("NOT_FOUND", kind="policy", name="gone"):
        await scene.update(RoutingPolicy(policy_id="gone"), "order")
    # Every worker was told of both changes, and of nothing that was refused.
    assert scene.directory.forgotten == [TENANT] * 2
    assert {actor.key_id for actor in scene.items.actors} == {"key-1"}


async def test_making_and_deleting(scene: Scene) -> None:
    await scene.create(RoutingPolicy(policy_id="a", objective=COST))
    with refused("ALREADY_EXISTS", kind="policy", name="a"):
        await scene.create(RoutingPolicy(policy_id="a", objective=COST))
    await scene.create(RoutingPolicy(policy_id="b", objective=PRIORITY, chain=[RoutingLink(policy_id="a")]))
    with refused("IN_USE", text="in use by b"):
        await scene.service.delete_routing_policy(CALL, DeleteRoutingPolicyRequest(policy_id="a"))
    for policy_id in ("b", "a"):
        await scene.service.delete_routing_policy(CALL, DeleteRoutingPolicyRequest(policy_id=policy_id))
    assert not scene.items.rows
    with refused("NOT_FOUND"):
        await scene.service.delete_routing_policy(CALL, DeleteRoutingPolicyRequest(policy_id="a"))


async def test_mappings_of_the_tenant_take_the_place_of_built_in_ones(scene: Scene) -> None:
    for task in ("analysis", "haiku"):
        request = SetTaskMappingRequest(mapping=TaskMapping(task=task, primary_model="fast"))
        await scene.service.set_task_mapping(CALL, request)
    found = {one.task: (one.primary_model, one.version) for one in (await scene.mappings()).mappings}
    assert found == {"analysis": ("fast", 1), "code_generation": ("m", 0), "haiku": ("fast", 1)}
    first = await scene.mappings(page_size=2)
    rest = await scene.mappings(page_size=2, page_token=first.next_page_token)
    assert [one.task for one in (*first.mappings, *rest.mappings)] == sorted(found) and not rest.next_page_token
    await scene.service.delete_task_mapping(CALL, DeleteTaskMappingRequest(task="analysis"))
    assert (await scene.mappings()).mappings[0].version == 0
    with refused("NOT_FOUND", kind="mapping", name="analysis"):
        await scene.service.delete_task_mapping(CALL, DeleteTaskMappingRequest(task="analysis"))
    for etag, task in (("7", "haiku"), ("1", "new")):
        stale = SetTaskMappingRequest(mapping=TaskMapping(task=task, primary_model="fast", etag=etag))
        with refused("ETAG_MISMATCH"):
            await scene.service.set_task_mapping(CALL, stale)
    wrong = SetTaskMappingRequest(mapping=TaskMapping(task="haiku", primary_model="gpt-9"))
    with refused("INVALID_REQUEST", "mapping.primary_model"):
        await scene.service.set_task_mapping(CALL, wrong)
