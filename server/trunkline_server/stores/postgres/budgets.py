"""Budgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trunkline.v1.budget_pb2 import Budget, BudgetEnforcement, BudgetPeriod, BudgetScope

from trunkline_server.domain.errors import not_found
from trunkline_server.domain.money import to_money, to_nano
from trunkline_server.domain.ports import Actor
from trunkline_server.stores.postgres import audit
from trunkline_server.stores.postgres.pool import Database
from trunkline_server.stores.postgres.rows import (
    EnumColumn,
    assignments,
    check_etag,
    masked,
    new_etag,
    page,
    page_limit,
    page_start,
    set_time,
)

_SCOPE = EnumColumn(BudgetScope, "BUDGET_SCOPE_")
_PERIOD = EnumColumn(BudgetPeriod, "BUDGET_PERIOD_")
_ENFORCEMENT = EnumColumn(BudgetEnforcement, "BUDGET_ENFORCEMENT_")
_MASK = {"limit": "limit_nano_usd", "enforcement": "enforcement", "alert_thresholds": "alert_thresholds"}

_INSERT = """
INSERT INTO trunkline.budgets
    (tenant_id, budget_id, scope, subject, period, etag, limit_nano_usd, enforcement, alert_thresholds)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING *
"""


class PgBudgets:
    """Implements `domain.ports.Budgets`. What was charged stays when a budget is deleted: see `PgLedger.spent`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, actor: Actor, budget: Budget) -> Budget:
        """Raises ALREADY_EXISTS, and NOT_FOUND for the tenant."""
        tenant_id, subject = actor.tenant_id, ("budget", budget.budget_id)
        values = (
            *(tenant_id, budget.budget_id, _SCOPE.text(budget.scope), budget.subject),
            *(_PERIOD.text(budget.period), new_etag(), *_columns(budget).values()),
        )
        async with self._database.tenant_transaction(tenant_id, creating=subject) as connection:
            row = await connection.fetchrow(_INSERT, *values)
            await audit.append(connection, tenant_id, actor, "budget.create", subject, nano_usd=_limit(row))
        return _budget_of(row)

    async def get(self, tenant_id: str, budget_id: str) -> Budget:
        """Raises NOT_FOUND."""
        async with self._database.tenant_transaction(tenant_id) as connection:
            return _budget_of(await _read(connection, tenant_id, budget_id))

    async def list(self, tenant_id: str, page_size: int, page_token: str) -> tuple[Sequence[Budget], str]:
        """By id. Raises INVALID_REQUEST for the page token."""
        after, limit = page_start(page_token), page_limit(page_size)
        async with self._database.tenant_transaction(tenant_id) as connection:
            rows = await connection.fetch(
                "SELECT * FROM trunkline.budgets WHERE tenant_id = $1 AND budget_id > $2 ORDER BY budget_id LIMIT $3",
                *(tenant_id, after, limit),
            )
        return page(rows, limit, _budget_of, lambda row: str(row["budget_id"]))

    async def update(self, actor: Actor, budget: Budget, paths: Sequence[str]) -> Budget:
        """Raises NOT_FOUND, ETAG_MISMATCH, INVALID_REQUEST for an unknown path."""
        changes = masked(_columns(budget), _MASK, paths)
        sql = (
            f"UPDATE trunkline.budgets SET {assignments(changes, 4)}, etag = $3, update_time = now() "
            "WHERE tenant_id = $1 AND budget_id = $2 RETURNING *"
        )
        tenant_id, budget_id = actor.tenant_id, budget.budget_id
        async with self._database.tenant_transaction(tenant_id) as connection:
            current = await _read(connection, tenant_id, budget_id, lock=True)
            check_etag(current["etag"], budget.etag)
            row = await connection.fetchrow(sql, tenant_id, budget_id, new_etag(), *changes.values())
            detail = {"fields": ",".join(paths), "nano_usd_before": _limit(current), "nano_usd": _limit(row)}
            await audit.append(connection, tenant_id, actor, "budget.update", ("budget", budget_id), **detail)
        return _budget_of(row)

    async def delete(self, actor: Actor, budget_id: str, etag: str) -> None:
        """Raises NOT_FOUND, ETAG_MISMATCH."""
        tenant_id = actor.tenant_id
        async with self._database.tenant_transaction(tenant_id) as connection:
            current = await _read(connection, tenant_id, budget_id, lock=True)
            check_etag(current["etag"], etag)
            await connection.execute(
                "DELETE FROM trunkline.budgets WHERE tenant_id = $1 AND budget_id = $2", tenant_id, budget_id
            )
            detail = {"nano_usd_before": _limit(current)}
            await audit.append(connection, tenant_id, actor, "budget.delete", ("budget", budget_id), **detail)


async def read_budgets(connection: Any, tenant_id: str) -> list[Budget]:
    """All budgets, within a transaction bound to the tenant."""
    rows = await connection.fetch("SELECT * FROM trunkline.budgets WHERE tenant_id = $1 ORDER BY budget_id", tenant_id)
    return [_budget_of(row) for row in rows]


async def _read(connection: Any, tenant_id: str, budget_id: str, lock: bool = False) -> Any:
    row = await connection.fetchrow(
        "SELECT * FROM trunkline.budgets WHERE tenant_id = $1 AND budget_id = $2" + (" FOR UPDATE" if lock else ""),
        *(tenant_id, budget_id),
    )
    if row is None:
        raise not_found("budget", budget_id)
    return row


def _limit(row: Mapping[str, Any]) -> str:
    return str(row["limit_nano_usd"])


def _columns(budget: Budget) -> dict[str, Any]:
    return {
        "limit_nano_usd": to_nano(budget.limit),
        "enforcement": _ENFORCEMENT.text(budget.enforcement or BudgetEnforcement.BUDGET_ENFORCEMENT_HARD),
        "alert_thresholds": list(budget.alert_thresholds),
    }


def _budget_of(row: Mapping[str, Any]) -> Budget:
    budget = Budget(
        budget_id=row["budget_id"],
        scope=_SCOPE.number(row["scope"]),
        subject=row["subject"],
        limit=to_money(row["limit_nano_usd"]),
        period=_PERIOD.number(row["period"]),
        enforcement=_ENFORCEMENT.number(row["enforcement"]),
        alert_thresholds=row["alert_thresholds"],
        etag=row["etag"],
    )
    set_time(budget.create_time, row["create_time"])
    set_time(budget.update_time, row["update_time"])
    return budget
