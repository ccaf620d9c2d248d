"""What is on record of integrations: exact figures, also of calls that another integration answered."""

import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp
from integration.postgres_parts import ACTOR, KEYRING, actor, make_tenants, openai, refused, settled, superuser
from trunkline.v1.common_pb2 import Attempt, AttemptOutcome, ProviderQuota
from trunkline.v1.configuration_pb2 import Monitoring
from trunkline.v1.integration_health_pb2 import HealthCheck, IntegrationHealth, IntegrationStatus, ResultDrift
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.ports import Settled
from trunkline_server.stores.postgres import Database, PgIntegrationHealth, PgIntegrations, PgLedger

DOWN, REJECTED = "UPSTREAM_UNAVAILABLE", "UPSTREAM_REJECTED"
FAILED, SUCCEEDED = AttemptOutcome.ATTEMPT_OUTCOME_FAILED, AttemptOutcome.ATTEMPT_OUTCOME_SUCCEEDED


@pytest_asyncio.fixture
async def integrations(database: Database) -> AsyncIterator[PgIntegrations]:
    await make_tenants(database, "acme", "other")
    store = PgIntegrations(database, KEYRING)
    for name in ("openai", "spare"):
        await store.create(ACTOR, openai(name), "")
    yield store


def attempt(name: str, reason: str = "", milliseconds: int = 7, **quotas: int) -> Attempt:
    made = Attempt(integration_id=name, outcome=FAILED if reason else SUCCEEDED)
    made.latency.FromMilliseconds(milliseconds)
    made.quotas.extend(ProviderQuota(unit=unit, remaining=left) for unit, left in quotas.items())
    if reason:
        made.error.CopyFrom(TrunklineError(Reason.Value(f"ERROR_REASON_{reason}"), "failed").status())
    return made


def call(
    entry: str,
    milliseconds: int,
    reason: str = "",
    ago: float = 10.0,
    attempts: Sequence[Attempt] = (),
    tenant_id: str = "acme",
    name: str = "openai",
) -> Settled:
    at = Timestamp()
    at.FromNanoseconds(int((time.time() - ago) * 1e9))
    made = replace(settled(entry, tenant_id, at=at), events=())
    record = made.record
    record.integration_id, record.error_reason, record.status_code = name, reason, 14 if reason else 0
    record.latency.FromMilliseconds(milliseconds)
    record.attempts.extend(attempts or [attempt(name, reason, milliseconds)])
    return made


async def health(database: Database, name: str = "openai", window: float = 900.0) -> IntegrationHealth:
    return await PgIntegrationHealth(database).health("acme", name, window)


async def test_figures_are_those_of_the_window(integrations: PgIntegrations, database: Database) -> None:
    calls = [call(f"good-{number}", number) for number in range(1, 100)]
    calls += [
        call("down", 100, DOWN),
        call("rejected", 101, REJECTED, ago=60),
        call("earlier", 5000, DOWN, ago=3600),
        call("others", 9000, DOWN, tenant_id="other"),
        call("spared", 9000, DOWN, name="spare"),
    ]
    cached = call("cached", 1)
    cached.record.cache_hit = True
    await PgLedger(database).write([*calls, cached])
    found = await health(database)
    assert (found.calls, found.failed_calls, found.window.seconds) == (101, 1, 900)
    assert abs(found.error_rate - 1 / 101) < 1e-12
    assert [one.ToMilliseconds() for one in (found.latency_p50, found.latency_p95, found.latency_p99)] == [51, 96, 100]
    last = found.last_failure
    assert (last.reason, last.request_id, last.subject) == (DOWN, "request-down", "gpt-4o")
    assert abs(last.time.ToNanoseconds() / 1e9 - (time.time() - 10 + 0.1)) < 5
    narrow = await health(database, window=30.0)
    assert (narrow.calls, narrow.failed_calls) == (100, 1)
    assert (await health(database, window=86_400.0)).failed_calls == 2


async def test_an_integration_that_others_stand_in_for_is_told(
    integrations: PgIntegrations, database: Database
) -> None:
    failed_over = [attempt("openai", DOWN, 40), attempt("spare", "", 5)]
    again = [attempt("openai", DOWN, 40), attempt("openai", "", 5)]
    await PgLedger(database).write(
        [
            call("over", 45, attempts=failed_over, name="spare"),
            call("again", 45, attempts=again),
            call("old", 45, DOWN, ago=3600),
        ]
    )
    found, spare = await health(database), await health(database, "spare")
    assert (found.calls, found.failed_calls, spare.calls, spare.failed_calls) == (2, 1, 1, 0)
    assert found.latency_p50.ToMicroseconds() == 42_500 and found.last_failure.request_id == "request-over"
    assert not spare.HasField("last_failure")


async def test_nothing_known_is_nothing_told(integrations: PgIntegrations, database: Database) -> None:
    found = await health(database)
    assert found.calls == 0 and found.status == IntegrationStatus.INTEGRATION_STATUS_ACTIVE
    for name in ("error_rate", "latency_p50", "latency_p95", "latency_p99", "last_failure"):
        assert not found.HasField(name), name  # type: ignore[arg-type]
    # The integration of the tests is not monitored.
    assert not found.HasField("next_check_time")
    async with refused("NOT_FOUND", resource_type="integration", resource_name="none"):
        await health(database, "none")
    # A failure of last month is none of interest.
    await PgLedger(database).write([call("ages", 5, DOWN, ago=8 * 86_400)])
    assert not (await health(database)).HasField("last_failure")


async def test_quotas_drifts_and_checks(integrations: PgIntegrations, database: Database) -> None:
    drift = ResultDrift(tool_name="read", path="result_json.a\0b", description='is not of type "string"')
    drifting = [call(f"drift-{number}", 5, ago=20 - number) for number in range(3)]
    for one in drifting:
        one.record.tool_name = "read"
        one.record.drifts.append(drift)
    drifting[2].record.drifts.append(ResultDrift(path="result_json.b", description="is required"))
    told = [
        call("told-1", 5, ago=9, attempts=[attempt("openai", requests=9, tokens=500)]),
        call("told-2", 5, ago=5, attempts=[attempt("openai", DOWN, requests=7), attempt("openai", requests=8)]),
        call("told-3", 5, ago=1, attempts=[attempt("openai", DOWN), attempt("spare", requests=1)], name="spare"),
    ]
    await PgLedger(database).write([*drifting, *told])
    for number in range(25):
        check = HealthCheck(healthy=number != 24, detail=f"check {number}")
        check.check_time.GetCurrentTime()
        await integrations.record_check("acme", "openai", check)
    found = await health(database)
    assert {one.unit: one.remaining for one in found.quotas} == {"requests": 8, "tokens": 500}
    assert [(one.tool_name, one.path, one.description, one.count) for one in found.drifts] == [
        ("read", "result_json.ab", 'is not of type "string"', 3),
        ("read", "result_json.b", "is required", 1),
    ]
    assert all(one.HasField("last_time") for one in found.drifts)
    assert [one.detail for one in found.checks] == [f"check {number}" for number in range(24, 4, -1)]
    assert found.status == IntegrationStatus.INTEGRATION_STATUS_DEGRADED


async def test_when_the_next_check_is_due(integrations: PgIntegrations, database: Database) -> None:
    watched = openai("watched")
    watched.monitoring.CopyFrom(Monitoring())
    watched.monitoring.check_interval.FromSeconds(60)
    made = await integrations.create(ACTOR, watched, "")
    await integrations.record_check("acme", "watched", HealthCheck(healthy=True))
    left = (await health(database, "watched")).next_check_time.ToNanoseconds() / 1e9 - time.time()
    assert 40 < left < 70
    nobody_checks = PgIntegrationHealth(database, checks=False)
    assert not (await nobody_checks.health("acme", "watched", 60.0)).HasField("next_check_time")
    made.status = IntegrationStatus.INTEGRATION_STATUS_DISABLED
    await integrations.update(ACTOR, made, None)
    off = await health(database, "watched")
    assert off.status == IntegrationStatus.INTEGRATION_STATUS_DISABLED and not off.HasField("next_check_time")


async def test_each_call_is_measured_once_and_only_where_it_is_wanted(
    integrations: PgIntegrations, database: Database
) -> None:
    class Meter:
        def __init__(self) -> None:
            self.calls: list[tuple[str, str, frozenset[str]]] = []
            self.failures: list[tuple[str, str, str]] = []

        def called(self, tenant_id: str, record: object, wanted: frozenset[str]) -> None:
            self.calls.append((tenant_id, record.request_id, wanted))  # type: ignore[attr-defined]

        def failed(self, tenant_id: str, integration_id: str, reason: str) -> None:
            self.failures.append((tenant_id, integration_id, reason))

    costly = openai("costly")
    costly.monitoring.CopyFrom(Monitoring(metrics=["cost", "errors"]))
    await integrations.create(ACTOR, costly, "")
    await integrations.create(actor("other"), Integration(integration_id="costly", type=costly.type), "")
    meter = Meter()
    ledger = PgLedger(database, meter)
    batch = [
        call("one", 5, name="costly"),
        call("two", 5, DOWN, name="costly"),
        call("quiet", 5, DOWN),
        call("theirs", 5, name="costly", tenant_id="other"),
        call("unknown", 5, DOWN, name="gone"),
    ]
    await ledger.write(batch)
    await ledger.write([*batch, call("three", 5, name="costly")])
    own = frozenset({"cost", "errors"})
    assert [(tenant, request, wanted) for tenant, request, wanted in meter.calls if tenant == "acme"] == [
        ("acme", "request-one", own),
        ("acme", "request-two", own),
        ("acme", "request-three", own),
    ]
    assert [len(wanted) for tenant, _, wanted in meter.calls if tenant == "other"] == [5]
    assert meter.failures == [("acme", "costly", DOWN)]


async def test_only_faults_and_drifts_are_stored_for_it(
    integrations: PgIntegrations, database: Database, pg_dsn: str
) -> None:
    await PgLedger(database).write([call("good", 5), call("down", 5, DOWN), call("rejected", 5, REJECTED)])
    async with superuser(pg_dsn) as connection:
        rows = await connection.fetch("SELECT entry, faults, drifts FROM trunkline.request_log ORDER BY entry")
    found = {row["entry"]: row["faults"] and json.loads(row["faults"]) for row in rows}
    assert found == {"down": {"openai": [DOWN, 5000]}, "good": None, "rejected": None}
    assert {row["drifts"] for row in rows} == {None}
