"""Whole answers: route, admit, attempt, settle."""

from __future__ import annotations

import asyncio
import time
from unittest.mock import Mock

import pytest
from google.protobuf.duration_pb2 import Duration
from trunkline.v1.common_pb2 import AttemptOutcome, UsageSource
from trunkline.v1.completion_pb2 import CompleteRequest, RecoveryPolicy
from trunkline_server.domain import attempts as attempts_module
from trunkline_server.domain.breaker import Breaker, BreakerRule
from trunkline_server.domain.errors import ProviderError, Reason, TrunklineError, invalid_fields
from trunkline_server.domain.money import to_nano
from unit.domain_parts import TENANT, Hang, World, answer, broken, integration, tenant_budget, used

REQUEST = CompleteRequest(prompt="Say hello.", max_tokens=100)
FAILED = AttemptOutcome.ATTEMPT_OUTCOME_FAILED
SUCCEEDED = AttemptOutcome.ATTEMPT_OUTCOME_SUCCEEDED
GOOD = answer(usage=used())


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between attempts, for which the clock is turned; backoff is at its ceiling."""
    found: list[float] = []
    real, clock = asyncio.sleep, time.monotonic

    async def sleep(seconds: float) -> None:
        found.append(seconds)
        await real(0)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(time, "monotonic", lambda: clock() + sum(found))
    monkeypatch.setattr(
        attempts_module, "delay", lambda pause, failures, told: 0.1 * 2 ** (failures - 1) if told is None else told
    )
    return found


def request(**more: object) -> CompleteRequest:
    found = CompleteRequest()
    found.CopyFrom(REQUEST)
    found.MergeFrom(CompleteRequest(**more))  # type: ignore[arg-type]
    return found


async def failure(world: World, asked: CompleteRequest, seconds: float = 30.0) -> TrunklineError:
    call = world.call(seconds)
    with pytest.raises(TrunklineError) as caught:
        await world.completions.complete(call, asked)
    assert call.tab is not None
    await call.tab.close(caught.value.code, caught.value.reason_name)
    assert world.admission.held == {}
    return caught.value


def the_breaker(world: World, provider: str = "alpha") -> Breaker:
    return world.resilience.breaker(TENANT, f"{provider}-main", "m", BreakerRule())


def fail(world: World, times: int) -> None:
    for _ in range(times):
        the_breaker(world).failed(Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE, time.monotonic())


def breaker_of(world: World, provider: str) -> bool:
    return world.resilience.breaker(TENANT, f"{provider}-main", "m", BreakerRule()).allows()


async def test_an_answer_tells_what_it_cost_and_how_it_came() -> None:
    world = World({"alpha": [GOOD]}, budgets=[tenant_budget(10**12)])
    call = world.call()
    found = await world.completions.complete(call, request())
    assert (found.completion, found.provider, found.model_used) == ("Hello", "alpha", "m")
    # 10 input tokens at 1 USD and 5 output tokens at 2 USD per million.
    assert found.cost_details.nano_usd == to_nano(found.cost) == 10_000 + 10_000
    assert (found.completion_id, found.request_id, found.trace_id) == ("c-1", "r-1", call.trace_id)
    assert [(one.number, one.outcome, one.cost_nano_usd) for one in found.attempts] == [(1, SUCCEEDED, 20_000)]
    assert (found.route.considered, found.route.eligible) == (1, 1)
    assert found.route.estimated_nano_usd == world.admission.asks[0].amount > 20_000
    (budget,) = found.budget
    assert (to_nano(budget.spent), to_nano(budget.held)) == (20_000, 0)
    assert await world.settlements.drain(5) == 0
    (record,) = world.admission.records
    assert record is not None
    assert (record.usage.output_tokens, record.cost_details.nano_usd, record.key_id) == (5, 20_000, "k")
    assert (record.context.tenant_id, record.context.agent_id, record.status_code) == (TENANT, "agent", 0)
    assert call.facts["gen_ai.provider.name"] == "alpha"
    assert call.facts["trunkline.cost_nano_usd"] == 20_000
    assert [rate.requests_per_minute for rate in world.admission.asks[0].rates] == [60]


async def test_without_a_tab_nothing_is_admitted() -> None:
    world = World({"alpha": [answer(usage=used())]})
    call = world.call()
    call.tab = None
    found = await world.completions.complete(call, request())
    assert found.completion == "Hello"
    assert world.admission.asks == []


async def test_the_first_attempt_sends_what_was_prepared_during_admission(
    waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World({"alpha": [broken(http_status=503)], "beta": [GOOD]}, budgets=[tenant_budget(10**12)])
    asked = request()
    assert (await world.completions.complete(world.call(), asked)).provider == "beta"
    first, second = world.providers.used
    assert first == (world.providers.calls[0], asked, False) and second is None
    # One that cannot be prepared is left to its attempt, which another provider may answer for.
    unsupported = invalid_fields([("seed", "is not known")])
    monkeypatch.setattr(world.providers, "prepare", Mock(side_effect=unsupported))
    assert (await world.completions.complete(world.call(), request())).provider == "beta"
    assert world.providers.used[2:] == [None, None]


async def test_usage_that_is_not_told_is_estimated() -> None:
    world = World({"alpha": [answer("one two three four")]})
    found = await world.completions.complete(world.call(), request())
    assert found.usage.source == UsageSource.USAGE_SOURCE_ESTIMATED
    assert found.usage.output_tokens == 4
    assert found.usage.input_tokens > 3
    assert found.cost_details.estimated


async def test_a_nameless_completion_gets_the_id_of_the_request() -> None:
    nameless = answer(usage=used())
    nameless.completion_id = ""
    world = World({"alpha": [nameless]})
    assert (await world.completions.complete(world.call(), request())).completion_id == "r-1"


async def test_the_next_provider_takes_over_at_once(waits: list[float]) -> None:
    world = World({"alpha": [broken()], "beta": [GOOD]})
    found = await world.completions.complete(world.call(), request())
    assert [(one.provider, one.outcome) for one in found.attempts] == [("alpha", FAILED), ("beta", SUCCEEDED)]
    assert found.attempts[0].http_status == 503
    assert found.attempts[0].error.message == "the provider failed"
    assert waits == []
    # A failure that cannot have cost anything is not charged.
    assert found.attempts[0].cost_nano_usd == 0


async def test_the_hold_covers_the_dearest_candidate() -> None:
    world = World({"alpha": [GOOD], "beta": [GOOD]}, prices={"alpha/m": (10, 10), "beta/m": (10**9, 10**9)})
    await world.completions.complete(world.call(), request())
    alone = World({"beta": [GOOD]}, prices={"beta/m": (10**9, 10**9)})
    await alone.completions.complete(alone.call(), request())
    assert world.admission.asks[0].amount == alone.admission.asks[0].amount


async def test_one_provider_is_tried_again_after_a_backoff(waits: list[float]) -> None:
    world = World({"alpha": [broken(), broken(), GOOD]})
    found = await world.completions.complete(world.call(), request())
    assert len(found.attempts) == 3
    assert waits == [0.1, 0.2]


async def test_retry_after_is_honoured_exactly(waits: list[float]) -> None:
    world = World({"alpha": [broken("UPSTREAM_RATE_LIMITED", retry_after=1.25, http_status=429), GOOD]})
    await world.completions.complete(world.call(), request())
    assert waits == [1.25]


async def test_a_wait_beyond_the_deadline_is_not_begun(waits: list[float]) -> None:
    world = World({"alpha": [broken("UPSTREAM_RATE_LIMITED", retry_after=60.0)]})
    error = await failure(world, request())
    assert error.reason == Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED
    assert error.retry_after == 60.0
    assert waits == []


@pytest.mark.parametrize(("allowed", "made"), [(None, 3), (1, 1), (5, 5)])
async def test_attempts_are_limited(waits: list[float], allowed: int | None, made: int) -> None:
    world = World({"alpha": [broken()]})
    error = await failure(world, request(recovery=RecoveryPolicy(max_attempts=allowed)))
    assert len(world.providers.calls) == made
    assert error.metadata["attempts"] == str(made)


async def test_what_no_retry_can_mend_is_not_retried(waits: list[float]) -> None:
    world = World({"alpha": [broken("UPSTREAM_REJECTED", retry=False, fallback=False)], "beta": [GOOD]})
    error = await failure(world, request())
    assert error.reason == Reason.ERROR_REASON_UPSTREAM_REJECTED
    assert len(world.providers.calls) == 1
    # The provider is not to blame.
    assert the_breaker(world).availability().calls == 0


async def test_what_is_too_long_goes_to_a_larger_window_only(waits: list[float]) -> None:
    too_long = broken("CONTEXT_TOO_LONG", retry=False, http_status=400)
    roomy = integration("gamma")
    roomy.configuration.llm_provider.model_overrides.add(model="m", context_window=200_000)
    script = {"alpha": [too_long], "beta": [GOOD], "gamma": [GOOD]}
    world = World(script, integrations=[integration("alpha"), integration("beta"), roomy])
    found = await world.completions.complete(world.call(), request())
    assert [one.provider for one in found.attempts] == ["alpha", "gamma"]
    alone = World({"alpha": [too_long], "beta": [GOOD]})
    with pytest.raises(ProviderError) as caught:
        await alone.completions.complete(alone.call(), request())
    assert caught.value.reason == Reason.ERROR_REASON_CONTEXT_TOO_LONG


async def test_fallback_may_be_refused(waits: list[float]) -> None:
    world = World({"alpha": [broken(retry=False)], "beta": [GOOD]})
    await failure(world, request(recovery=RecoveryPolicy(allow_fallback=False)))
    assert [target.provider for target in world.providers.calls] == ["alpha"]


async def test_an_empty_retry_budget_ends_retries(waits: list[float]) -> None:
    world = World({"alpha": [broken()]})
    world.resilience.retries.tokens = 0.0
    await failure(world, request())
    assert len(world.providers.calls) == 1


async def test_repeated_failures_open_the_breaker_and_other_calls_go_elsewhere(waits: list[float]) -> None:
    world = World({"alpha": [broken()], "beta": [GOOD]})
    for _ in range(5):
        assert (await world.completions.complete(world.call(), request())).provider == "beta"
    assert not breaker_of(world, "alpha")
    found = await world.completions.complete(world.call(), request())
    assert [one.provider for one in found.attempts] == ["beta"]


async def test_a_breaker_that_opens_during_the_call_ends_it(waits: list[float]) -> None:
    world = World({"alpha": [broken()]})
    fail(world, 4)
    await failure(world, request())
    assert len(world.providers.calls) == 1


async def test_all_breakers_open_is_no_provider() -> None:
    world = World({"alpha": [GOOD]})
    fail(world, 5)
    error = await failure(world, request())
    assert error.reason == Reason.ERROR_REASON_NO_PROVIDER_AVAILABLE
    assert error.retry_after is not None and 29.0 < error.retry_after <= 30.0
    assert error.metadata["alpha/m"].startswith(
        "breaker_open: failed too often of late, last with UPSTREAM_UNAVAILABLE"
    )
    assert world.admission.asks == []


async def test_a_passed_deadline_starts_no_attempt() -> None:
    world = World({"alpha": [GOOD]})
    error = await failure(world, request(), seconds=-1.0)
    assert error.reason == Reason.ERROR_REASON_CALLER_DEADLINE
    assert world.providers.calls == []


async def test_the_attempt_timeout_shortens_the_deadline() -> None:
    world = World({"alpha": [GOOD]})
    call = world.call()
    await world.completions.complete(call, request())
    await world.completions.complete(call, request(recovery=RecoveryPolicy(attempt_timeout=Duration(seconds=1))))
    whole, short = world.providers.deadlines
    assert whole is call.deadline
    assert short.at < whole.at


async def test_an_answer_that_never_came_is_charged_in_full(waits: list[float]) -> None:
    world = World({"alpha": [broken("UPSTREAM_TIMEOUT", retry=False)]})
    error = await failure(world, request())
    (record,) = world.admission.records
    assert record is not None
    # All 100 tokens that were asked for: unknown usage is never refunded.
    assert record.usage.output_tokens == 100
    assert error.metadata["cost_nano_usd"] == str(world.admission.spent) == str(record.cost_details.nano_usd)
    assert error.metadata["output_tokens"] == "100"
    assert (error.metadata["provider"], error.metadata["model"]) == ("alpha", "m")


async def test_under_a_hard_budget_charged_failures_never_exceed_the_hold(waits: list[float]) -> None:
    timeout = broken("UPSTREAM_TIMEOUT")
    world = World({"alpha": [timeout], "beta": [timeout]}, budgets=[tenant_budget(10**12)])
    await failure(world, request(recovery=RecoveryPolicy(max_attempts=10)))
    assert 0 < world.admission.spent <= world.admission.asks[0].amount


async def test_without_a_hard_budget_a_timeout_falls_back(waits: list[float]) -> None:
    timeout = broken("UPSTREAM_TIMEOUT")
    world = World({"alpha": [timeout], "beta": [GOOD]}, budgets=[tenant_budget(10**12, hard=False)])
    found = await world.completions.complete(world.call(), request())
    assert found.provider == "beta"
    assert found.cost_details.nano_usd == found.attempts[0].cost_nano_usd + found.attempts[1].cost_nano_usd > 40_000


async def test_usage_told_by_a_failure_is_charged(waits: list[float]) -> None:
    world = World({"alpha": [broken(usage=used(10, 1), provider_request_id="up-1")], "beta": [GOOD]})
    found = await world.completions.complete(world.call(), request())
    first, second = found.attempts
    assert (first.cost_nano_usd, first.provider_request_id) == (12_000, "up-1")
    assert found.cost_details.nano_usd == first.cost_nano_usd + second.cost_nano_usd == 12_000 + 40_000


async def test_a_spent_hard_budget_refuses_before_any_call() -> None:
    world = World({"alpha": [GOOD]}, budgets=[tenant_budget(10)], limit=10)
    error = await failure(world, request())
    assert error.reason == Reason.ERROR_REASON_BUDGET_EXCEEDED
    assert world.providers.calls == []


@pytest.mark.parametrize(("hard", "cap"), [(True, 4096), (False, None)])
async def test_a_hard_budget_caps_the_output(hard: bool, cap: int | None) -> None:
    world = World({"alpha": [GOOD]}, budgets=[tenant_budget(10**12, hard=hard)])
    await world.completions.complete(world.call(), CompleteRequest(prompt="Say hello."))
    (sent,) = world.providers.requests
    assert (sent.max_tokens if sent.HasField("max_tokens") else None) == cap


async def test_the_cap_is_no_more_than_a_candidate_writes() -> None:
    world = World({"alpha": [GOOD]}, budgets=[tenant_budget(10**12)])
    roads = await world.router.roads(TENANT)
    roads.table.candidates[0].facts.max_output_tokens = 512
    await world.completions.complete(world.call(), CompleteRequest(prompt="Say hello."))
    assert world.providers.requests[0].max_tokens == 512


async def test_a_cancelled_call_settles_what_it_may_have_used() -> None:
    world = World({"alpha": [Hang()]})
    call = world.call()
    task = asyncio.create_task(world.completions.complete(call, request()))
    await world.providers.waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert call.tab is not None
    await call.tab.close(1, "CALLER_CANCELLED")
    (record,) = world.admission.records
    assert record is not None
    (attempt,) = record.attempts
    assert attempt.outcome == AttemptOutcome.ATTEMPT_OUTCOME_CANCELLED
    assert attempt.usage.source == UsageSource.USAGE_SOURCE_ESTIMATED
    assert record.usage.output_tokens == 100
    assert world.admission.spent == record.cost_details.nano_usd > 0
    assert world.admission.held == {}
