"""One worker's share of the limits, by a fake clock: it never admits more than it has."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.local_limits import LocalLimits
from trunkline_server.domain.ports import Ask, RateLimit


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def ask(hold: str, *rates: RateLimit, tokens: int = 0) -> Ask:
    return Ask("acme", hold, 0, rates, (), tokens)


def admitted(local: LocalLimits, one: Ask, workers: int = 1) -> bool:
    try:
        local.admit(one, one.rates, workers)
    except TrunklineError as error:
        assert error.reason_name == "RATE_LIMITED"
        assert error.retry_after is not None and error.retry_after > 0
        return False
    return True


@given(
    limit=st.integers(1, 300),
    workers=st.integers(1, 9),
    steps=st.lists(st.tuples(st.floats(0, 90), st.integers(1, 40)), max_size=40),
)
def test_never_more_calls_than_the_share(limit: int, workers: int, steps: list[tuple[float, int]]) -> None:
    clock, made = Clock(), 0
    local, share, start = LocalLimits(clock), limit / workers, clock.now
    rate = RateLimit("key/k", limit)
    for pause, burst in steps:
        clock.now += pause
        for number in range(burst):
            made += admitted(local, ask(f"{clock.now}-{number}", rate), workers)
        local.trim()
        # What was there at the start, and what came since.
        assert made <= share * (1 + (clock.now - start) / 60) + 1e-6


@given(
    limit=st.integers(10, 5000),
    workers=st.integers(1, 5),
    calls=st.lists(st.tuples(st.floats(0, 30), st.integers(1, 2000), st.integers(0, 2000)), max_size=60),
)
def test_never_more_tokens_than_the_share_and_one_large_call(
    limit: int, workers: int, calls: list[tuple[float, int, int]]
) -> None:
    clock, used, largest, over = Clock(), 0.0, 0, 0
    local, share, start = LocalLimits(clock), limit / workers, clock.now
    rate = RateLimit("user/u", tokens_per_minute=limit)
    for number, (pause, expected, real) in enumerate(calls):
        clock.now += pause
        one = ask(f"h{number}", rate, tokens=expected)
        if admitted(local, one, workers):
            used += real
            largest = max(largest, expected)
            # A call may use more than it was expected to; what is missing in the bucket then is not owed.
            over += max(0, real - expected)
            local.left(one, real)
            local.left(one, real)  # Told twice.
        assert used <= share * (1 + (clock.now - start) / 60) + largest + over + 1e-6


@given(
    most=st.integers(1, 20),
    workers=st.integers(1, 5),
    steps=st.lists(st.tuples(st.booleans(), st.integers(0, 30)), max_size=80),
)
def test_calls_in_flight(most: int, workers: int, steps: list[tuple[bool, int]]) -> None:
    local, flying = LocalLimits(Clock()), set[str]()
    rate = RateLimit("tenant", max_concurrent=most)
    for enters, number in steps:
        one = ask(f"h{number}", rate)
        if enters and one.hold_id not in flying:
            fits = len(flying) < most // workers
            assert admitted(local, one, workers) == fits
            flying |= {one.hold_id} if fits else set()
        elif not enters:
            local.left(one, 0)
            flying.discard(one.hold_id)


def test_calls_admitted_before_the_outage_count() -> None:
    local, rate = LocalLimits(Clock()), RateLimit("tenant", max_concurrent=2)
    local.entered(ask("before", rate), (rate,))
    assert admitted(local, ask("one", rate))
    assert not admitted(local, ask("two", rate))
    local.left(ask("before", rate), 0)
    assert admitted(local, ask("two", rate))


def test_all_or_nothing() -> None:
    local, wide, narrow = LocalLimits(Clock()), RateLimit("tenant", 2), RateLimit("key/k", 1)
    assert admitted(local, ask("a", wide, narrow))
    assert not admitted(local, ask("b", wide, narrow))
    assert admitted(local, ask("c", wide)), "the refusal took nothing"


@pytest.mark.parametrize(("rate", "limited"), [
    (RateLimit("tenant", 1), "requests"),
    (RateLimit("tenant", tokens_per_minute=50), "tokens"),
    (RateLimit("tenant", max_concurrent=1), "concurrency"),
])  # fmt: skip
def test_a_refusal_says_what_was_limited_and_when_to_come_back(rate: RateLimit, limited: str) -> None:
    clock = Clock()
    local = LocalLimits(clock)
    assert admitted(local, ask("a", rate, tokens=50))
    with pytest.raises(TrunklineError) as caught:
        local.admit(ask("b", rate, tokens=25), (rate,), 1)
    error = caught.value
    assert error.metadata == {"subject": "tenant", "limited": limited}
    assert error.retry_after is not None
    if limited != "concurrency":
        clock.now += error.retry_after
        assert admitted(local, ask("b", rate, tokens=25))


def test_a_changed_limit_or_number_of_workers_holds_at_once() -> None:
    local, rate = LocalLimits(Clock()), RateLimit("tenant", 100)
    assert admitted(local, ask("a", rate), 1)
    assert sum(admitted(local, ask(f"b{n}", replace(rate, requests_per_minute=10)), 2) for n in range(20)) == 5
