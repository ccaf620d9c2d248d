"""The composition root of the relay: events to webhooks, in a process of its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import structlog

from trunkline_server import background
from trunkline_server.config import Settings
from trunkline_server.connectors.webhooks_out import WebhookSender
from trunkline_server.domain.addresses import OutboundPolicy
from trunkline_server.domain.webhooks.relay import Relay
from trunkline_server.domain.webhooks.schedule import Schedule
from trunkline_server.ops.relaying import RelayMetrics
from trunkline_server.stores import postgres
from trunkline_server.stores.crypto import Keyring

_log = structlog.get_logger("trunkline.relay")

# What is under way at the stop has this long, in seconds: so long no other relay takes over.
_DRAIN_SECONDS = 10.0
_CONNECTIONS = 6


@dataclass(slots=True)
class RelayProcess:
    """The relay of this process: active, or standing by for the one of the installation that is."""

    lock: postgres.RelayLock
    make: Callable[[], Relay]
    active: Relay | None = field(default=None)

    async def run(self) -> None:
        """Relay whenever this process holds the lock, until cancelled."""
        while True:
            async with self.lock.held() as lost:
                _log.info("relay_active", pid=os.getpid())
                self.active = self.make()
                working = asyncio.create_task(self.active.run())
                losing = asyncio.create_task(lost.wait())
                try:
                    await asyncio.wait((working, losing), return_when=asyncio.FIRST_COMPLETED)
                finally:
                    self.active = None
                    for task in (working, losing):
                        task.cancel()
                    await asyncio.wait((working, losing))
                if not working.cancelled() and (error := working.exception()) is not None:
                    raise error
                _log.warning("relay_lock_lost", pid=os.getpid())

    async def drain(self) -> int:
        """Begin nothing more, and wait for what is under way; returns how many deliveries were broken off. Whoever
        relays next makes them again."""
        return 0 if self.active is None else await self.active.drain(_DRAIN_SECONDS)


@asynccontextmanager
async def relay(settings: Settings) -> AsyncIterator[RelayProcess]:
    """Relay, or stand by. Waits for a Postgres that is away, for as long as it is."""
    async with AsyncExitStack() as stack:
        security, events = settings.security, settings.events
        dsn = settings.stores.database_url.get_secret_value()
        database = await stack.enter_async_context(postgres.open_database(dsn, max_connections=_CONNECTIONS))
        policy = OutboundPolicy(security.allowed_addresses, security.allow_http, security.egress_allow)
        sender = await stack.enter_async_context(WebhookSender(policy))
        store = postgres.PgRelay(database, Keyring.from_setting(security.credential_keys.get_secret_value()))
        schedule, metrics = Schedule(events.webhook_retry_seconds), RelayMetrics()

        def make() -> Relay:
            return Relay(store, sender, schedule, metrics, events.retention_days, events.max_deliveries)

        process = RelayProcess(postgres.RelayLock(dsn), make)
        background.start(stack, process.run())
        yield process
