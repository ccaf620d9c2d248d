"""Which model of which integration serves a call, and the rule that rejected each of the others.

Hard constraints are a table of named rules. They bind every candidate, fallbacks included.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from trunkline.v1.access_pb2 import Tenant
from trunkline.v1.integration_pb2 import IntegrationStatus
from trunkline.v1.model_pb2 import Model
from trunkline.v1.requirements_pb2 import Quality
from trunkline.v1.route_pb2 import RouteBasis

from trunkline_server.domain.breaker import Breaker
from trunkline_server.domain.errors import Reason, TrunklineError, invalid_fields
from trunkline_server.domain.needs import Need
from trunkline_server.domain.opening import reason_name
from trunkline_server.domain.ports import Target
from trunkline_server.domain.pricing import PriceList, expected_cost, most_cost

_DISABLED = IntegrationStatus.INTEGRATION_STATUS_DISABLED

# Quality by output price, in nano-USD per million tokens, until measured quality takes its place: the market prices
# what it values. At or above the figure a model counts as of that quality.
_QUALITY_FLOOR = {
    Quality.QUALITY_UNSPECIFIED: 0,
    Quality.QUALITY_BASIC: 0,
    Quality.QUALITY_STANDARD: 500_000_000,
    Quality.QUALITY_PREMIUM: 8_000_000_000,
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One model of one integration, with all that routing needs to know of it."""

    target: Target
    facts: Model
    prices: PriceList | None
    capabilities: frozenset[str]
    region: str
    status: int
    breaker: Breaker
    order: int

    @property
    def name(self) -> str:
        """`<provider>/<model>`."""
        return f"{self.target.provider}/{self.target.model}"

    @property
    def through_gateway(self) -> bool:
        """Whether another gateway stands between; it is preferred to the direct way at the same cost."""
        return self.target.profile != self.target.provider


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a candidate cannot serve."""

    candidate: Candidate
    rule: str
    detail: str


@dataclass(frozen=True, slots=True)
class Choice:
    """An eligible candidate and its cost: `expected` orders, `most` is held."""

    candidate: Candidate
    expected: int
    most: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The candidates in the order of attempts, and the rejected ones with their rules."""

    basis: RouteBasis.ValueType
    rule: str
    choices: Sequence[Choice]
    rejections: Sequence[Rejection]
    need: Need = field(repr=False)


@dataclass(frozen=True, slots=True)
class RouteTable:
    """Every candidate of one tenant, and an index by name: `<provider>/<model>`, `<model>`, `<integration>/<model>`."""

    tenant: Tenant
    candidates: Sequence[Candidate]
    by_name: Mapping[str, Sequence[Candidate]]

    @classmethod
    def of(cls, tenant: Tenant, candidates: Sequence[Candidate]) -> RouteTable:
        """Index the candidates of a tenant."""
        index: dict[str, list[Candidate]] = {}
        for one in candidates:
            target = one.target
            for name in {one.name, target.model, f"{target.integration_id}/{target.model}"}:
                index.setdefault(name, []).append(one)
        return cls(tenant, candidates, index)


# ── The rules ───────────────────────────────────────────────────────────────────────────────────────────────────

Rule = Callable[[Candidate, Need], str | None]

# What passes by itself. A caller is told to wait so long at least, in seconds: a probe may be under way.
_PASSING = frozenset(("breaker_open", "rate_limited"))
_LEAST_WAIT = 0.5


def _integration_disabled(one: Candidate, _: Need) -> str | None:
    return "the integration is switched off" if one.status == _DISABLED else None


def _capability(one: Candidate, need: Need) -> str | None:
    missing = need.capabilities - one.capabilities
    return f"lacks {', '.join(sorted(missing))}" if missing else None


def _residency(one: Candidate, need: Need) -> str | None:
    wanted = need.residency
    if not wanted or one.region == wanted or one.region.startswith(f"{wanted}-"):
        return None
    return f"processes data in {one.region or 'an unknown region'}, not in {wanted}"


def _max_cost_per_token(one: Candidate, need: Need) -> str | None:
    if need.max_price is None:
        return None
    if one.prices is None:
        return "its price is unknown"
    dearest = max(one.prices.dearest_input, one.prices.dearest_output)
    limit = need.max_price * 1_000_000
    return f"costs {dearest} nano-USD per million tokens, more than {limit}" if dearest > limit else None


def _max_latency(one: Candidate, need: Need) -> str | None:
    # Without a measurement there is no evidence against the candidate.
    seen = one.breaker.latency
    if need.max_latency is None or seen is None or seen <= need.max_latency:
        return None
    return f"answers in {seen:.3f} s of late, more than {need.max_latency:.3f} s"


def _context_window(one: Candidate, need: Need) -> str | None:
    wanted = need.requirements.min_context_tokens
    if not one.facts.HasField("context_window"):
        return "its context window is unknown" if wanted else None
    window = one.facts.context_window
    if window < wanted:
        return f"reads {window} tokens, fewer than {wanted}"
    return f"reads {window} tokens, the request has {need.reads} or more" if need.reads > window else None


def _quality(one: Candidate, need: Need) -> str | None:
    floor = _QUALITY_FLOOR[need.requirements.quality]
    if not floor:
        return None
    if one.prices is None:
        return "its quality is unknown"
    return "is of lower quality" if one.prices.dearest_output < floor else None


def _price_unknown(one: Candidate, need: Need) -> str | None:
    return "its price is unknown and a hard budget applies" if need.hard_budget and one.prices is None else None


def _parameter(one: Candidate, need: Need) -> str | None:
    found = need.unsupported(one.target)
    return "; ".join(f"{path}: {why}" for path, why in found) or None


def _breaker_open(one: Candidate, _: Need) -> str | None:
    return _kept_away(one.breaker, busy=False, why="failed too often of late, last with")


def _rate_limited(one: Candidate, _: Need) -> str | None:
    return _kept_away(one.breaker, busy=True, why="asked to be left alone with")


def _kept_away(breaker: Breaker, busy: bool, why: str) -> str | None:
    opening = breaker.opening
    if opening is None or opening.busy is not busy or breaker.allows():
        return None
    return f"{why} {reason_name(opening.reason)}; takes the next call in {breaker.opens_in():.1f} s"


RULES: Mapping[str, Rule] = {
    "integration_disabled": _integration_disabled,
    "capability": _capability,
    "residency": _residency,
    "max_cost_per_token": _max_cost_per_token,
    "max_latency": _max_latency,
    "context_window": _context_window,
    "quality": _quality,
    "price_unknown": _price_unknown,
    "parameter": _parameter,
    "breaker_open": _breaker_open,
    "rate_limited": _rate_limited,
}


# ── The plan ────────────────────────────────────────────────────────────────────────────────────────────────────


def reject(candidate: Candidate, need: Need, rules: Mapping[str, Rule] = RULES) -> Rejection | None:
    """The first rule that rejects a candidate, or None."""
    for name, rule in rules.items():
        detail = rule(candidate, need)
        if detail is not None:
            return Rejection(candidate, name, detail)
    return None


def plan(table: RouteTable, need: Need, aliases: Mapping[str, Sequence[str]], cheapest_first: bool = True) -> Plan:
    """Order the candidates of a request. Nothing is called and nothing claimed.

    Raises NOT_FOUND (`model`) when a named model is neither a model nor an alias of the tenant.
    """
    if need.model:
        names = aliases.get(need.model)
        basis = RouteBasis.ROUTE_BASIS_ALIAS if names else RouteBasis.ROUTE_BASIS_EXPLICIT
        rule = need.model if names else ""
        groups = [_named(table, name) for name in names or [need.model]]
        if not any(groups):
            raise unknown_model(need.model)
    else:
        basis, rule, groups = RouteBasis.ROUTE_BASIS_REQUIREMENTS, "", [table.candidates]
    for name in need.fallbacks:
        groups.extend(_named(table, real) for real in aliases.get(name, [name]))
    choices: list[Choice] = []
    rejections: list[Rejection] = []
    seen: set[int] = set()
    for group in groups:
        eligible: list[Choice] = []
        for one in group:
            if id(one) in seen:
                continue
            seen.add(id(one))
            rejection = reject(one, need)
            if rejection is not None:
                rejections.append(rejection)
                continue
            eligible.append(_choice(one, need))
        if len(eligible) > 1:
            eligible.sort(key=_cheapest if cheapest_first else _declared)
        choices.extend(eligible)
    return Plan(basis, rule, choices, rejections, need)


def _named(table: RouteTable, name: str) -> Sequence[Candidate]:
    return table.by_name.get(name, ())


def _choice(one: Candidate, need: Need) -> Choice:
    return Choice(
        one,
        expected_cost(one.prices, need.size, need.output_tokens),
        most_cost(one.prices, need.size, need.output_tokens),
    )


def _cheapest(choice: Choice) -> tuple[int, bool, float, int]:
    one = choice.candidate
    latency = one.breaker.latency
    return choice.expected, not one.through_gateway, math.inf if latency is None else latency, one.order


def _declared(choice: Choice) -> tuple[bool, int]:
    return not choice.candidate.through_gateway, choice.candidate.order


def unknown_model(name: str) -> TrunklineError:
    """NOT_FOUND for a model that no integration of the tenant offers."""
    return TrunklineError(
        Reason.ERROR_REASON_NOT_FOUND,
        f"no integration of this tenant offers the model {name!r}; ListModels with reachable_only tells what there is",
        metadata={"resource_type": "model", "resource_name": name},
    )


def no_provider(plan: Plan) -> TrunklineError:
    """The error of a plan of which no candidate can be tried; its metadata holds each candidate with its rule.

    UNSUPPORTED_PARAMETER with the fields where options of the request alone stand in the way, else UNAVAILABLE, with
    RetryInfo where a breaker is in the way: until the first of them takes a call again.
    """
    # Those that were eligible went out of reach since: their breakers opened, or another call has their probe.
    closed = [Rejection(one.candidate, *out_of_reach(one.candidate)) for one in plan.choices]
    rejections = [*plan.rejections, *closed]
    metadata = {r.candidate.name: f"{r.rule}: {r.detail}" for r in rejections[:16]}
    if not rejections:
        return TrunklineError(
            Reason.ERROR_REASON_NO_PROVIDER_AVAILABLE,
            "this tenant has no integration of type llm_provider; create one with CreateIntegration",
        )
    if all(r.rule == "parameter" for r in rejections):
        found = dict.fromkeys(pair for r in rejections for pair in plan.need.unsupported(r.candidate.target))
        refusal = invalid_fields(found, reason=Reason.ERROR_REASON_UNSUPPORTED_PARAMETER)
        refusal.metadata |= metadata
        return refusal
    waits = [r.candidate.breaker.opens_in() for r in rejections if r.rule in _PASSING]
    return TrunklineError(
        Reason.ERROR_REASON_NO_PROVIDER_AVAILABLE,
        f"none of {len(rejections)} candidates can serve the call; ExplainRoute tells why",
        metadata=metadata,
        retry_after=max(_LEAST_WAIT, min(waits)) if waits else None,
    )


def out_of_reach(one: Candidate) -> tuple[str, str]:
    """(rule, finding) of a candidate whose breaker lets no call through."""
    opening = one.breaker.opening
    rule = "rate_limited" if opening is not None and opening.busy else "breaker_open"
    detail = _kept_away(one.breaker, opening is not None and opening.busy, "was closed off meanwhile, with")
    return rule, detail or "another call finds out whether it answers again"
