"""Backoff, the retry budget, and where breakers are kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trunkline_server.domain.breaker import BreakerRule
from trunkline_server.domain.resilience import Resilience, RetryBudget
from trunkline_server.domain.strategies import BACKOFF_CAP, backoff
from unit.breaker_parts import RULE


@pytest.mark.parametrize(
    ("failures", "ceiling"), [(1, 0.1), (2, 0.2), (4, 0.8), (9, 25.6), (10, BACKOFF_CAP), (60, 30.0)]
)
def test_backoff_doubles_up_to_the_cap(failures: int, ceiling: float) -> None:
    assert backoff(failures, lambda low, high: high) == pytest.approx(ceiling)
    assert backoff(failures, lambda low, high: low) == 0.0


def test_backoff_is_jittered() -> None:
    assert len({backoff(5) for _ in range(10)}) > 1


@given(st.lists(st.booleans(), max_size=300))
def test_retries_add_at_most_a_fifth(steps: list[bool]) -> None:
    budget = RetryBudget()
    reserve = budget.tokens
    calls = retries = 0
    for is_call in steps:
        if is_call:
            calls += 1
            budget.earn()
        else:
            retries += budget.spend()
    assert retries <= reserve + 0.2 * calls + 1e-6
    assert 0 <= budget.tokens <= reserve


def test_the_retry_budget_runs_dry_and_fills_again() -> None:
    budget = RetryBudget()
    while budget.spend():
        pass
    for _ in range(4):
        budget.earn()
    assert not budget.spend()
    budget.earn()
    budget.earn()
    assert budget.spend()


def test_breakers_are_kept_by_tenant_integration_and_model() -> None:
    resilience = Resilience()
    one = resilience.breaker("t", "i", "m", RULE)
    assert resilience.breaker("t", "i", "m", RULE) is one
    assert resilience.breaker("u", "i", "m", RULE) is not one
    # Another rule is no reason to forget what was found.
    assert resilience.breaker("t", "i", "m", BreakerRule()) is one
    assert one.rule == BreakerRule()
