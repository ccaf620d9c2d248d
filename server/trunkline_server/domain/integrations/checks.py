"""Live checks: what a system answers, what it tells of its tools, and what follows from that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from google.protobuf.timestamp_pb2 import Timestamp
from trunkline.v1.integration_health_pb2 import HealthCheck
from trunkline.v1.integration_pb2 import Integration

from trunkline_server.domain.connectors import Connectors
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.ports import Actor, Directory, Integrations, Providers, Target
from trunkline_server.domain.secrets import SecretReferences

# One check, with all that it asks, in seconds.
CHECK_SECONDS = 15.0
# Whoever is called keeps to the time, and can tell better what it waited for.
_GRACE_SECONDS = 1.0


class Checks:
    """Checks integrations of every kind. `target` says where calls of an `llm_provider` go."""

    def __init__(
        self,
        integrations: Integrations,
        directory: Directory,
        references: SecretReferences,
        providers: Providers,
        target: Callable[[Integration, str], Target],
        connectors: Connectors,
    ) -> None:
        self._integrations = integrations
        self._directory = directory
        self._references = references
        self._providers = providers
        self._target = target
        self._connectors = connectors

    async def check(self, actor: Actor, integration_id: str, deadline: Deadline) -> HealthCheck:
        """Check an integration as it is stored, and keep the finding. What its system tells of its tools is stored
        where it is another thing than before; should somebody change the integration meanwhile, the next check tells
        it. Raises NOT_FOUND, STORE_UNAVAILABLE, INTERNAL for a secret that cannot be read."""
        current = await self._integrations.get(actor.tenant_id, integration_id)
        try:
            secret = await self.secret(actor.tenant_id, current)
        except TrunklineError as error:
            if error.reason != Reason.ERROR_REASON_INVALID_CONFIGURATION:
                raise
            found = _failed(error.message)
        else:
            found = await self.ask(actor.tenant_id, asked := _copy(current), secret, deadline)
            if asked.configuration != current.configuration:
                await self._rediscovered(actor, asked)
        if await self._integrations.record_check(actor.tenant_id, integration_id, found):
            await self._directory.changed(actor.tenant_id)
        return found

    async def ask(self, tenant_id: str, integration: Integration, secret: str, deadline: Deadline) -> HealthCheck:
        """Call the system, for CHECK_SECONDS at most, and fill in what only it knows of its tools. A failure is a
        finding."""
        bound = deadline.sooner(CHECK_SECONDS)
        connector = self._connectors.of(integration)
        try:
            async with asyncio.timeout_at(bound.at + _GRACE_SECONDS):
                if connector is None:
                    return await self._providers.check(self._target(integration, secret), bound)
                found = await connector.check(integration, secret, bound, tenant_id)
                if found.healthy:
                    await connector.discover(integration, secret, bound)
        except TimeoutError:
            return _failed("it did not answer in time")
        except TrunklineError as error:
            return _failed(error.message)
        return found

    async def secret(self, tenant_id: str, integration: Integration) -> str:
        """The secret that calls are authenticated with; empty without one. Raises INVALID_CONFIGURATION where its
        reference does not resolve."""
        reference = integration.configuration.authentication.secret_reference
        if reference:
            return await self._references.resolve(tenant_id, reference)
        return await self._integrations.secret(tenant_id, integration.integration_id)

    async def _rediscovered(self, actor: Actor, integration: Integration) -> None:
        try:
            await self._integrations.update(actor, integration, None)
        except TrunklineError as error:
            if error.reason not in (Reason.ERROR_REASON_ETAG_MISMATCH, Reason.ERROR_REASON_NOT_FOUND):
                raise
        else:
            await self._directory.changed(actor.tenant_id)


def _copy(integration: Integration) -> Integration:
    copy = Integration()
    copy.CopyFrom(integration)
    return copy


def _failed(detail: str) -> HealthCheck:
    at = Timestamp()
    at.GetCurrentTime()
    return HealthCheck(detail=detail, check_time=at)
