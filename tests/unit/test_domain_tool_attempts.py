"""Attempts of tools on a clock of their own: what is repeated, when and how often, and what is left alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trunkline.v1.common_pb2 import Attempt, AttemptOutcome, ProviderQuota
from trunkline_server.domain.breaker import Breaker, BreakerRule
from trunkline_server.domain.connectors import ToolAnswer
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, ReasonValue, TrunklineError
from trunkline_server.domain.resilience import RetryBudget
from trunkline_server.domain.strategies import MAX_ATTEMPTS
from trunkline_server.domain.tools.attempts import ToolAttempts

GOOD = ToolAnswer(200, "application/json", json=b"1")
SUCCEEDED, FAILED = AttemptOutcome.ATTEMPT_OUTCOME_SUCCEEDED, AttemptOutcome.ATTEMPT_OUTCOME_FAILED
CANCELLED = AttemptOutcome.ATTEMPT_OUTCOME_CANCELLED


def down(http_status: int | None = 500, retry_after: float | None = None) -> TrunklineError:
    return _error(Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE, http_status, retry_after)


def limited(retry_after: float | None) -> TrunklineError:
    return _error(Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED, 429, retry_after)


def _error(reason: ReasonValue, http_status: int | None = None, retry_after: float | None = None) -> TrunklineError:
    metadata = {} if http_status is None else {"http_status": str(http_status)}
    return TrunklineError(reason, "no", metadata=metadata, retry_after=retry_after)


class Heard:
    def __init__(self) -> None:
        self.decisions: list[tuple[str, str]] = []

    def decided(self, decision: str, provider: str = "", model: str = "", reason: str = "") -> None:
        self.decisions.append((decision, reason))

    def level(self, name: str, value: float, provider: str = "", model: str = "") -> None:
        raise AssertionError


class Scene:
    """A clock that sleeping moves on, an integration behind a breaker, and waits of the longest jitter."""

    def __init__(self, *outcomes: ToolAnswer | TrunklineError, rule: BreakerRule | None = None) -> None:
        # Begins with the real clock, by which a deadline tells what is left.
        self.now, self.waits, self.began = time.monotonic(), list[float](), list[float]()
        self.outcomes = list(outcomes)
        self.made: list[Attempt] = []
        self.signals = Heard()
        self.budget = RetryBudget()
        self.breaker = Breaker(rule or BreakerRule(), clock=lambda: self.now)
        self.attempts = ToolAttempts(
            self.budget, self.signals, clock=lambda: self.now, sleep=self._sleep, pick=lambda _, most: most
        )

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    async def _attempt(self, number: int) -> ToolAnswer:
        self.began.append(self.now)
        outcome = self.outcomes[min(len(self.began), len(self.outcomes)) - 1]
        if isinstance(outcome, TrunklineError):
            raise outcome
        return outcome

    async def run(self, repeatable: bool = True, seconds: float = 30.0) -> ToolAnswer:
        self.made = []
        end = Deadline(self.now + seconds)
        return await self.attempts.run(self._attempt, self.breaker, repeatable, end, self.made)

    async def fails(self, repeatable: bool = True, seconds: float = 30.0) -> TrunklineError:
        with pytest.raises(TrunklineError) as caught:
            await self.run(repeatable, seconds)
        return caught.value


async def test_what_passes_is_tried_again() -> None:
    scene = Scene(down(), down(503), GOOD)
    assert await scene.run() == GOOD
    # Twice as long each time; a 503 one base more.
    assert scene.waits == [0.1, 0.2]
    assert [one.outcome for one in scene.made] == [FAILED, FAILED, SUCCEEDED]
    assert [one.number for one in scene.made] == [1, 2, 3]
    assert [one.http_status for one in scene.made] == [500, 503, 200]
    assert scene.made[1].waited.ToMilliseconds() == 100
    assert scene.signals.decisions == [("tool_retry", "INTEGRATION_UNAVAILABLE")] * 2


async def test_what_a_system_tells_of_its_quotas_is_kept() -> None:
    told = ProviderQuota(unit="requests", limit=100, remaining=42)
    scene = Scene(replace(GOOD, quotas=[told]))
    await scene.run()
    assert list(scene.made[0].quotas) == [told]


async def test_at_most_three_attempts() -> None:
    scene = Scene(down())
    await scene.fails()
    assert len(scene.began) == MAX_ATTEMPTS


@pytest.mark.parametrize("error", [down(), limited(0.5), _error(Reason.ERROR_REASON_UPSTREAM_TIMEOUT)])
async def test_what_may_change_something_is_called_once(error: TrunklineError) -> None:
    scene = Scene(error, GOOD)
    assert await scene.fails(repeatable=False) is error
    assert len(scene.began) == 1


@pytest.mark.parametrize(
    "reason",
    [
        Reason.ERROR_REASON_UPSTREAM_REJECTED,
        Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION,
        Reason.ERROR_REASON_UPSTREAM_QUOTA_EXHAUSTED,
        Reason.ERROR_REASON_INVALID_PARAMETERS,
        Reason.ERROR_REASON_MESSAGE_TOO_LARGE,
        Reason.ERROR_REASON_CALLER_DEADLINE,
    ],
)
async def test_what_another_attempt_cannot_help(reason: ReasonValue) -> None:
    scene = Scene(_error(reason), GOOD)
    assert (await scene.fails()).reason == reason
    assert len(scene.began) == 1


async def test_a_rate_limit_is_waited_out_exactly_as_told() -> None:
    scene = Scene(limited(7.25), GOOD)
    assert await scene.run() == GOOD
    assert scene.waits == [7.25]
    assert scene.breaker.availability().success_ratio == 1, "a rate limit is no failure"


async def test_a_wait_beyond_the_end_is_not_begun() -> None:
    scene = Scene(limited(7.25), GOOD)
    assert (await scene.fails(seconds=7.25)).retry_after == 7.25
    assert scene.waits == []


async def test_an_integration_that_fails_is_left_alone() -> None:
    scene = Scene(down(), rule=BreakerRule(failures=3, open_for=30))
    await scene.fails()
    assert not scene.breaker.allows()
    scene.now += 10
    error = await scene.fails()
    assert (error.reason, error.metadata["breaker"]) == (Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE, "open")
    assert error.retry_after == pytest.approx(20.0)
    assert (len(scene.began), scene.made) == (3, []), "nothing was called"
    scene.now += 20
    scene.outcomes = [GOOD]
    assert await scene.run() == GOOD
    assert scene.breaker.enter()


async def test_what_speaks_of_a_statement_says_nothing_against_the_database() -> None:
    late = TrunklineError(Reason.ERROR_REASON_UPSTREAM_TIMEOUT, "no", metadata={"of": "statement"})
    scene = Scene(late)
    for _ in range(10):
        assert await scene.fails(repeatable=False) is late
    assert scene.breaker.allows() and scene.made[0].outcome == FAILED


async def test_an_open_breaker_ends_the_attempts() -> None:
    scene = Scene(down(), rule=BreakerRule(failures=2))
    error = await scene.fails()
    assert "breaker" not in error.metadata, "the caller sees what was found"
    assert len(scene.began) == 2


async def test_a_refused_credential_says_nothing_against_the_integration() -> None:
    scene = Scene(_error(Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION, 403), rule=BreakerRule(failures=1))
    await scene.fails()
    assert scene.breaker.enter()


@pytest.mark.parametrize("ending", ["cancelled", "refused"])
async def test_a_probe_without_a_verdict_makes_way_for_the_next(ending: str) -> None:
    scene = Scene(down(), rule=BreakerRule(failures=1, open_for=5))
    await scene.fails(repeatable=False)
    scene.now += 5
    if ending == "refused":
        scene.outcomes = [_error(Reason.ERROR_REASON_UPSTREAM_REJECTED, 404)]
        await scene.fails()
    else:
        made: list[Attempt] = []

        async def hang(_: int) -> ToolAnswer:
            await asyncio.Event().wait()
            raise AssertionError

        running = asyncio.create_task(scene.attempts.run(hang, scene.breaker, True, Deadline(scene.now + 9), made))
        await asyncio.sleep(0)
        assert not await scene.breaker.claim(Deadline.after(9)), "one probe at a time"
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert [one.outcome for one in made] == [CANCELLED]
    assert await scene.breaker.claim(Deadline.after(9))


async def test_retries_add_at_most_a_fifth() -> None:
    scene = Scene(down(), rule=BreakerRule(failures=10**6))
    calls = 300
    for _ in range(calls):
        await scene.fails()
    assert len(scene.began) <= calls * 1.2 + 10


OUTCOMES = st.one_of(
    st.just(GOOD),
    st.builds(down, st.sampled_from([500, 502, 503, None]), st.none() | st.floats(0, 40)),
    st.builds(limited, st.none() | st.floats(0, 40)),
    st.sampled_from([Reason.ERROR_REASON_UPSTREAM_TIMEOUT, Reason.ERROR_REASON_UPSTREAM_REJECTED]).map(_error),
)


@given(st.lists(OUTCOMES, min_size=1, max_size=5), st.booleans(), st.floats(0.01, 60))
async def test_no_attempt_too_many_and_none_past_the_end(
    outcomes: Sequence[ToolAnswer | TrunklineError], repeatable: bool, seconds: float
) -> None:
    scene = Scene(*outcomes)
    start = scene.now
    try:
        answer: ToolAnswer | None = await scene.run(repeatable, seconds)
    except TrunklineError as error:
        answer = None
        assert error in outcomes
    assert 1 <= len(scene.began) <= (MAX_ATTEMPTS if repeatable else 1)
    assert all(at < start + seconds for at in scene.began)
    assert len(scene.made) == len(scene.began)
    assert (answer is not None) == (scene.made[-1].outcome == SUCCEEDED)
