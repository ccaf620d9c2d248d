"""How difficult a request looks."""

from __future__ import annotations

from collections.abc import Sequence

from trunkline.v1.completion_pb2 import CompleteRequest
from trunkline.v1.policy_pb2 import ComplexityTier

DEFAULT_TIERS: Sequence[ComplexityTier] = (
    ComplexityTier(up_to=0.35),
    ComplexityTier(up_to=0.7, min_quality=0.3),
    ComplexityTier(up_to=1.0, min_quality=0.6),
)


def complexity(request: CompleteRequest) -> float:
    """From 0 to 1."""
    return min(1.0, request.ByteSize() / 4000)
