"""Ten thousand random tenants: no choice ever breaks a hard constraint, and chance is the seed's alone."""

from __future__ import annotations

import random

import pytest
from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.ports import BudgetLimit
from trunkline_server.domain.router import Roads
from trunkline_server.domain.routes.calls import CALL_RULES, Moment
from trunkline_server.domain.routes.plan import Plan, no_provider
from trunkline_server.domain.routes.pool import Pool
from trunkline_server.domain.routes.rules import RULES, Constraints
from unit.domain_parts import TENANT, World
from unit.routes_worlds import breaks, meets, request, requirements, unsettle, world

WORLDS = 10_000
PARTS = 10


def planned(here: World, roads: Roads, asked: CompleteRequest, hard: bool) -> Plan | None:
    budgets = [BudgetLimit("b", "2026-11", 1, hard, (), None)]
    try:
        return here.router.plan(roads, here.call(), asked, budgets)
    except TrunklineError as error:
        # The tenant keeps its data elsewhere, or has no such model.
        assert error.reason in (Reason.ERROR_REASON_INVALID_MODEL_REQUIREMENTS, Reason.ERROR_REASON_NOT_FOUND)
        return None


@pytest.mark.parametrize("part", range(PARTS))
async def test_no_choice_breaks_a_hard_constraint(part: int) -> None:
    plans = choices = 0
    for number in range(WORLDS // PARTS):
        rng = random.Random(part * WORLDS + number)
        here = world(rng)
        roads = await here.router.roads(TENANT)
        unsettle(rng, roads.table.candidates)
        asked, hard = request(rng), rng.random() < 0.3
        plan = planned(here, roads, asked, hard)
        if plan is None:
            continue
        plans += 1
        choices += len(plan.choices)
        _check(roads, asked, plan, hard)
        again = planned(here, roads, asked, hard)
        assert again is not None
        assert [id(one.candidate) for one in again.choices] == [id(one.candidate) for one in plan.choices]
        if not plan.choices:
            assert no_provider(plan).message
    assert plans > WORLDS // PARTS // 2
    assert choices > plans // 2


def _check(roads: Roads, asked: CompleteRequest, plan: Plan, hard: bool) -> None:
    policies = [one for one in roads.view.routing.policies if meets(one.match, asked)]
    for choice in plan.choices:
        one = choice.candidate
        assert not breaks(one, asked.model_requirements), asked
        for policy in policies:
            found = breaks(one, policy.constraints, policy.allowed_models, policy.denied_models)
            assert not found, (found, policy, one.name)
        home = roads.view.tenant.data_residency
        assert not home or one.region == home or one.region.startswith(f"{home}-")
        assert not one.disabled
        assert one.breaker.allows()
        assert one.prices is not None or not hard
        assert not (asked.HasField("seed") and one.target.provider == "beta")
        if one.facts.HasField("context_window") and not asked.model:
            # Each "word " is a token at the least, where it is not merged with its neighbour.
            assert one.facts.context_window >= len(asked.prompt.split()) // 2 + asked.max_tokens
    assert len({id(choice.candidate) for choice in plan.choices}) == len(plan.choices)
    assert plan.considered == plan.eligible + sum(plan.rejected.values())
    rejections = plan.rejections
    assert len(rejections) == plan.considered - plan.eligible
    assert not {id(one.candidate) for one in rejections} & {id(one.candidate) for one in plan.choices}


async def test_a_rule_says_the_same_in_words_and_in_columns() -> None:
    for number in range(1000):
        rng = random.Random(number)
        here = world(rng)
        roads = await here.router.roads(TENANT)
        table = roads.table
        wanted = Constraints.of(requirements(rng))
        for rule in RULES:
            passes = rule.passes(table, table.columns, wanted)
            said = [rule.finding(one, wanted) is None for one in table.candidates]
            assert said == ([True] * len(said) if passes is None else passes.tolist()), rule.name
        unsettle(rng, table.candidates)
        plan = planned(here, roads, request(rng), rng.random() < 0.3)
        if plan is None:
            continue
        breakers = here.resilience.breakers
        moment, pool = Moment(breakers.live, breakers.away), Pool(table, None, ())
        for call_rule in CALL_RULES:
            passes = call_rule.passes(pool, plan.need, moment)
            said = [call_rule.finding(one, plan.need, moment) is None for one in table.candidates]
            assert said == ([True] * len(said) if passes is None else passes.tolist()), call_rule.name
