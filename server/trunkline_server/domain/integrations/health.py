"""How an integration did lately: what calls tell of it, and who knows."""

from __future__ import annotations

from contextlib import suppress
from typing import Protocol

from trunkline.v1.analytics_pb2 import RecordedRequest
from trunkline.v1.common_pb2 import AttemptOutcome
from trunkline.v1.integration_health_pb2 import IntegrationHealth

from trunkline_server.domain.breakers import Breakers
from trunkline_server.domain.connectors import Connectors
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.events import reason_of
from trunkline_server.domain.ports import Directory

# What an integration tells of itself without a window, in seconds.
DEFAULT_WINDOW = 900.0
# Reading the rates may take so long, in seconds.
_RATES_SECONDS = 2.0

# Why a call failed for the system's sake: no answer, 5xx, a refused credential, a used-up rate.
FAULTS = frozenset(
    Reason.Name(reason).removeprefix("ERROR_REASON_")
    for reason in (
        Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE,
        Reason.ERROR_REASON_UPSTREAM_UNAVAILABLE,
        Reason.ERROR_REASON_UPSTREAM_TIMEOUT,
        Reason.ERROR_REASON_UPSTREAM_MALFORMED,
        Reason.ERROR_REASON_STREAM_TRUNCATED,
        Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION,
        Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED,
        Reason.ERROR_REASON_UPSTREAM_QUOTA_EXHAUSTED,
    )
)


class HealthRecords(Protocol):
    """What is on record of integrations."""

    async def health(self, tenant_id: str, integration_id: str, window: float) -> IntegrationHealth:
        """All but breakers and rates, of the last `window` seconds. Raises NOT_FOUND."""
        ...


class HealthReports:
    """Joins what is on record with what is known now."""

    def __init__(
        self, records: HealthRecords, directory: Directory, breakers: Breakers, connectors: Connectors
    ) -> None:
        self._records = records
        self._directory = directory
        self._breakers = breakers
        self._connectors = connectors

    async def report(self, tenant_id: str, integration_id: str, window: float, deadline: Deadline) -> IntegrationHealth:
        """How the integration did in the last `window` seconds. Rates that cannot be read are left out. Raises
        NOT_FOUND, STORE_UNAVAILABLE."""
        found = await self._records.health(tenant_id, integration_id, window)
        found.breakers.extend(self._breakers.held(tenant_id, integration_id))
        view = await self._directory.tenant(tenant_id)
        integration = view.integrations.get(integration_id)
        connector = self._connectors.of(integration) if integration is not None else None
        if integration is not None and connector is not None:
            with suppress(TrunklineError, TimeoutError):
                async with deadline.sooner(_RATES_SECONDS).timeout():
                    found.rates.extend(await connector.rates(integration, view.secret(integration_id)))
        return found


def faults_of(record: RecordedRequest) -> dict[str, tuple[str, int]]:
    """(reason, microseconds) of each integration that failed the call: whose last attempt failed for the system's
    sake, though another integration may have answered; or that is the call's own, and was not even tried."""
    found: dict[str, tuple[str, int]] = {}
    for attempt in record.attempts:
        name, reason = attempt.integration_id or record.integration_id, reason_of(attempt.error)
        if attempt.outcome == AttemptOutcome.ATTEMPT_OUTCOME_FAILED and reason in FAULTS:
            found[name] = (reason, attempt.latency.ToMicroseconds())
        elif attempt.outcome == AttemptOutcome.ATTEMPT_OUTCOME_SUCCEEDED:
            found.pop(name, None)
    if record.error_reason in FAULTS:
        found.setdefault(record.integration_id, (record.error_reason, record.latency.ToMicroseconds()))
    found.pop("", None)
    return found
