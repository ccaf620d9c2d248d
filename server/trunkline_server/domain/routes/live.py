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

from trunkline_server.domain.routes.candidates import Floats, Ints

# Seconds in which an average takes over 63 % of what is faster, as in Finagle.
DECAY_SECONDS = 10.0
# Seconds after which half of what is known to be slow is forgotten.
FORGET_SECONDS = 60.0
_ROOM = 256


class Live:
    """The columns of one worker. Row 0 belongs to nobody, and stays unknown. Times are seconds, NaN is unknown."""

    __slots__ = ("_at", "_first", "_next", "_per_token")

    def __init__(self) -> None:
        self._next = 1
        self._first, self._per_token, self._at = (np.full(_ROOM, np.nan) for _ in range(3))

    def row(self) -> int:
        """A row for one more deployment."""
        row, self._next = self._next, self._next + 1
        if row >= len(self._at):
            more = np.full(len(self._at), np.nan)
            self._first, self._per_token, self._at = (
                np.concatenate((column, more)) for column in (self._first, self._per_token, self._at)
            )
        return row

    def note(self, row: int, seconds: float, first: float | None, tokens: int, now: float) -> None:
        """A call took `seconds` for `tokens` of output, `first` of them to the first content; None where the answer
        came in one piece."""
        if not row:
            return
        known = float(self._first[row])
        if first is None:
            first = 0.0 if math.isnan(known) else min(known, seconds)
        else:
            self._first[row] = self._averaged(row, known, first, now)
        if tokens > 0:
            each = max(0.0, seconds - first) / tokens
            self._per_token[row] = self._averaged(row, float(self._per_token[row]), each, now)
        self._at[row] = now

    def expected(self, rows: Ints, tokens: float) -> Floats:
        """The seconds that an answer of so many tokens takes; NaN for deployments of which nothing is known."""
        first, each = self._first[rows], self._per_token[rows]
        # Either one alone tells something.
        found = np.where(np.isnan(first), 0.0, first) + tokens * np.where(np.isnan(each), 0.0, each)
        found[np.isnan(first) & np.isnan(each)] = np.nan
        return found

    def hoped(self, rows: Ints, tokens: float, now: float) -> Floats:
        """The same, as far as it is still believed: what is unknown or long ago is hoped to be as good as the best."""
        found = self.expected(rows, tokens)
        known = found[~np.isnan(found)]
        best = known.min() if len(known) else 0.0
        believed: Floats = np.exp2((self._at[rows] - now) / FORGET_SECONDS)
        hoped: Floats = np.where(np.isnan(found), best, best + (found - best) * np.minimum(believed, 1.0))
        return hoped

    def one(self, row: int, tokens: float) -> float | None:
        """What `expected` says of one deployment; None where nothing is known."""
        first, each = float(self._first[row]), float(self._per_token[row])
        if math.isnan(each):
            return None if math.isnan(first) else first
        return tokens * each if math.isnan(first) else first + tokens * each

    def _averaged(self, row: int, before: float, found: float, now: float) -> float:
        if math.isnan(before) or found >= before:
            return found
        weight = math.exp((float(self._at[row]) - now) / DECAY_SECONDS)
        return before * weight + found * (1.0 - weight)
