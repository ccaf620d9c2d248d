"""How integrations did lately, summed from the request log and the history of checks: one statement for each part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from google.protobuf.duration_pb2 import Duration
from trunkline.v1.analytics_pb2 import RecordedRequest
from trunkline.v1.common_pb2 import ProviderQuota
from trunkline.v1.integration_health_pb2 import (
    HealthCheck,
    IntegrationFailure,
    IntegrationHealth,
    IntegrationStatus,
    ResultDrift,
)

from trunkline_server.domain.duration import duration
from trunkline_server.domain.errors import not_found
from trunkline_server.stores.postgres.pool import Database
from trunkline_server.stores.postgres.rows import EnumColumn, set_time

_STATUS = EnumColumn(IntegrationStatus, "INTEGRATION_STATUS_")
# The last failure is looked for so many days back, and quotas in so many of the latest calls.
_DAYS, _LATEST_CALLS = 7, 20
# At most so many checks and drifts are told.
_CHECKS, _DRIFTS = 20, 100

_INTEGRATION = """
SELECT now() AS now, status, last_check ->> 'healthy' AS healthy, last_check IS NOT NULL AS checked, next_check_at,
    coalesce((monitoring_config ->> 'enabled')::boolean, true) AS monitored
FROM trunkline.integrations WHERE tenant_id = $1 AND integration_id = $2
"""
# Its own calls, and those of others that it failed before: by a failover they are another integration's.
_FIGURES = """
WITH calls AS (
    SELECT latency_us, faults ? $2 IS TRUE AS failed FROM trunkline.request_log
    WHERE tenant_id = $1 AND integration_id = $2 AND create_time >= $3 AND NOT cache_hit
    UNION ALL
    SELECT (faults -> $2 ->> 1)::bigint, true FROM trunkline.request_log
    WHERE tenant_id = $1 AND create_time >= $3 AND faults IS NOT NULL AND integration_id <> $2 AND faults ? $2
)
SELECT count(*) AS calls, count(*) FILTER (WHERE failed) AS failed,
    percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY latency_us) AS latencies
FROM calls
"""
_LAST_FAILURE = """
SELECT faults -> $2 ->> 0 AS reason, create_time, latency_us, request_id, tool_name, model FROM trunkline.request_log
WHERE tenant_id = $1 AND create_time >= $3 AND faults IS NOT NULL AND faults ? $2 ORDER BY create_time DESC LIMIT 1
"""
_LATEST = """
SELECT record FROM trunkline.request_log
WHERE tenant_id = $1 AND integration_id = $2 AND create_time >= $3 AND NOT cache_hit
ORDER BY create_time DESC LIMIT $4
"""
_CHECKED = """
SELECT * FROM trunkline.integration_health_checks WHERE tenant_id = $1 AND integration_id = $2
ORDER BY check_id DESC LIMIT $3
"""
_DRIFTED = """
SELECT tool_name, drift ->> 0 AS path, drift ->> 1 AS description, count(*) AS count, max(create_time) AS last_time
FROM trunkline.request_log, jsonb_array_elements(drifts) AS drift
WHERE tenant_id = $1 AND integration_id = $2 AND create_time >= $3 AND drifts IS NOT NULL
GROUP BY 1, 2, 3 ORDER BY count DESC, 1, 2, 3 LIMIT $4
"""


class PgIntegrationHealth:
    """Implements `domain.integrations.health.HealthRecords`. `checks`: whether the job that checks by itself runs."""

    def __init__(self, database: Database, checks: bool = True) -> None:
        self._database = database
        self._checks = checks

    async def health(self, tenant_id: str, integration_id: str, window: float) -> IntegrationHealth:
        """See HealthRecords. Raises NOT_FOUND, STORE_UNAVAILABLE."""
        one = (tenant_id, integration_id)
        found = IntegrationHealth(integration_id=integration_id, window=duration(window))
        async with self._database.tenant_transaction(tenant_id, snapshot=True) as connection:
            row = await connection.fetchrow(_INTEGRATION, *one)
            if row is None:
                raise not_found("integration", integration_id)
            self._tell_state(found, row)
            since = row["now"] - timedelta(seconds=window)
            _tell_figures(found, await connection.fetchrow(_FIGURES, *one, since))
            earlier = min(since, row["now"] - timedelta(days=_DAYS))
            _tell_failure(found, await connection.fetchrow(_LAST_FAILURE, *one, earlier))
            latest = await connection.fetch(_LATEST, *one, since, _LATEST_CALLS)
            found.quotas.extend(_quotas(integration_id, (row["record"] for row in latest)))
            found.checks.extend(map(_check_of, await connection.fetch(_CHECKED, *one, _CHECKS)))
            found.drifts.extend(map(_drift_of, await connection.fetch(_DRIFTED, *one, since, _DRIFTS)))
        return found

    def _tell_state(self, found: IntegrationHealth, row: Mapping[str, Any]) -> None:
        found.status = _STATUS.number(row["status"])
        active = found.status == IntegrationStatus.INTEGRATION_STATUS_ACTIVE
        if active and row["checked"] and row["healthy"] != "true":
            found.status = IntegrationStatus.INTEGRATION_STATUS_DEGRADED
        if active and self._checks and row["monitored"]:
            set_time(found.next_check_time, row["next_check_at"])


def _tell_figures(found: IntegrationHealth, row: Mapping[str, Any]) -> None:
    found.calls, found.failed_calls = row["calls"], row["failed"]
    if not found.calls:
        return
    found.error_rate = found.failed_calls / found.calls
    for part, micros in zip((found.latency_p50, found.latency_p95, found.latency_p99), row["latencies"], strict=True):
        part.FromMicroseconds(round(micros))


def _tell_failure(found: IntegrationHealth, row: Mapping[str, Any] | None) -> None:
    if row is None:
        return
    ended: datetime = row["create_time"] + timedelta(microseconds=row["latency_us"])
    failure = IntegrationFailure(
        reason=row["reason"], request_id=row["request_id"], subject=row["tool_name"] or row["model"]
    )
    set_time(failure.time, ended)
    found.last_failure.CopyFrom(failure)


def _quotas(integration_id: str, records: Iterable[bytes]) -> Sequence[ProviderQuota]:
    """The latest of each unit; `records` are newest first."""
    latest: dict[str, ProviderQuota] = {}
    for quota in _told(integration_id, records):
        latest.setdefault(quota.unit, quota)
    return [latest[unit] for unit in sorted(latest)]


def _told(integration_id: str, records: Iterable[bytes]) -> Iterator[ProviderQuota]:
    for record in map(RecordedRequest.FromString, records):
        for attempt in reversed(record.attempts):
            if attempt.integration_id in ("", integration_id):
                yield from attempt.quotas


def _check_of(row: Mapping[str, Any]) -> HealthCheck:
    latency = Duration()
    latency.FromMicroseconds(row["latency_us"])
    check = HealthCheck(healthy=row["healthy"], detail=row["detail"], latency=latency, http_status=row["http_status"])
    set_time(check.check_time, row["check_time"])
    return check


def _drift_of(row: Mapping[str, Any]) -> ResultDrift:
    drift = ResultDrift(
        tool_name=row["tool_name"], path=row["path"], description=row["description"], count=row["count"]
    )
    set_time(drift.last_time, row["last_time"])
    return drift
