"""Events that come beside the ledger: written soon, once, and not lost while Postgres is away."""

from __future__ import annotations

import asyncio
from typing import Any

from integration.postgres_parts import superuser
from integration.redis_parts import background, until
from trunkline.v1.event_pb2 import Event
from trunkline_server.domain.events import breaker_closed, breaker_opened
from trunkline_server.domain.opening import BreakerKey, Opening
from trunkline_server.stores.postgres import Database, PgOutbox, open_database


def event(number: int, tenant_id: str = "acme") -> Event:
    opening = Opening(5, 0.0, 0.0, id=str(number))
    return breaker_opened(BreakerKey(tenant_id, "openai", "gpt"), "openai", opening, 30.0)


class Heard:
    def __init__(self) -> None:
        self.decisions: list[tuple[str, str]] = []

    def decided(self, decision: str, provider: str = "", model: str = "", reason: str = "") -> None:
        self.decisions.append((decision, reason))

    def level(self, name: str, value: float, provider: str = "", model: str = "") -> None: ...


async def written(dsn: str) -> list[Any]:
    async with superuser(dsn) as connection:
        return list(await connection.fetch("SELECT * FROM trunkline.outbox ORDER BY cursor"))


async def test_events_are_written_once_and_in_order(pg_dsn: str, database: Database) -> None:
    outbox = PgOutbox(database)
    closed = breaker_closed(BreakerKey("acme", "openai", "gpt"), "openai", Opening(5, 0.0, 0.0, id="0"), 12.5)
    async with background(outbox.run()):
        for one in (event(0), event(1), event(0), event(2, "globex"), closed):
            outbox.put(one)

        async def all_there() -> bool:
            return len(await written(pg_dsn)) == 4

        await until(all_there)
    found = [Event.FromString(row["payload"]) for row in await written(pg_dsn)]
    assert {(row["tenant_id"], row["type"]) for row in await written(pg_dsn)} == {
        ("acme", "provider.breaker_opened"),
        ("acme", "provider.breaker_closed"),
        ("globex", "provider.breaker_opened"),
    }
    assert [one.event_id for one in found if one.tenant_id == "acme"] == [
        one.event_id for one in (event(0), event(1), closed)
    ]
    assert found[-2 if found[-1].tenant_id == "globex" else -1].provider_breaker_closed.open_for.seconds == 12


async def test_what_is_left_at_the_stop_is_written(pg_dsn: str, database: Database) -> None:
    outbox = PgOutbox(database)
    job = asyncio.create_task(outbox.run())
    await asyncio.sleep(0)
    outbox.put(event(1))
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)
    assert job.cancelled()
    assert len(await written(pg_dsn)) == 1


async def test_a_lost_postgres_delays_and_a_full_queue_drops(pg_dsn: str) -> None:
    # Nobody listens on port 1.
    async with open_database("postgresql://nobody@127.0.0.1:1/none") as away, open_database(pg_dsn) as back:
        heard = Heard()
        outbox = PgOutbox(away, heard, size=3)
        async with background(outbox.run()):
            for number in range(5):
                outbox.put(event(number))
            await asyncio.sleep(0.3)
            assert heard.decisions == [("event_dropped", "provider.breaker_opened")] * 2
            outbox._database = back  # It is there again.

            async def all_there() -> bool:
                return len(await written(pg_dsn)) == 3

            await until(all_there)


async def test_one_that_cannot_be_written_does_not_hold_up_the_others(pg_dsn: str, database: Database) -> None:
    heard = Heard()
    outbox = PgOutbox(database, heard)
    poison = event(7, "acme")
    poison.type = "nul\0"
    for one in (event(1), poison, event(2)):
        outbox.put(one)
    async with background(outbox.run()):

        async def all_there() -> bool:
            return len(await written(pg_dsn)) == 2

        await until(all_there)
    assert heard.decisions == [("event_dropped", "INVALID_REQUEST")]
