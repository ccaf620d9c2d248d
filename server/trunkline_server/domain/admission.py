"""Which rate limits and budgets a call counts against."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from google.protobuf.internal.containers import RepeatedCompositeFieldContainer
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
    BudgetScope,
)
from trunkline.v1.common_pb2 import BudgetState, CallContext, CallLimit, LimitScope

from trunkline_server.domain.call import Caller
from trunkline_server.domain.money import put_money, to_nano
from trunkline_server.domain.needs import Need
from trunkline_server.domain.ports import BudgetLevel, BudgetLimit, RateLimit, Target

_TENANT, _KEY = LimitScope.LIMIT_SCOPE_TENANT, LimitScope.LIMIT_SCOPE_API_KEY
_USER = LimitScope.LIMIT_SCOPE_USER
_MODEL, _PROVIDER = LimitScope.LIMIT_SCOPE_MODEL, LimitScope.LIMIT_SCOPE_PROVIDER
# What a limit may say: fields of CallLimit, and of API keys.
FIGURES: tuple[Literal["requests_per_minute", "tokens_per_minute", "max_concurrent"], ...] = (
    "requests_per_minute",
    "tokens_per_minute",
    "max_concurrent",
)

# Whom the budgets of a scope are about, in the order in which they are told.
_SUBJECTS: tuple[tuple[BudgetScope.ValueType, Callable[[Caller, CallContext], str]], ...] = (
    (BUDGET_SCOPE_TENANT, lambda caller, context: ""),
    (BUDGET_SCOPE_TEAM, lambda caller, context: caller.team_id),
    (BUDGET_SCOPE_AGENT, lambda caller, context: context.agent_id),
    (BUDGET_SCOPE_WORKFLOW, lambda caller, context: context.workflow_id),
    (BUDGET_SCOPE_USER, lambda caller, context: context.user_id),
    (BUDGET_SCOPE_API_KEY, lambda caller, context: caller.key_id),
)


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
        scopes: dict[int, dict[str, list[Budget]]] = {}
        for budget in budgets:
            scopes.setdefault(budget.scope, {}).setdefault(budget.subject, []).append(budget)
        # Of most tenants one or two scopes are in use.
        self._scopes = [(subject, scopes[scope]) for scope, subject in _SUBJECTS if scope in scopes]
        self._limits: dict[str, BudgetLimit] = {}

    def in_scope(self, caller: Caller, context: CallContext, now: float) -> tuple[BudgetLimit, ...]:
        """The budgets that a call counts against, at Unix time `now`."""
        found: list[BudgetLimit] = []
        for subject, budgets in self._scopes:
            found += [self._limit(budget, now) for budget in budgets.get(subject(caller, context), ())]
        return tuple(found)

    def _limit(self, budget: Budget, now: float) -> BudgetLimit:
        found = self._limits.get(budget.budget_id)
        if found is None or (found.ends_at is not None and now >= found.ends_at):
            found = limit_of(budget, self._default_threshold, datetime.fromtimestamp(now, UTC))
            self._limits[budget.budget_id] = found
        return found


# ── Rates ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def by_subject(limits: Iterable[CallLimit]) -> Mapping[tuple[int, str], CallLimit]:
    """Limits by scope and subject; an empty subject stands for each by itself."""
    return {(one.scope, one.subject): one for one in limits}


def expected_tokens(need: Need) -> int:
    """Tokens that a call is likely to use: its input as estimated, and what it may write up to a usual answer."""
    return need.size.likely + need.usual_tokens


def rates_of(caller: Caller) -> tuple[RateLimit, ...]:
    """What every call of a caller counts against, one of a tool included."""
    rates = []
    if caller.tenant_requests_per_minute:
        rates.append(RateLimit("tenant", caller.tenant_requests_per_minute))
    key = (caller.key_requests_per_minute, caller.key_tokens_per_minute, caller.key_max_concurrent)
    if any(key):
        rates.append(RateLimit(f"key/{caller.key_id}", *key))
    return tuple(rates)


def rates_of_model_call(caller: Caller, user_id: str) -> tuple[RateLimit, ...]:
    """What a call of a model counts against, whichever model serves it. `user_id` may be empty: nobody is limited."""
    rates = rates_of(caller)
    if not caller.limits:
        return rates
    merged = {rate.subject: rate for rate in rates}
    key = caller.key_id
    for scope, name, subject in (
        (_TENANT, "", "tenant"),
        (_KEY, key, f"key/{key}"),
        (_USER, user_id, f"user/{user_id}"),
    ):
        if (name or scope == _TENANT) and (found := _limit(caller, scope, name, subject)) is not None:
            merged[subject] = _least(found, merged.get(subject, found))
    return tuple(merged.values())


def rates_of_choice(caller: Caller, target: Target) -> tuple[RateLimit, ...]:
    """What a call counts against besides when it goes to this model of this provider."""
    if not caller.limits:
        return ()
    model = f"{target.provider}/{target.model}"
    found = (
        _limit(caller, _MODEL, model, f"model/{model}"),
        _limit(caller, _PROVIDER, target.provider, f"provider/{target.provider}"),
    )
    return tuple(rate for rate in found if rate is not None)


def _limit(caller: Caller, scope: int, name: str, subject: str) -> RateLimit | None:
    """The limit that names somebody, else that of each in the scope by itself."""
    limit = caller.limits.get((scope, name)) or caller.limits.get((scope, ""))
    return RateLimit(subject, *(_figure(limit, name) for name in FIGURES)) if limit is not None else None


def _figure(limit: CallLimit, name: str) -> int | None:
    return getattr(limit, name) if limit.HasField(name) else None  # type: ignore[arg-type]


def _least(one: RateLimit, other: RateLimit) -> RateLimit:
    """Both at once: of one subject the lower figures bind."""
    return RateLimit(
        one.subject,
        _lower(one.requests_per_minute, other.requests_per_minute),
        _lower(one.tokens_per_minute, other.tokens_per_minute),
        _lower(one.max_concurrent, other.max_concurrent),
    )


def _lower(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else min(one, other)


# ── Answers ───────────────────────────────────────────────────────────────────────────────────────────────────────


def put_budgets(field: RepeatedCompositeFieldContainer[BudgetState], levels: Sequence[BudgetLevel]) -> None:
    """Levels as answers show them."""
    for level in levels:
        state = field.add(budget_id=level.budget_id)
        put_money(state.limit, level.limit)
        put_money(state.spent, level.spent)
        put_money(state.held, level.held)
        put_money(state.remaining, max(0, level.limit - level.spent - level.held))
