"""How far budgets are used, as far as this worker heard: for choices that depend on money being short."""

from __future__ import annotations

from collections.abc import Sequence

from trunkline_server.domain.ports import BudgetLevel, BudgetLimit


class Spending:
    """The last word on each budget in its window."""

    def __init__(self) -> None:
        self._used: dict[tuple[str, str], float] = {}

    def note(self, tenant_id: str, levels: Sequence[BudgetLevel]) -> None:
        """Budgets as an admission found them."""
        for level in levels:
            if level.limit:
                self._used[tenant_id, level.budget_id] = (level.spent + level.held) / level.limit

    def short(self, tenant_id: str, budgets: Sequence[BudgetLimit]) -> bool:
        """Whether any of the budgets is used beyond the first threshold at which it alerts."""
        return any(
            self._used.get((tenant_id, budget.budget_id), 0.0) >= min(budget.thresholds, default=1.0)
            for budget in budgets
        )
