"""Tables, money and the request that a command line makes."""

from __future__ import annotations

import re
from typing import Any

import click
import pytest
from google.type.money_pb2 import Money
from trunkline.v1.common_pb2 import BudgetState, CostDetails, Usage
from trunkline.v1.completion_pb2 import Finish, Finished, FinishReason
from trunkline.v1.requirements_pb2 import Quality
from trunkline.v1.route_pb2 import Route, RouteBasis, RouteCandidate, RoutingObjective
from trunkline_server.cli.budgets import Usd
from trunkline_server.cli.complete import request_of, summary
from trunkline_server.cli.routes import route_text
from trunkline_server.cli.text import money, table, usd

OPTIONS: dict[str, Any] = {
    "model": "",
    "max_tokens": 8,
    "agent": "a",
    "capabilities": (),
    "residency": "",
    "task": "",
    "policy": "",
    "quality": None,
    "max_cost": None,
    "max_latency": None,
}


@pytest.mark.parametrize(
    ("nano_usd", "text"),
    [
        (0, "$0.00"),
        (10_000_000_000, "$10.00"),
        (1_250_000_000, "$1.25"),
        (4_260, "$0.000004260"),
        (-1, "-$0.000000001"),
        (9_999_999_999, "$9.999999999"),
    ],
)
def test_money_shows_every_digit_that_counts(nano_usd: int, text: str) -> None:
    assert usd(nano_usd) == text


def test_money_of_a_message() -> None:
    assert money(Money(currency_code="USD", units=2, nanos=500_000_000)) == "$2.50"


def test_table_aligns_numbers_to_the_right() -> None:
    assert table(("id", "n"), [("a", 1), ("bbb", 12)]) == "id    n\na     1\nbbb  12"


def test_empty_table_is_its_head() -> None:
    assert table(("id", "n"), []) == "id  n"


def test_router_is_asked_for_text_without_a_model() -> None:
    assert list(request_of("p", **OPTIONS).model_requirements.capabilities) == ["text"]


def test_model_alone_sets_no_requirements() -> None:
    assert not request_of("p", **{**OPTIONS, "model": "m"}).HasField("model_requirements")


def test_requirements_reach_the_request() -> None:
    request = request_of("p", **{**OPTIONS, "model": "m", "max_latency": 1.5, "residency": "eu"})
    assert request.model_requirements.max_latency.ToMilliseconds() == 1500
    assert request.model_requirements.data_residency == "eu"


def test_policy_quality_and_cost_reach_the_request() -> None:
    more = {"policy": "quick", "quality": "premium", "max_cost": 15_000_000_000}
    request = request_of("p", **{**OPTIONS, **more})
    assert request.routing.policy == "quick"
    assert request.model_requirements.quality == Quality.QUALITY_PREMIUM
    assert money(request.model_requirements.max_cost_per_token) == "$0.000015000"
    assert not request_of("p", **OPTIONS).HasField("routing")


def test_route_tells_the_decision_the_candidates_and_the_rejected() -> None:
    first = RouteCandidate(provider="p", model="m", integration_id="i", region="eu", eligible=True, rank=1, score=0.875)
    first.terms.add(name="cost", score=0.5, weight=0.25)
    first.terms.add(name="quality", score=1.0, weight=0.75)
    first.estimated_nano_usd, first.expected_nano_usd, first.moved_by = 2000, 1000, "affinity"
    last = RouteCandidate(provider="q", model="n", integration_id="j", rejected_by="capability", detail="lacks tools")
    route = Route(basis=RouteBasis.ROUTE_BASIS_POLICY, rule="quick", considered=2, eligible=1, complexity=0.25)
    route.experiment_id, route.arm_id, route.task, route.revision = "trial", "b", "analysis", 7
    route.policy_ids.extend(["quick", "home"])
    route.objective = RoutingObjective.ROUTING_OBJECTIVE_BALANCED
    shown = [re.split(r" {2,}", line.strip()) for line in route_text(route, [first, last]).splitlines()]
    assert shown[:9] == [
        ["decided by", "policy quick"],
        ["objective", "balanced"],
        ["policies", "quick, home"],
        ["task", "analysis"],
        ["experiment", "trial, arm b"],
        ["complexity", "0.25"],
        ["revision", "7"],
        ["candidates", "1 of 2 eligible"],
        [""],
    ]
    quote = ("$0.000001000", "$0.000002000", "unknown", "affinity")
    assert shown[10] == ["1", "p/m", "i", "eu", "0.875", "cost 0.50 x 0.25, quality 1.00 x 0.75", *quote]
    assert shown[13] == ["q/n", "j", "-", "capability", "lacks tools"]


def test_route_without_an_eligible_candidate_says_so() -> None:
    last = RouteCandidate(provider="q", model="n", integration_id="j", rejected_by="capability", detail="lacks tools")
    shown = route_text(Route(), [last])
    assert shown.startswith("no candidate is eligible") and "lacks tools" in shown and "decided by" not in shown


def test_summary_tells_an_unknown_count_from_zero() -> None:
    end = Finished(
        usage=Usage(output_tokens=0),
        finish=Finish(reason=FinishReason.FINISH_REASON_LENGTH),
        cost_details=CostDetails(price_unknown=True),
        route=Route(basis=RouteBasis.ROUTE_BASIS_EXPLICIT, considered=3, eligible=1),
        provider="p",
        model_used="m",
        budget=[BudgetState(budget_id="b", limit=Money(units=10), remaining=Money(units=9, nanos=1))],
    )
    shown = summary(end)
    assert "? in, 0 out" in shown
    assert "unknown: no price" in shown
    assert "ended by" in shown and "length" in shown
    assert "p/m (explicit, 1 of 3 eligible)" in shown
    assert "$9.000000001 left of $10.00" in shown


@pytest.mark.parametrize(("text", "nano_usd"), [("250", 250_000_000_000), ("1.50", 1_500_000_000), ("0.000000001", 1)])
def test_amounts_are_exact(text: str, nano_usd: int) -> None:
    assert Usd().convert(text, None, None) == nano_usd


@pytest.mark.parametrize("text", ["0", "-1", "ten", "0.0000000001", "NaN", "Infinity"])
def test_amounts_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Usd().convert(text, None, None)
