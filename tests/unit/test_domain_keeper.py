"""The job that keeps experiments: what it changes, whom it tells, and what it leaves alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from simulated_arms import COST, QUALITY, experiment, totals
from trunkline.v1.event_pb2 import Event
from trunkline.v1.experiment_pb2 import Experiment, ExperimentGuardrail, ExperimentKind
from trunkline_server.domain.errors import store_unavailable
from trunkline_server.domain.experiment_keeping import running
from trunkline_server.domain.experiment_results import ArmTotals
from trunkline_server.domain.keeper import Keeper
from trunkline_server.domain.ports import Actor
from trunkline_server.domain.statistics import Moments
from trunkline_server.domain.steering import RoutingView

NOW = Timestamp(seconds=1_795_000_000)
LOSING = totals({"a": Moments(400, 1.0, 4.0), "b": Moments(400, 2.0, 4.0)}, COST)


class Calls:
    """Experiments of tenants, and what came of them. Looking takes `seconds`."""

    def __init__(self, found: Mapping[str, tuple[Experiment, Mapping[str, ArmTotals]]]) -> None:
        self.found = dict(found)
        self.mine = True
        self.seconds = 0.0
        self.clock = 0.0
        self.looks: list[str] = []
        self.broken: set[str] = set()

    async def totals(self, tenant_id: str, experiment: Experiment) -> tuple[Mapping[str, ArmTotals], Timestamp]:
        self.looks.append(tenant_id)
        self.clock += self.seconds
        if tenant_id in self.broken:
            raise store_unavailable("postgres")
        return self.found[tenant_id][1], NOW

    async def running(self) -> Sequence[tuple[str, Experiment]]:
        return [(tenant_id, one) for tenant_id, (one, _) in self.found.items() if running(one)]

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[bool]:
        yield self.mine


class Items:
    """Keeps what is written in `calls`."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.written: list[tuple[str, str, str]] = []
        self.events: list[Event] = []

    async def write(
        self,
        actor: Actor,
        kind: type[Any],
        item_id: str,
        action: str,
        edit: Callable[[Any, RoutingView], Any],
        events: Sequence[Event] = (),
    ) -> Any:
        assert kind is Experiment and actor.key_id == ""
        before, values = self.calls.found[actor.tenant_id]
        after = edit(before, RoutingView())
        if after != before:
            self.calls.found[actor.tenant_id] = (after, values)
            self.written.append((actor.tenant_id, item_id, action))
            self.events += events
        return after

    get = list = changes = None


def watched() -> Experiment:
    return experiment(COST, guardrails=[ExperimentGuardrail(metric=COST, max_loss=0.1)])  # type: ignore[arg-type]


def keeper(calls: Calls) -> tuple[Keeper, Items, list[str]]:
    told: list[str] = []

    async def announce(tenant_id: str) -> None:
        told.append(tenant_id)

    items = Items(calls)
    return Keeper(calls, items, announce, clock=lambda: calls.clock), items, told  # type: ignore[arg-type]


async def test_a_losing_arm_is_stopped_and_all_hear_of_it() -> None:
    calls = Calls({"acme": (watched(), LOSING)})
    keeping, items, told = keeper(calls)
    assert await keeping.look() == 1
    assert items.written == [("acme", "x", "stop_arm")] and told == ["acme"]
    (event,) = items.events
    assert (event.type, event.tenant_id) == ("experiment.arm_stopped", "acme")
    payload = event.experiment_arm_stopped
    assert (payload.arm_id, payload.metric, payload.mean, payload.control_mean) == ("b", "cost", 2.0, 1.0)
    assert await keeping.look() == 0 and len(items.written) == 1


async def test_an_arm_that_another_one_stopped_is_left_alone() -> None:
    calls = Calls({"acme": (watched(), LOSING)})
    keeping, items, _ = keeper(calls)
    stale = watched()
    calls.found["acme"][0].arms[1].stopped = True
    calls.found["acme"][0].arms[1].current_share = 0.0

    async def seen() -> Sequence[tuple[str, Experiment]]:
        return [("acme", stale)]

    calls.running = seen  # type: ignore[method-assign]
    await keeping.look()
    assert items.written == []


async def test_a_bandit_is_moved() -> None:
    values = totals({"a": Moments(500, 0.5, 20.0), "b": Moments(500, 0.7, 20.0)}, QUALITY)
    calls = Calls({"acme": (experiment(QUALITY, kind=ExperimentKind.EXPERIMENT_KIND_BANDIT), values)})
    keeping, items, told = keeper(calls)
    assert await keeping.look() == 1
    assert items.written == [("acme", "x", "reweigh")] and told == ["acme"] and not items.events
    assert calls.found["acme"][0].arms[1].current_share > 0.9


async def test_only_one_process_looks() -> None:
    calls = Calls({"acme": (watched(), LOSING)})
    calls.mine = False
    keeping, items, _ = keeper(calls)
    assert await keeping.look() == 0 and calls.looks == [] and items.written == []


async def test_one_that_fails_keeps_the_others_from_nothing() -> None:
    calls = Calls({"acme": (watched(), LOSING), "bolt": (watched(), LOSING)})
    calls.broken = {"acme"}
    keeping, items, told = keeper(calls)
    assert await keeping.look() == 1
    assert [tenant for tenant, _, _ in items.written] == ["bolt"] == told


async def test_one_that_this_release_does_not_understand_is_left_alone() -> None:
    strange = watched()
    strange.guardrails[0].metric = 99  # type: ignore[assignment]
    calls = Calls({"acme": (strange, LOSING), "bolt": (watched(), LOSING)})
    keeping, items, _ = keeper(calls)
    assert await keeping.look() == 1
    assert [tenant for tenant, _, _ in items.written] == ["bolt"]


async def test_an_announcement_that_fails_undoes_nothing() -> None:
    calls = Calls({"acme": (watched(), LOSING)})

    async def announce(_: str) -> None:
        raise store_unavailable("redis")

    items = Items(calls)
    assert await Keeper(calls, items, announce).look() == 1  # type: ignore[arg-type]
    assert len(items.written) == 1


async def test_what_takes_long_is_looked_at_less_often() -> None:
    calls = Calls({"acme": (experiment(COST), LOSING)})
    calls.seconds = 2.0
    keeping, _, _ = keeper(calls)
    for _ in range(38):
        await keeping.look()
        calls.clock += 1.0
    assert len(calls.looks) == 1
    calls.clock += 1.0
    await keeping.look()
    assert len(calls.looks) == 2
