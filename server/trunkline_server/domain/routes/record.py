"""A plan as the contract tells it: the same in an answer as in ExplainRoute."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from trunkline.v1.model_pb2 import Availability
from trunkline.v1.route_pb2 import Route, RouteCandidate

from trunkline_server.domain.duration import put_duration
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
    )
    # Messages given to the constructor would be encoded and decoded.
    for rank, choice in enumerate(plan.choices[:shown], 1):
        put_ranked(route.candidates.add(), choice, rank)
    if assignment is not None:
        route.experiment_id, route.arm_id = assignment.experiment_id, assignment.arm_id
    return route


def candidates_of(plan: Plan, tell: Tell | None = None) -> Sequence[RouteCandidate]:
    """Every candidate, the eligible ones first and in the order of attempts, at most MOST_SHOWN."""
    found = []
    for rank, choice in enumerate(plan.choices[:MOST_SHOWN], 1):
        found.append(one := RouteCandidate())
        put_ranked(one, choice, rank, tell)
    left = MOST_SHOWN - len(found)
    return [*found, *(rejected(rejection, tell) for rejection in plan.reject(left))]


def put_ranked(field: RouteCandidate, choice: Choice, rank: int, tell: Tell | None = None) -> None:
    """An eligible candidate, with its score."""
    _put_candidate(field, choice.candidate, tell)
    field.eligible, field.rank, field.estimated_nano_usd = True, rank, choice.most
    terms = choice.terms
    field.score = choice.standard.score(terms)
    if choice.moved_by:
        field.moved_by = choice.moved_by
    if choice.cost != math.inf:
        field.expected_nano_usd = round(choice.cost)
    if choice.seconds is not None:
        put_duration(field.expected_latency, choice.seconds)
    values = choice.cost, choice.seconds, choice.candidate.quality
    for name, value, score, weight in zip(_TERMS, values, terms, choice.standard.aim.weights, strict=True):
        if weight:
            field.terms.add(name=name, value=None if value == math.inf else value, score=score, weight=weight)


def rejected(rejection: Rejection, tell: Tell | None = None) -> RouteCandidate:
    """A candidate with the rule that it did not meet."""
    found = RouteCandidate()
    _put_candidate(found, rejection.candidate, tell)
    found.rejected_by, found.detail = rejection.rule, rejection.detail
    return found


def _put_candidate(field: RouteCandidate, one: Candidate, tell: Tell | None) -> None:
    target = one.target
    field.provider, field.model, field.integration_id = target.provider, target.model, target.integration_id
    if one.region:
        field.region = one.region
    if one.quality is not None:
        field.quality = one.quality
    if tell is not None:
        field.availability.CopyFrom(tell(one))
