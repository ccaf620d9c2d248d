"""A plan as the contract tells it: the same in an answer as in ExplainRoute."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from trunkline.v1.model_pb2 import Availability
from trunkline.v1.route_pb2 import Route, RouteCandidate, ScoreTerm

from trunkline_server.domain.duration import duration
from trunkline_server.domain.routes.candidates import Candidate
from trunkline_server.domain.routes.plan import Choice, Plan, Rejection
from trunkline_server.domain.routes.planner import MOST_SHOWN, SHOWN

_TERMS = ("cost", "latency", "quality")
# How well a candidate answers now.
Tell = Callable[[Candidate], Availability]


def route_of(plan: Plan, shown: int = SHOWN) -> Route:
    """The route of a plan, before it is known who served it, with its first candidates."""
    course, assignment = plan.course, plan.course.assignment
    route = Route(
        basis=course.basis,
        rule=course.rule,
        considered=plan.considered,
        eligible=plan.eligible,
        objective=course.objective,
        policy_ids=course.policy_ids or None,
        revision=course.revision,
        task=course.task,
        complexity=course.complexity,
        seed=plan.seed,
        rejected=plan.rejected or None,
        candidates=[ranked(choice, rank) for rank, choice in enumerate(plan.choices[:shown], 1)],
    )
    if assignment is not None:
        route.experiment_id, route.arm_id = assignment.experiment_id, assignment.arm_id
    return route


def candidates_of(plan: Plan, tell: Tell | None = None) -> Sequence[RouteCandidate]:
    """Every candidate, the eligible ones first and in the order of attempts, at most MOST_SHOWN."""
    found = [ranked(choice, rank, tell) for rank, choice in enumerate(plan.choices[:MOST_SHOWN], 1)]
    left = MOST_SHOWN - len(found)
    return [*found, *(rejected(rejection, tell) for rejection in plan.reject(left))]


def ranked(choice: Choice, rank: int, tell: Tell | None = None) -> RouteCandidate:
    """An eligible candidate, with its score."""
    found = _candidate(choice.candidate, tell)
    found.eligible, found.rank, found.estimated_nano_usd = True, rank, choice.most
    terms = choice.terms
    found.score, found.moved_by = choice.standard.score(terms), choice.moved_by
    if not math.isinf(choice.cost):
        found.expected_nano_usd = round(choice.cost)
    if choice.seconds is not None:
        found.expected_latency.CopyFrom(duration(choice.seconds))
    found.terms.extend(_terms(choice, terms))
    return found


def rejected(rejection: Rejection, tell: Tell | None = None) -> RouteCandidate:
    """A candidate with the rule that it did not meet."""
    found = _candidate(rejection.candidate, tell)
    found.rejected_by, found.detail = rejection.rule, rejection.detail
    return found


def _candidate(one: Candidate, tell: Tell | None) -> RouteCandidate:
    target = one.target
    return RouteCandidate(
        provider=target.provider,
        model=target.model,
        integration_id=target.integration_id,
        region=one.region,
        quality=one.quality,
        availability=None if tell is None else tell(one),
    )


def _terms(choice: Choice, terms: tuple[float, float, float]) -> Sequence[ScoreTerm]:
    values = choice.cost, choice.seconds, choice.candidate.quality
    told = zip(_TERMS, values, terms, choice.standard.aim.weights, strict=True)
    return [
        ScoreTerm(name=name, value=None if value == math.inf else value, score=score, weight=weight)
        for name, value, score, weight in told
        if weight
    ]
