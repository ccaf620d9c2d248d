"""How fast each deployment answers now, in columns.

For each deployment (a model of an integration) two times are kept: to the first content, and for each token after it.
They are averages that follow a slower answer at once and a faster one slowly (peak EWMA, after Finagle's load balancer:
https://twitter.github.io/finagle/guide/Clients.html), because who sends to a slow one too long pays more than who
avoids it too long. What is long ago counts less and less: a deployment that nobody calls is taken to be as good as the
best after a while, so that it is tried again.
"""

from __future__ import annotations

import math

import numpy as np

from trunkline_server.domain.routes.candidates import Flags, Floats, Ints

# Seconds in which an average takes over 63 % of what is faster, as in Finagle.
DECAY_SECONDS = 10.0
# Seconds after which half of what is known to be slow is forgotten.
FORGET_SECONDS = 60.0
# Stands for an unknown time: longer than any call, and unlike NaN it can be compared.
_UNKNOWN = 1e9
_ROOM = 256


class Live:
    """The columns of one worker; times are seconds. Row 0 belongs to nobody, and stays unknown."""

    __slots__ = ("_at", "_first", "_next", "_per_token")

    def __init__(self) -> None:
        self._next = 1
        self._first, self._per_token, self._at = _rows(_ROOM)

    def row(self) -> int:
        """A row for one more deployment."""
        row, self._next = self._next, self._next + 1
        if row >= len(self._at):
            old = self._first, self._per_token, self._at
            joined = (np.concatenate(pair) for pair in zip(old, _rows(len(self._at)), strict=True))
            self._first, self._per_token, self._at = joined
        return row

    def note(self, row: int, seconds: float, first: float | None, tokens: int, now: float) -> None:
        """A call took `seconds` for `tokens` of output, `first` of them to the first content; None where the answer
        came in one piece."""
        if not row:
            return
        known = float(self._first[row])
        if first is not None:
            self._first[row] = self._averaged(row, known, first, now)
        else:
            first = 0.0 if known == _UNKNOWN else min(known, seconds)
            self._first[row] = first
        if tokens > 0:
            each = max(0.0, seconds - first) / tokens
            self._per_token[row] = self._averaged(row, float(self._per_token[row]), each, now)
        self._at[row] = now

    def expected(self, rows: Ints, tokens: float) -> Floats:
        """The seconds that an answer of so many tokens takes; _UNKNOWN or more where nothing is known."""
        found: Floats = self._first[rows] + tokens * self._per_token[rows]
        return found

    def slower(self, rows: Ints, tokens: float, limit: float) -> Flags:
        """Which are known to take longer than the limit, in seconds."""
        found = self.expected(rows, tokens)
        return (found > limit) & (found < _UNKNOWN)

    def hoped(self, rows: Ints, tokens: float, now: float) -> Floats:
        """What is expected, as far as it is still believed: what is unknown or long ago is hoped to be as good as the
        best."""
        found = self.expected(rows, tokens)
        best = float(found.min(initial=_UNKNOWN))
        if best >= _UNKNOWN:
            return np.zeros(len(rows))
        hoped: Floats = best + (found - best) * np.exp2((self._at[rows] - now) / FORGET_SECONDS)
        return hoped

    def one(self, row: int, tokens: float) -> float | None:
        """What is expected of one deployment; None where nothing is known."""
        first = float(self._first[row])
        return None if first >= _UNKNOWN else first + tokens * float(self._per_token[row])

    def _averaged(self, row: int, before: float, found: float, now: float) -> float:
        if before >= _UNKNOWN or found >= before:
            return found
        weight = math.exp((float(self._at[row]) - now) / DECAY_SECONDS)
        return before * weight + found * (1.0 - weight)


def _rows(count: int) -> tuple[Floats, Floats, Floats]:
    """Times to the first content, for each token, and when that was."""
    return np.full(count, _UNKNOWN), np.zeros(count), np.full(count, -np.inf)
