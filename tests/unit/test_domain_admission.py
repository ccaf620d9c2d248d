"""Windows, budgets in scope, and rates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trunkline.v1.budget_pb2 import Budget, BudgetEnforcement, BudgetPeriod, BudgetScope
from trunkline.v1.common_pb2 import CallContext, CallLimit, LimitScope
from trunkline.v1.completion_pb2 import CompleteResponse
from trunkline_server.domain.admission import (
    BudgetIndex,
    by_subject,
    limit_of,
    put_budgets,
    rates_of,
    rates_of_choice,
    rates_of_model_call,
    window,
)
from trunkline_server.domain.call import Caller
from trunkline_server.domain.money import to_money, to_nano
from trunkline_server.domain.ports import BudgetLevel, RateLimit, Target

DAY = BudgetPeriod.BUDGET_PERIOD_DAY
WEEK = BudgetPeriod.BUDGET_PERIOD_WEEK
MONTH = BudgetPeriod.BUDGET_PERIOD_MONTH
TOTAL = BudgetPeriod.BUDGET_PERIOD_TOTAL


def budget(name: str, scope: BudgetScope.ValueType, subject: str = "", **more: object) -> Budget:
    return Budget(budget_id=name, scope=scope, subject=subject, limit=to_money(5), period=DAY, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("period", "at", "name", "start", "end"),
    [
        (DAY, (2026, 2, 28, 23), "2026-02-28", (2026, 2, 28), (2026, 3, 1)),
        (WEEK, (2027, 1, 1), "2026-W53", (2026, 12, 28), (2027, 1, 4)),
        (WEEK, (2026, 11, 16), "2026-W47", (2026, 11, 16), (2026, 11, 23)),
        (MONTH, (2024, 2, 29), "2024-02", (2024, 2, 1), (2024, 3, 1)),
        (MONTH, (2026, 12, 31, 23, 59), "2026-12", (2026, 12, 1), (2027, 1, 1)),
    ],
)
def test_windows(
    period: BudgetPeriod.ValueType, at: tuple[int, ...], name: str, start: tuple[int, ...], end: tuple[int, ...]
) -> None:
    def utc(parts: tuple[int, ...]) -> datetime:
        return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]

    assert window(period, utc(at)) == (name, utc(start), utc(end))


def test_total_never_ends() -> None:
    assert window(TOTAL, datetime(2026, 1, 1, tzinfo=UTC)) == ("total", datetime(1970, 1, 1, tzinfo=UTC), None)


@given(
    st.sampled_from([DAY, WEEK, MONTH]),
    st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC)),
)
def test_windows_follow_each_other_without_gap(period: BudgetPeriod.ValueType, now: datetime) -> None:
    name, start, end = window(period, now)
    assert end is not None
    assert start <= now < end
    assert window(period, end)[1] == end
    assert window(period, end)[0] != name
    assert window(period, end - timedelta(microseconds=1)) == (name, start, end)


def test_a_limit_takes_the_defaults() -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    found = limit_of(budget("b", BudgetScope.BUDGET_SCOPE_TENANT), 0.8, now)
    assert (found.limit, found.hard, found.thresholds) == (5, True, (0.8,))
    soft = budget(
        "b",
        BudgetScope.BUDGET_SCOPE_TENANT,
        enforcement=BudgetEnforcement.BUDGET_ENFORCEMENT_SOFT,
        alert_thresholds=[0.5, 1.0],
    )
    soft.period = TOTAL
    found = limit_of(soft, 0.8, now)
    assert (found.hard, found.thresholds, found.ends_at) == (False, (0.5, 1.0), None)


def test_only_budgets_of_the_caller_count() -> None:
    index = BudgetIndex(
        [
            budget("tenant", BudgetScope.BUDGET_SCOPE_TENANT),
            budget("team", BudgetScope.BUDGET_SCOPE_TEAM, "blue"),
            budget("other-team", BudgetScope.BUDGET_SCOPE_TEAM, "red"),
            budget("agent", BudgetScope.BUDGET_SCOPE_AGENT, "a"),
            budget("workflow", BudgetScope.BUDGET_SCOPE_WORKFLOW, "w"),
            budget("user", BudgetScope.BUDGET_SCOPE_USER, "u"),
            budget("key", BudgetScope.BUDGET_SCOPE_API_KEY, "k"),
            budget("other-key", BudgetScope.BUDGET_SCOPE_API_KEY, "z"),
        ],
        0.8,
    )
    caller = Caller("acme", "k", frozenset(), team_id="blue")
    context = CallContext(agent_id="a", workflow_id="w", user_id="u")
    found = [limit.budget_id for limit in index.in_scope(caller, context, 0.0)]
    assert found == ["tenant", "team", "agent", "workflow", "user", "key"]
    assert BudgetIndex([], 0.8).in_scope(caller, context, 0.0) == ()


def test_the_window_moves_on_at_its_end() -> None:
    index = BudgetIndex([budget("b", BudgetScope.BUDGET_SCOPE_TENANT)], 0.8)
    caller = Caller("acme", "k", frozenset())
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
    (today,) = index.in_scope(caller, CallContext(), noon)
    (same,) = index.in_scope(caller, CallContext(), noon + 43_199)
    assert same is today
    (tomorrow,) = index.in_scope(caller, CallContext(), noon + 43_200)
    assert (today.window, tomorrow.window) == ("2026-11-21", "2026-11-22")


def test_rates_of_a_caller() -> None:
    assert rates_of(Caller("t", "k", frozenset())) == ()
    limited = Caller("t", "k", frozenset(), key_requests_per_minute=5, tenant_requests_per_minute=9)
    assert rates_of(limited) == (RateLimit("tenant", 9), RateLimit("key/k", 5))


def limited(*limits: CallLimit, **fields: int) -> Caller:
    return Caller("t", "k", frozenset(), limits=by_subject(limits), **fields)  # type: ignore[arg-type]


def limit(scope: str, subject: str = "", **figures: int) -> CallLimit:
    return CallLimit(scope=LimitScope.Value(f"LIMIT_SCOPE_{scope}"), subject=subject, **figures)


def test_rates_of_a_call_of_a_model() -> None:
    caller = limited(
        limit("TENANT", tokens_per_minute=500, requests_per_minute=12),
        limit("API_KEY", max_concurrent=3),
        limit("USER", requests_per_minute=2),
        limit("USER", "vip", requests_per_minute=20),
        limit("MODEL", tokens_per_minute=1),
        tenant_requests_per_minute=9,
        key_tokens_per_minute=70,
        key_max_concurrent=4,
    )
    tenant, key = RateLimit("tenant", 9, 500, None), RateLimit("key/k", None, 70, 3)
    # Of one subject the lower figures bind, and a limit that names somebody is the only one of its scope.
    assert rates_of_model_call(caller, "vip") == (tenant, key, RateLimit("user/vip", 20))
    assert rates_of_model_call(caller, "bob") == (tenant, key, RateLimit("user/bob", 2))
    assert rates_of_model_call(caller, "") == (tenant, key)
    assert rates_of(caller) == (RateLimit("tenant", 9), RateLimit("key/k", None, 70, 4))
    assert rates_of_model_call(limited(limit("API_KEY", "other", max_concurrent=1)), "u") == ()


def test_rates_of_a_choice() -> None:
    target = Target("i", "portkey", "openai", "gpt-4o", "https://x", 30.0, "")
    caller = limited(
        limit("MODEL", requests_per_minute=5),
        limit("MODEL", "openai/gpt-4o", tokens_per_minute=7),
        limit("PROVIDER", "anthropic", max_concurrent=1),
        limit("PROVIDER", "openai", max_concurrent=2),
    )
    assert rates_of_choice(caller, target) == (
        RateLimit("model/openai/gpt-4o", None, 7),
        RateLimit("provider/openai", None, None, 2),
    )
    assert rates_of_choice(limited(limit("PROVIDER", "anthropic", max_concurrent=1)), target) == ()
    assert rates_of_choice(Caller("t", "k", frozenset()), target) == ()


def test_nothing_is_left_of_an_overdrawn_budget() -> None:
    answer = CompleteResponse()
    put_budgets(answer.budget, [BudgetLevel("b", limit=10, spent=8, held=5), BudgetLevel("c", 10, spent=3, held=5)])
    state, other = answer.budget
    assert (state.budget_id, other.budget_id) == ("b", "c")
    assert [to_nano(amount) for amount in (state.limit, state.spent, state.held, state.remaining)] == [10, 8, 5, 0]
    assert to_nano(other.remaining) == 2
