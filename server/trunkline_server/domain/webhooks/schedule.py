"""When a delivery is tried again, and when it is given up."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# Of Standard Webhooks: about three days.
_MINUTE, _HOUR = 60.0, 3600.0
STANDARD: tuple[float, ...] = (
    *(5.0, 5 * _MINUTE, 30 * _MINUTE),
    *(2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR),
)
# Each pause is longer or shorter by up to this share, so that deliveries that failed together do not come together.
JITTER = 0.2
# No `Retry-After` keeps a delivery longer, in seconds.
_LONGEST_ASKED = 24 * _HOUR


@dataclass(frozen=True, slots=True)
class Schedule:
    """The pauses between the attempts at a delivery, in seconds: one attempt more than pauses is made."""

    pauses: Sequence[float] = STANDARD
    pick: Callable[[float, float], float] = random.uniform

    def after(self, attempts: int, asked: float | None = None) -> float | None:
        """Seconds until the next attempt after so many failed ones; None: no more. `asked` is what the receiver's
        `Retry-After` said: not sooner than that."""
        if attempts > len(self.pauses):
            return None
        pause = self.pauses[attempts - 1] * self.pick(1 - JITTER, 1 + JITTER)
        return max(pause, min(asked, _LONGEST_ASKED)) if asked is not None else pause
