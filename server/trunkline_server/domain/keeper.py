"""The job that keeps running experiments: looks at their figures, stops arms by their guardrails, moves bandits'
shares."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import structlog
from google.protobuf.timestamp_pb2 import Timestamp
from trunkline.v1.experiment_pb2 import Experiment

from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.events import arm_stopped
from trunkline_server.domain.experiment_keeping import Verdict, reweighed, running, verdicts, without
from trunkline_server.domain.experiment_results import Totals
from trunkline_server.domain.ports import Actor
from trunkline_server.domain.signals import Signals, Silent
from trunkline_server.domain.steering import RoutingItems, RoutingView

_log = structlog.get_logger("trunkline.experiments")

# Summing the calls of an experiment may take this share of the time at most: a large one is looked at less often.
_SHARE = 0.05


class ExperimentCalls(Protocol):
    """What came of experiments."""

    async def totals(self, tenant_id: str, experiment: Experiment) -> tuple[Totals, Timestamp]:
        """The sums by arm, and as of when."""
        ...

    async def running(self) -> Sequence[tuple[str, Experiment]]:
        """The running experiments of all tenants, each with its tenant's id."""
        ...

    def turn(self) -> AbstractAsyncContextManager[bool]:
        """Whether it is this process's turn: that of one at a time, over all of them."""
        ...


class Keeper:
    """Keeps the experiments of all tenants. `announce` tells every worker that a tenant changed."""

    def __init__(
        self,
        calls: ExperimentCalls,
        items: RoutingItems,
        announce: Callable[[str], Awaitable[None]],
        signals: Signals | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._calls = calls
        self._items = items
        self._announce = announce
        self._signals = signals or Silent()
        self._clock = clock
        self._due: dict[tuple[str, str], float] = {}

    async def look(self) -> int:
        """Look at every running experiment once, if it is this process's turn; returns how many were changed. One that
        fails keeps the others from nothing."""
        changed = 0
        async with self._calls.turn() as mine:
            found = await self._calls.running() if mine else ()
            now = self._clock()
            names = {(tenant_id, experiment.experiment_id) for tenant_id, experiment in found}
            self._due = {name: due for name, due in self._due.items() if name in names}
            for tenant_id, experiment in found:
                name = (tenant_id, experiment.experiment_id)
                if self._due.get(name, 0.0) > now:
                    continue
                began = self._clock()
                try:
                    changed += await self._keep(tenant_id, experiment)
                except TrunklineError as error:
                    _log.warning(
                        "experiment_not_kept", tenant_id=tenant_id, experiment=name[1], reason=error.reason_name
                    )
                except Exception as error:
                    # The process has more to do than this, and one bad experiment must not keep it from that.
                    _log.error("experiment_not_kept", tenant_id=tenant_id, experiment=name[1], exc_info=error)
                self._due[name] = self._clock() + (self._clock() - began) * (1 / _SHARE - 1)
        return changed

    async def _keep(self, tenant_id: str, experiment: Experiment) -> bool:
        totals, as_of = await self._calls.totals(tenant_id, experiment)
        found = verdicts(experiment, totals)
        if found:
            await self._stop(tenant_id, experiment, found, as_of)
        elif reweighed(experiment, totals) is not None:
            await self._reweigh(tenant_id, experiment, totals)
        else:
            return False
        try:
            await self._announce(tenant_id)
        except TrunklineError as error:
            _log.warning("change_not_announced", tenant_id=tenant_id, reason=error.reason_name)
        return True

    async def _stop(self, tenant_id: str, experiment: Experiment, found: Sequence[Verdict], as_of: Timestamp) -> None:
        def edit(current: Experiment | None, _: RoutingView) -> Experiment | None:
            if current is None or not running(current):
                return current
            going = {arm.arm_id for arm in current.arms if not arm.stopped}
            left = [verdict for verdict in found if verdict.arm_id in going]
            return without(current, left, as_of) if left else current

        name = experiment.experiment_id
        events = [arm_stopped(tenant_id, name, verdict, as_of) for verdict in found]
        await self._items.write(Actor(tenant_id, ""), Experiment, name, "stop_arm", edit, events)
        for verdict in found:
            _log.info("arm_stopped", tenant_id=tenant_id, experiment=name, arm=verdict.arm_id, why=verdict.reason)
            self._signals.decided("arm_stopped", model=verdict.model, reason=verdict.metric)

    async def _reweigh(self, tenant_id: str, experiment: Experiment, totals: Totals) -> None:
        def edit(current: Experiment | None, _: RoutingView) -> Experiment | None:
            moved = reweighed(current, totals) if current is not None else None
            return moved or current

        await self._items.write(Actor(tenant_id, ""), Experiment, experiment.experiment_id, "reweigh", edit)
        self._signals.decided("experiment_reweighed")
