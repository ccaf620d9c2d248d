"""A plan: the candidates of a call in the order of attempts, and what to say where there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from trunkline_server.domain.breaker import Breaker
from trunkline_server.domain.errors import Reason, TrunklineError, invalid_fields
from trunkline_server.domain.needs import Need
from trunkline_server.domain.opening import reason_name
from trunkline_server.domain.pricing import most_cost
from trunkline_server.domain.routes.aim import Standard
from trunkline_server.domain.routes.candidates import Candidate
from trunkline_server.domain.routes.courses import Course

# What passes by itself. A caller is told to wait so long at least, in seconds: a probe may be under way.
PASSING = frozenset(("breaker_open", "rate_limited", "max_latency", "integration_disabled"))
_LEAST_WAIT = 0.5
# So many candidates are named in an error.
_NAMED = 16
# The field of a request that a rule goes by.
_FIELDS = {
    "max_cost_per_token": "model_requirements.max_cost_per_token",
    "capability": "model_requirements.capabilities",
    "modality": "model_requirements.output_modalities",
    "residency": "model_requirements.data_residency",
    "retention": "model_requirements.max_data_retention",
    "quality": "model_requirements.quality",
    "min_quality": "model_requirements.min_quality",
    "allowed_models": "model_requirements.allowed_models",
    "denied_models": "model_requirements.denied_models",
    "context_window": "messages",
}


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a candidate cannot serve."""

    candidate: Candidate
    rule: str
    detail: str


@dataclass(slots=True, eq=False)
class Choice:
    """An eligible candidate: the nano-USD that the call is likely to cost there, infinite where that is unknown, and
    the seconds that are hoped for and those that are known, None where they are not, as of the plan. `moved_by` tells
    why it stands elsewhere than its score says."""

    candidate: Candidate
    need: Need = field(repr=False)
    cost: float
    standard: Standard
    hoped: float = 0.0
    seconds: float | None = None
    moved_by: str = ""
    _most: int | None = field(default=None, init=False, repr=False)

    @property
    def terms(self) -> tuple[float, float, float]:
        """The terms of its score: cost, latency, quality."""
        return self.standard.terms(self.cost, self.hoped, self.candidate.quality or 0.0)

    @property
    def most(self) -> int:
        """Nano-USD that the call cannot exceed there: what is held."""
        if self._most is None:
            self._most = most_cost(self.candidate.prices, self.need.size, self.need.output_tokens)
        return self._most


@dataclass(slots=True)
class Plan:
    """The candidates in the order of attempts, the first of `eligible` ones, of `considered`. `rejected` counts the
    others by rule; `reject` names at most so many of them, with their rules."""

    course: Course
    choices: Sequence[Choice]
    need: Need = field(repr=False)
    seed: int = 0
    considered: int = 0
    eligible: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    reject: Callable[[int], Sequence[Rejection]] = field(default=lambda _: (), repr=False)

    @property
    def rejections(self) -> Sequence[Rejection]:
        """Every rejected candidate."""
        return self.reject(self.considered)


def unknown_model(name: str) -> TrunklineError:
    """NOT_FOUND for a model that no integration of the tenant offers."""
    return TrunklineError(
        Reason.ERROR_REASON_NOT_FOUND,
        f"no integration of this tenant offers the model {name!r}; ListModels with reachable_only tells what there is",
        metadata={"resource_type": "model", "resource_name": name},
    )


def no_provider(plan: Plan) -> TrunklineError:
    """The error of a plan of which no candidate can be tried; its metadata holds candidates with their rules.

    UNSUPPORTED_PARAMETER with the fields where options of the request alone stand in the way,
    INVALID_MODEL_REQUIREMENTS where what was asked for does and no candidate could ever serve it; else UNAVAILABLE,
    with RetryInfo where a breaker is in the way: until the first of them takes a call again.
    """
    if not plan.considered:
        return TrunklineError(
            Reason.ERROR_REASON_NO_PROVIDER_AVAILABLE,
            "this tenant has no integration of type llm_provider; create one with CreateIntegration",
        )
    # Those that were eligible went out of reach since: their breakers opened, or another call has their probe.
    closed = [Rejection(one.candidate, *out_of_reach(one.candidate)) for one in plan.choices]
    named = [*plan.reject(_NAMED), *closed]
    metadata: dict[str, str] = {}
    for one in named[:_NAMED]:
        target = one.candidate.target
        # Deployments of one model are told apart by their integrations.
        name = one.candidate.name if one.candidate.name not in metadata else f"{target.integration_id}/{target.model}"
        metadata[name] = f"{one.rule}: {one.detail}"
    rules = plan.rejected.keys() | {rejection.rule for rejection in closed}
    if rules == {"parameter"}:
        found = dict.fromkeys(pair for r in named for pair in plan.need.unsupported(r.candidate.target))
        return _with(metadata, invalid_fields(found, reason=Reason.ERROR_REASON_UNSUPPORTED_PARAMETER))
    asked = {_FIELDS[rule]: rule for rule in sorted(rules) if rule in _FIELDS}
    if asked and rules <= _FIELDS.keys() | {"parameter"}:
        fields = [(path, f"no candidate can ever meet this ({rule})") for path, rule in asked.items()]
        return _with(metadata, invalid_fields(fields, reason=Reason.ERROR_REASON_INVALID_MODEL_REQUIREMENTS))
    waits = [r.candidate.breaker.opens_in() for r in named if r.rule in ("breaker_open", "rate_limited")]
    return TrunklineError(
        Reason.ERROR_REASON_NO_PROVIDER_AVAILABLE,
        f"none of {plan.considered} candidates can serve the call; ExplainRoute tells why",
        metadata=metadata,
        retry_after=max(_LEAST_WAIT, min(waits)) if waits else None,
    )


def _with(metadata: Mapping[str, str], error: TrunklineError) -> TrunklineError:
    error.metadata |= metadata
    return error


def out_of_reach(one: Candidate) -> tuple[str, str]:
    """(rule, finding) of a candidate whose breaker lets no call through."""
    opening = one.breaker.opening
    rule = "rate_limited" if opening is not None and opening.busy else "breaker_open"
    return rule, kept_away(one.breaker) or "another call finds out whether it answers again"


def kept_away(breaker: Breaker) -> str | None:
    """Why a breaker lets no call through now; None where it does."""
    opening = breaker.opening
    if opening is None or breaker.allows():
        return None
    why = "asked to be left alone with" if opening.busy else "failed too often of late, last with"
    return f"{why} {reason_name(opening.reason)}; takes the next call in {breaker.opens_in():.1f} s"
