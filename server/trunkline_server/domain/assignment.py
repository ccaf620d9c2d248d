"""Which arm of an experiment a call belongs to."""

from __future__ import annotations

from dataclasses import dataclass

from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.experiment_pb2 import Experiment


@dataclass(frozen=True, slots=True)
class Assignment:
    """The arm that answers, and the (arm id, model) of those that get a copy."""

    experiment_id: str
    arm_id: str
    model: str
    shadows: tuple[tuple[str, str], ...] = ()


def assign(experiment: Experiment, context: CallContext, request_id: str) -> Assignment:
    """The arm of a call."""
    arm = experiment.arms[0]
    return Assignment(experiment.experiment_id, arm.arm_id, arm.model)
