"""`trunkline budgets`."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

import click
from trunkline.v1.budget_pb2 import (
    Budget,
    BudgetEnforcement,
    BudgetPeriod,
    BudgetScope,
    CreateBudgetRequest,
    GetBudgetStatusRequest,
    ListBudgetsRequest,
)
from trunkline.v1.budget_pb2_grpc import BudgetServiceStub

from trunkline_server.cli.remote import Remote, connected
from trunkline_server.cli.text import facts, money, name_of, table
from trunkline_server.domain.money import NANO, to_money

_SCOPES = [name_of(name, "BUDGET_SCOPE_") for name in BudgetScope.keys()[1:]]
_PERIODS = [name_of(name, "BUDGET_PERIOD_") for name in BudgetPeriod.keys()[1:]]


class Usd(click.ParamType[int]):
    """A positive amount in dollars, exact to the nano-dollar; becomes integer nano-USD."""

    name = "usd"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The amount in nano-USD; fails for what is no amount above zero, or finer than a nano-dollar."""
        try:
            amount = Decimal(str(value)) * NANO
            whole = int(amount)
        except (InvalidOperation, OverflowError, ValueError):
            self.fail(f"{value!r} is not an amount in dollars", param, ctx)
        if whole <= 0 or whole != amount:
            self.fail("the amount must be above zero, with at most nine decimals", param, ctx)
        return whole


@click.group()
def budgets() -> None:
    """Limits on money. A hard budget is exact under concurrency: no call overspends it."""


@budgets.command("list")
@connected
async def list_budgets(remote: Remote) -> None:
    """List the budgets, by id."""
    stub, token, rows = BudgetServiceStub(remote.channel), "", []
    while True:
        answer = await remote.ask(stub.ListBudgets, ListBudgetsRequest(page_token=token))
        rows += [(budget.budget_id, *_kind(budget), money(budget.limit)) for budget in answer.budgets]
        token = answer.next_page_token
        if not token:
            break
    click.echo(table(("id", "scope", "period", "enforcement", "limit"), rows))


@budgets.command("create")
@click.argument("budget_id")
@click.argument("limit", type=Usd())
@click.option("--scope", type=click.Choice(_SCOPES), default="tenant", show_default=True)
@click.option("--subject", default="", help="The team, agent, workflow, user or key; empty for the tenant.")
@click.option("--period", type=click.Choice(_PERIODS), default="month", show_default=True)
@click.option("--soft", is_flag=True, help="Only alert at the limit, and let the calls go on.")
@connected
async def create(remote: Remote, budget_id: str, limit: int, scope: str, subject: str, period: str, soft: bool) -> None:
    """Set a LIMIT in dollars under the id BUDGET_ID.

    \b
    Examples:
      trunkline budgets create monthly 250
      trunkline budgets create crawler-daily 1.50 --scope agent --subject crawler --period day
    """
    budget = Budget(
        budget_id=budget_id,
        scope=BudgetScope.Value(f"BUDGET_SCOPE_{scope.upper()}"),
        subject=subject,
        limit=to_money(limit),
        period=BudgetPeriod.Value(f"BUDGET_PERIOD_{period.upper()}"),
        enforcement=(BudgetEnforcement.BUDGET_ENFORCEMENT_SOFT if soft else BudgetEnforcement.BUDGET_ENFORCEMENT_HARD),
    )
    answer = await remote.ask(BudgetServiceStub(remote.channel).CreateBudget, CreateBudgetRequest(budget=budget))
    click.echo(f"created {answer.budget.budget_id}: {money(answer.budget.limit)}, {', '.join(_kind(answer.budget))}")


@budgets.command("status")
@click.argument("budget_id")
@connected
async def status(remote: Remote, budget_id: str) -> None:
    """Show what of BUDGET_ID is spent, held by calls in flight, and left."""
    request = GetBudgetStatusRequest(budget_id=budget_id)
    answer = await remote.ask(BudgetServiceStub(remote.channel).GetBudgetStatus, request)
    rows: list[tuple[str, object]] = [
        ("limit", f"{money(answer.budget.limit)} ({', '.join(_kind(answer.budget))})"),
        ("spent", money(answer.spent)),
        ("held", money(answer.held)),
        ("left", money(answer.remaining)),
        ("used", f"{answer.utilization:.1%}"),
    ]
    if answer.HasField("forecast"):
        rows.append(("forecast", money(answer.forecast)))
    if answer.HasField("period_end_time"):
        rows.append(("starts anew", f"{answer.period_end_time.ToDatetime():%Y-%m-%d %H:%M} UTC"))
    click.echo(facts(rows))


def _kind(budget: Budget) -> tuple[str, str, str]:
    scope = name_of(BudgetScope.Name(budget.scope), "BUDGET_SCOPE_")
    return (
        f"{scope} {budget.subject}" if budget.subject else scope,
        name_of(BudgetPeriod.Name(budget.period), "BUDGET_PERIOD_"),
        name_of(BudgetEnforcement.Name(budget.enforcement), "BUDGET_ENFORCEMENT_"),
    )
