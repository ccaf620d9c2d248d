"""Migrations, and what they leave behind."""

import asyncio
from dataclasses import replace

import pytest
from integration.postgres_parts import PostgresServer, make_tenants, refused, superuser
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.embedded.process import free_port
from trunkline_server.stores.postgres import MigrationError, migrate, open_database, pending
from trunkline_server.stores.postgres.migrate import Migration, packaged

NAMES = [migration.name for migration in packaged()]
# The only table that belongs to no tenant.
SHARED = {"schema_migrations"}


async def test_from_nothing_then_nothing_more(empty_pg_dsn: str) -> None:
    assert await pending(empty_pg_dsn) == NAMES
    assert await migrate(empty_pg_dsn) == NAMES
    assert await pending(empty_pg_dsn) == []
    assert await migrate(empty_pg_dsn) == []
    assert [int(name[:4]) for name in NAMES] == list(range(1, len(NAMES) + 1))


async def test_several_at_once_apply_each_once(empty_pg_dsn: str) -> None:
    applied = await asyncio.gather(*(migrate(empty_pg_dsn) for _ in range(4)))
    assert sorted(applied, key=len) == [[], [], [], NAMES]


async def test_changed_file_is_refused(pg_dsn: str) -> None:
    first, *others = packaged()
    changed = [replace(first, checksum="0" * 64), *others]
    for run in (migrate, pending):
        with pytest.raises(MigrationError, match="0001_tenancy was changed after it was applied"):
            await run(pg_dsn, changed)


async def test_failing_migration_leaves_nothing_of_itself(pg_dsn: str) -> None:
    sql = "CREATE TABLE trunkline.half (tenant_id text); SELECT 1 / 0"
    bad = Migration(9999, "9999_bad", "x", sql)
    with pytest.raises(TrunklineError):
        await migrate(pg_dsn, [*packaged(), bad])
    assert await pending(pg_dsn, [*packaged(), bad]) == ["9999_bad"]
    async with superuser(pg_dsn) as connection:
        assert await connection.fetchval("SELECT to_regclass('trunkline.half')") is None


async def test_unreachable_server() -> None:
    async with refused("STORE_UNAVAILABLE", store="postgres"):
        await migrate(f"postgresql://nobody@127.0.0.1:{free_port()}/none")


async def test_every_table_is_bound_to_a_tenant(pg_dsn: str) -> None:
    async with superuser(pg_dsn) as connection:
        tables = await connection.fetch("""
            SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS bound,
                   EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id'
                           AND a.attnotnull) AS has_tenant,
                   array(SELECT p.polname::text FROM pg_policy p WHERE p.polrelid = c.oid AND p.polroles = '{0}'
                         AND pg_get_expr(p.polqual, p.polrelid)
                             = '(tenant_id = current_setting(''trunkline.tenant_id''::text, true))') AS policies,
                   array(SELECT p.polname::text FROM pg_policy p WHERE p.polrelid = c.oid
                         AND p.polroles && ARRAY[0, 'trunkline_app'::regrole]::oid[]) AS all_policies
            FROM pg_class c WHERE c.relnamespace = 'trunkline'::regnamespace AND c.relkind IN ('r', 'p')""")
    by_name = {table["name"]: table for table in tables}
    assert by_name.keys() >= {"tenants", "api_keys", "integrations", "credentials", "ledger", "audit_log", "outbox"}
    assert sum(name.startswith(("ledger_2", "request_log_2")) for name in by_name) == 6
    for name in by_name.keys() - SHARED:
        table = by_name[name]
        assert (table["bound"], table["has_tenant"], table["policies"], table["all_policies"]) == (
            *(True, True),
            *(["tenant"], ["tenant"]),
        ), name


async def test_app_role_owns_nothing_and_gets_no_more_than_it_needs(pg_dsn: str) -> None:
    async with superuser(pg_dsn) as connection:
        role = await connection.fetchrow("SELECT * FROM pg_roles WHERE rolname = 'trunkline_app'")
        assert not any(role[name] for name in ("rolsuper", "rolbypassrls", "rolcanlogin", "rolcreaterole"))
        assert not await connection.fetchval("SELECT count(*) FROM pg_class WHERE relowner = 'trunkline_app'::regrole")
        granted = await connection.fetch("""
            SELECT table_name, privilege_type FROM information_schema.table_privileges
            WHERE grantee = 'trunkline_app' AND table_schema = 'trunkline'""")
        definers = await connection.fetch("""
            SELECT proname, proconfig, proacl::text AS acl FROM pg_proc
            WHERE pronamespace = 'trunkline'::regnamespace AND prosecdef""")
    privileges: dict[str, set[str]] = {}
    for table, privilege in granted:
        privileges.setdefault(table, set()).add(privilege)
    for table in ("ledger", "request_log", "audit_log", "outbox"):
        assert privileges[table] == {"SELECT", "INSERT"}, table
    assert privileges["api_keys"] == {"SELECT", "INSERT"}
    for table in ("webhook_deliveries", "webhook_attempts", "outbox_horizons"):
        assert privileges[table] == {"SELECT"}, table
    assert not any(table.startswith(("ledger_", "request_log_")) for table in privileges)
    looking = {"find_key", "find_receivers", "list_tenants", "experimenting_tenants", "judging_tenants", "claim_checks"}
    relaying = {"unpublished_events", "webhook_wishes", "publish_events", "due_deliveries", "event_payloads"}
    relaying |= {"record_attempts", "bury_deliveries", "forget_events", "relay_backlog"}
    assert {row["proname"] for row in definers} == {*looking, *relaying, "create_partitions"}
    for row in definers:
        assert any(setting.startswith("search_path=pg_catalog, pg_temp") for setting in row["proconfig"])
        # An empty grantee is PUBLIC.
        assert "{=" not in row["acl"] and ",=" not in row["acl"] and "trunkline_app=X" in row["acl"]


async def test_an_owner_without_superuser_migrates_and_serves(pg_server: PostgresServer, empty_pg_dsn: str) -> None:
    """As on a managed server: nothing here may depend on bypassing row-level security."""
    name = empty_pg_dsn.rpartition("/")[2].partition("?")[0]
    async with superuser(empty_pg_dsn) as connection:
        await connection.execute(f"""
            CREATE ROLE owner_{name} LOGIN PASSWORD 'owner';
            GRANT trunkline_app, trunkline_lookup TO owner_{name};
            ALTER DATABASE {name} OWNER TO owner_{name}""")
    _, _, server = empty_pg_dsn.partition("@")
    dsn = f"postgresql://owner_{name}:owner@{server}"
    try:
        assert await migrate(dsn) == NAMES
        async with open_database(dsn) as database:
            await make_tenants(database, "acme", "other")
            async with database.connection() as connection:
                rows = await connection.fetch("SELECT tenant_id FROM trunkline.list_tenants('', 10)")
                assert [row[0] for row in rows] == ["acme", "other"]
                assert len(await connection.fetch("SELECT trunkline.create_partitions(3)")) == 2
        async with superuser(dsn) as connection:
            # Its own tables, and yet nothing without a tenant.
            assert await connection.fetchval("SELECT count(*) FROM trunkline.audit_log") == 0
            await connection.execute("SELECT set_config('trunkline.tenant_id', 'acme', false)")
            assert await connection.fetchval("SELECT count(*) FROM trunkline.audit_log") == 1
    finally:
        await pg_server.execute(f"ALTER DATABASE {name} OWNER TO postgres")
        async with superuser(empty_pg_dsn) as connection:
            await connection.execute(f"DROP OWNED BY owner_{name} CASCADE; DROP ROLE owner_{name}")
