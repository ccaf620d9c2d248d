"""The API's rates, enforced exactly: in any window of `per_seconds` at most `calls`. Pure; the caller has the clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from trunkline_server.connectors.rest.template_models import Rate

# Calls that were sent a whole window apart may arrive nearer to each other by this, in seconds.
_LEEWAY = 0.05


class Windows:
    """When calls were let in, by rate and by the value of its subject."""

    def __init__(self, rates: Sequence[Rate]) -> None:
        self._rates = rates
        self._seen: dict[tuple[int, str], deque[float]] = {}

    def wait(self, tool: str, parameters: Mapping[str, Any], now: float) -> float:
        """Seconds until the call may come; 0 lets it in, and only then it counts. `now` in seconds, never less than
        before."""
        windows, longest = [], 0.0
        for index, rate in enumerate(self._rates):
            subject = subject_of(rate, tool, parameters)
            if subject is None:
                continue
            seen = self._seen.setdefault((index, subject), deque())
            while seen and seen[0] <= now - rate.per_seconds + _LEEWAY:
                seen.popleft()
            if len(seen) >= rate.calls:
                longest = max(longest, seen[0] + rate.per_seconds - now)
            windows.append(seen)
        if longest == 0.0:
            for seen in windows:
                seen.append(now)
        return longest


def subject_of(rate: Rate, tool: str, parameters: Mapping[str, Any]) -> str | None:
    """What the rate counts for the call: everything, the tool, or a parameter's value; None where it is not meant."""
    if rate.subject.startswith("{"):
        value = parameters.get(rate.subject[1:-1])
        return None if value is None else str(value)
    return rate.subject if rate.subject in ("", tool) else None
