"""The limit of a deployment, against servers that slow down in different ways."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from trunkline_server.domain.concurrency import Concurrency, Lane, Lanes
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.fairness import Queueing
from trunkline_server.domain.signals import Silent
from virtual_time import virtual_time

# Seconds to the first token of one call: by the calls that are in it, the time since the beginning, and chance.
Service = Callable[[int, float, random.Random], float]


@dataclass
class Provider:
    """A deployment and those who call it: `rate` calls come each second, once in it they wait for their first token and
    stay for `rest` times as long."""

    serve: Service
    rate: Callable[[float], float]
    rest: float = 0.5
    rule: Concurrency = field(default_factory=lambda: Concurrency(8, 256, 1000))
    fails: Callable[[float], bool] = lambda at: False
    inside: int = 0
    limits: list[tuple[float, int]] = field(default_factory=list)
    served: int = 0

    async def run(self, seconds: float, seed: int = 1) -> Lane:
        """Come and go for so long; the limit is noted once a second."""
        chance, began = random.Random(seed), time.monotonic()
        clock = asyncio.get_running_loop().time
        lane = Lane("http://provider", "model", self.rule, Queueing(64, 2.0), Silent(), clock)
        tasks: set[asyncio.Task[None]] = set()
        noted = began
        while (at := time.monotonic() - began) < seconds:
            task = asyncio.create_task(self.call(lane, chance, began))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            if time.monotonic() >= noted + 1:
                noted += 1
                self.limits.append((at, lane.limit))
            await asyncio.sleep(chance.expovariate(self.rate(at)))
        await asyncio.gather(*tasks)
        assert (lane.in_flight, lane.depth) == (0, 0)
        return lane

    async def call(self, lane: Lane, chance: random.Random, began: float) -> None:
        try:
            await lane.enter(chance.choice("abc"), 0, 1, Deadline(time.monotonic() + 30))
        except TrunklineError:
            return
        self.inside += 1
        entered = time.monotonic()
        failing = self.fails(entered - began)
        first = 0.05 if failing else self.serve(self.inside, entered - began, chance)
        await asyncio.sleep(first * (1 if failing else 1 + self.rest))
        self.inside -= 1
        self.served += not failing
        lane.leave(time.monotonic() - entered, None if failing else first, overloaded=failing)

    def between(self, start: float, end: float) -> tuple[int, float, int]:
        """The least, mean and greatest limit in a part of the time."""
        found = [limit for at, limit in self.limits if start <= at < end]
        return min(found), sum(found) / len(found), max(found)


def congested(capacity: int, base: float = 0.5) -> Service:
    """A server that answers `capacity` calls at full speed, and shares its speed among more."""
    return lambda inside, at, chance: base * max(1.0, inside / capacity) * chance.lognormvariate(0, 0.2)


@pytest.mark.parametrize("capacity", [20, 50, 150])
def test_the_limit_settles_near_the_capacity(capacity: int) -> None:
    # It fills slowly, then three times what it can carry comes for five minutes.
    carries = capacity / 0.75
    provider = Provider(congested(capacity), lambda at: carries * min(3.0, 0.3 + at / 20))
    virtual_time(provider.run(300))
    least, mean, most = provider.between(150, 300)
    print(f"\nlane: capacity {capacity}: limit {mean:.0f} ({least} to {most})")
    assert capacity <= least <= mean <= most <= 3 * capacity


def test_who_is_slow_by_nature_is_not_throttled() -> None:
    provider = Provider(lambda inside, at, chance: 20.0 * chance.lognormvariate(0, 0.5), lambda at: 6.0)
    virtual_time(provider.run(900))
    least, _, _ = provider.between(0, 900)
    assert least >= 180
    assert provider.served > 0.9 * 6.0 * 900


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9])
def test_a_bimodal_load_does_not_collapse_the_limit(share: float) -> None:
    # Some prompts take thirty times as long; nothing depends on the load.
    def serve(inside: int, at: float, chance: random.Random) -> float:
        return (9.0 if chance.random() < share else 0.3) * chance.lognormvariate(0, 0.3)

    mean = 1.5 * (9.0 * share + 0.3 * (1 - share))
    rule = Concurrency(8, 64, 1000)
    provider = Provider(serve, lambda at: 0.9 * 64 / mean, rule=rule)
    virtual_time(provider.run(600))
    least, average, _ = provider.between(0, 600)
    print(f"\nlane: {share:.0%} slow: limit at least {least}, {average:.0f} on average")
    assert least >= 20
    assert average >= 64


def test_a_provider_that_turned_slow_for_good_keeps_its_calls() -> None:
    # After 200 s everything takes four times as long, whatever the load.
    provider = Provider(
        lambda inside, at, chance: (0.5 if at < 200 else 2.0) * chance.lognormvariate(0, 0.2),
        lambda at: 60.0,
        rule=Concurrency(8, 64, 1000),
    )
    virtual_time(provider.run(600))
    least, mean, _ = provider.between(200, 600)
    print(f"\nlane: four times as slow for good: limit at least {least}, at the end {provider.limits[-1][1]}")
    assert least >= 16
    assert provider.limits[-1][1] >= 150


def test_the_limit_comes_back_after_an_outage() -> None:
    provider = Provider(congested(100), lambda at: 100.0, fails=lambda at: 100 <= at < 130)
    virtual_time(provider.run(400))
    during, _, _ = provider.between(125, 130)
    back = next(at for at, limit in provider.limits if at > 130 and limit >= 80)
    print(f"\nlane: outage of 30 s: limit down to {during}, at 80 again {back - 130:.0f} s after it")
    assert during <= 60
    assert back < 190


def test_answers_in_one_piece_count_by_the_token() -> None:
    async def run() -> None:
        lane = Lane("e", "m", Concurrency(1, 10, 100), Queueing(), Silent(), asyncio.get_running_loop().time)
        chance = random.Random(3)
        for _ in range(30):
            for _ in range(10):
                assert lane.admit()
            for _ in range(10):
                tokens = chance.choice((10, 1000))
                await asyncio.sleep(0.1)
                lane.leave(0.02 * tokens, output_tokens=tokens)
        assert lane.limit > 10
        least = grown = lane.limit
        for _ in range(30):
            for _ in range(lane.limit):
                assert lane.admit()
            for _ in range(lane.in_flight):
                await asyncio.sleep(0.1)
                lane.leave(0.2 * 100, output_tokens=100)
            least = min(least, lane.limit)
        assert least < 0.7 * grown
        for _ in range(3):
            assert lane.admit()
            lane.leave(0.1)
        assert lane.in_flight == 0

    virtual_time(run())


def test_overload_takes_a_tenth_once_in_the_time_of_a_call() -> None:
    async def run() -> None:
        lane = Lane("e", "m", Concurrency(8, 100, 1000), Queueing(), Silent(), asyncio.get_running_loop().time)
        for _ in range(50):
            assert lane.admit()
        for _ in range(20):
            lane.leave(0.1, overloaded=True)
        assert lane.limit == 90
        await asyncio.sleep(1.1)
        lane.leave(0.1, overloaded=True)
        assert lane.limit == 81
        for _ in range(100):
            lane.admit()
            await asyncio.sleep(1.1)
            lane.leave(0.1, overloaded=True)
        assert lane.limit == 8

    virtual_time(run())


def test_lanes_are_bounded_and_the_busy_ones_stay() -> None:
    lanes = Lanes(most=3)
    busy = lanes.of("a", "1")
    assert busy.admit()
    first = lanes.of("b", "1")
    lanes.of("c", "1")
    assert lanes.of("b", "1") is first
    lanes.of("d", "1")
    assert len(lanes) == 3
    assert lanes.of("a", "1") is busy
    assert lanes.of("b", "1") is first
    for name in "bcd":
        lanes.of(name, "1").admit()
    lanes.of("e", "1")
    assert len(lanes) <= 5
