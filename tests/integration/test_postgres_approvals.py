"""Approvals in Postgres: one use each, by nobody who gave them, and every step in the audit log."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from integration.postgres_parts import actor, make_key, make_tenants, settled, superuser
from trunkline.v1.access_pb2 import ApiKey
from trunkline.v1.policy_pb2 import RoutingPolicy
from trunkline_server.domain.keys import new_api_key
from trunkline_server.domain.tools.approvals import PROBLEMS, Approval, Claim
from trunkline_server.stores.postgres import Database, PgApprovals, PgAudit, PgKeys, PgLedger, PgRouting

DIGEST = b"d" * 32
APPROVAL = Approval("a1", "hub", "pay", DIGEST, "boss", "fine", 60.0)
CLAIM = Claim("a1", DIGEST, "caller", "h1")
ACTOR = actor("acme")


def a_policy(*_: object) -> RoutingPolicy:
    return RoutingPolicy(policy_id="any")


async def test_an_approval_is_used_once_however_many_want_it(database: Database, pg_dsn: str) -> None:
    await make_tenants(database, "acme", "other")
    store = PgApprovals(database)
    await store.add(ACTOR, APPROVAL)
    assert await store.look("acme", CLAIM) == ""
    ends = await asyncio.gather(*(store.use(ACTOR, replace(CLAIM, hold_id=f"h{at}")) for at in range(20)))
    assert sorted(ends) == [""] + ["used"] * 19
    winner = replace(CLAIM, hold_id=f"h{ends.index('')}")
    await store.give_back(ACTOR, replace(CLAIM, hold_id="somebody else"))
    assert await store.use(ACTOR, CLAIM) == "used"
    await store.give_back(ACTOR, winner)
    assert await store.use(ACTOR, replace(CLAIM, hold_id="later")) == ""
    async with superuser(pg_dsn) as connection:
        rows = await connection.fetch("SELECT action FROM trunkline.audit_log WHERE action LIKE 'tool.%' ORDER BY 1")
        used = await connection.fetchrow("SELECT used_by, used_key_id, comment FROM trunkline.tool_approvals")
    assert [row[0] for row in rows] == ["tool.approval_return", *["tool.approval_use"] * 2, "tool.approve"]
    assert tuple(used) == ("later", "key-1", "fine")
    assert (await PgAudit(database).verify("acme")).intact


async def test_why_an_approval_does_not_serve(database: Database, pg_dsn: str) -> None:
    await make_tenants(database, "acme", "other")
    store = PgApprovals(database)
    await store.add(ACTOR, APPROVAL)
    wrong = {
        "missing": replace(CLAIM, approval_id="none"),
        "other_call": replace(CLAIM, digest=b"e" * 32),
        "own": replace(CLAIM, lineage="boss"),
    }
    for problem, claim in wrong.items():
        assert await store.use(ACTOR, claim) == await store.look("acme", claim) == problem
    assert await store.use(actor("other"), CLAIM) == "missing", "of another tenant"
    async with superuser(pg_dsn) as connection:
        await connection.execute("UPDATE trunkline.tool_approvals SET expire_time = now() - interval '1 second'")
    assert await store.use(ACTOR, CLAIM) == "expired"
    assert {*wrong, "used", "expired"} == set(PROBLEMS)
    async with superuser(pg_dsn) as connection:
        await connection.execute("UPDATE trunkline.tool_approvals SET expire_time = now() - interval '8 days'")
    await store.add(ACTOR, replace(APPROVAL, approval_id="a2"))
    assert await store.look("acme", CLAIM) == "missing", "forgotten long after its end"


async def test_a_key_and_its_successors_are_of_one_lineage(database: Database, pg_dsn: str) -> None:
    await make_tenants(database, "acme")
    first, _ = await make_key(database, allowed_tools=["hub/*"])
    keys, before = PgKeys(database), first
    for _ in range(2):
        key_id, _, digest = new_api_key()
        made = await keys.create(ACTOR, ApiKey(key_id=key_id, roles=["agent"], allowed_tools=["a/b"]), digest, before)
        assert list(made.allowed_tools) == ["a/b"]
        before = key_id
    other, _ = await make_key(database)
    async with superuser(pg_dsn) as connection:
        rows = await connection.fetch("SELECT key_id, lineage FROM trunkline.api_keys")
    lineages = {row["key_id"]: row["lineage"] for row in rows}
    assert list(lineages.values()).count(first) == 3 and lineages[other] == other
    assert list((await keys.get("acme", first)).allowed_tools) == ["hub/*"]


async def test_calls_of_tools_are_audited_in_one_chain_beside_changes(database: Database, pg_dsn: str) -> None:
    """Settled in batches by several writers, twice each, while approvals are given and routing is changed."""
    await make_tenants(database, "acme", "beta")
    ledger, store, routing = PgLedger(database), PgApprovals(database), PgRouting(database)
    batches = []
    for at in range(20):
        batch = [settled(f"e{at}-{tenant}-{n}", tenant) for tenant in ("beta", "acme") for n in range(5)]
        for one in batch[1:]:
            one.record.tool_name, one.record.integration_id, one.record.approval_id = "pay", "hub", "a1"
            one.record.context.user_id = "nobody's business"
        batches.append(batch)
    await asyncio.gather(
        *(ledger.write(batch) for batch in batches * 2),
        *(store.add(ACTOR, replace(APPROVAL, approval_id=f"b{at}")) for at in range(20)),
        *(routing.write(ACTOR, RoutingPolicy, f"p{at}", "", a_policy) for at in range(20)),
    )
    async with superuser(pg_dsn) as connection:
        rows = await connection.fetch("SELECT * FROM trunkline.audit_log WHERE action = 'tool.execute'")
    assert len(rows) == 20 * 9, "one for each call of a tool, whatever is written twice"
    assert {row["resource_id"] for row in rows} == {"hub/pay"}
    assert "nobody" not in str(rows)
    for tenant in ("acme", "beta"):
        assert (await PgAudit(database).verify(tenant)).intact
