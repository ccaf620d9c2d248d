"""The simulation of the policies, in small: the same code as `make simulate`, with fewer calls."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "bench"))

from simulated_workload import workload
from simulation import CONTENDERS, Contender, Outcome, simulate

# Measuring coverage would make it slow; unit tests cover what it plays.
pytestmark = pytest.mark.no_cover

CALLS, SEED = 300, 7
BY_NAME: Mapping[str, Contender] = {one.name: one for one in CONTENDERS}


def played(name: str) -> Outcome:
    """What comes of a contender."""
    return simulate(BY_NAME[name], CALLS, SEED)


@pytest.fixture(scope="module")
def outcomes() -> Mapping[str, Outcome]:
    """The contenders that the tests are about."""
    names = ("always large", "always small", "balanced", "balanced, floor", "complexity")
    return {name: played(name) for name in names}


def test_no_attempt_breaks_a_hard_constraint(outcomes: Mapping[str, Outcome]) -> None:
    asks = workload(CALLS, SEED)
    assert sum(ask.residency == "eu" for ask in asks) > 10 and sum("vision" in ask.capabilities for ask in asks) > 5
    for outcome in outcomes.values():
        assert outcome.broken == 0, outcome.name
        assert outcome.answers.total() + outcome.failed == CALLS, outcome.name
        assert outcome.answers.total() > 0.9 * CALLS, outcome.name


def test_balanced_at_the_floor_costs_less_than_half_of_always_the_large_model(outcomes: Mapping[str, Outcome]) -> None:
    large, balanced = outcomes["always large"], outcomes["balanced, floor"]
    assert balanced.cost <= 0.5 * large.cost
    assert balanced.quality >= 0.725
    assert balanced.good() > large.good() - 0.05
    assert outcomes["balanced"].cost <= balanced.cost


def test_complexity_lies_between_small_and_large(outcomes: Mapping[str, Outcome]) -> None:
    small, middle, large = (outcomes[name] for name in ("always small", "complexity", "always large"))
    assert small.cost < middle.cost < large.cost
    assert small.good() < middle.good() < large.good()


def test_the_same_seed_gives_the_same_table(outcomes: Mapping[str, Outcome]) -> None:
    assert played("balanced").figures() == outcomes["balanced"].figures()
    assert simulate(BY_NAME["balanced"], CALLS, SEED + 1).figures() != outcomes["balanced"].figures()
