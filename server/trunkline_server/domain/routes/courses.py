"""What a call follows: which models in which order of legs, by what aim, under whose constraints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trunkline.v1.route_pb2 import RouteBasis, RoutingObjective

from trunkline_server.domain.assignment import Assignment
from trunkline_server.domain.routes.aim import BY_COST, Aim
from trunkline_server.domain.routes.pool import Names
from trunkline_server.domain.routes.rules import Constraints


@dataclass(slots=True)
class Leg:
    """One stretch: these models, the best by its aim first. `constraints` hold in it beside those of the call."""

    names: Names = None
    aim: Aim = BY_COST
    constraints: tuple[Constraints, ...] = ()


@dataclass(slots=True)
class Course:
    """The legs of a call, one after the other. `rule` names what decided. `share` is the most of the calls that one
    provider may serve while others qualify; 1 is no bound. `affinity`: calls that begin alike go to one deployment."""

    basis: RouteBasis.ValueType
    rule: str
    legs: list[Leg]
    objective: RoutingObjective.ValueType = RoutingObjective.ROUTING_OBJECTIVE_COST
    share: float = 1.0
    affinity: bool = True
    policy_ids: Sequence[str] = ()
    revision: int = 0
    task: str = ""
    complexity: float | None = None
    assignment: Assignment | None = None

    @property
    def stated(self) -> bool:
        """Whether somebody stated the order: the caller, a chain, a mapping. Else Trunkline ranked all there is."""
        return len(self.legs) != 1 or self.legs[0].names is not None
