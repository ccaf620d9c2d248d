"""Which rate limits and budgets a call counts against."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from trunkline.v1.budget_pb2 import (
    BUDGET_SCOPE_AGENT,
    BUDGET_SCOPE_API_KEY,
    BUDGET_SCOPE_TEAM,
    BUDGET_SCOPE_TENANT,
    BUDGET_SCOPE_USER,
    BUDGET_SCOPE_WORKFLOW,
    Budget,
    BudgetEnforcement,
    BudgetPeriod,
)
from trunkline.v1.common_pb2 import BudgetState, CallContext

from trunkline_server.domain.call import Caller
from trunkline_server.domain.money import to_money, to_nano
from trunkline_server.domain.ports import BudgetLevel, BudgetLimit, RateLimit


def window(period: BudgetPeriod.ValueType, now: datetime) -> tuple[str, datetime, datetime | None]:
    """The name, start and end of the window that `now` (UTC) lies in. TOTAL has one window, without an end."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == BudgetPeriod.BUDGET_PERIOD_DAY:
        return f"{day:%Y-%m-%d}", day, day + timedelta(days=1)
    if period == BudgetPeriod.BUDGET_PERIOD_WEEK:
        start = day - timedelta(days=day.weekday())
        return f"{start:%G-W%V}", start, start + timedelta(days=7)
    if period == BudgetPeriod.BUDGET_PERIOD_MONTH:
        start = day.replace(day=1)
        return f"{start:%Y-%m}", start, (start + timedelta(days=32)).replace(day=1)
    return "total", datetime(1970, 1, 1, tzinfo=UTC), None


def limit_of(budget: Budget, default_threshold: float, now: datetime) -> BudgetLimit:
    """A budget in its window at `now`."""
    name, _, end = window(budget.period, now)
    return BudgetLimit(
        budget_id=budget.budget_id,
        window=name,
        limit=to_nano(budget.limit),
        hard=budget.enforcement != BudgetEnforcement.BUDGET_ENFORCEMENT_SOFT,
        thresholds=tuple(budget.alert_thresholds) or (default_threshold,),
        ends_at=end.timestamp() if end else None,
    )


class BudgetIndex:
    """The budgets of one tenant, found by scope and subject. Windows are worked out once and kept until they end."""

    def __init__(self, budgets: Sequence[Budget], default_threshold: float) -> None:
        self._default_threshold = default_threshold
        self._by_subject: dict[tuple[int, str], list[Budget]] = {}
        for budget in budgets:
            self._by_subject.setdefault((budget.scope, budget.subject), []).append(budget)
        self._limits: dict[str, BudgetLimit] = {}

    def in_scope(self, caller: Caller, context: CallContext, now: float) -> tuple[BudgetLimit, ...]:
        """The budgets that a call counts against, at Unix time `now`."""
        if not self._by_subject:
            return ()
        subjects = (
            (BUDGET_SCOPE_TENANT, ""),
            (BUDGET_SCOPE_TEAM, caller.team_id),
            (BUDGET_SCOPE_AGENT, context.agent_id),
            (BUDGET_SCOPE_WORKFLOW, context.workflow_id),
            (BUDGET_SCOPE_USER, context.user_id),
            (BUDGET_SCOPE_API_KEY, caller.key_id),
        )
        return tuple(self._limit(budget, now) for subject in subjects for budget in self._by_subject.get(subject, ()))

    def _limit(self, budget: Budget, now: float) -> BudgetLimit:
        found = self._limits.get(budget.budget_id)
        if found is None or (found.ends_at is not None and now >= found.ends_at):
            found = limit_of(budget, self._default_threshold, datetime.fromtimestamp(now, UTC))
            self._limits[budget.budget_id] = found
        return found


def rates_of(caller: Caller) -> tuple[RateLimit, ...]:
    """The rate limits of a caller."""
    rates = []
    if caller.tenant_requests_per_minute:
        rates.append(RateLimit("tenant", caller.tenant_requests_per_minute))
    if caller.key_requests_per_minute:
        rates.append(RateLimit(f"key/{caller.key_id}", caller.key_requests_per_minute))
    return tuple(rates)


def budget_states(levels: Sequence[BudgetLevel]) -> list[BudgetState]:
    """Levels as answers show them."""
    return [
        BudgetState(
            budget_id=level.budget_id,
            limit=to_money(level.limit),
            spent=to_money(level.spent),
            held=to_money(level.held),
            remaining=to_money(max(0, level.limit - level.spent - level.held)),
        )
        for level in levels
    ]
