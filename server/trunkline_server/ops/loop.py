"""How promptly the event loop runs what is due, and how many tasks it carries."""

from __future__ import annotations

import asyncio

from prometheus_client import Gauge, Histogram

_INTERVAL = 0.05
# Counting tasks walks all of them: once for so many measurements of the lag.
_TURNS = 20
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)


class LoopWatch:
    """Measures the lag twenty times a second, counts tasks once a second."""

    def __init__(self) -> None:
        self._lag = Histogram("trunkline_loop_lag_seconds", "How late the loop runs what is due.", buckets=_BUCKETS)
        self._tasks = Gauge("trunkline_tasks", "Tasks of the event loop.", multiprocess_mode="livesum")

    async def run(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._tasks.set(len(asyncio.all_tasks()))
            for _ in range(_TURNS):
                due = loop.time() + _INTERVAL
                await asyncio.sleep(_INTERVAL)
                self._lag.observe(max(0.0, loop.time() - due))
