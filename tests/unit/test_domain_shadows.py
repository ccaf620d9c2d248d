"""Copies of calls for shadow arms: calls of their own, which hold, settle and are cut off as such."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.completion_pb2 import CompleteRequest, CompleteResponse, Priority
from trunkline.v1.experiment_pb2 import Experiment, ExperimentArm, ExperimentState
from trunkline_server.domain.assignment import Assignment
from trunkline_server.domain.call import Call
from trunkline_server.domain.completion import Completions
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.shadows import Shadows
from trunkline_server.domain.steering import RoutingView
from unit.domain_parts import Hang, World, answer, broken, streamed, used

TWO = Assignment("x", "control", "alpha/m", (("cheap", "alpha/m"), ("new", "beta/m")))
ONE = Assignment("x", "control", "alpha/m", (("new", "beta/m"),))


class Heard:
    """Signals that are kept."""

    def __init__(self) -> None:
        self.decisions: list[tuple[str, str, str]] = []

    def decided(self, decision: str, provider: str = "", model: str = "", reason: str = "") -> None:
        self.decisions.append((decision, model, reason))

    def level(self, name: str, value: float, provider: str = "", model: str = "") -> None:
        raise NotImplementedError


def asked(**fields: Any) -> CompleteRequest:
    context = CallContext(agent_id="agent")
    return CompleteRequest(model="alpha/m", prompt="Hello", max_tokens=5, context=context, **fields)


async def ended(shadows: Shadows) -> None:
    async with asyncio.timeout(5):
        while len(shadows):
            await asyncio.sleep(0)


async def test_a_copy_is_a_call_of_its_own() -> None:
    world, heard = World({"alpha": [answer(usage=used())], "beta": [answer(usage=used())]}), Heard()
    shadows, call = Shadows(world.admission, world.settlements, signals=heard), world.call()
    request = asked(request_id="mine", priority=Priority.PRIORITY_HIGH, coalesce=True)
    seen: list[tuple[Call, CompleteRequest]] = []

    async def complete(copy: Call, copied: CompleteRequest) -> CompleteResponse:
        seen.append((copy, copied))
        return await world.completions.complete(copy, copied)

    shadows.start(complete, call, request, TWO)
    assert len(shadows) == 2 and not seen  # nobody waited for it
    await ended(shadows)
    assert [copy.request_id for copy, _ in seen] == ["r-1-shadow-cheap", "r-1-shadow-new"]
    assert len({call.hold_id, *(copy.hold_id for copy, _ in seen)}) == 3
    for (copy, copied), (arm_id, model) in zip(seen, TWO.shadows, strict=True):
        assert copy.copy == Assignment("x", arm_id, model)
        assert (copy.tenant_id, copy.trace_id, copy.context) == (call.tenant_id, call.trace_id, call.context)
        assert (copied.model, copied.priority) == (model, Priority.PRIORITY_LOW)
        assert (copied.request_id, copied.coalesce, copied.prompt) == ("", False, "Hello")
    assert (request.model, request.request_id) == ("alpha/m", "mine")
    assert world.admission.held == {} and len(world.admission.records) == 2 and world.admission.spent > 0
    assert [decision for decision, _, _ in heard.decisions] == ["shadow", "shadow"]


def shadowed(script: Any, share: float = 1.0) -> tuple[World, Shadows]:
    """A world in which calls for `alpha/m` are copied to `beta/m`."""
    world = World(script)
    arms = [
        ExperimentArm(arm_id="control", model="alpha/m", share=1, current_share=1),
        ExperimentArm(arm_id="new", model="beta/m", share=share, current_share=share, shadow=True),
        # Its own model: a copy of it must not be copied again.
        ExperimentArm(arm_id="self", model="alpha/m", share=share, current_share=share, shadow=True),
    ]
    running = ExperimentState.EXPERIMENT_STATE_RUNNING
    experiment = Experiment(experiment_id="x", model="alpha/m", arms=arms, state=running)
    world.directory.view = replace(world.view, routing=RoutingView(1, experiments=(experiment,)))
    shadows = Shadows(world.admission, world.settlements)
    world.completions = Completions(world.router, world.providers, world.resilience, shadows)
    return world, shadows


async def test_calls_of_an_experiment_are_copied_once() -> None:
    world, shadows = shadowed({"alpha": [answer(usage=used())], "beta": [answer(usage=used())]})
    found = await world.completions.complete(world.call(), asked())
    assert (found.route.experiment_id, found.route.arm_id, found.route.shadow) == ("x", "control", False)
    assert len(shadows) == 2
    await ended(shadows)
    await world.settlements.drain(1)
    records = [record for record in world.admission.records if record is not None]
    assert sorted((one.request_id, one.route.arm_id, one.route.shadow, one.model) for one in records) == [
        ("r-1", "control", False, "m"),
        ("r-1-shadow-new", "new", True, "m"),
        ("r-1-shadow-self", "self", True, "m"),
    ]
    assert {one.route.experiment_id for one in records} == {"x"} and world.admission.held == {}


async def test_streams_are_copied_too() -> None:
    world, shadows = shadowed({"alpha": [streamed("Hello", usage=used()), answer()], "beta": [answer(usage=used())]})
    events = [event async for event in world.completions.stream(world.call(), asked())]
    assert events[-1].finished.route.arm_id == "control" and len(shadows) == 2
    await ended(shadows)
    assert world.admission.held == {}


async def test_nothing_is_copied_without_a_share_or_an_answer() -> None:
    world, shadows = shadowed({"alpha": [answer(usage=used())], "beta": [answer()]}, share=0.0)
    await world.completions.complete(world.call(), asked())
    assert not len(shadows)
    failing, none = shadowed({"alpha": [broken("UPSTREAM_REJECTED")], "beta": [answer()]})
    with pytest.raises(TrunklineError):
        await failing.completions.complete(failing.call(), asked())
    assert not len(none)


async def test_more_than_the_limit_are_dropped_and_counted() -> None:
    world, heard = World({"alpha": [Hang()], "beta": [Hang()]}), Heard()
    shadows = Shadows(world.admission, world.settlements, 1, heard)
    shadows.start(world.completions.complete, world.call(), asked(), TWO)
    assert len(shadows) == 1 and heard.decisions == [("shadow_dropped", "beta/m", "")]
    await shadows.drain()


async def test_a_failure_is_only_counted() -> None:
    world, heard = World({"beta": [broken("UPSTREAM_REJECTED")]}), Heard()
    shadows = Shadows(world.admission, world.settlements, signals=heard)
    shadows.start(world.completions.complete, world.call(), asked(), ONE)
    await ended(shadows)
    assert heard.decisions == [("shadow_failed", "beta/m", "UPSTREAM_REJECTED")]
    assert world.admission.held == {}


async def test_a_fault_of_ours_is_only_counted_too() -> None:
    world, heard = World({"beta": [answer()]}), Heard()

    async def complete(copy: Call, copied: CompleteRequest) -> CompleteResponse:
        raise KeyError("secret")

    shadows = Shadows(world.admission, world.settlements, signals=heard)
    shadows.start(complete, world.call(), asked(), ONE)
    await ended(shadows)
    assert heard.decisions == [("shadow_failed", "beta/m", "INTERNAL")]


async def test_a_copy_has_the_time_that_its_caller_gave() -> None:
    world, heard = World({"beta": [Hang()]}), Heard()
    shadows = Shadows(world.admission, world.settlements, signals=heard)
    shadows.start(world.completions.complete, world.call(seconds=0.05), asked(), ONE)
    await ended(shadows)
    assert heard.decisions == [("shadow_failed", "beta/m", "CALLER_DEADLINE")]
    assert world.admission.held == {}


async def test_a_drain_cuts_copies_off_and_settles_them() -> None:
    world, heard = World({"beta": [Hang()]}), Heard()
    shadows = Shadows(world.admission, world.settlements, signals=heard)
    shadows.start(world.completions.complete, world.call(), asked(), ONE)
    await world.providers.waiting.wait()
    assert len(world.admission.held) == 1
    await shadows.drain()
    assert not len(shadows) and world.admission.held == {}
    shadows.start(world.completions.complete, world.call(), asked(), ONE)
    assert heard.decisions == [("shadow_failed", "beta/m", "CALLER_CANCELLED"), ("shadow_dropped", "beta/m", "")]


async def test_a_long_request_id_stays_within_its_limit() -> None:
    world = World({"beta": [answer()]})
    shadows, call, seen = Shadows(world.admission, world.settlements), world.call(), []
    call.request_id = "r" * 128

    async def complete(copy: Call, copied: CompleteRequest) -> CompleteResponse:
        seen.append(copy.request_id)
        return CompleteResponse()

    shadows.start(complete, call, asked(), ONE)
    await ended(shadows)
    assert seen == ["r" * 117 + "-shadow-new"]
