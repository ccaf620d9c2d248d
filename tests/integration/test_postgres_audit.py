"""The audit log: every change is in it, and whoever touches it is found out."""

import asyncio

import pytest
from integration.postgres_parts import ACTOR, make_key, make_tenants, refused, superuser
from trunkline.v1.access_pb2 import Tenant
from trunkline_server.stores.postgres import Database, PgAudit, PgKeys, PgTenants, audit

ROWS = 6  # One for the tenant, one for each key.


async def chain(database: Database) -> None:
    await make_tenants(database, "acme", "other")
    for _ in range(ROWS - 1):
        await make_key(database)


async def test_an_untouched_chain_is_whole(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await chain(database)
    found = await PgAudit(database).verify("acme")
    assert found.intact and found.rows == ROWS and len(found.head) == 64
    monkeypatch.setattr(audit, "_BATCH", 2)
    assert await PgAudit(database).verify("acme") == found
    assert (await PgAudit(database).verify("other")).rows == 1
    async with refused("NOT_FOUND"):
        await PgAudit(database).verify("none")


async def test_concurrent_changes_make_one_chain(database: Database) -> None:
    await make_tenants(database, "acme")
    await asyncio.gather(*(make_key(database) for _ in range(20)))
    found = await PgAudit(database).verify("acme")
    assert found.intact and found.rows == 21


async def test_a_change_that_fails_leaves_no_row(database: Database) -> None:
    await make_tenants(database, "acme")
    async with refused("NOT_FOUND"):
        await PgKeys(database).revoke(ACTOR, "none")
    assert (await PgAudit(database).verify("acme")).rows == 1


async def test_who_did_what(database: Database, pg_dsn: str) -> None:
    """A change made by an operator stands in the chain of the tenant that was changed."""
    await make_tenants(database, "other")
    await PgTenants(database).update(ACTOR, Tenant(tenant_id="other", display_name="x"), ["display_name"])
    async with superuser(pg_dsn) as connection:
        row = await connection.fetchrow("SELECT * FROM trunkline.audit_log WHERE action = 'tenant.update'")
    assert (row["tenant_id"], row["resource_type"], row["resource_id"]) == ("other", "tenant", "other")
    assert (row["actor_tenant_id"], row["actor_key_id"], row["trace_id"]) == ("acme", "key-1", "trace-1")
    assert row["detail"] == '{"fields": "display_name"}'


async def test_details_are_kept_without_secrets_and_personal_data(database: Database, pg_dsn: str) -> None:
    await make_tenants(database, "acme")
    detail = {"comment": "for jo@example.org, sk-live-0123456789"}
    entry = audit.AuditEntry(ACTOR, "tool.approve", ("tool", "hub/read"), detail)
    async with database.tenant_transaction("acme") as connection:
        await audit.append_all(connection, "acme", [entry])
    async with superuser(pg_dsn) as connection:
        kept = await connection.fetchval("SELECT detail FROM trunkline.audit_log WHERE action = 'tool.approve'")
    assert kept == '{"comment": "for ***, ***"}' and (await PgAudit(database).verify("acme")).intact


@pytest.mark.parametrize("column", ["actor_tenant_id", "actor_key_id", "trace_id", "action", "resource_type"])
@pytest.mark.parametrize("sequence", [1, 3, ROWS])
async def test_an_edited_row(database: Database, pg_dsn: str, column: str, sequence: int) -> None:
    await chain(database)
    async with superuser(pg_dsn) as connection:
        await connection.execute(
            f"UPDATE trunkline.audit_log SET {column} = {column} || 'x' WHERE tenant_id = 'acme' AND sequence = $1",
            sequence,
        )
    assert (await PgAudit(database).verify("acme")).broken_at == sequence
    assert (await PgAudit(database).verify("other")).intact


# What is done to the rows, and where the chain then breaks.
TAMPERED = {
    "time": ("UPDATE audit_log SET create_time = create_time + interval '1 microsecond' WHERE sequence = 2", 2),
    "detail": ("""UPDATE audit_log SET detail = '{"roles": "admin"}' WHERE sequence = 3""", 3),
    "resource": ("UPDATE audit_log SET resource_id = 'x' WHERE sequence = 2", 2),
    "hash": ("UPDATE audit_log SET hash = sha256('x') WHERE sequence = 4", 4),
    "hash before": ("UPDATE audit_log SET prev_hash = sha256('x') WHERE sequence = 4", 4),
    "first row deleted": ("DELETE FROM audit_log WHERE sequence = 1", 1),
    "row deleted": ("DELETE FROM audit_log WHERE sequence = 3", 3),
    "last row deleted": ("DELETE FROM audit_log WHERE sequence = 6", 6),
    "all deleted": ("DELETE FROM audit_log", 1),
    "all deleted, head too": ("DELETE FROM audit_log; DELETE FROM audit_heads", 1),
    "row deleted, the rest moved up": (
        "DELETE FROM audit_log WHERE sequence = 3; UPDATE audit_log SET sequence = sequence - 1 WHERE sequence = 4;"
        "UPDATE audit_log SET sequence = sequence - 1 WHERE sequence = 5",
        3,
    ),
    "two swapped": (
        "UPDATE audit_log SET sequence = 99 WHERE sequence = 2; UPDATE audit_log SET sequence = 2 WHERE sequence = 3;"
        "UPDATE audit_log SET sequence = 3 WHERE sequence = 99",
        2,
    ),
    "row added": (
        "INSERT INTO audit_log SELECT tenant_id, 7, create_time, actor_tenant_id, actor_key_id, trace_id, action, "
        "resource_type, resource_id, detail, hash, sha256('x') FROM audit_log WHERE sequence = 6",
        7,
    ),
}


@pytest.mark.parametrize("case", TAMPERED)
async def test_tampering_is_found(database: Database, pg_dsn: str, case: str) -> None:
    statements, broken_at = TAMPERED[case]
    await chain(database)
    async with superuser(pg_dsn) as connection:
        await connection.execute("SET search_path = trunkline")
        for statement in statements.split(";"):
            own = " AND tenant_id = 'acme'" if " WHERE " in statement else ""
            whole = " WHERE tenant_id = 'acme'" if statement.strip().startswith("DELETE") and not own else ""
            assert await connection.execute(statement + own + whole) not in ("UPDATE 0", "DELETE 0"), statement
    found = await PgAudit(database).verify("acme")
    assert found.broken_at == broken_at and found.problem
