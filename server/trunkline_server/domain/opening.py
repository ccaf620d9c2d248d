"""What keeps calls away from a model: the words that breakers and what they share have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from trunkline.v1.errors_pb2 import ErrorReason

_PREFIX = len("ERROR_REASON_")


class BreakerKey(NamedTuple):
    """Whose breaker it is."""

    tenant_id: str
    integration_id: str
    model: str


@dataclass(slots=True)
class Opening:
    """Why, since when and until when calls are kept away, in seconds of the breaker's clock; `until` has passed in the
    half-open state. `busy`: the provider asked for it. `unreachable`: nothing answered. `due` is `until` as it was
    before checks put it off. `round` counts the failed probes. `id` is the shared state's name of it, empty until it
    has one; `told`: its event was written."""

    reason: int
    since: float
    until: float
    busy: bool = False
    unreachable: bool = False
    due: float = 0.0
    id: str = ""
    round: int = 0
    told: bool = False


def reason_name(reason: int) -> str:
    """An ErrorReason without prefix; unknown numbers are none."""
    return ErrorReason.Name(reason)[_PREFIX:] if reason in ErrorReason.values() else ""  # type: ignore[arg-type]
