"""The job that checks integrations by itself. Every worker runs it; each check is made in one place only, by whoever
claims it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Protocol

import structlog

from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.integrations.checks import CHECK_SECONDS, Checks
from trunkline_server.domain.ports import Actor
from trunkline_server.domain.signals import Signals, Silent

_log = structlog.get_logger("trunkline.checks")

# Between two looks for checks that are due, in seconds, and how many one worker makes at a time.
_LOOK_SECONDS = 2.0
_AT_A_TIME = 8


class Schedule(Protocol):
    """When each integration is checked next, over all servers."""

    async def claim(self, most: int) -> Sequence[tuple[str, str]]:
        """Up to `most` checks that are due, as (tenant, integration): the caller's from now on, and due again after
        the integration's own interval, however they end."""
        ...


class Checker:
    """Checks each active integration that is monitored. `interval` is the usual one in seconds; 0: nothing is."""

    def __init__(self, schedule: Schedule, checks: Checks, interval: float, signals: Signals | None = None) -> None:
        self._schedule = schedule
        self._checks = checks
        self._interval = interval
        self._signals = signals or Silent()

    async def run(self) -> None:
        """Check until cancelled; at once over when the interval is 0."""
        while self._interval > 0:
            await asyncio.sleep(_LOOK_SECONDS * random.uniform(0.5, 1.5))
            try:
                while await self.turn() == _AT_A_TIME:
                    continue
            except TrunklineError as error:
                _log.warning("checks_not_claimed", reason=error.reason_name)

    async def turn(self) -> int:
        """Make the checks that are due, some of them; returns how many. Raises STORE_UNAVAILABLE."""
        due = await self._schedule.claim(_AT_A_TIME)
        async with asyncio.TaskGroup() as group:
            for tenant_id, integration_id in due:
                group.create_task(self._check(tenant_id, integration_id))
        return len(due)

    async def _check(self, tenant_id: str, integration_id: str) -> None:
        try:
            found = await self._checks.check(Actor(tenant_id, ""), integration_id, Deadline.after(CHECK_SECONDS))
        except TrunklineError as error:
            if error.reason != Reason.ERROR_REASON_NOT_FOUND:  # Gone meanwhile: nothing to check.
                _log.warning(
                    "not_checked", tenant_id=tenant_id, integration_id=integration_id, reason=error.reason_name
                )
        except Exception as error:
            # The worker has more to do than this, and one bad integration must not keep it from that.
            _log.error("not_checked", tenant_id=tenant_id, integration_id=integration_id, exc_info=error)
        else:
            self._signals.decided("check_passed" if found.healthy else "check_failed")
