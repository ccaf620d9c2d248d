"""What is wrong with a policy or a task mapping, given the configuration as it would be with it. Pure.

Findings are (field path, why) pairs, for INVALID_ARGUMENT; paths start with `policy` or `mapping`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeAlias

from trunkline.v1.policy_pb2 import RoutingPolicy, TaskMapping
from trunkline.v1.route_pb2 import RoutingObjective

from trunkline_server.domain.routes.policies import BUILT_IN, CHAINED, WEIGHTED
from trunkline_server.domain.vocabulary import CAPABILITIES

Findings: TypeAlias = Iterator[tuple[str, str]]
# The configuration as it would be, by id.
Policies: TypeAlias = Mapping[str, RoutingPolicy]

# The links that a route may have to follow: those of a chain, and of each policy it leads to, as often as it does.
MOST_LINKS = 256

# A field -> the objectives that use it.
_USED_BY: Mapping[str, Sequence[RoutingObjective.ValueType]] = {
    "chain": CHAINED,
    "weights": (RoutingObjective.ROUTING_OBJECTIVE_BALANCED,),
    "tiers": (RoutingObjective.ROUTING_OBJECTIVE_COMPLEXITY,),
}


class Names(Protocol):
    """What a tenant may name."""

    def knows(self, name: str) -> bool:
        """Whether it is an alias or a model: of the tenant's integrations, or of the catalogue."""
        ...

    def knows_provider(self, name: str) -> bool:
        """Whether there is such a provider."""
        ...


def policy_findings(policy: RoutingPolicy, others: Policies, names: Names) -> Sequence[tuple[str, str]]:
    """What is wrong with a policy. `others` are the tenant's policies, one of its id among them or not."""
    policies = {**others, policy.policy_id: policy}
    chain = [*_chain(policy, policies, names)] or _long(policy, policies)
    checks = (
        *(_reserved(policy), _unused(policy), chain, _relied_on(policy, policies)),
        *(_weights(policy), _tiers(policy, names), _constraints(policy, names)),
    )
    return [(f"policy.{path}", why) for found in checks for path, why in found]


def mapping_findings(mapping: TaskMapping, names: Names) -> Sequence[tuple[str, str]]:
    """What is wrong with a mapping."""
    wanted = [("primary_model", mapping.primary_model)]
    wanted += [(f"fallback_models[{at}]", name) for at, name in enumerate(mapping.fallback_models)]
    wanted += [("budget_model", mapping.budget_model)] if mapping.budget_model else []
    return [(f"mapping.{path}", why) for path, why in _unknown(wanted, names)]


def users_of(policy_id: str, policies: Iterable[RoutingPolicy]) -> Sequence[str]:
    """The ids of other policies whose chains name this one, in order."""
    return sorted(one.policy_id for one in policies if one.policy_id != policy_id and policy_id in _links(one))


def _links(policy: RoutingPolicy) -> Sequence[str]:
    return [link.policy_id for link in policy.chain if link.policy_id]


# ── The policy alone ────────────────────────────────────────────────────────────────────────────────────────────


def _reserved(policy: RoutingPolicy) -> Findings:
    if policy.policy_id in BUILT_IN:
        yield "policy_id", f"is taken: every tenant has {', '.join(sorted(BUILT_IN))}"


def _unused(policy: RoutingPolicy) -> Findings:
    """A field that would be passed over in silence."""
    for field, objectives in _USED_BY.items():
        given = policy.HasField("weights") if field == "weights" else bool(getattr(policy, field))
        if given and policy.objective not in objectives:
            yield field, f"is used with {_named(objectives)} only"


def _named(objectives: Iterable[RoutingObjective.ValueType]) -> str:
    return " and ".join(RoutingObjective.Name(one).removeprefix("ROUTING_OBJECTIVE_") for one in objectives)


def _weights(policy: RoutingPolicy) -> Findings:
    if not policy.HasField("weights"):
        return
    found = {name: getattr(policy.weights, name) for name in ("cost", "latency", "quality")}
    wrong = [name for name, weight in found.items() if not (weight >= 0 and math.isfinite(weight))]
    for name in wrong:
        yield f"weights.{name}", "must not be negative, and finite"
    if not wrong and not any(found.values()):
        yield "weights", "needs one weight above zero"


def _tiers(policy: RoutingPolicy, names: Names) -> Findings:
    before = 0.0
    for at, tier in enumerate(policy.tiers):
        if not tier.up_to > before:
            yield f"tiers[{at}].up_to", "must be above that of the tier before, and above 0"
        before = tier.up_to
        yield from _unknown(((f"tiers[{at}].models[{n}]", name) for n, name in enumerate(tier.models)), names)
    if policy.tiers and before != 1:
        yield f"tiers[{len(policy.tiers) - 1}].up_to", "must be 1 in the last tier"


def _constraints(policy: RoutingPolicy, names: Names) -> Findings:
    needs = policy.constraints
    for at, name in enumerate(needs.capabilities):
        if name not in CAPABILITIES:
            yield (
                f"constraints.capabilities[{at}]",
                f"there is no {name!r}; there are {', '.join(sorted(CAPABILITIES))}",
            )
    if needs.task:
        yield "constraints.task", "constrains nothing; match.tasks says which calls the policy is for"
    allowed = [*_entries(policy, "allowed_models"), *_entries(needs, "allowed_models", "constraints.")]
    denied = [*_entries(policy, "denied_models"), *_entries(needs, "denied_models", "constraints.")]
    yield from _unknown([*allowed, *denied], names, patterns=True)
    never = {name for _, name in denied}
    for path, name in allowed:
        every = f"{name.partition('/')[0]}/*"
        if name in never or every in never:
            yield path, f"{name} is denied as well, by {name if name in never else every}"


def _entries(message: object, field: str, prefix: str = "") -> list[tuple[str, str]]:
    return [(f"{prefix}{field}[{at}]", name) for at, name in enumerate(getattr(message, field))]


def _unknown(wanted: Iterable[tuple[str, str]], names: Names, patterns: bool = False) -> Findings:
    """The names that lead nowhere. `patterns`: `<provider>/*` is every model of a provider."""
    for path, name in wanted:
        provider, _, model = name.partition("/")
        if patterns and model == "*":
            if not names.knows_provider(provider):
                yield path, f"there is no provider {provider!r}"
        elif not names.knows(name):
            yield path, f"{name!r} is no alias, no model of an integration, and not in the catalogue"


# ── The policy among the others ─────────────────────────────────────────────────────────────────────────────────


def _chain(policy: RoutingPolicy, policies: Policies, names: Names) -> Findings:
    if policy.objective in CHAINED and not policy.chain:
        yield "chain", f"is required with {_named(CHAINED)}"
    for at, link in enumerate(policy.chain):
        path = f"chain[{at}]"
        if policy.objective == WEIGHTED and not (link.weight > 0 and math.isfinite(link.weight)):
            yield f"{path}.weight", "must be above zero, and finite"
        elif policy.objective != WEIGHTED and link.weight:
            yield f"{path}.weight", f"is used with {_named((WEIGHTED,))} only"
        if link.model:
            yield from _unknown([(f"{path}.model", link.model)], names)
        elif not link.policy_id:
            yield path, "names neither a model nor a policy"
        elif link.policy_id not in policies:
            yield f"{path}.policy_id", f"there is no policy {link.policy_id!r} of this tenant"
        elif way := _way(link.policy_id, policy.policy_id, policies):
            yield f"{path}.policy_id", f"leads back: {' -> '.join((policy.policy_id, *way))}"
        elif not policies[link.policy_id].objective:
            yield f"{path}.policy_id", f"{link.policy_id} has no objective, so it chooses nothing"


def _way(start: str, end: str, policies: Policies) -> Sequence[str]:
    """The ids on a way along the links from `start` to `end`, both included; empty where there is none."""
    came: dict[str, str] = {start: ""}
    ahead = [start]
    while ahead:
        at = ahead.pop()
        if at == end:
            way = []
            while at:
                way.append(at)
                at = came[at]
            return way[::-1]
        for following in _links(policies[at]) if at in policies else ():
            if following not in came:
                came[following] = at
                ahead.append(following)
    return ()


def _relied_on(policy: RoutingPolicy, policies: Policies) -> Findings:
    """What other policies need of this one."""
    users = users_of(policy.policy_id, policies.values())
    if users and not policy.objective:
        yield "objective", f"is required: the chain of {', '.join(users)} leads here"


def _long(policy: RoutingPolicy, policies: Policies) -> Findings:
    """Whichever policy would lead to too many links: the others did not before."""
    if found := [one for one in (policy.policy_id, *policies) if _leads_far(one, policies)]:
        yield "chain", f"makes {found[0]} lead to more than {MOST_LINKS} links in all"


def _leads_far(policy_id: str, policies: Policies) -> bool:
    ahead, seen = [policy_id], 0
    while ahead and seen <= MOST_LINKS:
        chain = policies[ahead.pop()].chain
        seen += len(chain)
        ahead += [link.policy_id for link in chain if link.policy_id in policies]
    return seen > MOST_LINKS
