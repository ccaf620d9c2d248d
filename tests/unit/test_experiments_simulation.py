"""Arms whose truth is known, by the thousand: how often a difference is found, and how often one that is not there."""

from __future__ import annotations

import math

import pytest
from simulated_arms import WORLDS, bandit, found_once, planned, stopped_at

# Measuring coverage would make the many runs slow; unit tests cover what they use.
pytestmark = pytest.mark.no_cover

ALARMS = 1000
HITS = 400
LEVEL, POWER = 0.05, 0.8


def least(share: float, runs: int) -> float:
    """Two standard deviations below a share that is seen in so many runs."""
    return share - 2 * math.sqrt(share * (1 - share) / runs)


def most(share: float, runs: int) -> float:
    """Two standard deviations above it."""
    return share + 2 * math.sqrt(share * (1 - share) / runs)


@pytest.mark.parametrize("name", ["quality", "latency"])
def test_a_difference_of_five_percent_is_found_at_the_stated_power(name: str) -> None:
    world = WORLDS[name]
    size = planned(world)
    rate = sum(found_once(world, seed, 0.95, size) for seed in range(HITS)) / HITS
    print(f"{name}: found {rate:.3f} of {HITS} with {size} values an arm")
    assert rate >= least(POWER, HITS)


@pytest.mark.parametrize("name", WORLDS)
def test_one_look_raises_few_false_alarms(name: str) -> None:
    world = WORLDS[name]
    size = min(1000, planned(world))
    rate = sum(found_once(world, seed, 1.0, size) for seed in range(ALARMS)) / ALARMS
    print(f"{name}: {rate:.3f} false alarms in {ALARMS} looks at {size} values an arm")
    assert rate <= most(LEVEL, ALARMS)


@pytest.mark.parametrize("name", WORLDS)
def test_a_guardrail_looked_at_all_the_time_raises_few_false_alarms(name: str) -> None:
    world = WORLDS[name]
    wrong = sum(stopped_at(world, seed, 1.0, 2000, 25) is not None for seed in range(ALARMS))
    print(f"{name}: {wrong / ALARMS:.3f} false alarms in {ALARMS} runs of 80 looks")
    assert wrong / ALARMS <= LEVEL


@pytest.mark.parametrize(("name", "factor"), [("quality", 0.85), ("failures", 3.0), ("latency", 1.5)])
def test_a_guardrail_stops_a_losing_arm(name: str, factor: float) -> None:
    found = [stopped_at(WORLDS[name], seed, factor, 1000, 25) for seed in range(100)]
    print(f"{name} × {factor}: stopped after {sorted(one or 9999 for one in found)[50]} values at the median")
    assert sum(one is not None for one in found) >= 95


def test_a_bandit_finds_the_best_arm_and_keeps_looking_at_the_others() -> None:
    right = 0
    for seed in range(50):
        now = bandit(WORLDS["quality"], seed, (1.0, 1.1, 0.9), 4000, 100)
        shares = [arm.current_share for arm in now.arms]
        assert math.isclose(sum(shares), 1) and min(shares) >= 0.05 - 1e-12
        right += shares[1] > 0.85
    assert right >= 48
