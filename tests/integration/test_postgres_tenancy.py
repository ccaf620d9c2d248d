"""Tenants, keys and budgets; and that no tenant sees another."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money
from integration.postgres_parts import (
    ACTOR,
    KEYRING,
    SECRET,
    actor,
    make_key,
    make_tenants,
    openai,
    refused,
    settled,
    superuser,
)
from trunkline.v1.access_pb2 import ApiKey, Tenant, TenantStatus
from trunkline.v1.budget_pb2 import Budget, BudgetEnforcement, BudgetPeriod, BudgetScope
from trunkline.v1.common_pb2 import CallLimit, LimitScope
from trunkline.v1.configuration_pb2 import IntegrationType
from trunkline.v1.integration_health_pb2 import HealthCheck
from trunkline.v1.policy_pb2 import RoutingPolicy
from trunkline.v1.webhook_pb2 import WebhookEndpoint
from trunkline_server.domain.tools.approvals import Approval
from trunkline_server.domain.webhooks.ports import Answer, Outcome
from trunkline_server.domain.webhooks.signing import new_secret
from trunkline_server.stores.postgres import (
    Database,
    PgApprovals,
    PgBudgets,
    PgIntegrations,
    PgKeys,
    PgLedger,
    PgRelay,
    PgRouting,
    PgTenants,
    PgWebhooks,
    open_database,
)
from trunkline_server.stores.postgres.pool import set_tenant

ANY, LLM, API = (
    IntegrationType.INTEGRATION_TYPE_UNSPECIFIED,
    IntegrationType.INTEGRATION_TYPE_LLM_PROVIDER,
    IntegrationType.INTEGRATION_TYPE_API,
)
BUDGET = Budget(
    budget_id="monthly",
    scope=BudgetScope.BUDGET_SCOPE_TEAM,
    subject="red",
    limit=Money(currency_code="USD", units=12, nanos=345),
    period=BudgetPeriod.BUDGET_PERIOD_MONTH,
    enforcement=BudgetEnforcement.BUDGET_ENFORCEMENT_SOFT,
    alert_thresholds=[0.5, 0.9],
)


def budget(budget_id: str) -> Budget:
    copy = Budget()
    copy.CopyFrom(BUDGET)
    copy.budget_id = budget_id
    return copy


async def audited(dsn: str) -> list[str]:
    async with superuser(dsn) as connection:
        rows = await connection.fetch("SELECT action FROM trunkline.audit_log ORDER BY tenant_id, sequence")
    return [row["action"] for row in rows]


async def walk(fetch: Callable[[str], Awaitable[tuple[Sequence[Any], str]]]) -> list[Any]:
    """All pages, each with at most two items."""
    found: list[Any] = []
    token = ""
    while True:
        page, token = await fetch(token)
        assert len(page) <= 2
        found += page
        if not token:
            return found


async def test_tenants(database: Database, pg_dsn: str) -> None:
    tenants = PgTenants(database)
    made = await tenants.create(ACTOR, Tenant(tenant_id="acme", display_name="Acme", requests_per_minute=9))
    assert made.status == TenantStatus.TENANT_STATUS_ACTIVE and made.etag and made.create_time == made.update_time
    assert await tenants.get("acme") == made
    async with refused("ALREADY_EXISTS", resource_name="acme"):
        await tenants.create(ACTOR, Tenant(tenant_id="acme"))
    async with refused("NOT_FOUND", resource_type="tenant"):
        await tenants.get("none")

    change = Tenant(tenant_id="acme", display_name="ignored", data_residency="eu", etag=made.etag)
    changed = await tenants.update(ACTOR, change, ["data_residency", "requests_per_minute"])
    assert changed.display_name == "Acme" and changed.data_residency == "eu"
    assert not changed.HasField("requests_per_minute") and changed.etag != made.etag
    async with refused("ETAG_MISMATCH"):
        await tenants.update(ACTOR, change, ["display_name"])
    for paths in (["tenant_id"], ["status", "etag"], []):
        async with refused("INVALID_REQUEST", field="update_mask"):
            await tenants.update(ACTOR, Tenant(tenant_id="acme"), paths)
    async with refused("NOT_FOUND"):
        await tenants.update(ACTOR, Tenant(tenant_id="none"), ["display_name"])
    assert await audited(pg_dsn) == ["tenant.create", "tenant.update"]


async def test_limits_of_a_tenant(database: Database) -> None:
    tenants = PgTenants(database)
    limits = [
        CallLimit(scope=LimitScope.LIMIT_SCOPE_USER, tokens_per_minute=2**40),
        CallLimit(
            scope=LimitScope.LIMIT_SCOPE_MODEL, subject="openai/\u00fcber", requests_per_minute=3, max_concurrent=1
        ),
    ]
    made = await tenants.create(ACTOR, Tenant(tenant_id="acme", limits=limits))
    assert list(made.limits) == limits
    kept = await tenants.update(ACTOR, Tenant(tenant_id="acme", display_name="Acme"), ["display_name"])
    assert list(kept.limits) == limits
    assert [list(one.limits) for one in (await tenants.list(10, ""))[0]] == [limits]
    changed = await tenants.update(ACTOR, Tenant(tenant_id="acme", limits=limits[:1]), ["limits"])
    assert list(changed.limits) == limits[:1] and changed.display_name == "Acme"
    assert not (await tenants.update(ACTOR, Tenant(tenant_id="acme"), ["limits"])).limits


async def test_keys(database: Database, pg_dsn: str) -> None:
    await make_tenants(database, "acme", "other")
    keys = PgKeys(database)
    expires = Timestamp(seconds=4_000_000_000)
    first = await keys.create(
        ACTOR,
        ApiKey(
            key_id="one",
            roles=["agent", "viewer"],
            team_id="red",
            expire_time=expires,
            tokens_per_minute=700,
            max_concurrent=2,
        ),
        b"h" * 32,
    )
    assert (first.tenant_id, list(first.roles), first.expire_time) == ("acme", ["agent", "viewer"], expires)
    assert (first.tokens_per_minute, first.max_concurrent) == (700, 2) and not first.HasField("requests_per_minute")
    assert not first.HasField("revoke_time") and not first.HasField("last_use_time")
    foreign = await keys.create(ACTOR, ApiKey(key_id="two", tenant_id="other", roles=["agent"]), b"h" * 32)
    assert foreign.tenant_id == "other"
    async with refused("NOT_FOUND", resource_name="one"):
        await keys.get("other", "one")
    async with refused("NOT_FOUND", resource_name="two"):
        await keys.revoke(ACTOR, "two")
    async with refused("ALREADY_EXISTS"):
        await keys.create(ACTOR, ApiKey(key_id="one", roles=["agent"]), b"h" * 32)
    async with refused("NOT_FOUND", resource_type="tenant", resource_name="none"):
        await keys.create(ACTOR, ApiKey(key_id="three", tenant_id="none", roles=["agent"]), b"h" * 32)

    revoked = await keys.revoke(ACTOR, "one")
    assert revoked.HasField("revoke_time") and await keys.revoke(ACTOR, "one") == revoked
    assert (await keys.expire(ACTOR, "one", Timestamp(seconds=1))).expire_time.seconds == 1
    assert (await keys.list("acme", 10, "", False))[0] == []
    assert [key.key_id for key in (await keys.list("acme", 10, "", True))[0]] == ["one"]
    expected = ["api_key.create", "api_key.revoke", "api_key.revoke", "api_key.expire"]
    assert await audited(pg_dsn) == ["tenant.create", *expected, "tenant.create", "api_key.create"]


async def test_budgets(database: Database, pg_dsn: str) -> None:
    await make_tenants(database, "acme")
    budgets = PgBudgets(database)
    made = await budgets.create(ACTOR, BUDGET)
    for field in ("budget_id", "scope", "subject", "limit", "period", "enforcement", "alert_thresholds"):
        assert getattr(made, field) == getattr(BUDGET, field)
    assert await budgets.get("acme", "monthly") == made
    async with refused("ALREADY_EXISTS"):
        await budgets.create(ACTOR, BUDGET)

    change = Budget(budget_id="monthly", limit=Money(units=20), etag=made.etag)
    changed = await budgets.update(ACTOR, change, ["limit"])
    assert changed.limit.units == 20 and changed.alert_thresholds == [0.5, 0.9]
    async with refused("ETAG_MISMATCH"):
        await budgets.update(ACTOR, change, ["limit"])
    async with refused("INVALID_REQUEST", field="update_mask"):
        await budgets.update(ACTOR, change, ["period"])
    async with refused("INVALID_REQUEST"):
        await budgets.update(ACTOR, Budget(budget_id="monthly", limit=Money(units=10**12)), ["limit"])
    async with refused("ETAG_MISMATCH"):
        await budgets.delete(ACTOR, "monthly", made.etag)
    await budgets.delete(ACTOR, "monthly", changed.etag)
    for call in (budgets.get("acme", "monthly"), budgets.delete(ACTOR, "monthly", "")):
        async with refused("NOT_FOUND"):
            await call
    assert await audited(pg_dsn) == ["tenant.create", "budget.create", "budget.update", "budget.delete"]
    async with superuser(pg_dsn) as connection:
        detail = await connection.fetchval("SELECT detail FROM trunkline.audit_log WHERE action = 'budget.update'")
    assert '"nano_usd": "20000000000"' in detail and '"nano_usd_before": "12000000345"' in detail


async def test_a_text_that_postgres_cannot_keep_is_the_callers_fault(database: Database) -> None:
    async with refused("INVALID_REQUEST"):
        await make_tenants(database, "a\0b")


async def test_pages_hold_every_item_once_in_order(database: Database) -> None:
    names = [f"t{number}" for number in range(5)]
    await make_tenants(database, *names)
    ids = [(await make_key(database, "t0"))[0] for _ in range(4)]
    for name in names:
        await PgBudgets(database).create(actor("t0"), budget(name))
        await PgIntegrations(database, KEYRING).create(actor("t0"), openai(name), "")

    tenants, keys, budgets = PgTenants(database), PgKeys(database), PgBudgets(database)
    integrations = PgIntegrations(database, KEYRING)
    assert [t.tenant_id for t in await walk(lambda token: tenants.list(2, token))] == names
    assert [k.key_id for k in await walk(lambda token: keys.list("t0", 2, token, False))] == ids[::-1]
    assert [b.budget_id for b in await walk(lambda token: budgets.list("t0", 2, token))] == names
    assert [i.integration_id for i in await walk(lambda token: integrations.list("t0", 2, token, LLM))] == names
    assert await walk(lambda token: integrations.list("t0", 2, token, API)) == []


@pytest.mark.parametrize("token", ["!", "YQ", "/w==", "dDE", "a" * 7, "é"])
async def test_broken_page_token(database: Database, token: str) -> None:
    for call in (
        PgTenants(database).list(2, token),
        PgKeys(database).list("acme", 2, token, False),
        PgBudgets(database).list("acme", 2, token),
        PgIntegrations(database, KEYRING).list("acme", 2, token, ANY),
    ):
        async with refused("INVALID_REQUEST", field="page_token"):
            await call


async def test_page_token_of_another_list(database: Database) -> None:
    for text in ("dDE=", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk6eA=="):  # `t1`, and a time far out of range.
        async with refused("INVALID_REQUEST", field="page_token"):
            await PgKeys(database).list("acme", 2, text, False)


async def fill(database: Database, tenant_id: str) -> None:
    """At least one row in every table that the server writes."""
    await make_tenants(database, tenant_id)
    await make_key(database, tenant_id)
    integrations = PgIntegrations(database, KEYRING)
    await integrations.create(actor(tenant_id), openai(), SECRET)
    await integrations.record_check(tenant_id, "openai", HealthCheck(healthy=True))
    await PgBudgets(database).create(actor(tenant_id), BUDGET)
    await PgRouting(database).write(actor(tenant_id), RoutingPolicy, "p", "", lambda *_: RoutingPolicy())
    approval = Approval("a", "openai", "read", b"\0" * 32, "key-1", "", 60.0)
    await PgApprovals(database).add(actor(tenant_id), approval)
    await PgLedger(database).write([settled("e", tenant_id), settled("old", tenant_id, at=Timestamp(seconds=1))])
    await fill_webhooks(database, tenant_id)


async def fill_webhooks(database: Database, tenant_id: str) -> None:
    """Events that were removed, and one whose delivery failed."""
    relay, webhooks = PgRelay(database, KEYRING), PgWebhooks(database, KEYRING)
    await relay.publish(100)
    await relay.tidy(0)
    endpoint = WebhookEndpoint(endpoint_id="e", url="https://hooks.example.com/")
    await webhooks.create(actor(tenant_id), endpoint, new_secret())
    await webhooks.activate(actor(tenant_id), "e", "")
    await PgLedger(database).write([settled("later", tenant_id)])
    await relay.publish(100)
    (due,) = await relay.due([])
    await relay.record([Outcome(due, "pending", datetime.now(UTC), Answer(500, "no"), 60.0)])


async def test_a_foreign_tenant_sees_nothing_without_any_filter(database: Database, pg_dsn: str) -> None:
    await fill(database, "acme")
    await make_tenants(database, "other")
    async with superuser(pg_dsn) as connection:
        tables = await connection.fetch("""
            SELECT DISTINCT table_name FROM information_schema.table_privileges
            WHERE grantee = 'trunkline_app' AND table_schema = 'trunkline'""")
        filled = {}
        for (table,) in tables:
            rows = await connection.fetchval(f"SELECT count(*) FROM trunkline.{table} WHERE tenant_id = 'acme'")
            filled[table] = rows
    # Nothing writes these yet.
    empty = {table for table, rows in filled.items() if not rows}
    assert empty == {"usage_analytics", "cost_recommendations", "feedback", "model_quality"}
    for table, rows in filled.items():
        sql = f"SELECT count(*) FROM trunkline.{table} WHERE tenant_id = 'acme'"
        async with database.tenant_transaction("acme") as connection:
            assert await connection.fetchval(sql) == rows, table
        async with database.tenant_transaction("other") as connection:
            assert await connection.fetchval(sql) == 0, table
        async with database.connection() as connection:
            assert await connection.fetchval(f"SELECT count(*) FROM trunkline.{table}") == 0, table


async def test_a_foreign_tenant_changes_nothing_without_any_filter(database: Database, pg_dsn: str) -> None:
    await fill(database, "acme")
    await make_tenants(database, "other")
    updates = {"tenants": "display_name = 'x'", "integrations": "display_name = 'x'", "budgets": "subject = 'x'"}
    for table, change in {**updates, "api_keys": "revoke_time = now()", "budget_charges": "nano_usd = 0"}.items():
        async with database.tenant_transaction("other") as connection:
            done = await connection.execute(f"UPDATE trunkline.{table} SET {change} WHERE tenant_id <> 'other'")
        assert done == "UPDATE 0", table
    for table in ("integrations", "credentials", "budgets"):
        async with database.tenant_transaction("other") as connection:
            assert await connection.execute(f"DELETE FROM trunkline.{table}") == "DELETE 0", table
    async with refused("INTERNAL", sqlstate="42501"), database.tenant_transaction("other") as connection:
        await connection.execute(
            "INSERT INTO trunkline.budget_charges (tenant_id, budget_id, window_id, nano_usd) "
            "VALUES ('acme', 'b', 'w', 1)"
        )
    async with refused("INTERNAL", sqlstate="42501"), database.tenant_transaction("other") as connection:
        await connection.execute("UPDATE trunkline.tenants SET tenant_id = 'acme-2'")


async def test_the_tenant_does_not_outlive_its_transaction(pg_dsn: str) -> None:
    async with open_database(pg_dsn, max_connections=1) as database:
        await make_tenants(database, "acme")
        async with database.connection() as connection:
            assert await connection.fetchval("SELECT count(*) FROM trunkline.tenants") == 0
        async with database.transaction() as connection:
            await set_tenant(connection, "acme")
            assert await connection.fetchval("SELECT count(*) FROM trunkline.tenants") == 1
            await set_tenant(connection, "other")
            assert await connection.fetchval("SELECT count(*) FROM trunkline.tenants") == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trunkline.audit_log SET action = 'x'",
        "DELETE FROM trunkline.audit_log",
        "TRUNCATE trunkline.audit_log",
        "UPDATE trunkline.ledger SET nano_usd = 0",
        "DELETE FROM trunkline.ledger",
        "DELETE FROM trunkline.request_log",
        "SELECT * FROM trunkline.ledger_default",
        "UPDATE trunkline.api_keys SET roles = '{operator}'",
        "SELECT trunkline.create_partition('ledger', now())",
        "ALTER TABLE trunkline.audit_log DISABLE ROW LEVEL SECURITY",
        "CREATE TABLE trunkline.mine (tenant_id text)",
        "SELECT * FROM trunkline.schema_migrations",
    ],
)
async def test_what_the_run_time_role_may_not_do(database: Database, statement: str) -> None:
    await make_tenants(database, "acme")
    async with refused("INTERNAL", sqlstate="42501"), database.tenant_transaction("acme") as connection:
        await connection.execute(statement)


async def test_errors_of_the_server_are_typed_and_tell_nothing(pg_dsn: str) -> None:
    async with open_database(pg_dsn, statement_seconds=0.3, acquire_seconds=0.2, max_connections=1) as database:
        async with refused("STORE_UNAVAILABLE"), database.connection() as connection:
            await connection.execute("SELECT pg_sleep(5)")
        async with database.connection(), refused("STORE_UNAVAILABLE"):
            await database.ping()
        async with refused("INTERNAL", sqlstate="42601"), database.connection() as connection:
            await connection.execute("SELEC 'sk-secret'")
        # What waits in Redis is kept until the schema has been brought up to date.
        for missing in ("SELECT 'sk-secret' FROM nowhere", "SELECT sk_secret", "SELECT sk_secret()"):
            async with refused("STORE_UNAVAILABLE"), database.connection() as connection:
                await connection.execute(missing)
        await database.ping()


async def test_cancelling_gives_the_connection_back(pg_dsn: str) -> None:
    async with open_database(pg_dsn, max_connections=1) as database:

        async def wait() -> None:
            async with database.tenant_transaction("acme") as connection:
                await connection.execute("SELECT pg_sleep(30)")

        for _ in range(3):
            task = asyncio.create_task(wait())
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        await database.ping()


async def test_two_makers_of_one_tenant(pg_dsn: str) -> None:
    async with open_database(pg_dsn) as one, open_database(pg_dsn) as two:
        results = await asyncio.gather(*(make_tenants(db, "acme") for db in (one, two)), return_exceptions=True)
    assert sorted(getattr(result, "reason_name", "made") for result in results) == ["ALREADY_EXISTS", "made"]
    assert not any(isinstance(result, asyncpg.PostgresError) for result in results)
