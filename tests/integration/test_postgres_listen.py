"""Postgres tells of changes: when they are committed, once, and again after the connection broke."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from integration.postgres_parts import ACTOR, actor, make_key, make_tenants, superuser
from trunkline.v1.policy_pb2 import RoutingPolicy
from trunkline_server.embedded import embedded_postgres
from trunkline_server.stores.postgres import Database, PgChanges, PgKeys, PgRouting, migrate

SECONDS = 10.0


async def following(heard: AsyncGenerator[str, None]) -> str:
    return await asyncio.wait_for(anext(heard), SECONDS)


@pytest_asyncio.fixture
async def listener(pg_dsn: str, database: Database) -> AsyncIterator[tuple[PgChanges, AsyncGenerator[str, None]]]:
    await make_tenants(database, "acme", "other")
    changes = PgChanges(pg_dsn)
    heard = changes.changes()
    yield changes, heard
    await heard.aclose()


async def test_committed_changes_are_told_in_their_order(
    listener: tuple[PgChanges, AsyncGenerator[str, None]], database: Database
) -> None:
    changes, heard = listener
    first = asyncio.create_task(following(heard))
    await asyncio.wait_for(changes.listening.wait(), SECONDS)
    key_id, _ = await make_key(database, "other")
    assert await first == "other"
    # One that is refused is not told.
    with pytest.raises(ZeroDivisionError):
        await PgRouting(database).write(ACTOR, RoutingPolicy, "p", "", lambda *_: 1 / 0)  # type: ignore[return-value]
    await PgRouting(database).write(ACTOR, RoutingPolicy, "p", "", lambda *_: RoutingPolicy(policy_id="p"))
    assert await following(heard) == "acme"
    await PgKeys(database).revoke(actor("other"), key_id)
    assert await following(heard) == "other"


async def test_a_broken_connection_is_made_again(
    listener: tuple[PgChanges, AsyncGenerator[str, None]], database: Database, pg_dsn: str
) -> None:
    changes, heard = listener
    told = asyncio.create_task(following(heard))
    await asyncio.wait_for(changes.listening.wait(), SECONDS)
    async with superuser(pg_dsn) as connection:
        killed = await connection.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE application_name = 'trunkline changes' AND datname = current_database()"
        )
    assert killed == 1
    async with asyncio.timeout(SECONDS):
        while changes.listening.is_set():
            await asyncio.sleep(0.01)
        await changes.listening.wait()
    await make_key(database)
    assert await told == "acme"


async def test_postgres_may_start_later_and_go_away(tmp_path: Path) -> None:
    async with embedded_postgres(tmp_path / "data", durable=False) as server:
        await migrate(server.dsn)
        await server.stop("immediate")
        changes = PgChanges(server.dsn)
        heard = changes.changes()
        told = asyncio.create_task(following(heard))
        await asyncio.sleep(0.3)
        assert not changes.listening.is_set() and not told.done()
        await server.start()
        await asyncio.wait_for(changes.listening.wait(), SECONDS)
        async with superuser(server.dsn) as connection:
            await connection.execute("SELECT pg_notify('trunkline_changed', 'acme')")
        assert await told == "acme"
        await heard.aclose()
