"""Row 18: callers with deadlines from 1 to 500 ms, before upstreams that are slower or fail."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

import pytest
from faults.load import Callers, Tally, crowd, quantile, streaming, whole
from faults.observe import until
from faults.report import report
from faults.scale import NOISE, pick
from faults.scene import joined
from harness import Stack, holds
from upstream import Upstream

pytestmark = pytest.mark.asyncio(loop_scope="session")

CALLS = pick(500, 5000)
AT_ONCE = 16
LATE = 0.1
# Told by the server, by gRPC on either side, or where too little time was left to begin an attempt.
NO_TIME = {"CALLER_DEADLINE", "DEADLINE_EXCEEDED", "NO_PROVIDER_AVAILABLE"}


def _deadline(number: int) -> float:
    """Seconds: 1 ms, 2 ms, … 500 ms, and again."""
    return (number % 500 + 1) / 1000


async def _call(shared: Stack, model: str, at_once: int = AT_ONCE) -> tuple[Tally, dict[str, float]]:
    """Calls, whole and streamed in turn; also when each deadline was, by the prompt."""
    tally, due = Tally(), {}
    async with Callers(shared) as callers:

        async def work(number: int) -> None:
            seconds, prompt = _deadline(number * 37), f"call {number}"
            due[prompt] = time.monotonic() + seconds
            if number % 2:
                await callers.streamed(streaming(model, prompt=prompt), tally, seconds)
            else:
                await callers.answered(whole(model, prompt=prompt), tally, seconds)

        await crowd(work, CALLS, at_once)
    return tally, due


def _prompt(body: dict[str, list[dict[str, str]]]) -> str:
    return body["messages"][-1]["content"]


async def test_the_upstream_is_cancelled_at_the_deadline(shared: Stack) -> None:
    async with joined(shared, "stalling", stall=5.0) as (state,):
        tally, due = await _call(shared, "vllm/stalling")
        assert await until(lambda: _idle(state), 2) is not None
        visits = state.visits
    late = [(visit.ended or 0.0) - due[_prompt(visit.body)] for visit in visits]
    report(18, f"{CALLS} deadlines of 1 to 500 ms: calls that reached the upstream", len(visits))
    report(18, "upstream cancelled after the deadline, p99, ms", quantile(late, 0.99) * 1000)
    report(18, "upstream cancelled after the deadline, latest, ms", max(late) * 1000, "≤ 100")
    assert len(visits) > CALLS // 2
    assert set(tally.ended) <= NO_TIME
    assert all(visit.broken for visit in visits)
    assert max(late) <= LATE * NOISE
    assert await holds(shared) == 0


async def test_nothing_is_tried_past_the_deadline(shared: Stack) -> None:
    """Rate limits are tried again and open no breaker: there is always something to try."""
    async with joined(shared, "refusing", status=429, stall=0.02) as (state,):
        tally, due = await _call(shared, "vllm/refusing")
        await asyncio.sleep(1)
        visits = state.visits
    made = Counter(_prompt(visit.body) for visit in visits)
    past = [visit for visit in visits if visit.arrived > due[_prompt(visit.body)] + LATE * NOISE]
    report(18, "calls tried again before their deadline", sum(count > 1 for count in made.values()))
    report(18, "attempts past the deadline", len(past), "0")
    assert tally.failed == CALLS
    assert not past
    assert await holds(shared) == 0


async def _idle(state: Upstream) -> bool:
    return state.open == 0
