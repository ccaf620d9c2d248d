"""Policies and task mappings through a whole server of two workers: kept, refused, and by command."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
import pytest_asyncio
from e2e.calls import fields_of, refusal
from e2e.commands import trunkline
from e2e.policy_parts import BALANCED, COMPLEXITY, COST, PRIORITY, WEIGHTED, Policies, connections, two_workers
from google.rpc.error_details_pb2 import PreconditionFailure
from harness import Stack
from trunkline.v1.access_pb2 import CreateApiKeyRequest
from trunkline.v1.access_pb2_grpc import AccessServiceStub
from trunkline.v1.policy_pb2 import (
    ComplexityTier,
    DeleteTaskMappingRequest,
    ListRoutingChangesRequest,
    ListRoutingPoliciesRequest,
    RoutingLink,
    RoutingMatch,
    RoutingPolicy,
    RoutingWeights,
    TaskMapping,
)
from trunkline.v1.requirements_pb2 import ModelRequirements
from upstream import MODEL

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with two_workers(tmp_path_factory.mktemp("policies")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def policies(running: Stack) -> AsyncIterator[Policies]:
    async with connections(running, 1) as (channel,):
        yield Policies(running, channel)


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


async def test_who_may_read_does_not_write(running: Stack, policies: Policies) -> None:
    request = CreateApiKeyRequest(roles=["developer"])
    made = await AccessServiceStub(policies.channel).CreateApiKey(request, **policies.options)
    reader = Policies(running, policies.channel, made.secret)
    await reader.mappings()
    code, info, _ = await refusal(reader.create(RoutingPolicy(policy_id="p", objective=COST)))
    assert (code, info.metadata["permission"]) == (grpc.StatusCode.PERMISSION_DENIED, "policies.write")


async def test_policies_by_command(running: Stack, policies: Policies, tmp_path: Path) -> None:
    where = {"TRUNKLINE_TARGET": running.target, "TRUNKLINE_KEY": running.key}

    async def command(*arguments: str, code: int = 0) -> str:
        done = await trunkline(tmp_path, *arguments, **where)
        assert done.code == code, done
        return done.err if code else done.out

    (tmp_path / "careful.toml").write_text(
        f"""
        policy_id = "careful"
        objective = "ROUTING_OBJECTIVE_WEIGHTED"
        chain = [{{model = "{MODEL}", weight = 3}}, {{model = "openai/gpt-4o", weight = 1}}]
        match = {{tasks = ["analysis"], labels = {{env = "prod"}}}}
        """
    )
    assert "careful is in force, version 1" in await command("policies", "apply", "careful.toml")
    listed = await command("policies", "list")
    assert "weighted" in listed and "tasks=analysis labels=env:prod" in listed
    (tmp_path / "careful.json").write_text('{"policy_id": "careful", "objective": "ROUTING_OBJECTIVE_COST"}')
    assert "version 2" in await command("policies", "apply", "careful.json")
    shown = json.loads(await command("policies", "get", "careful"))
    assert shown["objective"] == "ROUTING_OBJECTIVE_COST" and "chain" not in shown and "match" not in shown
    first, second, *_ = (await command("policies", "changes", "--limit", "2")).splitlines()[1:]
    assert "update" in first and "create" in second
    (tmp_path / "earlier.json").write_text(await command("policies", "changes", "--revision", second.split()[0]))
    assert "version 3" in await command("policies", "apply", "earlier.json")
    assert len((await policies.get("careful")).policy.chain) == 2

    (tmp_path / "wrong.json").write_text('{"policy_id": "careful", "chain": [{"model": "gpt-9"}]}')
    assert "policy.chain[0].model" in await command("policies", "apply", "wrong.json", code=1)
    (tmp_path / "unknown.json").write_text('{"policy_id": "careful", "chains": []}')
    assert "chains" in await command("policies", "apply", "unknown.json", code=1)
    assert "deleted" in await command("policies", "delete", "careful")
    assert "NOT_FOUND" in await command("policies", "delete", "careful", code=1)

    assert "version 1" in await command("tasks", "set", "haiku", MODEL, "--fallback", "openai/gpt-4o")
    assert ["haiku", MODEL] in [row.split()[:2] for row in (await command("tasks", "list")).splitlines()]
    assert "deleted haiku" in await command("tasks", "delete", "haiku")
