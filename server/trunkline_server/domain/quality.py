"""How good a model's answers are."""

from __future__ import annotations

from trunkline.v1.model_pb2 import Model
from trunkline.v1.requirements_pb2 import Quality

from trunkline_server.domain.steering import Judged

# The least score of each grade.
FLOORS = {
    Quality.QUALITY_UNSPECIFIED: 0.0,
    Quality.QUALITY_BASIC: 0.0,
    Quality.QUALITY_STANDARD: 0.3,
    Quality.QUALITY_PREMIUM: 0.6,
}


def quality_of(facts: Model, judged: Judged | None, output_price: int | None) -> tuple[float | None, str]:
    """The quality from 0 to 1, and where it comes from."""
    if facts.HasField("quality"):
        return facts.quality, facts.quality_source or "integration"
    if output_price is None:
        return None, ""
    return min(1.0, output_price / 20_000_000_000), "price"
