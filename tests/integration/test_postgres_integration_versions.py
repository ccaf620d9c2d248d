"""Versions of integrations: one for each change, without gaps, for good, and without secrets."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio
from integration.postgres_parts import ACTOR, KEYRING, SECRET, actor, make_tenants, openai, refused, superuser
from trunkline.v1.integration_health_pb2 import HealthCheck, IntegrationStatus
from trunkline.v1.integration_pb2 import Integration
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.stores.postgres import Database, PgIntegrations

DISABLED = IntegrationStatus.INTEGRATION_STATUS_DISABLED


@pytest_asyncio.fixture
async def integrations(database: Database) -> AsyncIterator[PgIntegrations]:
    await make_tenants(database, "acme", "other")
    yield PgIntegrations(database, KEYRING)


def copy(integration: Integration) -> Integration:
    made = Integration()
    made.CopyFrom(integration)
    return made


async def test_a_version_for_each_change_newest_first(integrations: PgIntegrations, pg_dsn: str) -> None:
    made = await integrations.create(ACTOR, openai(), SECRET)
    assert made.version == 1
    renamed = copy(made)
    renamed.display_name = "New"
    renamed.configuration.endpoint = "https://eu.example.com/v1"
    changed = await integrations.update(ACTOR, renamed, "another-secret-of-some-length")
    off = copy(changed)
    off.status = DISABLED
    switched = await integrations.update(ACTOR, off, None)
    back = copy(made)
    back.etag, back.status = switched.etag, DISABLED
    rolled = await integrations.update(ACTOR, back, None, "rollback")
    assert [changed.version, switched.version, rolled.version] == [2, 3, 4]
    found, token = await integrations.versions("acme", "openai", 3, "")
    rest, end = await integrations.versions("acme", "openai", 3, token)
    assert (len(rest), end) == (1, "")
    assert [(one.version, one.action, list(one.changed_paths)) for one in (*found, *rest)] == [
        (4, "rollback", ["display_name", "configuration.endpoint"]),
        (3, "update", ["status"]),
        (2, "update", ["display_name", "configuration.endpoint"]),
        (1, "create", []),
    ]
    assert {one.key_id for one in found} == {"key-1"} and all(one.HasField("create_time") for one in found)
    first = (await integrations.version("acme", "openai", 1)).integration
    assert (first.display_name, first.version, first.type) == ("OpenAI", 1, openai().type)
    assert first.configuration == openai().configuration and first.monitoring == openai().monitoring
    async with superuser(pg_dsn) as connection:
        text = str(await connection.fetch("SELECT v::text FROM trunkline.integration_versions v"))
    assert "secret" not in text.lower()


async def test_rotations_checks_and_nothing_make_none(integrations: PgIntegrations) -> None:
    made = await integrations.create(ACTOR, openai(), SECRET)
    await integrations.record_check("acme", "openai", HealthCheck(healthy=False, detail="no answer"))
    referring = copy(made)
    referring.configuration.authentication.secret_reference = "env:KEY"
    rotated = await integrations.update(ACTOR, referring, "", "rotate")
    assert rotated.configuration.authentication.secret_reference == "env:KEY"
    assert not rotated.configuration.authentication.secret_set
    same = await integrations.update(ACTOR, rotated, None)
    assert (rotated.version, same.version) == (1, 1) and same.etag != rotated.etag != made.etag
    assert same.status == IntegrationStatus.INTEGRATION_STATUS_DEGRADED
    assert len((await integrations.versions("acme", "openai", 0, ""))[0]) == 1


async def test_of_concurrent_updates_one_wins_and_no_version_is_missing(integrations: PgIntegrations) -> None:
    current = await integrations.create(ACTOR, openai(), SECRET)
    for turn in range(5):
        changes = []
        for number in range(8):
            change = copy(current)
            change.display_name = f"{turn}.{number}"
            changes.append(integrations.update(ACTOR, change, None))
        results = await asyncio.gather(*changes, return_exceptions=True)
        won = [one for one in results if isinstance(one, Integration)]
        lost = [one for one in results if isinstance(one, TrunklineError)]
        assert (len(won), {error.reason_name for error in lost}) == (1, {"ETAG_MISMATCH"})
        current = won[0]
    found, _ = await integrations.versions("acme", "openai", 0, "")
    assert [one.version for one in found] == [6, 5, 4, 3, 2, 1]
    assert found[0].integration.display_name == current.display_name


async def test_what_an_older_server_makes_again_goes_on_too(integrations: PgIntegrations, pg_dsn: str) -> None:
    made = await integrations.create(ACTOR, openai(), SECRET)
    made.display_name = "Two"
    await integrations.update(ACTOR, made, None)
    async with superuser(pg_dsn) as connection:
        await connection.execute("UPDATE trunkline.integrations SET version = 1")
    again = await integrations.get("acme", "openai")
    again.display_name = "Three"
    assert (await integrations.update(ACTOR, again, None)).version == 3


async def test_versions_outlive_the_integration_and_go_on(integrations: PgIntegrations, pg_dsn: str) -> None:
    made = await integrations.create(ACTOR, openai(), SECRET)
    await integrations.delete(ACTOR, "openai", made.etag)
    assert [one.version for one in (await integrations.versions("acme", "openai", 0, ""))[0]] == [1]
    again = await integrations.create(ACTOR, openai(), "")
    assert again.version == 2
    found, _ = await integrations.versions("acme", "openai", 0, "")
    assert [(one.version, one.action) for one in found] == [(2, "create"), (1, "create")]
    for missing in (
        integrations.versions("acme", "none", 0, ""),
        integrations.versions("other", "openai", 0, ""),
    ):
        async with refused("NOT_FOUND", resource_type="integration"):
            await missing
    for tenant_id, number in (("acme", 3), ("other", 1)):
        async with refused("NOT_FOUND", resource_name=f"openai/{number}"):
            await integrations.version(tenant_id, "openai", number)
    async with refused("INVALID_REQUEST", field="page_token"):
        await integrations.versions("acme", "openai", 0, "bm8=")
    async with superuser(pg_dsn) as connection:
        privileges = await connection.fetch("""
            SELECT privilege_type FROM information_schema.table_privileges
            WHERE grantee = 'trunkline_app' AND table_name = 'integration_versions'""")
    assert {row[0] for row in privileges} == {"SELECT", "INSERT"}
    assert (await integrations.create(actor("other"), openai(), "")).version == 1
