"""BudgetService: limits on money, and their state."""

from __future__ import annotations

from datetime import UTC, datetime

from trunkline.v1.budget_pb2 import (
    CreateBudgetRequest,
    CreateBudgetResponse,
    DeleteBudgetRequest,
    DeleteBudgetResponse,
    GetBudgetRequest,
    GetBudgetResponse,
    GetBudgetStatusRequest,
    GetBudgetStatusResponse,
    ListBudgetsRequest,
    ListBudgetsResponse,
    UpdateBudgetRequest,
    UpdateBudgetResponse,
)

from trunkline_server.domain.admission import limit_of, window
from trunkline_server.domain.call import Call
from trunkline_server.domain.money import to_money
from trunkline_server.domain.ports import Admission, Budgets, Directory
from trunkline_server.services.access import actor_of, masked
from trunkline_server.services.paging import DEFAULT_PAGE_SIZE

_PATHS = frozenset(("limit", "enforcement", "alert_thresholds"))
# Before this share of the period has passed, a forecast says nothing.
_FORECAST_FROM = 0.05


class BudgetService:
    """Budgets of a tenant."""

    def __init__(self, budgets: Budgets, directory: Directory, admission: Admission, alert_threshold: float) -> None:
        self._budgets = budgets
        self._directory = directory
        self._admission = admission
        self._alert_threshold = alert_threshold

    async def create_budget(self, call: Call, request: CreateBudgetRequest) -> CreateBudgetResponse:
        """See the contract."""
        budget = await self._budgets.create(actor_of(call), request.budget)
        await self._directory.changed(call.tenant_id)
        return CreateBudgetResponse(budget=budget)

    async def get_budget(self, call: Call, request: GetBudgetRequest) -> GetBudgetResponse:
        """See the contract."""
        return GetBudgetResponse(budget=await self._budgets.get(call.tenant_id, request.budget_id))

    async def list_budgets(self, call: Call, request: ListBudgetsRequest) -> ListBudgetsResponse:
        """See the contract."""
        found, following = await self._budgets.list(
            call.tenant_id, request.page_size or DEFAULT_PAGE_SIZE, request.page_token
        )
        return ListBudgetsResponse(budgets=found, next_page_token=following)

    async def update_budget(self, call: Call, request: UpdateBudgetRequest) -> UpdateBudgetResponse:
        """See the contract."""
        paths = masked(request.update_mask.paths, _PATHS)
        budget = await self._budgets.update(actor_of(call), request.budget, paths)
        await self._directory.changed(call.tenant_id)
        return UpdateBudgetResponse(budget=budget)

    async def delete_budget(self, call: Call, request: DeleteBudgetRequest) -> DeleteBudgetResponse:
        """See the contract."""
        await self._budgets.delete(actor_of(call), request.budget_id, request.etag)
        await self._directory.changed(call.tenant_id)
        return DeleteBudgetResponse()

    async def get_budget_status(self, call: Call, request: GetBudgetStatusRequest) -> GetBudgetStatusResponse:
        """See the contract. The forecast carries the spend on at its rate so far."""
        budget = await self._budgets.get(call.tenant_id, request.budget_id)
        now = datetime.fromtimestamp(call.arrived_wall, UTC)
        (level,) = await self._admission.levels(call.tenant_id, [limit_of(budget, self._alert_threshold, now)])
        _, start, end = window(budget.period, now)
        status = GetBudgetStatusResponse(
            budget=budget,
            spent=to_money(level.spent),
            held=to_money(level.held),
            remaining=to_money(max(0, level.limit - level.spent - level.held)),
            utilization=(level.spent + level.held) / level.limit if level.limit else 1.0,
        )
        status.period_start_time.FromDatetime(start)
        if end is not None:
            status.period_end_time.FromDatetime(end)
            passed = (now - start) / (end - start)
            if passed >= _FORECAST_FROM:
                status.forecast.CopyFrom(to_money(int(level.spent / passed)))
        return status
