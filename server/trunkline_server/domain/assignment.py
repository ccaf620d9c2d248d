"""Which arm of an experiment serves a call. The same in every process and language: it is a hash and two logarithms.

The arm is chosen by weighted rendezvous hashing (Thaler and Ravishankar 1998; weights as Schindelhauer and Schomaker
2005): each arm draws a fraction `u` from the subject's hash, and the least `-ln(u) / share` wins. When shares change,
callers only move to arms that gained against their own, and hardly more of them than must; cumulative intervals would
also shift the arms in between.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from struct import unpack

from trunkline.v1.common_pb2 import CallContext
from trunkline.v1.experiment_pb2 import Experiment

# What keeps a caller on one side -> the field of the context that names it.
STICKY = {"user": "user_id", "session": "session_id", "agent": "agent_id"}
_UNIT = 2.0**-53


@dataclass(frozen=True, slots=True)
class Assignment:
    """The arm that serves a call, and the shadow arms (id, model) that it is copied to."""

    experiment_id: str
    arm_id: str
    model: str
    shadows: tuple[tuple[str, str], ...] = ()


def assign(experiment: Experiment, context: CallContext, request_id: str) -> Assignment:
    """The arm of the caller. A call without the id that the experiment sticks by is assigned by its request id. Shadow
    arms are drawn for each call anew, each by itself."""
    field = STICKY.get(experiment.sticky_by)
    subject = (getattr(context, field) if field else "") or request_id
    arms = experiment.arms
    chosen, least, shadows = arms[0], math.inf, False
    for arm, drawn in zip(arms, _draws(f"{experiment.experiment_id}/{subject}", len(arms)), strict=True):
        share = arm.current_share
        if arm.shadow:
            shadows = shadows or share > 0
        elif share > 0 and not arm.stopped and (cost := -math.log(drawn) / share) < least:
            chosen, least = arm, cost
    copies = _shadows(experiment, request_id) if shadows else ()
    return Assignment(experiment.experiment_id, chosen.arm_id, chosen.model, copies)


def _shadows(experiment: Experiment, request_id: str) -> tuple[tuple[str, str], ...]:
    arms = experiment.arms
    draws = _draws(f"{experiment.experiment_id}/{request_id}/shadow", len(arms))
    return tuple(
        (arm.arm_id, arm.model)
        for arm, drawn in zip(arms, draws, strict=True)
        if arm.shadow and not arm.stopped and drawn < arm.current_share
    )


def _draws(name: str, count: int) -> list[float]:
    """For each arm in its order, a fraction above 0 and below 1: the upper 53 bits of eight bytes, big-endian, of the
    name's SHAKE-128."""
    digest = hashlib.shake_128(name.encode()).digest(8 * count)
    return [((number >> 11) + 0.5) * _UNIT for number in unpack(f">{count}Q", digest)]
