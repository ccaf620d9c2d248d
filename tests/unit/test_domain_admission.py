"""Windows, budgets in scope, and rates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trunkline.v1.budget_pb2 import Budget, BudgetEnforcement, BudgetPeriod, BudgetScope
from trunkline.v1.common_pb2 import CallContext
from trunkline_server.domain.admission import BudgetIndex, budget_states, limit_of, rates_of, window
from trunkline_server.domain.call import Caller
from trunkline_server.domain.money import to_money, to_nano
from trunkline_server.domain.ports import BudgetLevel, RateLimit

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


def test_nothing_is_left_of_an_overdrawn_budget() -> None:
    (state,) = budget_states([BudgetLevel("b", limit=10, spent=8, held=5)])
    assert [to_nano(amount) for amount in (state.limit, state.spent, state.held, state.remaining)] == [10, 8, 5, 0]
    (state,) = budget_states([BudgetLevel("b", limit=10, spent=3, held=5)])
    assert to_nano(state.remaining) == 2
