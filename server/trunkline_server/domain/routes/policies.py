"""A tenant's policies, mappings and experiments made ready: the course of each call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.experiment_pb2 import Experiment, ExperimentState
from trunkline.v1.policy_pb2 import ComplexityTier, RoutingLink, RoutingPolicy, TaskMapping
from trunkline.v1.requirements_pb2 import RoutingOptions
from trunkline.v1.route_pb2 import RouteBasis, RoutingObjective

from trunkline_server.domain.assignment import Assignment, assign
from trunkline_server.domain.errors import invalid_fields
from trunkline_server.domain.experiment_check import ANY_MODEL
from trunkline_server.domain.matching import Match
from trunkline_server.domain.needs import max_latency_of
from trunkline_server.domain.routes.aim import BALANCED, COST, LATENCY, QUALITY, Aim, Weights
from trunkline_server.domain.routes.courses import Course, Leg
from trunkline_server.domain.routes.pool import Names
from trunkline_server.domain.routes.rules import Constraints
from trunkline_server.domain.routes.spread import number
from trunkline_server.domain.steering import RoutingView

# What a caller can ask for by name without a policy of its own.
BUILT_IN = {"cost": COST, "latency": LATENCY, "quality": QUALITY, "balanced": BALANCED}
WEIGHTED = RoutingObjective.ROUTING_OBJECTIVE_WEIGHTED
# The objectives that follow a chain.
CHAINED = (RoutingObjective.ROUTING_OBJECTIVE_PRIORITY, WEIGHTED)
_COMPLEXITY = RoutingObjective.ROUTING_OBJECTIVE_COMPLEXITY
_RUNNING = ExperimentState.EXPERIMENT_STATE_RUNNING
_EXPLICIT, _BY_ALIAS = RouteBasis.ROUTE_BASIS_EXPLICIT, RouteBasis.ROUTE_BASIS_ALIAS
# Links of links are followed so deep; what is written is checked for cycles, so this is never reached.
_DEEPEST = 16


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where a tenant's policies say nothing. `share` binds what the router chooses, not chains."""

    aim: Aim
    balance: Weights
    share: float
    aliases: Mapping[str, Sequence[str]]
    mappings: Mapping[str, TaskMapping]
    tiers: Sequence[ComplexityTier]


@dataclass(slots=True)
class Asked:
    """What of a call decides its course. `complexity` works out how difficult it looks, `short` whether a budget is
    nearly used up; each is asked only where that matters. Vectors take no part in experiments: those of two models
    cannot stand beside each other."""

    model: str
    task: str
    fallbacks: Sequence[str]
    context: CallContext
    request_id: str
    seed: int
    options: RoutingOptions
    complexity: Callable[[], float]
    short: Callable[[], bool]
    in_experiments: bool = True


class Policy:
    """One policy, made ready."""

    def __init__(self, policy: RoutingPolicy) -> None:
        self.message = policy
        self.id = policy.policy_id
        self.match = Match(policy.match)
        self.objective = policy.objective
        found = Constraints.of(
            policy.constraints, allowed=policy.allowed_models, denied=policy.denied_models, origin=self.id
        )
        self.constraints = None if found == Constraints(origin=self.id) else found
        self.max_latency = max_latency_of(policy.constraints)


class Policies:
    """All of a tenant, in the order in which they apply."""

    def __init__(self, view: RoutingView, defaults: Defaults) -> None:
        self.revision = view.revision
        self._defaults = defaults
        self._all = [Policy(one) for one in sorted(view.policies, key=lambda one: (one.order, one.policy_id))]
        self._by_id = {one.id: one for one in self._all}
        self._mappings = {one.task: one for one in view.mappings}
        self._experiments: dict[str, Experiment] = {one.model: one for one in view.experiments if one.state == _RUNNING}

    def matching(self, context: CallContext, task: str) -> Sequence[Policy]:
        """The policies that a call matches: the constraints of all of them bind it."""
        return [one for one in self._all if one.match.meets(context, task)]

    def course(self, asked: Asked, matching: Sequence[Policy]) -> Course:
        """The course of a call. Raises INVALID_REQUEST for a policy that the tenant does not have."""
        course = self._named(asked) if asked.model else self._chosen(asked, matching)
        course.revision, course.task = self.revision, asked.task
        if matching:
            binding = (one.id for one in matching if one.constraints is not None or one.max_latency is not None)
            course.policy_ids = tuple(dict.fromkeys((*course.policy_ids, *binding)))
        for name in asked.fallbacks:
            course.legs += self._legs_of(name)
        assignment = self._assignment(asked) if self._experiments else None
        if assignment is not None:
            course.basis, course.rule = RouteBasis.ROUTE_BASIS_EXPERIMENT, assignment.experiment_id
            course.legs = [*self._legs_of(assignment.model), *course.legs]
            course.share, course.assignment = 1.0, assignment
        return course

    # ── What decides ────────────────────────────────────────────────────────────────────────────────────────────

    def _named(self, asked: Asked) -> Course:
        """The caller named a model or an alias."""
        aliased = asked.model in self._defaults.aliases
        basis, rule = (_BY_ALIAS, asked.model) if aliased else (_EXPLICIT, "")
        return Course(basis, rule, self._legs_of(asked.model), self._defaults.aim.objective)

    def _chosen(self, asked: Asked, matching: Sequence[Policy]) -> Course:
        """The router is to choose: by what the caller says, a mapping, the first policy, the default."""
        if wanted := asked.options.policy:
            return self._asked_for(wanted, asked)
        if asked.task in self._mappings:
            return self._task(self._mappings[asked.task], asked)
        for one in matching:
            if one.objective:
                return self._policy(one, asked)
        if asked.task in self._defaults.mappings:
            return self._task(self._defaults.mappings[asked.task], asked)
        aim, share = self._defaults.aim, self._defaults.share
        return Course(RouteBasis.ROUTE_BASIS_REQUIREMENTS, "", [Leg(None, aim)], aim.objective, share)

    def _asked_for(self, wanted: str, asked: Asked) -> Course:
        policy = self._by_id.get(wanted)
        if policy is not None:
            return self._policy(policy, asked)
        if wanted not in BUILT_IN:
            raise invalid_fields([("routing.policy", f"is {wanted!r}, which is no policy of this tenant")])
        aim = Aim.at(BUILT_IN[wanted], self._defaults.balance)
        return Course(RouteBasis.ROUTE_BASIS_POLICY, wanted, [Leg(None, aim)], aim.objective, self._defaults.share)

    def _policy(self, policy: Policy, asked: Asked) -> Course:
        message = policy.message
        complexity = asked.complexity() if policy.objective == _COMPLEXITY else None
        share = 1.0 if policy.objective in CHAINED else self._defaults.share
        return Course(
            basis=RouteBasis.ROUTE_BASIS_POLICY,
            rule=policy.id,
            legs=list(self._legs(policy, asked, complexity, 0)),
            objective=policy.objective,
            share=message.max_provider_share if message.HasField("max_provider_share") else share,
            affinity=not message.HasField("cache_affinity") or message.cache_affinity,
            policy_ids=(policy.id,),
            complexity=complexity,
        )

    def _task(self, mapping: TaskMapping, asked: Asked) -> Course:
        """The models of a task. What the tenant cannot call is passed over; after them the default holds."""
        names = [mapping.primary_model, *mapping.fallback_models]
        if mapping.budget_model:
            names = [mapping.budget_model, *names] if asked.short() else [*names, mapping.budget_model]
        legs = [leg for name in dict.fromkeys(names) for leg in self._legs_of(name)]
        legs.append(Leg(None, self._defaults.aim))
        return Course(RouteBasis.ROUTE_BASIS_TASK, mapping.task, legs, self._defaults.aim.objective)

    def _assignment(self, asked: Asked) -> Assignment | None:
        experiment = self._experiments.get(asked.model or ANY_MODEL)
        if experiment is None or asked.options.policy or not asked.in_experiments:
            return None
        return assign(experiment, asked.context, asked.request_id)

    # ── Legs ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _legs_of(self, name: str) -> list[Leg]:
        """A model, or the models of an alias in their order."""
        aim = self._defaults.aim
        return [Leg((real,), aim) for real in self._defaults.aliases.get(name, (name,))]

    def _legs(self, policy: Policy, asked: Asked, complexity: float | None, depth: int) -> Iterator[Leg]:
        message = policy.message
        if policy.objective in CHAINED:
            for link in self._links(policy, asked):
                if link.model:
                    yield from self._legs_of(link.model)
                elif link.policy_id in self._by_id and depth < _DEEPEST:
                    yield from self._legs(self._by_id[link.policy_id], asked, complexity, depth + 1)
        elif policy.objective == _COMPLEXITY:
            difficulty = asked.complexity() if complexity is None else complexity
            yield from self._tiers(message.tiers or self._defaults.tiers, difficulty)
            if not message.tiers:
                # A tenant whose models all fall short of the default tiers is served all the same.
                yield Leg(None, Aim.at(COST, self._defaults.balance))
        else:
            weights = message.weights
            own = message.HasField("weights")
            balance = Weights.of(weights.cost, weights.latency, weights.quality) if own else self._defaults.balance
            aim = Aim.at(policy.objective or self._defaults.aim.objective, balance)
            yield Leg(None, aim)

    def _links(self, policy: Policy, asked: Asked) -> Sequence[RoutingLink]:
        """The chain; a weighted one begins with the link that is drawn, and the others follow, the heaviest first."""
        chain = list(policy.message.chain)
        if policy.objective != WEIGHTED or not chain:
            return chain
        at = number(asked.seed, policy.id) / 2**32 * sum(link.weight for link in chain)
        drawn = 0
        for place, link in enumerate(chain):
            at -= link.weight
            if at < 0:
                drawn = place
                break
        first = chain.pop(drawn)
        return [first, *sorted(chain, key=lambda link: -link.weight)]

    def _tiers(self, tiers: Sequence[ComplexityTier], difficulty: float) -> Iterator[Leg]:
        """The tier of a difficulty, then the harder ones, then the easier ones from the hardest down."""
        fits = next((place for place, tier in enumerate(tiers) if difficulty <= tier.up_to), len(tiers) - 1)
        for tier in (*tiers[fits:], *reversed(tiers[:fits])):
            names: Names = None
            if tier.models:
                names = tuple(real for name in tier.models for real in self._defaults.aliases.get(name, (name,)))
            floor = (Constraints(min_quality=tier.min_quality),) if tier.HasField("min_quality") else ()
            yield Leg(names, Aim.at(COST, self._defaults.balance), floor)
