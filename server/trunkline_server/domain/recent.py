"""Outcomes of the last while, in constant memory."""

from __future__ import annotations

import math

# A window is kept in so many parts: what is told of it is right to a tenth of its length.
_PARTS = 10


class Recent:
    """Counts calls over a sliding window of `window` seconds. Times are seconds of one monotonic clock."""

    __slots__ = ("_calls", "_failures", "_least", "_part", "_parts")

    def __init__(self, window: float) -> None:
        self._part = window / _PARTS
        self._parts = [-_PARTS] * _PARTS
        self._calls = [0] * _PARTS
        self._failures = [0] * _PARTS
        self._least = [math.inf] * _PARTS

    def note(self, now: float, ok: bool, latency: float = math.inf) -> None:
        """A call ended, after `latency` seconds."""
        part = int(now // self._part)
        place = part % _PARTS
        if self._parts[place] != part:
            self._parts[place], self._calls[place] = part, 0
            self._failures[place], self._least[place] = 0, math.inf
        self._calls[place] += 1
        if not ok:
            self._failures[place] += 1
        elif latency < self._least[place]:
            self._least[place] = latency

    def counts(self, now: float) -> tuple[int, int]:
        """(calls, failures among them)."""
        places = self._live(now)
        return sum(self._calls[one] for one in places), sum(self._failures[one] for one in places)

    def fastest(self, now: float) -> float | None:
        """The least latency of a call that ended well, in seconds; None without one."""
        least = min((self._least[one] for one in self._live(now)), default=math.inf)
        return None if least == math.inf else least

    def _live(self, now: float) -> list[int]:
        oldest = int(now // self._part) - _PARTS
        return [place for place, part in enumerate(self._parts) if part > oldest]
