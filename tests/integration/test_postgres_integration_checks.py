"""Checks that are due, each claimed once over all servers; events where health changes; rows from before versions."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp
from integration.postgres_parts import ACTOR, KEYRING, PostgresServer, actor, make_tenants, openai, superuser
from trunkline.v1.access_pb2 import Tenant
from trunkline.v1.configuration_pb2 import Monitoring
from trunkline.v1.event_pb2 import Event
from trunkline.v1.integration_health_pb2 import HealthCheck, IntegrationStatus
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.stores.postgres import Database, PgChecks, PgIntegrations, PgTenants, migrate, open_database
from trunkline_server.stores.postgres.migrate import packaged

USUAL = 300.0


@pytest_asyncio.fixture
async def integrations(database: Database) -> AsyncIterator[PgIntegrations]:
    await make_tenants(database, "acme", "other")
    yield PgIntegrations(database, KEYRING, USUAL)


def watched(name: str, seconds: int = 0, **monitoring: Any) -> Integration:
    found = openai(name)
    found.monitoring.CopyFrom(Monitoring(**monitoring))
    if seconds:
        found.monitoring.check_interval.FromSeconds(seconds)
    return found


async def due(dsn: str) -> None:
    """Everything is due."""
    async with superuser(dsn) as connection:
        await connection.execute("UPDATE trunkline.integrations SET next_check_at = now() - interval '1 second'")


async def test_each_check_is_claimed_once(integrations: PgIntegrations, database: Database, pg_dsn: str) -> None:
    for tenant_id in ("acme", "other"):
        for number in range(20):
            await integrations.create(actor(tenant_id), watched(f"i{number}"), "")
    checks = PgChecks(database, USUAL)
    await due(pg_dsn)
    found = await asyncio.gather(*(checks.claim(7) for _ in range(8)))
    claimed = [one for some in found for one in some]
    claimed += await checks.claim(100)
    assert len(claimed) == len(set(claimed)) == 40
    assert await checks.claim(100) == []


async def test_only_what_is_on_and_monitored_is_due(
    integrations: PgIntegrations, database: Database, pg_dsn: str
) -> None:
    await integrations.create(ACTOR, watched("on", enabled=True), "")
    await integrations.create(ACTOR, watched("unwatched", enabled=False), "")
    off = await integrations.create(ACTOR, watched("off"), "")
    off.status = IntegrationStatus.INTEGRATION_STATUS_DISABLED
    await integrations.update(ACTOR, off, None)
    await integrations.create(actor("other"), watched("suspended"), "")
    tenants = PgTenants(database)
    suspended = Tenant(tenant_id="other", status=2)
    await tenants.update(actor("other"), suspended, ["status"])
    await due(pg_dsn)
    checks = PgChecks(database, USUAL)
    assert await checks.claim(100) == [("acme", "on")]
    off.status, off.etag = IntegrationStatus.INTEGRATION_STATUS_ACTIVE, ""
    await integrations.update(ACTOR, off, None)
    assert await checks.claim(100) == [("acme", "off")], "switched on, it is due at once"


async def pauses(dsn: str) -> dict[str, float]:
    async with superuser(dsn) as connection:
        rows = await connection.fetch(
            "SELECT integration_id, extract(epoch FROM next_check_at - now())::float8 AS pause "
            "FROM trunkline.integrations"
        )
    return {row["integration_id"]: row["pause"] for row in rows}


async def test_intervals_are_the_integrations_own_and_never_quite_alike(
    integrations: PgIntegrations, database: Database, pg_dsn: str
) -> None:
    names = [f"i{number}" for number in range(10)]
    for name in names:
        await integrations.create(ACTOR, watched(name, 3600), "")
    await integrations.create(ACTOR, watched("usual"), "")
    assert all(0 <= left <= USUAL for left in (await pauses(pg_dsn)).values()), "what was never checked is soon"
    await due(pg_dsn)
    assert len(await PgChecks(database, USUAL).claim(100)) == 11
    left = await pauses(pg_dsn)
    assert all(0.89 * 3600 < left[name] < 1.11 * 3600 for name in names) and 260 < left["usual"] < 331
    assert len({round(left[name]) for name in names}) > 5
    await due(pg_dsn)
    await integrations.record_check("acme", "usual", HealthCheck(healthy=True))
    assert 260 < (await pauses(pg_dsn))["usual"] < 331, "whoever checked it: the next one can wait"
    shorter = await integrations.get("acme", "usual")
    shorter.monitoring.check_interval.FromSeconds(10)
    await integrations.update(ACTOR, shorter, None)
    assert (await pauses(pg_dsn))["usual"] <= 11


async def test_an_event_for_each_change_of_health(integrations: PgIntegrations, pg_dsn: str) -> None:
    await integrations.create(ACTOR, watched("one"), "")
    await integrations.create(ACTOR, watched("ill"), "")
    for number, healthy in enumerate((True, True, False, False, True, False)):
        check = HealthCheck(healthy=healthy, detail=f"check {number}", check_time=Timestamp(seconds=1_795_000_000))
        assert await integrations.record_check("acme", "one", check) == (number in (2, 4, 5))
    assert await integrations.record_check("acme", "ill", HealthCheck(detail="at once"))
    assert not await integrations.record_check("acme", "ill", HealthCheck(detail="again"))
    assert await integrations.record_check("acme", "one", HealthCheck(models=["m"])), "other models are news too"
    async with superuser(pg_dsn) as connection:
        rows = await connection.fetch("SELECT payload FROM trunkline.outbox ORDER BY cursor")
    told = [Event.FromString(row["payload"]).integration_health_changed for row in rows]
    assert [(one.integration_id, one.healthy, one.detail) for one in told] == [
        ("one", False, "check 2"),
        ("one", True, "check 4"),
        ("one", False, "check 5"),
        ("ill", False, "at once"),
    ]


async def test_integrations_of_before_get_their_first_version(pg_server: PostgresServer, empty_pg_dsn: str) -> None:
    """By an owner that row-level security binds, as on a managed server."""
    name = empty_pg_dsn.rpartition("/")[2].partition("?")[0]
    async with superuser(empty_pg_dsn) as connection:
        await connection.execute(f"""
            CREATE ROLE keeper_{name} LOGIN PASSWORD 'keeper';
            GRANT trunkline_app, trunkline_lookup TO keeper_{name};
            ALTER DATABASE {name} OWNER TO keeper_{name}""")
    dsn = f"postgresql://keeper_{name}:keeper@{empty_pg_dsn.partition('@')[2]}"
    try:
        await migrate(dsn, [one for one in packaged() if one.version < 10])
        async with superuser(empty_pg_dsn) as connection:
            await connection.execute("""
                INSERT INTO trunkline.tenants (tenant_id, status, etag) VALUES ('acme', 'active', 'e');
                INSERT INTO trunkline.integrations (tenant_id, integration_id, type, display_name, status,
                    configuration, circuit_breaker_config, monitoring_config, etag)
                VALUES ('acme', 'old', 'api', 'Old', 'disabled', '{"endpoint": "https://old.example", "api": {}}',
                    '{"failure_threshold": 7}', '{"metrics": ["cost"]}', 'e')""")
        await migrate(dsn)
        async with open_database(dsn) as database:
            store = PgIntegrations(database, KEYRING)
            (version,), _ = await store.versions("acme", "old", 0, "")
            current = await store.get("acme", "old")
            assert (version.version, version.action, current.version) == (1, "create", 1)
            assert version.integration.configuration == current.configuration
            assert version.integration.status == current.status and version.integration.display_name == "Old"
            current.display_name = "New"
            assert (await store.update(ACTOR, current, None)).version == 2
    finally:
        await pg_server.execute(f"ALTER DATABASE {name} OWNER TO postgres")
        async with superuser(empty_pg_dsn) as connection:
            await connection.execute(f"DROP OWNED BY keeper_{name} CASCADE; DROP ROLE keeper_{name}")
