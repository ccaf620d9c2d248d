"""What is refused of policies and mappings, each with its field path, and what is not."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trunkline.v1.policy_pb2 import (
    ComplexityTier,
    RoutingLink,
    RoutingMatch,
    RoutingPolicy,
    RoutingWeights,
    TaskMapping,
)
from trunkline.v1.requirements_pb2 import ModelRequirements
from trunkline.v1.route_pb2 import RoutingObjective
from trunkline_server.domain.policy_check import MOST_LINKS, mapping_findings, policy_findings, users_of

NONE, COST, BALANCED, PRIORITY, WEIGHTED, COMPLEXITY = (
    RoutingObjective.Value(f"ROUTING_OBJECTIVE_{name}")
    for name in ("UNSPECIFIED", "COST", "BALANCED", "PRIORITY", "WEIGHTED", "COMPLEXITY")
)


class Names:
    def knows(self, name: str) -> bool:
        return name in ("fast", "m", "openai/m", "n")

    def knows_provider(self, name: str) -> bool:
        return name == "openai"


def policy(policy_id: str = "p", objective: Any = NONE, **fields: Any) -> RoutingPolicy:
    return RoutingPolicy(policy_id=policy_id, objective=objective, **fields)


def to(policy_id: str, weight: float = 0) -> RoutingLink:
    return RoutingLink(policy_id=policy_id, weight=weight)


def model(name: str = "m", weight: float = 0) -> RoutingLink:
    return RoutingLink(model=name, weight=weight)


def others(*policies: RoutingPolicy) -> dict[str, RoutingPolicy]:
    return {one.policy_id: one for one in policies}


OTHERS = others(
    policy("other", COST),
    policy("bounds"),
    policy("user", PRIORITY, chain=[to("used")]),
    policy("used", COST),
)


def tiers(*ends: float) -> list[ComplexityTier]:
    return [ComplexityTier(up_to=end) for end in ends]


SOUND = {
    "only constrains": policy(
        allowed_models=["openai/*", "m"],
        denied_models=["n"],
        constraints=ModelRequirements(capabilities=["tools", "vision"], denied_models=["n"], data_residency="eu"),
        match=RoutingMatch(tasks=["analysis"]),
        max_provider_share=0.5,
    ),
    "cost": policy(objective=COST),
    "priority": policy(objective=PRIORITY, chain=[model("openai/m"), model("fast"), to("other")]),
    "weighted": policy(objective=WEIGHTED, chain=[model("m", 0.1), to("other", 7)]),
    "balanced": policy(objective=BALANCED, weights=RoutingWeights(cost=1)),
    "balanced by default": policy(objective=BALANCED),
    "complexity": policy(objective=COMPLEXITY, tiers=tiers(0.2, 0.7, 1)),
    "complexity by default": policy(objective=COMPLEXITY),
    "one that others need": policy("used", PRIORITY, chain=[model()]),
    "the same policy twice, no cycle": policy(objective=WEIGHTED, chain=[to("other", 1), to("other", 2)]),
}

# What -> (policy, the paths that are named, a word of the first finding).
WRONG: dict[str, tuple[RoutingPolicy, list[str], str]] = {
    "reserved": (policy("balanced", COST), ["policy_id"], "taken"),
    "no chain": (policy(objective=PRIORITY), ["chain"], "required"),
    "no weighted chain": (policy(objective=WEIGHTED), ["chain"], "required"),
    "chain of no use": (policy(objective=COST, chain=[model()]), ["chain"], "PRIORITY and WEIGHTED only"),
    "weights of no use": (policy(objective=COST, weights=RoutingWeights(cost=1)), ["weights"], "BALANCED only"),
    "tiers of no use": (policy(tiers=tiers(1)), ["tiers"], "COMPLEXITY only"),
    "unknown model": (policy(objective=PRIORITY, chain=[model(), model("gpt-9")]), ["chain[1].model"], "'gpt-9'"),
    "a provider is no model": (policy(objective=PRIORITY, chain=[model("openai/*")]), ["chain[0].model"], "alias"),
    "no target": (policy(objective=PRIORITY, chain=[RoutingLink()]), ["chain[0]"], "neither"),
    "unknown policy": (policy(objective=PRIORITY, chain=[to("gone")]), ["chain[0].policy_id"], "'gone'"),
    "a policy that only constrains": (
        policy(objective=PRIORITY, chain=[to("bounds")]),
        ["chain[0].policy_id"],
        "no objective",
    ),
    "others need its objective": (policy("used"), ["objective"], "user"),
    "itself": (policy(objective=PRIORITY, chain=[to("p")]), ["chain[0].policy_id"], "p -> p"),
    "cycle": (policy("used", PRIORITY, chain=[to("user")]), ["chain[0].policy_id"], "used -> user -> used"),
    "weight of no use": (policy(objective=PRIORITY, chain=[model("m", 1)]), ["chain[0].weight"], "WEIGHTED only"),
    "no weight": (policy(objective=WEIGHTED, chain=[model("m", 1), model("n")]), ["chain[1].weight"], "above zero"),
    "weight below zero": (policy(objective=WEIGHTED, chain=[model("m", -1)]), ["chain[0].weight"], "above zero"),
    "weight without end": (policy(objective=WEIGHTED, chain=[model("m", math.inf)]), ["chain[0].weight"], "finite"),
    "weight that is no number": (
        policy(objective=WEIGHTED, chain=[model("m", math.nan)]),
        ["chain[0].weight"],
        "finite",
    ),
    "all weights zero": (policy(objective=BALANCED, weights=RoutingWeights()), ["weights"], "above zero"),
    "weights below zero": (
        policy(objective=BALANCED, weights=RoutingWeights(cost=-1, latency=1, quality=math.nan)),
        ["weights.cost", "weights.quality"],
        "negative",
    ),
    "tiers that fall": (policy(objective=COMPLEXITY, tiers=tiers(0.5, 0.4, 1)), ["tiers[1].up_to"], "before"),
    "tiers alike": (policy(objective=COMPLEXITY, tiers=tiers(1, 1)), ["tiers[1].up_to"], "before"),
    "an empty tier": (policy(objective=COMPLEXITY, tiers=tiers(0, 1)), ["tiers[0].up_to"], "above 0"),
    "tiers that end early": (policy(objective=COMPLEXITY, tiers=tiers(0.5, 0.9)), ["tiers[1].up_to"], "must be 1"),
    "unknown model of a tier": (
        policy(objective=COMPLEXITY, tiers=[ComplexityTier(up_to=1, models=["m", "gpt-9"])]),
        ["tiers[0].models[1]"],
        "'gpt-9'",
    ),
    "unknown names in lists": (
        policy(
            allowed_models=["m", "nobody/*"],
            denied_models=["gpt-9"],
            constraints=ModelRequirements(allowed_models=["gpt-8"], denied_models=["*"]),
        ),
        [
            *("allowed_models[1]", "constraints.allowed_models[0]"),
            *("denied_models[0]", "constraints.denied_models[0]"),
        ],
        "'nobody'",
    ),
    "allowed and denied": (
        policy(allowed_models=["n", "m"], constraints=ModelRequirements(denied_models=["m"])),
        ["allowed_models[1]"],
        "denied as well",
    ),
    "allowed, and its provider denied": (
        policy(denied_models=["openai/*"], constraints=ModelRequirements(allowed_models=["openai/m"])),
        ["constraints.allowed_models[0]"],
        "openai/*",
    ),
    "unknown capability": (
        policy(constraints=ModelRequirements(capabilities=["tools", "telepathy"])),
        ["constraints.capabilities[1]"],
        "'telepathy'",
    ),
    "a task constrains nothing": (policy(constraints=ModelRequirements(task="a")), ["constraints.task"], "match"),
}


@pytest.mark.parametrize("what", SOUND)
def test_what_is_sound(what: str) -> None:
    assert policy_findings(SOUND[what], OTHERS, Names()) == []


@pytest.mark.parametrize("what", WRONG)
def test_what_is_refused(what: str) -> None:
    wrong, paths, word = WRONG[what]
    found = policy_findings(wrong, OTHERS, Names())
    assert [path for path, _ in found] == [f"policy.{path}" for path in paths]
    assert word in found[0][1]


def test_a_cycle_is_named_along_its_way() -> None:
    known = others(
        policy("a", PRIORITY, chain=[to("x"), to("b")]),
        policy("x", PRIORITY, chain=[model()]),
        policy("b", PRIORITY, chain=[to("c")]),
        policy("c", COST),
    )
    found = policy_findings(policy("c", PRIORITY, chain=[model(), to("a")]), known, Names())
    assert found == [("policy.chain[1].policy_id", "leads back: c -> a -> b -> c")]


def test_too_many_links_are_refused_whichever_policy_they_are_of() -> None:
    wide = policy("wide", PRIORITY, chain=[model()] * 64)
    middle = policy("middle", PRIORITY, chain=[to("wide")] * 3)
    assert policy_findings(policy("top", PRIORITY, chain=[to("middle")]), others(wide, middle), Names()) == []
    top = policy("top", PRIORITY, chain=[to("middle"), to("wide")])
    assert policy_findings(top, others(wide, middle), Names()) == [
        ("policy.chain", f"makes top lead to more than {MOST_LINKS} links in all")
    ]
    # The one above is at fault only since the one below grew.
    small = policy("wide", PRIORITY, chain=[model()] * 8)
    assert policy_findings(top, others(small, middle), Names()) == []
    (found,) = policy_findings(wide, others(small, middle, top), Names())
    assert found == ("policy.chain", f"makes top lead to more than {MOST_LINKS} links in all")
    # However deep, nothing is walked for long.
    tower = others(*(policy(f"p{n}", PRIORITY, chain=[to(f"p{n + 1}")] * 64) for n in range(20)), policy("p20", COST))
    assert policy_findings(policy("p20", PRIORITY, chain=[model()]), tower, Names())


@given(st.lists(st.lists(st.integers(0, 5), max_size=3), min_size=6, max_size=6))
def test_what_was_written_step_by_step_has_no_cycle(links: list[list[int]]) -> None:
    known = others(*(policy(f"p{n}", COST) for n in range(6)))
    for n, targets in enumerate(links):
        wanted = policy(f"p{n}", PRIORITY, chain=[model(), *(to(f"p{target}") for target in targets)])
        if not policy_findings(wanted, known, Names()):
            known[wanted.policy_id] = wanted
    # Policies that link to nothing that is left can be taken away, until none is left.
    left = {name: {link.policy_id for link in one.chain if link.policy_id} for name, one in known.items()}
    while ends := [name for name, targets in left.items() if not targets & left.keys()]:
        for name in ends:
            del left[name]
    assert not left


def test_who_uses_a_policy() -> None:
    assert users_of("used", OTHERS.values()) == ["user"]
    assert users_of("user", OTHERS.values()) == []


def test_mappings() -> None:
    sound = TaskMapping(task="t", primary_model="fast", fallback_models=["m"], budget_model="n")
    assert mapping_findings(sound, Names()) == []
    assert mapping_findings(TaskMapping(task="t", primary_model="m"), Names()) == []
    wrong = TaskMapping(task="t", primary_model="x", fallback_models=["m", "y"], budget_model="openai/*")
    paths = [path for path, _ in mapping_findings(wrong, Names())]
    assert paths == ["mapping.primary_model", "mapping.fallback_models[1]", "mapping.budget_model"]
