"""The directory: who holds a token, what a tenant has, how old that may be, and what happens without Postgres."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money
from integration.postgres_parts import ACTOR, KEYRING, SECRET, make_key, make_tenants, openai, refused, superuser
from trunkline.v1.access_pb2 import Tenant, TenantStatus
from trunkline.v1.budget_pb2 import Budget, BudgetPeriod, BudgetScope
from trunkline.v1.common_pb2 import CallLimit, LimitScope
from trunkline.v1.policy_pb2 import RoutingPolicy
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.keys import ROLES, new_api_key, parse_token, permissions_of
from trunkline_server.domain.secrets import SecretReferences
from trunkline_server.embedded import embedded_postgres
from trunkline_server.stores.postgres import (
    Database,
    PgBudgets,
    PgDirectory,
    PgIntegrations,
    PgKeys,
    PgRouting,
    PgTenants,
    migrate,
    open_database,
)
from trunkline_server.stores.secrets.environment import EnvironmentSecrets

SUSPENDED = TenantStatus.TENANT_STATUS_SUSPENDED


@dataclass
class Worker:
    directory: PgDirectory
    announced: list[str] = field(default_factory=list)


async def worker(database: Database, **options: Any) -> Worker:
    announced: list[str] = []

    async def announce(tenant_id: str) -> None:
        announced.append(tenant_id)

    return Worker(PgDirectory(database, KEYRING, announce, **options), announced)


@pytest_asyncio.fixture
async def directory(database: Database) -> AsyncIterator[PgDirectory]:
    await make_tenants(database, "acme")
    made = (await worker(database)).directory
    yield made
    await made.close()


async def test_the_holder_of_a_token(directory: PgDirectory, database: Database) -> None:
    limit = CallLimit(scope=LimitScope.LIMIT_SCOPE_USER, subject="u", max_concurrent=3)
    change = Tenant(tenant_id="acme", requests_per_minute=100, data_residency="eu", limits=[limit])
    await PgTenants(database).update(ACTOR, change, ["requests_per_minute", "data_residency", "limits"])
    figures = {"requests_per_minute": 5, "tokens_per_minute": 6, "max_concurrent": 7}
    key_id, token = await make_key(database, roles=["agent"], team_id="red", **figures)
    caller = await directory.caller(token)
    assert (caller.tenant_id, caller.key_id, caller.team_id, caller.data_residency) == ("acme", key_id, "red", "eu")
    assert (caller.key_requests_per_minute, caller.tenant_requests_per_minute) == (5, 100)
    assert (caller.key_tokens_per_minute, caller.key_max_concurrent) == (6, 7)
    assert caller.limits == {(LimitScope.LIMIT_SCOPE_USER, "u"): limit}
    assert caller.may("llm.complete") and not caller.may("budgets.read") and not caller.operator
    assert (await directory.caller((await make_key(database, roles=["operator"]))[1])).operator


async def test_tokens_that_are_refused_alike(directory: PgDirectory, database: Database) -> None:
    key_id, token = await make_key(database)
    _, revoked = await make_key(database)
    _, expired = await make_key(database, expire_time=Timestamp(seconds=1))
    parts = parse_token(revoked)
    assert parts
    await PgKeys(database).revoke(ACTOR, parts[0])
    foreign = f"tl_{key_id}_{new_api_key()[1][20:]}"
    messages = set()
    for bad in (revoked, expired, foreign, new_api_key()[1], token[:-1], token + "x", "", "é", "\ud800", f" {token}"):
        with pytest.raises(TrunklineError) as caught:
            await directory.caller(bad)
        assert caught.value.reason_name == "CREDENTIAL_INVALID"
        messages.add((caught.value.message, tuple(caught.value.metadata)))
    assert len(messages) == 1
    assert (await directory.caller(token)).key_id == key_id


async def test_referenced_secrets_are_in_the_view_and_renewed_when_they_change(database: Database) -> None:
    await make_tenants(database, "acme")
    environ = {"KEY": "v1"}
    references = SecretReferences({"env": EnvironmentSecrets(environ)}, ("env:*",), 1.0)
    directory = (await worker(database, references=references)).directory
    for name, reference in (("one", "env:KEY"), ("two", "env:GONE"), ("three", "")):
        integration = openai(name)
        integration.configuration.authentication.secret_reference = reference
        await PgIntegrations(database, KEYRING).create(ACTOR, integration, "" if reference else SECRET)
    view = await directory.tenant("acme")
    assert view.secrets == {"one": "v1", "three": SECRET} and view.secret("one") == "v1"
    assert "does not have the variable" in view.unresolved["two"]
    with pytest.raises(TrunklineError, match="the integration two"):
        view.secret("two")
    environ |= {"KEY": "v2", "GONE": "back"}
    running = asyncio.create_task(references.run())
    async with asyncio.timeout(20):
        while (await directory.tenant("acme")).secrets != {"one": "v2", "two": "back", "three": SECRET}:
            await asyncio.sleep(0.05)
    assert "v2" not in repr(await directory.tenant("acme"))
    running.cancel()
    await directory.close()


async def test_revocation_shows_at_once_here_and_on_announcement_elsewhere(database: Database) -> None:
    await make_tenants(database, "acme", "other")
    here, there = await worker(database), await worker(database)
    key_id, token = await make_key(database)
    for one in (here, there):
        await one.directory.caller(token)
    await PgKeys(database).revoke(ACTOR, key_id)
    await here.directory.changed("acme")
    assert here.announced == ["acme"] and there.announced == []
    async with refused("CREDENTIAL_INVALID"):
        await here.directory.caller(token)
    there.directory.renew("other")
    assert (await there.directory.caller(token)).key_id == key_id
    there.directory.renew("acme")
    async with refused("CREDENTIAL_INVALID"):
        await there.directory.caller(token)


async def test_suspending_a_tenant_and_back(directory: PgDirectory, database: Database) -> None:
    _, token = await make_key(database)
    for status in (SUSPENDED, TenantStatus.TENANT_STATUS_ACTIVE):
        await PgTenants(database).update(ACTOR, Tenant(tenant_id="acme", status=status), ["status"])
        await directory.changed("acme")
        if status == SUSPENDED:
            async with refused("CREDENTIAL_INVALID"):
                await directory.caller(token)
    assert (await directory.caller(token)).tenant_id == "acme"


async def test_an_expiry_is_kept_although_the_answer_is_fresh(
    directory: PgDirectory, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, token = await make_key(database, expire_time=Timestamp(seconds=4_000_000_000))
    await directory.caller(token)
    monkeypatch.setattr("trunkline_server.stores.postgres.directory.time.time", lambda: 4_000_000_000.0)
    async with refused("CREDENTIAL_INVALID"):
        await directory.caller(token)


async def test_use_is_noted_once_a_minute(directory: PgDirectory, database: Database, pg_dsn: str) -> None:
    key_id, token = await make_key(database)
    async with superuser(pg_dsn) as connection:

        async def noted() -> Any:
            return await connection.fetchval("SELECT last_use_time FROM trunkline.api_keys WHERE key_id = $1", key_id)

        await directory.caller(token)
        async with asyncio.timeout(10):
            while await noted() is None:
                await asyncio.sleep(0.01)
        assert (await noted()).second == 0
        await connection.execute("UPDATE trunkline.api_keys SET last_use_time = NULL")
        await directory.caller(token)
        await directory.close()
        assert await noted() is None


async def test_a_tenant_with_all_it_has(directory: PgDirectory, database: Database) -> None:
    await PgIntegrations(database, KEYRING).create(ACTOR, openai("one"), SECRET)
    await PgIntegrations(database, KEYRING).create(ACTOR, openai("two"), "")
    budget = Budget(
        budget_id="b",
        scope=BudgetScope.BUDGET_SCOPE_TENANT,
        period=BudgetPeriod.BUDGET_PERIOD_DAY,
        limit=Money(units=1),
    )
    made = await PgBudgets(database).create(ACTOR, budget)
    view = await directory.tenant("acme")
    assert view.tenant.tenant_id == "acme" and list(view.integrations) == ["one", "two"]
    assert view.secrets == {"one": SECRET} and view.budgets == [made] and SECRET not in repr(view)
    assert await directory.tenant("acme") is view
    await directory.changed("acme")
    assert await directory.tenant("acme") is not view
    async with refused("NOT_FOUND", resource_name="none"):
        await directory.tenant("none")


@pytest.fixture
def slow_stale() -> dict[str, float]:
    """Every answer is old at once, and may be served for a minute without Postgres."""
    return {"ttl": 0.0, "stale": 60.0}


async def test_own_changes_show_when_changed_returns_and_calls_wait_for_none(
    directory: PgDirectory, database: Database, pg_dsn: str
) -> None:
    routing = PgRouting(database)

    async def write(order: int) -> None:
        await routing.write(ACTOR, RoutingPolicy, "p", "", lambda *_: RoutingPolicy(policy_id="p", order=order))

    await directory.tenant("acme")
    await write(1)
    await directory.changed("acme")
    assert (await directory.tenant("acme")).routing.revision == 1
    async with superuser(pg_dsn) as connection:
        # Nothing can be read for a while: calls go on with what there is.
        blocked = connection.transaction()
        await write(2)
        await blocked.start()
        await connection.execute("LOCK trunkline.routing_items")
        load = directory.renew("acme")
        view = await directory.tenant("acme")
        assert view.routing.revision == 1 and load is not None and not load.done()
        await blocked.rollback()
    assert (await load).routing.revision == 2
    assert (await directory.tenant("acme")).routing.policies[0].order == 2


async def test_a_postgres_that_hangs_keeps_no_call_away(database: Database, pg_dsn: str) -> None:
    await make_tenants(database, "acme")
    _, token = await make_key(database)
    there = (await worker(database, ttl=0.0, stale=60.0)).directory
    view, caller = await there.tenant("acme"), await there.caller(token)
    async with superuser(pg_dsn) as connection, connection.transaction():
        await connection.execute("LOCK trunkline.tenants, trunkline.api_keys")
        async with asyncio.timeout(8):
            for _ in range(3):
                assert await there.tenant("acme") is view and await there.caller(token) is caller
    await there.close()


async def test_without_postgres(tmp_path: Path, slow_stale: dict[str, float]) -> None:
    async with embedded_postgres(tmp_path / "data", durable=False) as server:
        await migrate(server.dsn)
        async with open_database(server.dsn) as database:
            await make_tenants(database, "acme", "other")
            _, token = await make_key(database)
            _, unseen = await make_key(database)
            grace, strict = await worker(database, **slow_stale), await worker(database, ttl=0.0, stale=0.0)
            callers = [await one.directory.caller(token) for one in (grace, strict)]
            view = await grace.directory.tenant("acme")
            await server.stop("immediate")

            assert await grace.directory.caller(token) is callers[0]
            assert await grace.directory.tenant("acme") is view
            for failing in (
                strict.directory.caller(token),
                grace.directory.caller(unseen),
                grace.directory.tenant("other"),
            ):
                async with refused("STORE_UNAVAILABLE", store="postgres"):
                    await failing
            # A revocation that was announced holds although it cannot be read.
            grace.directory.renew("acme")
            async with refused("STORE_UNAVAILABLE"):
                await grace.directory.caller(token)
            # What the tenant has is served as it was, announced changes or not.
            for _ in range(2):
                await grace.directory.changed("acme")
                assert await grace.directory.tenant("acme") is view

            await server.start()
            assert (await grace.directory.caller(token)) == callers[0]
            assert (await grace.directory.caller(unseen)).tenant_id == "acme"
            for one in (grace, strict):
                await one.directory.close()


def test_tokens_and_roles() -> None:
    key_id, token, digest = new_api_key()
    parts = parse_token(token)
    assert parts is not None and parts[0] == key_id and len(key_id) == 16 and len(parts[1]) == 43 and len(digest) == 32
    assert parse_token(token + "\n") is None and parse_token(token.upper()) is None
    assert {name for name, role in ROLES.items() if role.operator} == {"operator"}
    assert permissions_of(["viewer"]) < permissions_of(["viewer", "agent"]) and permissions_of(["unknown"]) == set()
    assert all(p.endswith(".read") or p == "llm.models" for p in permissions_of(["viewer"]))
