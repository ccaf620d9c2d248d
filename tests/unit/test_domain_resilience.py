"""Breakers, backoff and the retry budget."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from trunkline_server.domain.resilience import (
    Breaker,
    BreakerRule,
    Resilience,
    RetryBudget,
)
from trunkline_server.domain.strategies import BACKOFF_CAP, backoff

RULE = BreakerRule(failures=3, window=60.0, open_for=30.0)


class FakeClock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def breaker(rule: BreakerRule = RULE) -> tuple[Breaker, FakeClock]:
    clock = FakeClock()
    return Breaker(rule, clock), clock


def fail(subject: Breaker, times: int) -> None:
    for _ in range(times):
        assert subject.enter()
        subject.failed()


@pytest.mark.parametrize(
    ("failures", "ceiling"), [(1, 0.1), (2, 0.2), (4, 0.8), (9, 25.6), (10, BACKOFF_CAP), (60, 30.0)]
)
def test_backoff_doubles_up_to_the_cap(failures: int, ceiling: float) -> None:
    assert backoff(failures, lambda low, high: high) == pytest.approx(ceiling)
    assert backoff(failures, lambda low, high: low) == 0.0


def test_backoff_is_jittered() -> None:
    assert len({backoff(5) for _ in range(10)}) > 1


def test_it_opens_after_failures_in_a_row() -> None:
    subject, _ = breaker()
    fail(subject, 2)
    assert subject.allows()
    fail(subject, 1)
    assert not subject.allows()
    assert not subject.enter()


def test_half_of_ten_calls_failing_opens_it_too() -> None:
    subject, _ = breaker()
    for _ in range(3):
        fail(subject, 2)
        subject.succeeded(0.1)
    # Six of nine failed, never three in a row: nine calls are too few to judge by.
    assert subject.allows()
    fail(subject, 1)
    assert subject.streak == 1
    assert not subject.allows()


def test_old_failures_are_forgotten() -> None:
    subject, clock = breaker(BreakerRule(failures=5, window=60.0))
    for _ in range(8):
        fail(subject, 1)
        subject.succeeded(0.1)
        clock.now += 40.0
    assert subject.allows()
    assert len(subject.calls) <= 4


def test_half_open_lets_one_probe_through() -> None:
    subject, clock = breaker()
    fail(subject, 3)
    clock.now += 29.9
    assert not subject.enter()
    clock.now += 0.1
    assert subject.allows()
    assert subject.enter()
    assert not subject.allows()
    assert not subject.enter()
    subject.failed()
    assert not subject.enter()
    clock.now += 30.0
    assert subject.enter()
    subject.succeeded(0.2)
    assert subject.enter()
    # The failures that opened it do not count any more.
    fail(subject, 2)
    assert subject.allows()


def test_a_probe_without_verdict_is_given_back() -> None:
    subject, clock = breaker()
    fail(subject, 3)
    clock.now += 30.0
    assert subject.enter()
    subject.gave_up()
    assert subject.enter()


def test_latency_is_a_moving_average() -> None:
    subject, _ = breaker()
    subject.succeeded(1.0)
    assert subject.latency == 1.0
    subject.succeeded(2.0)
    assert subject.latency == pytest.approx(1.2)


def test_memory_of_calls_is_bounded() -> None:
    subject, _ = breaker()
    for _ in range(1200):
        subject.succeeded(0.1)
    assert len(subject.calls) == 1000


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
    assert resilience.breaker("t", "i", "m", BreakerRule()) is not one


class BreakerMachine(RuleBasedStateMachine):
    """Many callers, one breaker. Each caller remembers, as Run does, whether it holds the probe."""

    @initialize()
    def begin(self) -> None:
        self.subject, self.clock = breaker()
        self.plain = 0
        self.probes = 0

    @rule()
    def enter(self) -> None:
        was_open = self.subject.opened_at is not None
        due = was_open and self.clock.now - (self.subject.opened_at or 0.0) >= RULE.open_for
        allowed = self.subject.allows()
        entered = self.subject.enter()
        assert entered == allowed == (not was_open or (due and not self.probes))
        if entered and was_open:
            self.probes += 1
        elif entered:
            self.plain += 1

    @rule(seconds=st.sampled_from([0.5, 29.0, 30.0, 61.0]))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @precondition(lambda self: self.probes)
    @rule(outcome=st.sampled_from(["succeeded", "failed", "gave_up"]))
    def probe_ends(self, outcome: str) -> None:
        self.probes -= 1
        opened = self.subject.opened_at
        if outcome == "succeeded":
            self.subject.succeeded(0.1)
            assert self.subject.opened_at is None
        elif outcome == "failed":
            self.subject.failed()
            assert self.subject.opened_at == self.clock.now
        else:
            self.subject.gave_up()
            assert self.subject.opened_at == opened

    @precondition(lambda self: self.plain and self.subject.opened_at is None)
    @rule(ok=st.booleans())
    def call_ends(self, ok: bool) -> None:
        self.plain -= 1
        row = self.subject.streak
        if ok:
            self.subject.succeeded(0.1)
            assert self.subject.opened_at is None
        else:
            self.subject.failed()
            assert self.subject.streak == row + 1
            if row + 1 >= RULE.failures:
                assert self.subject.opened_at == self.clock.now

    @precondition(lambda self: self.plain and self.subject.opened_at is not None)
    @rule()
    def late_call_is_cancelled(self) -> None:
        self.plain -= 1  # It holds no probe, so it tells the breaker nothing.

    @invariant()
    def at_most_one_probe(self) -> None:
        assert self.probes <= 1
        assert self.subject.probing == bool(self.probes)
        if self.subject.opened_at is None:
            assert not self.probes


BreakerMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None, derandomize=True)
TestBreaker = BreakerMachine.TestCase
