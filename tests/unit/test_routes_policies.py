"""What decides a route: names, policies, mappings, experiments, and what is in force where nothing says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.experiment_pb2 import Experiment, ExperimentArm, ExperimentState
from trunkline.v1.policy_pb2 import (
    ComplexityTier,
    RoutingLink,
    RoutingMatch,
    RoutingPolicy,
    RoutingWeights,
    TaskMapping,
)
from trunkline.v1.requirements_pb2 import ModelRequirements, RoutingOptions
from trunkline.v1.route_pb2 import RouteBasis, RoutingObjective
from trunkline_server.domain.breaker import BreakerRule
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.ports import BudgetLevel, BudgetLimit
from trunkline_server.domain.routes.plan import Plan, no_provider
from trunkline_server.domain.routes.record import candidates_of, route_of
from trunkline_server.domain.steering import RoutingView
from unit.domain_parts import TENANT, World, answer, broken, integration

USD = 10**9
PRICES = {"alpha/m": (USD, 2 * USD), "beta/m": (USD // 10, USD // 5), "gamma/m": (5 * USD, 20 * USD)}
BUDGET = BudgetLimit("b", "2026-11", 1, False, (0.8,), None)


def world(routing: RoutingView | None = None, **more: Any) -> World:
    found = World({name: [answer()] for name in ("alpha", "beta", "gamma")}, prices=PRICES, **more)
    found.directory.view = replace(found.view, routing=routing or RoutingView())
    return found


def policy(policy_id: str, objective: str = "UNSPECIFIED", **more: Any) -> RoutingPolicy:
    return RoutingPolicy(policy_id=policy_id, objective=f"ROUTING_OBJECTIVE_{objective}", **more)


def following(*policies: RoutingPolicy, **more: Any) -> World:
    return world(RoutingView(3, policies), **more)


async def planned(here: World, *, model: str = "", task: str = "", tier: str = "", **more: Any) -> Plan:
    request = CompleteRequest(
        prompt="hi",
        model=model,
        model_requirements=ModelRequirements(task=task, **more.pop("requirements", {})),
        context=CallContext(agent_id="a", user_tier=tier, session_id=more.pop("session", "")),
        **more,
    )
    return here.router.plan(await here.router.roads(TENANT), here.call(), request, [BUDGET])


def order(plan: Plan) -> Sequence[str]:
    return [choice.candidate.target.provider for choice in plan.choices]


def chain(*models: str, **weights: float) -> Sequence[RoutingLink]:
    return [RoutingLink(model=model, weight=weights.get(model[0], 1.0)) for model in models]


async def test_the_first_matching_policy_with_an_objective_chooses() -> None:
    here = following(
        policy("z", "QUALITY", order=2),
        policy("a", "PRIORITY", order=1, chain=chain("alpha/m", "gamma/m"), match=RoutingMatch(user_tiers=["paid"])),
        policy("constrains", order=0),
    )
    paid, other = await planned(here, tier="paid"), await planned(here)
    assert (order(paid), paid.course.rule) == (["alpha", "gamma"], "a")
    assert (order(other), other.course.rule) == (["gamma", "alpha", "beta"], "z")
    assert paid.course.basis == RouteBasis.ROUTE_BASIS_POLICY
    assert paid.course.revision == 3


async def test_constraints_of_every_matching_policy_bind_named_models_and_fallbacks_too() -> None:
    cheap = ModelRequirements(max_cost_per_token={"nanos": 3000})
    here = following(
        policy("cheap", constraints=cheap), policy("no-beta", denied_models=["beta/*"], match=RoutingMatch(tasks=["t"]))
    )
    assert order(await planned(here)) == ["beta", "alpha"]
    assert order(await planned(here, task="t")) == ["alpha"]
    plan = await planned(here, model="gamma/m", task="t", recovery={"fallback_models": ["beta/m"]})
    assert not plan.choices
    assert plan.rejected == {"max_cost_per_token": 1, "denied_models": 1}
    error = no_provider(plan)
    assert error.reason == Reason.ERROR_REASON_INVALID_MODEL_REQUIREMENTS
    assert "(policy cheap)" in error.metadata["gamma/m"]
    assert plan.course.policy_ids == ("cheap", "no-beta")


async def test_the_latency_that_a_policy_allows_binds_beside_the_callers() -> None:
    here = following(policy("quick", constraints=ModelRequirements(max_latency={"seconds": 1})))
    here.resilience.breaker(TENANT, "beta-main", "m", BreakerRule()).paced(2.0, 2.0, 0)
    assert order(await planned(here)) == ["alpha", "gamma"]
    assert order(await planned(here, requirements={"max_latency": {"seconds": 9}})) == ["alpha", "gamma"]


async def test_a_caller_names_a_policy_of_the_tenant_or_a_built_in_one() -> None:
    here = following(policy("mine", "PRIORITY", chain=chain("gamma/m")))
    assert order(await planned(here, routing=RoutingOptions(policy="cost"))) == ["beta", "alpha", "gamma"]
    assert order(await planned(here, routing=RoutingOptions(policy="mine"))) == ["gamma"]
    with pytest.raises(TrunklineError) as caught:
        await planned(here, routing=RoutingOptions(policy="yours"))
    assert caught.value.metadata["field"] == "routing.policy"


async def test_weights_decide_a_balanced_choice() -> None:
    here = following(
        policy("cheap", "BALANCED", weights=RoutingWeights(cost=1)),
        policy("good", "BALANCED", weights=RoutingWeights(quality=1)),
    )
    assert order(await planned(here, routing=RoutingOptions(policy="cheap")))[0] == "beta"
    good = await planned(here, routing=RoutingOptions(policy="good"))
    assert order(good)[0] == "gamma"
    (term,) = candidates_of(good)[0].terms
    assert (term.name, term.weight) == ("quality", 1.0)


async def test_a_weighted_chain_keeps_its_proportions_and_falls_back_to_the_rest() -> None:
    here = following(policy("w", "WEIGHTED", chain=chain("alpha/m", "beta/m", "gamma/m", a=6, b=3, g=1)))
    first: Counter[str] = Counter()
    for number in range(2000):
        plan = await planned(here, request_id=f"r-{number}")
        assert len(plan.choices) == 3
        first[order(plan)[0]] += 1
    assert abs(first["alpha"] - 1200) < 100
    assert abs(first["gamma"] - 200) < 60


async def test_links_lead_to_other_policies() -> None:
    here = following(
        policy("best", "QUALITY", denied_models=["gamma/m"], match=RoutingMatch(tasks=["never"])),
        policy("first", "PRIORITY", chain=[RoutingLink(model="alpha/m"), RoutingLink(policy_id="best")]),
    )
    assert order(await planned(here, routing=RoutingOptions(policy="first"))) == ["alpha", "gamma", "beta"]


async def test_difficulty_leads_to_a_tier_and_the_others_follow() -> None:
    tiers = [ComplexityTier(up_to=0.5, models=["beta/m"]), ComplexityTier(up_to=1, models=["gamma/m"])]
    here = following(policy("c", "COMPLEXITY", tiers=tiers))
    easy = await planned(here)
    assert order(easy) == ["beta", "gamma"]
    assert easy.course.complexity is not None and easy.course.complexity <= 0.5
    hard = CompleteRequest(
        prompt="Prove step by step that the algorithm below is optimal, derive its complexity, and refactor it so that "
        "it is thread-safe; consider every edge case and justify each trade-off.\n```python\ndef f(x): ...\n```" * 4,
        context=CallContext(agent_id="a"),
    )
    plan = here.router.plan(await here.router.roads(TENANT), here.call(), hard, [BUDGET])
    assert order(plan) == ["gamma", "beta"]
    default = following(policy("c", "COMPLEXITY"))
    assert len((await planned(default)).choices) == 3


async def test_a_task_has_its_models_and_a_cheaper_one_when_money_is_short() -> None:
    mapping = TaskMapping(
        task="t", primary_model="gamma/m", fallback_models=["nowhere/x", "alpha/m"], budget_model="beta/m"
    )
    here = world(RoutingView(1, (), [mapping]))
    plan = await planned(here, task="t")
    assert (order(plan), plan.course.basis) == (["gamma", "alpha", "beta"], RouteBasis.ROUTE_BASIS_TASK)
    here.resilience.spending.note(TENANT, [BudgetLevel("b", 100, 70, 15)])
    assert order(await planned(here, task="t")) == ["beta", "gamma", "alpha"]


async def test_an_experiment_comes_before_what_would_be_chosen_and_that_follows() -> None:
    arms = [ExperimentArm(model=f"{name}/m", arm_id=name, share=0.5, current_share=0.5) for name in ("alpha", "gamma")]
    running = ExperimentState.EXPERIMENT_STATE_RUNNING
    here = world(RoutingView(1, (), (), [Experiment(experiment_id="e", model="*", arms=arms, state=running)]))
    plan = await planned(here)
    route = route_of(plan)
    assert route.basis == RouteBasis.ROUTE_BASIS_EXPERIMENT
    assert (route.experiment_id, route.rule) == ("e", "e")
    assert order(plan)[0] == route.arm_id
    assert len(plan.choices) == 3
    assert (await planned(here, model="beta/m")).course.assignment is None
    assert (await planned(here, routing=RoutingOptions(policy="cost"))).course.assignment is None


async def test_no_provider_serves_more_than_its_share_while_others_qualify() -> None:
    here = world(max_provider_share=0.6)
    served: Counter[str] = Counter()
    for number in range(1000):
        plan = await planned(here, request_id=f"r-{number}")
        here.router.took(TENANT, plan)
        served[order(plan)[0]] += 1
        if order(plan)[0] != "beta":
            assert candidates_of(plan)[-1].moved_by == "provider_share"
    assert 590 <= served["beta"] <= 610
    assert served["alpha"] >= 390
    only = await planned(here, requirements={"allowed_models": ["beta/m"]})
    assert order(only) == ["beta"], "nobody else qualifies"
    named = await planned(here, model="beta/m")
    assert named.course.share == 1.0


def deployments(**more: Any) -> World:
    made = []
    for region in ("eu", "us", "ap"):
        one = integration("alpha", models=["m"], region=region)
        one.integration_id = f"alpha-{region}"
        made.append(one)
    return World({"alpha": [answer()]}, prices=PRICES, integrations=made, **more)


def regions(plan: Plan) -> Sequence[str]:
    return [choice.candidate.region for choice in plan.choices]


async def test_of_two_deployments_that_are_drawn_the_less_busy_is_called() -> None:
    here = deployments()
    roads = await here.router.roads(TENANT)
    for one in roads.table.candidates:
        one.breaker.paced(*((9.0, 9.0) if one.region == "ap" else (1.0, 1.0)), 0)
    first = Counter([regions(await planned(here, request_id=f"r-{number}"))[0] for number in range(300)])
    assert first["ap"] == 0, "it loses against either of the others"
    assert min(first["eu"], first["us"]) > 60
    assert sorted(regions(await planned(here))) == ["ap", "eu", "us"], "the other regions are where a failure leads"


async def test_a_session_stays_where_its_prompts_are_cached_unless_that_is_too_busy() -> None:
    here = deployments()
    homes = {regions(await planned(here, session="s-1", request_id=f"r-{number}"))[0] for number in range(50)}
    assert len(homes) == 1
    (home,) = homes
    spread = {regions(await planned(here, session=f"s-{number}"))[0] for number in range(50)}
    assert len(spread) == 3
    roads = await here.router.roads(TENANT)
    for one in roads.table.candidates:
        one.breaker.paced(*((9.0, 9.0) if one.region == home else (1.0, 1.0)), 0)
    assert regions(await planned(here, session="s-1"))[0] != home


async def test_what_did_not_change_is_taken_over_to_the_next_view() -> None:
    here = world()
    before = await here.router.roads(TENANT)
    here.directory.view = replace(here.directory.view, routing=RoutingView(2, [policy("p", "QUALITY")]))
    after = await here.router.roads(TENANT)
    assert after.table is before.table
    assert (await planned(here)).course.revision == 2
    assert order(await planned(here))[0] == "gamma"


async def test_a_route_tells_scores_rules_and_what_was_in_force() -> None:
    here = following(policy("b", "BALANCED", denied_models=["gamma/m"]))
    plan = await planned(here, request_id="r-1", task="t", routing=RoutingOptions(explain=True))
    route = route_of(plan)
    assert (route.considered, route.eligible, dict(route.rejected)) == (3, 2, {"denied_models": 1})
    assert (route.objective, route.task) == (RoutingObjective.ROUTING_OBJECTIVE_BALANCED, "t")
    first, second = route.candidates
    assert [first.rank, second.rank] == [1, 2]
    assert first.score >= second.score
    assert sum(term.weight for term in first.terms) == pytest.approx(1.0)
    assert first.score == pytest.approx(sum(term.weight * term.score for term in first.terms))
    assert [one.rejected_by for one in candidates_of(plan)] == ["", "", "denied_models"]


async def test_a_failure_leads_away_from_its_provider_unless_the_order_was_stated() -> None:
    made = [integration("alpha", models=["m", "n"]), integration("beta", models=["m"])]
    prices = {"alpha/m": (1, 1), "alpha/n": (2, 2), "beta/m": (9, 9)}
    for stated, following_model in ((False, "beta/m"), (True, "alpha/n")):
        here = World({"alpha": [broken()], "beta": [answer()]}, prices=prices, integrations=made)
        here.providers._script["alpha"] = [broken(retry=False), answer()]
        request = CompleteRequest(prompt="hi", context=CallContext(agent_id="a"))
        if stated:
            request.model = "alpha/m"
            request.recovery.fallback_models.extend(("alpha/n", "beta/m"))
        answered = await here.completions.complete(here.call(), request)
        assert f"{answered.attempts[-1].provider}/{answered.attempts[-1].model}" == following_model
