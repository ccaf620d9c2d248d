"""Integrations, their credentials and checks."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from integration.postgres_parts import ACTOR, KEYRING, SECRET, make_tenants, openai, refused, superuser
from trunkline.v1.api_pb2 import ApiConfiguration, ApiTool
from trunkline.v1.configuration_pb2 import Configuration, IntegrationType
from trunkline.v1.integration_health_pb2 import HealthCheck, IntegrationStatus
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.stores.postgres import Database, PgIntegrations

OUTPUT = ("etag", "create_time", "update_time")


@pytest_asyncio.fixture
async def integrations(database: Database) -> AsyncIterator[PgIntegrations]:
    await make_tenants(database, "acme")
    yield PgIntegrations(database, KEYRING)


def without(integration: Integration, *fields: str) -> Integration:
    copy = Integration()
    copy.CopyFrom(integration)
    for field in fields:
        copy.ClearField(field)  # type: ignore[arg-type]
    return copy


async def test_comes_back_as_it_went_in_without_its_secret(integrations: PgIntegrations, pg_dsn: str) -> None:
    given = openai()
    given.configuration.authentication.secret = SECRET
    made = await integrations.create(ACTOR, given, SECRET)
    expected = openai()
    expected.status = IntegrationStatus.INTEGRATION_STATUS_ACTIVE
    expected.configuration.authentication.secret_set = True
    expected.configuration.authentication.secret_hint = SECRET[-4:]
    assert without(made, *OUTPUT) == expected
    assert await integrations.get("acme", "openai") == made
    assert await integrations.secret("acme", "openai") == SECRET
    async with superuser(pg_dsn) as connection:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'trunkline'")
        for (table,) in tables:
            rows = await connection.fetch(f"SELECT t::text FROM trunkline.{table} t")
            assert not any(SECRET in row[0] or SECRET.encode().hex() in row[0] for row in rows), table


async def test_bytes_and_absent_fields_survive(integrations: PgIntegrations) -> None:
    tool = ApiTool(name="t", method="GET", path="/a/{b}", parameters_schema_json=b'{"z": 1, "a": 9007199254740993}')
    given = Integration(
        integration_id="api",
        type=IntegrationType.INTEGRATION_TYPE_API,
        configuration=Configuration(endpoint="https://example.com", api=ApiConfiguration(tools=[tool])),
    )
    made = await integrations.create(ACTOR, given, "")
    assert made.configuration.api == given.configuration.api
    assert not made.configuration.authentication.secret_set and not made.monitoring.HasField("enabled")
    assert await integrations.secret("acme", "api") == ""


async def test_refusals(integrations: PgIntegrations) -> None:
    made = await integrations.create(ACTOR, openai(), SECRET)
    async with refused("ALREADY_EXISTS", resource_type="integration", resource_name="openai"):
        await integrations.create(ACTOR, openai(), "another secret")
    assert await integrations.secret("acme", "openai") == SECRET
    stale = without(made)
    stale.etag = "stale"
    for call in (integrations.update(ACTOR, stale, None), integrations.delete(ACTOR, "openai", "stale")):
        async with refused("ETAG_MISMATCH"):
            await call
    for missing in (
        integrations.get("acme", "none"),
        integrations.update(ACTOR, Integration(integration_id="none"), None),
        integrations.delete(ACTOR, "none", ""),
        integrations.record_check("acme", "none", HealthCheck()),
    ):
        async with refused("NOT_FOUND", resource_type="integration", resource_name="none"):
            await missing


async def test_update_and_secret(integrations: PgIntegrations) -> None:
    made = await integrations.create(ACTOR, openai(), SECRET)
    change = without(made, "monitoring")
    change.display_name = "New"
    change.status = IntegrationStatus.INTEGRATION_STATUS_DISABLED
    changed = await integrations.update(ACTOR, change, None)
    assert (changed.display_name, changed.status) == ("New", IntegrationStatus.INTEGRATION_STATUS_DISABLED)
    assert not changed.monitoring.metrics and changed.etag != made.etag
    assert await integrations.secret("acme", "openai") == SECRET
    replaced = await integrations.update(ACTOR, changed, "short")
    assert await integrations.secret("acme", "openai") == "short"
    assert replaced.configuration.authentication.secret_hint == ""
    cleared = await integrations.update(ACTOR, replaced, "")
    assert not cleared.configuration.authentication.secret_set
    assert await integrations.secret("acme", "openai") == ""


async def test_delete_takes_credential_and_checks_along(integrations: PgIntegrations, pg_dsn: str) -> None:
    made = await integrations.create(ACTOR, openai(), SECRET)
    await integrations.record_check("acme", "openai", HealthCheck(healthy=True))
    await integrations.delete(ACTOR, "openai", made.etag)
    async with superuser(pg_dsn) as connection:
        for table in ("integrations", "credentials", "integration_health_checks"):
            assert await connection.fetchval(f"SELECT count(*) FROM trunkline.{table}") == 0


async def test_checks(integrations: PgIntegrations, pg_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline_server.stores.postgres.integrations._CHECKS_KEPT", 3)
    made = await integrations.create(ACTOR, openai(), SECRET)
    for number in range(5):
        check = HealthCheck(
            healthy=number % 2 == 1,
            detail=f"check {number}",
            latency=Duration(nanos=1_500_000),
            check_time=Timestamp(seconds=number),
            http_status=503,
            models=["a", "b"],
        )
        await integrations.record_check("acme", "openai", check)
        found = await integrations.get("acme", "openai")
        assert found.last_check == check and found.etag == made.etag
        wanted = "ACTIVE" if check.healthy else "DEGRADED"
        assert IntegrationStatus.Name(found.status) == f"INTEGRATION_STATUS_{wanted}"
    async with superuser(pg_dsn) as connection:
        kept = await connection.fetch("SELECT * FROM trunkline.integration_health_checks ORDER BY check_id")
    assert [row["detail"] for row in kept] == ["check 2", "check 3", "check 4"]
    assert {(row["latency_us"], row["http_status"]) for row in kept} == {(1500, 503)}


async def test_a_failed_check_keeps_the_models_that_were_found(integrations: PgIntegrations) -> None:
    await integrations.create(ACTOR, openai(), SECRET)
    await integrations.record_check("acme", "openai", HealthCheck(healthy=True, models=["a", "b"]))
    await integrations.record_check("acme", "openai", HealthCheck(detail="no answer"))
    found = (await integrations.get("acme", "openai")).last_check
    assert (found.healthy, found.detail, list(found.models)) == (False, "no answer", ["a", "b"])
    await integrations.record_check("acme", "openai", HealthCheck(healthy=True))
    assert not (await integrations.get("acme", "openai")).last_check.models


@pytest.mark.parametrize("columns", [["ciphertext", "nonce"], ["ciphertext", "nonce", "wrapped_key", "wrap_nonce"]])
async def test_swapped_rows_are_refused(integrations: PgIntegrations, pg_dsn: str, columns: list[str]) -> None:
    for name in ("one", "two"):
        await integrations.create(ACTOR, openai(name), f"secret of {name}")
    changes = ", ".join(f"{column} = b.{column}" for column in columns)
    async with superuser(pg_dsn) as connection:
        await connection.execute(f"""
            UPDATE trunkline.credentials a SET {changes} FROM trunkline.credentials b
            WHERE a.integration_id = 'one' AND b.integration_id = 'two'""")
    async with refused("INTERNAL"):
        await integrations.secret("acme", "one")
    assert await integrations.secret("acme", "two") == "secret of two"


async def test_a_secret_is_replaced_where_it_is_the_one_expected(integrations: PgIntegrations, pg_dsn: str) -> None:
    made = await integrations.create(ACTOR, openai(), SECRET)
    assert not await integrations.replace_secret("acme", "openai", "another", "new-secret-of-mine")
    assert not await integrations.replace_secret("acme", "missing", "", "new-secret-of-mine")
    for _ in range(2):
        assert await integrations.replace_secret("acme", "openai", SECRET, "new-secret-of-mine")
    assert await integrations.secret("acme", "openai") == "new-secret-of-mine"
    found = await integrations.get("acme", "openai")
    assert (found.etag, found.update_time) == (made.etag, made.update_time)
    async with superuser(pg_dsn) as connection:
        rows = await connection.fetch("SELECT action, actor_key_id FROM trunkline.audit_log ORDER BY sequence")
    assert [tuple(row) for row in rows][-2:] == [
        ("integration.create", ACTOR.key_id),
        ("integration.refresh_token", ""),
    ]
