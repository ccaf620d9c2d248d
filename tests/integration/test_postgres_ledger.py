"""The ledger: every charge once, all of a batch or nothing, in its month."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from integration.postgres_parts import make_key, make_tenants, refused, settled, superuser
from trunkline.v1.analytics_pb2 import RecordedRequest
from trunkline.v1.event_pb2 import Event
from trunkline_server.embedded import embedded_postgres
from trunkline_server.stores.postgres import Database, PgLedger, migrate, open_database

TABLES = ("ledger", "request_log", "budget_charges", "outbox")
WINDOW = ("b", "2026-11")


async def counts(dsn: str) -> dict[str, int]:
    async with superuser(dsn) as connection:
        return {name: await connection.fetchval(f"SELECT count(*) FROM trunkline.{name}") for name in TABLES}


async def rows(dsn: str, sql: str) -> list[Any]:
    async with superuser(dsn) as connection:
        return list(await connection.fetch(sql))


def on(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def month(ahead: int) -> datetime:
    """Noon of the first day of the month, `ahead` months from now."""
    index = datetime.now(UTC).year * 12 + datetime.now(UTC).month - 1 + ahead
    return datetime(index // 12, index % 12 + 1, 1, 12, tzinfo=UTC)


async def test_what_is_written(database: Database, pg_dsn: str) -> None:
    await make_tenants(database, "acme")
    key_id, _ = await make_key(database, team_id="red")
    one = settled("e1", nano_usd=7, budgets=[WINDOW, ("day", "2026-11-21")], key_id=key_id)
    await PgLedger(database).write([one])
    (entry,) = await rows(pg_dsn, "SELECT * FROM trunkline.ledger")
    expected = {"nano_usd": 7, "input_tokens": 10, "output_tokens": 0, "reasoning_tokens": None, "model": "gpt-4o"}
    expected |= {"agent_id": "agent-1", "workflow_id": "flow-1", "user_id": "user-1", "key_id": key_id}
    expected |= {"team_id": "red", "price_version": "prices/1", "provider": "openai", "integration_id": "openai"}
    assert {name: entry[name] for name in expected} == expected
    assert json.loads(entry["budgets"]) == [["b", "2026-11"], ["day", "2026-11-21"]]
    (log,) = await rows(pg_dsn, "SELECT * FROM trunkline.request_log")
    assert RecordedRequest.FromString(log["record"]) == one.record and log["method"] == one.record.method
    (event,) = await rows(pg_dsn, "SELECT * FROM trunkline.outbox")
    assert Event.FromString(event["payload"]) == one.events[0] and event["published_at"] is None


async def test_each_entry_counts_once(database: Database, pg_dsn: str) -> None:
    ledger = PgLedger(database)
    one, two = settled("e1", nano_usd=5), settled("e2", nano_usd=8)
    for batch in ([one, one], [one], [one, two, two], [two], []):
        await ledger.write(batch)
    assert await ledger.spent("acme", [WINDOW, ("none", "x")]) == {WINDOW: 13, ("none", "x"): 0}
    assert await ledger.spent("other", [WINDOW]) == {WINDOW: 0}
    assert await ledger.spent("acme", []) == {}
    assert await counts(pg_dsn) == {"ledger": 2, "request_log": 2, "budget_charges": 1, "outbox": 2}


async def test_tenants_share_a_batch_and_entry_names(database: Database) -> None:
    ledger = PgLedger(database)
    await ledger.write([settled("e1", "beta", 1), settled("e1", "acme", 2), settled("e2", "beta", 4)])
    assert await ledger.spent("acme", [WINDOW]) == {WINDOW: 2}
    assert await ledger.spent("beta", [WINDOW]) == {WINDOW: 5}


@pytest.mark.parametrize("bad", [-1, -(2**63)])
async def test_all_or_nothing(database: Database, pg_dsn: str, bad: int) -> None:
    """The last tenant's last record is refused, after the others were written."""
    ledger = PgLedger(database)
    good = [settled("e1"), settled("e1", "beta"), settled("e2", "zeta")]
    async with refused("INVALID_REQUEST"):
        await ledger.write([*good, settled("e3", "zeta", nano_usd=bad)])
    assert set((await counts(pg_dsn)).values()) == {0}
    await ledger.write(good)
    assert (await counts(pg_dsn))["ledger"] == 3


async def test_sums_beyond_one_column_are_refused_and_change_nothing(database: Database) -> None:
    ledger = PgLedger(database)
    await ledger.write([settled("e1", nano_usd=2**63 - 1)])
    async with refused("INVALID_REQUEST"):
        await ledger.write([settled("e2", nano_usd=1)])
    assert await ledger.spent("acme", [WINDOW]) == {WINDOW: 2**63 - 1}


async def test_a_nul_does_not_stop_a_charge(database: Database) -> None:
    one = settled("e1", nano_usd=5)
    one.record.model = "gpt\x00-4o"
    await PgLedger(database).write([one])
    assert await PgLedger(database).spent("acme", [WINDOW]) == {WINDOW: 5}


async def test_writers_of_the_same_and_of_crossing_batches(pg_dsn: str) -> None:
    """Each of four writers gets every record, in another order of tenants: no deadlock, nothing twice."""
    everything = [settled(f"e{number}", f"t{number % 3}", 1) for number in range(60)]
    async with open_database(pg_dsn) as one, open_database(pg_dsn) as two:
        ledgers = [PgLedger(one), PgLedger(two)]
        batches = [everything[start::step] for step in (1, 2, 3, -1) for start in range(abs(step))]
        await asyncio.gather(*(ledgers[number % 2].write(batch) for number, batch in enumerate(batches)))
        for tenant in ("t0", "t1", "t2"):
            assert await ledgers[0].spent(tenant, [WINDOW]) == {WINDOW: 20}
    assert await counts(pg_dsn) == {"ledger": 60, "request_log": 60, "budget_charges": 3, "outbox": 60}


async def test_whoever_reads_the_outbox_from_a_cursor_on_misses_nothing(pg_dsn: str) -> None:
    """While one writer has taken a cursor of the tenant and not committed, no other may commit a larger one."""
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    async with open_database(pg_dsn) as database, superuser(pg_dsn) as holder:
        ledger = PgLedger(database)
        await holder.execute("SELECT pg_advisory_lock(hashtextextended('trunkline.ledger/zeta', 0))")
        # Stops at zeta, after acme's event has its cursor.
        first = asyncio.create_task(ledger.write([settled("e1", "acme", budgets=()), settled("e2", "zeta")]))
        async with asyncio.timeout(10):
            while await holder.fetchval(waiting) < 1:
                await asyncio.sleep(0.01)
        second = asyncio.create_task(ledger.write([settled("e3", "acme", budgets=())]))
        async with asyncio.timeout(10):
            while await holder.fetchval(waiting) < 2:
                assert not second.done(), "the later event can be read before the earlier one"
                await asyncio.sleep(0.01)
        await holder.execute("SELECT pg_advisory_unlock_all()")
        await asyncio.gather(first, second)
    events = await rows(pg_dsn, "SELECT event_id FROM trunkline.outbox WHERE tenant_id = 'acme' ORDER BY cursor")
    assert [row["event_id"] for row in events] == ["event-e1", "event-e3"]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), max_size=6), max_size=6))
def test_charges_equal_the_ledger(pg_dsn: str, batches: list[list[tuple[int, int]]]) -> None:
    """Whatever is delivered how often: a budget was charged what the ledger says, each entry once."""

    run = uuid4()  # The examples share a database.

    async def play() -> None:
        async with open_database(pg_dsn) as database:
            ledger = PgLedger(database)
            at = on(datetime.now(UTC))
            for batch in batches:
                await ledger.write([settled(f"{run}/{n}", f"t{t}-{run}", n + 1, [WINDOW], at) for n, t in batch])
            for tenant in range(3):
                once = {n for batch in batches for n, t in batch if t == tenant}
                expected = {WINDOW: sum(n + 1 for n in once)}
                assert await ledger.spent(f"t{tenant}-{run}", [WINDOW]) == expected

    asyncio.run(play())


async def test_each_month_has_its_partition_and_nothing_is_lost(database: Database, pg_dsn: str) -> None:
    ledger = PgLedger(database)
    times = [month(0), month(2), month(3), month(4), month(-1), datetime(1970, 1, 1, tzinfo=UTC)]
    await ledger.write([settled(f"e{number}", at=on(at)) for number, at in enumerate(times)])
    names = [f"ledger_{month(ahead):%Y_%m}" for ahead in (0, 2)] + ["ledger_default"] * 4
    found = await rows(pg_dsn, "SELECT tableoid::regclass::text AS name FROM trunkline.ledger ORDER BY entry")
    assert [row["name"].removeprefix("trunkline.") for row in found] == names

    # What waited in the default partition moves into its month.
    assert len(await ledger.create_partitions(3)) == 2
    names[2] = f"ledger_{month(3):%Y_%m}"
    found = await rows(pg_dsn, "SELECT tableoid::regclass::text AS name FROM trunkline.ledger ORDER BY entry")
    assert [row["name"].removeprefix("trunkline.") for row in found] == names
    assert await ledger.create_partitions(3) == []
    await ledger.write([settled("e2", at=on(times[2])), settled("e4", at=on(times[4]))])
    assert await ledger.spent("acme", [WINDOW]) == {WINDOW: 30}
    async with refused("INVALID_REQUEST"):
        await ledger.create_partitions(25)


@pytest.mark.parametrize("edge", [timedelta(0), timedelta(microseconds=-1)])
async def test_the_edge_of_a_month_is_utc(database: Database, pg_dsn: str, edge: timedelta) -> None:
    moment = month(1).replace(hour=0) + edge
    await PgLedger(database).write([settled("e", at=on(moment))])
    (row,) = await rows(pg_dsn, "SELECT tableoid::regclass::text AS name, create_time FROM trunkline.ledger")
    assert row["name"] == f"trunkline.ledger_{moment:%Y_%m}" and row["create_time"] == moment


async def test_partitions_are_made_while_others_make_them_and_write(pg_dsn: str) -> None:
    async with open_database(pg_dsn) as one, open_database(pg_dsn) as two:
        ledgers = [PgLedger(one), PgLedger(two)]
        makers = [ledgers[number % 2].create_partitions(6) for number in range(6)]
        writers = [ledgers[n % 2].write([settled(f"e{n}", at=on(month(n % 8)))]) for n in range(40)]
        made = await asyncio.gather(*makers, *writers)
        assert sorted(len(names) for names in made[:6] if names is not None) == [0] * 5 + [8]
        assert await ledgers[0].spent("acme", [WINDOW]) == {WINDOW: 200}
    assert (await counts(pg_dsn))["ledger"] == 40


async def test_a_server_that_is_killed_loses_no_acknowledged_charge(tmp_path: Any) -> None:
    async with embedded_postgres(tmp_path / "data", durable=False) as server:
        await migrate(server.dsn)
        async with open_database(server.dsn) as database:
            ledger, enough = PgLedger(database), asyncio.Event()
            written: list[int] = []

            async def write() -> None:
                for number in range(10_000):
                    await ledger.write([settled(f"e{number}", nano_usd=1)])
                    written.append(number)
                    if number == 20:
                        enough.set()

            task = asyncio.create_task(write())
            await enough.wait()
            await server.kill()
            async with refused("STORE_UNAVAILABLE", store="postgres"):
                await task
            async with refused("STORE_UNAVAILABLE"):
                await database.ping()
            await server.start()
            # The one in flight may or may not have been committed; writing it again settles that.
            await ledger.write([settled(f"e{len(written)}", nano_usd=1)])
            assert await ledger.spent("acme", [WINDOW]) in ({WINDOW: len(written) + 1}, {WINDOW: len(written) + 2})
