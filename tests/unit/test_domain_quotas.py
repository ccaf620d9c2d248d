"""Quotas that providers tell: waits that evidence asks for, and a seeded provider that is kept below its limit."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trunkline.v1.common_pb2 import ProviderQuota
from trunkline_server.domain.duration import duration
from trunkline_server.domain.quotas import Quotas

DAY = 86_400.0
SEEDS = 200


def quota(
    unit: str = "requests", limit: int | None = None, remaining: int | None = None, resets: float | None = None
) -> ProviderQuota:
    return ProviderQuota(
        unit=unit,
        limit=limit,
        remaining=remaining,
        resets_after=None if resets is None else duration(resets),
    )


def learnt(*told: ProviderQuota, now: float = 0.0) -> Quotas:
    quotas = Quotas()
    quotas.learn(told, now)
    return quotas


@pytest.mark.parametrize(
    ("told", "tokens", "expected"),
    [
        (quota(limit=60, remaining=0, resets=60), 0, 1.0),
        (quota(limit=60, remaining=1, resets=59), 0, 0.0),
        (quota("tokens", limit=1000, remaining=400, resets=6), 500, 1.0),
        (quota("input-tokens", limit=1000, remaining=400, resets=6), 400, 0.0),
        # A call of more than the limit waits until all of it is there.
        (quota("output-tokens", limit=1000, remaining=400, resets=6), 5000, 6.0),
        # Without a limit, the whole reset.
        (quota(remaining=0, resets=7), 0, 7.0),
        (quota("tokens", remaining=9, resets=7), 10, 7.0),
        # Days are no pace while anything is left.
        (quota("tokens", limit=100, remaining=1, resets=2 * DAY), 50, 0.0),
        (quota(remaining=0, resets=2 * DAY), 0, 2 * DAY),
        (quota(limit=10, remaining=0, resets=DAY), 0, DAY / 10),
        # Too little told, another unit, nonsense.
        (quota(limit=10), 0, 0.0),
        (quota(remaining=0), 0, 0.0),
        (quota(remaining=0, resets=0), 0, 0.0),
        (quota("tokens-day", limit=10, remaining=0, resets=9), 5, 0.0),
        (quota(limit=1, remaining=5, resets=9), 0, 0.0),
    ],
)
def test_waits(told: ProviderQuota, tokens: int, expected: float) -> None:
    assert learnt(told).wait(tokens, 0.0) == pytest.approx(expected)


def test_the_longest_wait_of_several_units() -> None:
    told = quota(limit=60, remaining=0, resets=60), quota("tokens", limit=100, remaining=0, resets=10)
    assert learnt(*told).wait(50, 0.0) == pytest.approx(5.0)


def test_calls_that_began_since_are_subtracted() -> None:
    quotas = learnt(quota(limit=60, remaining=2, resets=58))
    for _ in range(2):
        assert quotas.wait(1, 0.0) == 0.0
        quotas.took(1, 0.0)
    assert quotas.wait(1, 0.0) == pytest.approx(1.0)
    assert quotas.wait(1, 0.5) == pytest.approx(0.5)
    assert quotas.wait(1, 1.0) == 0.0


def test_an_answer_tells_of_the_calls_before_its_own() -> None:
    quotas = Quotas()
    for at in (1.0, 2.0, 3.0):
        quotas.took(1, at)
    quotas.learn([quota(limit=60, remaining=1, resets=59)], now=4.0, sent=2.0)
    # One was left after the second call; the third took it, and a second and a half brought as many back.
    assert quotas.wait(1, 3.5) == pytest.approx(0.0)
    quotas.took(1, 3.5)
    assert quotas.wait(1, 3.5) == pytest.approx(0.5)
    # Old news changes nothing.
    quotas.learn([quota(limit=60, remaining=60, resets=0)], now=5.0, sent=1.0)
    assert quotas.wait(1, 3.5) == pytest.approx(0.5)


def test_nothing_told_changes_nothing() -> None:
    quotas = learnt(quota(remaining=0, resets=9))
    quotas.learn([], 1.0)
    assert quotas.wait(1, 1.0) == pytest.approx(8.0)


UNITS = st.sampled_from(["requests", "tokens", "input-tokens", "output-tokens", "tokens-day", "x"])
TOLD = st.builds(
    quota,
    UNITS,
    st.none() | st.integers(0, 1000),
    st.none() | st.integers(0, 1000),
    st.none() | st.floats(0, 3 * DAY),
)


@given(st.lists(TOLD, max_size=4), st.lists(st.integers(0, 100), max_size=5), st.integers(0, 2000), st.floats(0, DAY))
def test_never_waits_without_evidence(told: list[ProviderQuota], taken: list[int], tokens: int, later: float) -> None:
    quotas = Quotas()
    for one in taken:
        quotas.took(one, 0.0)
    assert quotas.wait(tokens, 0.0) == 0.0
    quotas.learn(told, 0.0)
    evidence = [
        one for one in told if one.HasField("remaining") and one.HasField("resets_after") and one.unit in UNITS.elements
    ]
    wait = quotas.wait(tokens, later)
    assert wait >= 0.0
    assert evidence or wait == 0.0
    longest = max((one.resets_after.ToNanoseconds() / 1e9 for one in evidence), default=0.0)
    assert wait <= longest + 1e-6
    assert quotas.wait(tokens, longest + 1.0) == 0.0
    assert Quotas().wait(tokens, later) == 0.0


@dataclass
class Bucket:
    """A provider's own count: `limit` in a minute, refilled evenly."""

    limit: float
    level: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.level = self.limit

    def fill(self, now: float) -> None:
        self.level = min(self.limit, self.level + self.limit / 60 * (now - self.at))
        self.at = now

    def told(self, unit: str) -> ProviderQuota:
        resets = (self.limit - self.level) / self.limit * 60
        return quota(unit, int(self.limit), max(0, int(self.level)), resets)


def _simulate(seed: int) -> tuple[int, int, float]:
    """(calls after the first answer, those of them that were refused, throughput as a share of what the provider would
    have let through) in two minutes with more demand than the provider takes."""
    draw = random.Random(seed)
    calls, tokens = Bucket(draw.choice((60, 120, 600))), Bucket(draw.choice((20_000, 60_000)))
    mean = draw.choice((50, 200, 1000))
    latency = draw.choice((0.05, 0.5, 3.0))
    quotas, now, made, refused, used, counted = Quotas(), 0.0, 0, 0, [0, 0], False
    started: float | None = None
    answers: list[tuple[float, int, float, list[ProviderQuota]]] = []
    while now < 120.0:
        while answers and answers[0][0] <= now:
            _, _, sent, told = heapq.heappop(answers)
            quotas.learn(told, now, sent)
            if not counted:
                counted, started = True, now
        size = draw.randint(mean // 2, mean * 2)
        wait = quotas.wait(size, now)
        if wait <= 0:
            quotas.took(size, now)
            calls.fill(now)
            tokens.fill(now)
            fits = calls.level >= 1 and tokens.level >= size
            if fits:
                calls.level -= 1
                tokens.level -= size
            if counted:
                made += 1
                refused += not fits
                used[0] += fits
                used[1] += size * fits
            at = now + latency * draw.uniform(0.5, 1.5)
            heapq.heappush(answers, (at, draw.getrandbits(62), now, [calls.told("requests"), tokens.told("tokens")]))
            # Before anything is known, one call at a time finds out.
            wait = draw.expovariate(1 / 0.01) if counted else latency * 2
        # A caller looks again when an answer came.
        now = min(now + max(wait, 1e-3), max(now, answers[0][0]) if answers else 120.0)
    assert started is not None
    span = 120.0 - started
    # What was left at first counts as what came back since.
    share = max(used[0] / (calls.limit * (1 + span / 60)), used[1] / (tokens.limit * (1 + span / 60)))
    return made, refused, share


@pytest.mark.no_cover
def test_a_provider_is_kept_below_its_limit() -> None:
    made = refused = 0
    shares = []
    for seed in range(SEEDS):
        one, no, share = _simulate(seed)
        made, refused = made + one, refused + no
        shares.append(share)
        assert no <= 0.01 * one + 1, (seed, one, no)
        assert share >= 0.9, (seed, share)
    print(f"{SEEDS} seeds: {made} calls, {refused} refused ({refused / made:.3%}), least throughput {min(shares):.1%}")
    assert refused <= 0.01 * made
