"""Checks of integrations: what they found, and which are due."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trunkline.v1.integration_health_pb2 import HealthCheck

from trunkline_server.domain.events import health_changed
from trunkline_server.stores.postgres.outbox import take_turn, write_events
from trunkline_server.stores.postgres.pool import Database
from trunkline_server.stores.postgres.rows import to_datetime, to_json

# Between two checks, where neither the integration nor the operator says, in seconds.
USUAL_SECONDS = 300.0
# What the history of an integration keeps: so many checks, of so many days.
_CHECKS_KEPT = 1000
_DAYS_KEPT = 7

_KEEP = """
UPDATE trunkline.integrations SET last_check = $3,
    next_check_at = now() + trunkline.check_pause(monitoring_config, $4)
WHERE tenant_id = $1 AND integration_id = $2
"""
_ADD = """
INSERT INTO trunkline.integration_health_checks
    (tenant_id, integration_id, check_time, healthy, detail, latency_us, http_status)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING check_id
"""
_FORGET = """
DELETE FROM trunkline.integration_health_checks WHERE tenant_id = $1 AND integration_id = $2 AND (
    check_time < now() - make_interval(days => $4) AND check_id < $5
    OR check_id <= (
        SELECT check_id FROM trunkline.integration_health_checks WHERE tenant_id = $1 AND integration_id = $2
        ORDER BY check_id DESC OFFSET $3 LIMIT 1))
"""


async def keep_check(
    connection: Any, tenant_id: str, integration_id: str, before: HealthCheck | None, check: HealthCheck, usual: float
) -> bool:
    """Keep a finding, within a transaction that holds the integration's row; `before` is the last one, None
    where there is none: it counts as healthy then. The event, where health changed, goes to the outbox in the same
    transaction. Returns whether health or the models changed."""
    await connection.execute(_KEEP, tenant_id, integration_id, to_json(check), usual)
    number = await connection.fetchval(
        _ADD,
        *(tenant_id, integration_id, to_datetime(check.check_time), check.healthy, check.detail),
        *(check.latency.ToMicroseconds(), check.http_status if check.HasField("http_status") else None),
    )
    await connection.execute(_FORGET, tenant_id, integration_id, _CHECKS_KEPT, _DAYS_KEPT, number)
    flipped = check.healthy != (before is None or before.healthy)
    if flipped:
        # Last, as the ledger's writers wait for it and hold nothing else that is locked here.
        await take_turn(connection, tenant_id)
        await write_events(connection, tenant_id, [health_changed(tenant_id, integration_id, check, number)])
    return flipped or list(check.models) != list(before.models if before else ())


class PgChecks:
    """Implements `domain.integrations.checker.Schedule`. `usual` is the time between two checks of an integration that
    says none, in seconds."""

    def __init__(self, database: Database, usual: float) -> None:
        self._database = database
        self._usual = usual or USUAL_SECONDS

    async def claim(self, most: int) -> Sequence[tuple[str, str]]:
        """See Schedule. Raises STORE_UNAVAILABLE."""
        async with self._database.connection() as connection:
            rows = await connection.fetch("SELECT * FROM trunkline.claim_checks($1, $2)", most, self._usual)
        return [(row["tenant_id"], row["integration_id"]) for row in rows]
