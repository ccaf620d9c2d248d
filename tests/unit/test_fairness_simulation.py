"""A thousand seeded scenes before a gate, in made-up time: random tenants, classes, weights, deadlines and cancels."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from dataclasses import dataclass, field

import pytest
from trunkline.v1.completion_pb2 import Priority
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.fairness import Gate, Queueing
from virtual_time import virtual_time

# Measuring coverage would make the many worlds slow; unit tests cover what they play.
pytestmark = pytest.mark.no_cover

SEEDS = 1000
CLASSES = (Priority.PRIORITY_LOW, Priority.PRIORITY_NORMAL, Priority.PRIORITY_HIGH, Priority.PRIORITY_CRITICAL)


@dataclass
class Crowd:
    """What happened at one gate."""

    gate: Gate
    size: int
    mean: float
    random: random.Random
    ends: Counter[str] = field(default_factory=Counter)

    def look(self) -> None:
        """What must hold at every moment, while the limit stays as it is."""
        assert 0 <= self.gate.in_flight <= self.gate.limit
        assert 0 <= self.gate.depth <= self.size
        assert not self.gate.depth or self.gate.in_flight == self.gate.limit

    async def call(self, tenant: str) -> None:
        """One call, from its coming to its end."""
        chance = self.random
        weight, patience = chance.choice((1, 10, 100, 1000)), chance.uniform(0.0, 12 * self.mean)
        came = time.monotonic()
        deadline = Deadline(came + patience)
        try:
            await self.gate.enter(tenant, chance.choice(CLASSES), weight, deadline)
        except TrunklineError as error:
            self.look()
            assert error.reason == Reason.ERROR_REASON_OVERLOADED
            assert time.monotonic() <= deadline.at + 1e-6
            self.ends["refused at once" if time.monotonic() == came else "refused later"] += 1
            return
        self.ends["let in"] += 1
        try:
            self.look()
            assert time.monotonic() <= deadline.at
            entered = time.monotonic()
            await asyncio.sleep(chance.expovariate(1 / self.mean))
        finally:
            self.gate.leave(time.monotonic() - entered)
            self.look()

    async def cancelled(self, tenant: str) -> None:
        """A call whose caller goes away at some moment, if it has not ended by then."""
        task = asyncio.create_task(self.call(tenant))
        await asyncio.sleep(self.random.expovariate(1 / self.mean))
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()
        else:
            self.ends["cancelled"] += 1


async def crowd(seed: int) -> Crowd:
    """80 calls on a gate that carries about half of them."""
    chance = random.Random(seed)
    size, limit, mean = chance.randint(0, 20), chance.randint(1, 8), chance.choice((0.1, 1.0, 10.0))
    clock = asyncio.get_running_loop().time
    scene = Crowd(Gate(limit, Queueing(size, 8 * mean), clock=clock), size, mean, chance)
    load = chance.uniform(0.5, 4.0)
    tasks = []
    for _ in range(80):
        make = scene.cancelled if chance.random() < 0.3 else scene.call
        tasks.append(asyncio.create_task(make(chance.choice("aaaabcd"))))
        await asyncio.sleep(chance.expovariate(load * limit / mean) if chance.random() < 0.8 else 0)
    await asyncio.gather(*tasks)
    assert (scene.gate.in_flight, scene.gate.depth) == (0, 0), "a place leaked"
    return scene


def test_places_never_leak_and_the_queue_is_bounded() -> None:
    ends: Counter[str] = Counter()
    for seed in range(SEEDS):
        ends += virtual_time(crowd(seed)).ends
    print(f"\ngate: {SEEDS} seeds, {dict(ends)}")
    assert min(ends[end] for end in ("let in", "refused at once", "refused later", "cancelled")) > SEEDS


class Shares:
    """A saturated gate, and what it let in of each tenant: (time, tenant, weight) in the order of entry."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.weights = {name: self.random.choice((1, 5, 25)) for name in "abcd"[: self.random.randint(2, 4)]}
        self.served: list[tuple[str, int]] = []

    async def one(self, gate: Gate, tenant: str) -> None:
        """A call that waits as long as it takes."""
        weight = self.random.randint(1, self.weights[tenant])
        await gate.enter(tenant, Priority.PRIORITY_NORMAL, weight, Deadline(time.monotonic() + 1e9))
        self.served.append((tenant, weight))
        seconds = self.random.expovariate(1)
        await asyncio.sleep(seconds)
        gate.leave(seconds)

    async def run(self) -> None:
        """All tenants wait from the beginning with different numbers of calls; looked at while all of them wait."""
        gate = Gate(self.random.randint(1, 4), Queueing(10_000, 1e9), clock=asyncio.get_running_loop().time)
        while gate.admit():
            pass
        calls = [name for name in self.weights for _ in range(self.random.randint(20, 120))]
        self.random.shuffle(calls)
        tasks = [asyncio.create_task(self.one(gate, name)) for name in calls]
        await asyncio.sleep(0)
        for _ in range(gate.limit):
            gate.leave(1.0)
        await asyncio.gather(*tasks)
        left = Counter(calls)
        for at, (name, _) in enumerate(self.served):
            left[name] -= 1
            if not left[name]:
                del self.served[at + 1 :]
                break


def test_no_tenant_of_a_class_is_starved() -> None:
    """The bound of start-time fair queueing: two tenants that wait all the time differ by a call of each at most; so
    each has its fair share but for one call of its own and one of the others."""
    worst = 0.0
    for seed in range(SEEDS):
        shares = Shares(seed)
        virtual_time(shares.run())
        got: Counter[str] = Counter()
        for name, weight in shares.served:
            got[name] += weight
            spread = max(got[one] for one in shares.weights) - min(got[one] for one in shares.weights)
            bound = sum(sorted(shares.weights.values())[-2:])
            assert spread <= bound, (seed, got)
            worst = max(worst, spread / bound)
        fair = sum(got.values()) / len(shares.weights)
        for name, most in shares.weights.items():
            assert got[name] >= fair - most - max(shares.weights.values()), (seed, name, got)
    print(f"\nshares: {SEEDS} seeds, largest difference between two tenants {worst:.0%} of the bound")


class Forecast(Gate):
    """A gate that notes whom it refuses at once, and when places became free afterwards."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit, Queueing(10_000, 1e9), clock=asyncio.get_running_loop().time)
        self.left: list[float] = []
        # When each came, how long it would have waited at most, and how many were ahead of it.
        self.refused: list[tuple[float, float, int]] = []

    def leave(self, held_seconds: float) -> None:
        self.left.append(time.monotonic())
        super().leave(held_seconds)

    def _make_way(self, tenant_id: str, priority: int, left: float) -> None:
        ahead = self._queue.ahead(tenant_id, priority)
        try:
            super()._make_way(tenant_id, priority, left)
        except TrunklineError:
            self.refused.append((time.monotonic(), left, ahead))
            raise

    def wrong(self) -> int:
        """How many would have been let in in time, had nobody overtaken them."""
        found = 0
        for came, patience, ahead in self.refused:
            free = [at for at in self.left if at > came][ahead : ahead + 1]
            found += bool(free) and free[0] <= came + patience
        return found


async def forecast(seed: int) -> tuple[int, int]:
    """(refused at once, of which wrongly), on a gate that carries two thirds of what comes; times are exponential."""
    chance = random.Random(seed)
    gate = Forecast(chance.randint(1, 20))

    async def one() -> None:
        with contextlib.suppress(TrunklineError):
            await gate.enter(chance.choice("abc"), 0, 1, Deadline(time.monotonic() + chance.uniform(0, 10)))
            seconds = chance.expovariate(1)
            await asyncio.sleep(seconds)
            gate.leave(seconds)

    tasks = []
    for _ in range(gate.limit * 30):
        tasks.append(asyncio.create_task(one()))
        await asyncio.sleep(chance.expovariate(1.5 * gate.limit))
    await asyncio.gather(*tasks)
    return len(gate.refused), gate.wrong()


def test_who_is_refused_at_once_would_mostly_have_waited_in_vain() -> None:
    found = [virtual_time(forecast(seed)) for seed in range(SEEDS // 10)]
    refused, wrong = (sum(one) for one in zip(*found, strict=True))
    print(f"\nforecast: {refused} refused at once, {wrong / refused:.1%} of them would have been in time")
    assert refused > 1000
    assert wrong / refused < 0.25
