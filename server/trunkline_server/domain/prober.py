"""Background checks of the providers of tenants in use, by one worker of all for each integration."""

from __future__ import annotations

import asyncio
import random
import time

from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.integration_health_pb2 import HealthCheck, IntegrationStatus
from trunkline.v1.integration_pb2 import Integration

from trunkline_server.domain.board import BreakerBoard
from trunkline_server.domain.breakers import Breakers
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.duration import seconds
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.ports import Directory, Integrations, Providers
from trunkline_server.domain.router import Router
from trunkline_server.domain.signals import Signals, Silent

# One check, in seconds, and how many of them one worker makes at a time.
_CHECK_SECONDS = 10.0
_AT_A_TIME = 4
# A failing check puts off a breaker's probe until the next check had its time: so many intervals.
_HOLD_INTERVALS = 2.0
_SERVER_ERRORS = 500


class Prober:
    """Checks every provider each `interval` seconds or little more, one that wants it less often as it says, whoever of
    the workers comes first. Its finding is the integration's last check, as that of integrations/checker.py is: neither
    repeats what the other has just done. It is what breakers go by, see Breaker.checked; it closes none of them."""

    def __init__(
        self,
        router: Router,
        directory: Directory,
        providers: Providers,
        integrations: Integrations,
        breakers: Breakers,
        board: BreakerBoard,
        interval: float,
        signals: Signals | None = None,
    ) -> None:
        self._router = router
        self._directory = directory
        self._providers = providers
        self._integrations = integrations
        self._breakers = breakers
        self._board = board
        self._interval = interval
        self._signals = signals or Silent()

    async def run(self) -> None:
        """Check until cancelled; at once over when the interval is 0."""
        while self._interval > 0:
            # Several times in an interval, at other times than the other workers: the claim keeps to the interval.
            await asyncio.sleep(self._interval * random.uniform(0.15, 0.25))
            await self.turn()

    async def turn(self) -> None:
        """Make the checks that are due and that nobody else makes."""
        slots = asyncio.Semaphore(_AT_A_TIME)
        async with asyncio.TaskGroup() as group:
            for tenant_id, roads in self._router.in_use().items():
                for integration in filter(_is_monitored, roads.view.integrations.values()):
                    group.create_task(self._check(slots, tenant_id, integration))

    async def _check(self, slots: asyncio.Semaphore, tenant_id: str, seen: Integration) -> None:
        integration_id, interval = seen.integration_id, max(self._interval, seconds(seen.monitoring.check_interval))
        async with slots:
            try:
                if not await self._board.claim_check(tenant_id, integration_id, interval):
                    return
                # As it is now, not as it was when the tenant last called.
                view = await self._directory.tenant(tenant_id)
                integration = view.integrations.get(integration_id)
                if integration is None or not _is_monitored(integration) or _age(integration) < interval / 2:
                    return
                secret, unresolved = view.secrets.get(integration_id, ""), view.unresolved.get(integration_id, "")
                target = self._router.target(integration, secret, unresolved=unresolved)
                found = await self._providers.check(target, Deadline.after(min(_CHECK_SECONDS, self._interval)))
                answered = found.HasField("http_status") and found.http_status < _SERVER_ERRORS
                self._judge(tenant_id, integration_id, target.provider, found, answered, interval)
                await self._integrations.record_check(tenant_id, integration_id, found)
            except TrunklineError:
                return  # A store is away, or the integration is gone: the next turn comes soon.

    def _judge(
        self,
        tenant_id: str,
        integration_id: str,
        provider: str,
        found: HealthCheck,
        answered: bool,
        interval: float,
    ) -> None:
        self._signals.decided("check_passed" if found.healthy else "check_failed", provider)
        hold = interval * _HOLD_INTERVALS
        self._breakers.checked(tenant_id, integration_id, found.healthy, found.healthy or answered, hold)


def _age(integration: Integration) -> float:
    """Seconds since its last check, whoever made it."""
    return time.time() - integration.last_check.check_time.ToNanoseconds() / 1e9


def _is_monitored(integration: Integration) -> bool:
    monitoring = integration.monitoring
    return (
        integration.type == IntegrationType.INTEGRATION_TYPE_LLM_PROVIDER
        and integration.status != IntegrationStatus.INTEGRATION_STATUS_DISABLED
        and (not monitoring.HasField("enabled") or monitoring.enabled)
    )
