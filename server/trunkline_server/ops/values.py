"""Values of Prometheus metrics that reach the file which all workers share a moment later: calls change a dozen of
them, and each write costs more than the counting."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import Any

from prometheus_client import Histogram, values

from trunkline_server.ops.later import later


def defer() -> None:
    """Make all metrics of this process, from now on, such values. For a process with one event loop that never forks:
    otherwise each count would ask the kernel for the process id too."""
    own = os.getpid()
    shared: Any = values.MultiProcessValue(process_identifier=lambda: own)  # type: ignore[no-untyped-call]
    changed: set[Any] = set()

    def write() -> None:
        # Emptied first: were a write to fail, the next change would begin anew with what all have come to.
        due = tuple(changed)
        changed.clear()
        for value in due:
            value.write()

    class Deferred(shared):  # type: ignore[misc]
        """Counts here, and writes what it has come to when its turn comes."""

        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self._here: float = super().get()
            self._at: float | None = None

        def inc(self, amount: float) -> None:
            self._here += amount
            self._note()

        def set(self, value: float, timestamp: float | None = None) -> None:
            self._here, self._at = value, timestamp
            self._note()

        def get(self) -> float:
            return self._here

        def write(self) -> None:
            super().set(self._here, self._at)

        def _note(self) -> None:
            changed.add(self)
            if len(changed) == 1:
                later(write)

    values.ValueClass = Deferred


def observe(histogram: Histogram, amounts: Sequence[float]) -> None:
    """What `histogram.observe` does for each amount, in one go."""
    shared: Any = histogram
    shared._sum.inc(sum(amounts))
    for place, count in Counter(bisect_left(shared._upper_bounds, one) for one in amounts).items():
        shared._buckets[place].inc(count)
