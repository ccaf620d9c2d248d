"""From the usage streams to the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from integration.redis_parts import (
    SHARD,
    TENANT,
    MemoryLedger,
    ask,
    background,
    budget,
    plain,
    record,
    server,
    settle,
    until,
    worker,
    writing,
)
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.stores.redis import usage
from trunkline_server.stores.redis.admission import RedisAdmission
from trunkline_server.stores.redis.client import RedisStore
from trunkline_server.stores.redis.usage import UsageWriter

STREAM = f"{SHARD}:usage"


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    async with server("single", tmp_path) as (found, _):
        yield found[0]


@pytest.fixture
async def redis(url: str) -> AsyncIterator[Any]:
    async with plain(url) as client:
        yield client


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
async def parts(url: str, ledger: MemoryLedger) -> AsyncIterator[tuple[RedisStore, RedisAdmission]]:
    async with worker([url], ledger) as both:
        yield both


async def charge(admission: RedisAdmission, count: int, tenants: int = 1, start: int = 0) -> None:
    """Settle `count` calls of cost 1 for each tenant."""
    limit = budget(10**9)
    asks = [
        ask(f"h{start + number}", 1, limit, tenant=f"{TENANT}{tenant or ''}")
        for number in range(count)
        for tenant in range(tenants)
    ]
    await asyncio.gather(*map(admission.admit, asks))
    # So many at once take a slow cluster longer than a batch may.
    await asyncio.gather(*(settle(admission, one, 1) for one in asks))


@pytest.mark.parametrize("kind", ["single", "cluster"])
async def test_every_charge_reaches_the_ledger_once(kind: str, tmp_path: Path, ledger: MemoryLedger) -> None:
    async with server(kind, tmp_path) as (urls, _), worker(urls, ledger) as (store, admission):
        async with writing(store, ledger), writing(store, ledger):
            await charge(admission, 60, tenants=20)
            await until(lambda: len(ledger.entries) == 1200)
        assert ledger.total == 1200
        one = ledger.entries[f"{TENANT}/h0"]
        assert (one.tenant_id, one.budgets) == (TENANT, [("monthly", "2026-11")])
        for url in urls:
            async with plain(url) as redis:
                streams = [key async for key in redis.scan_iter("*:usage")]
                assert [await redis.xlen(key) for key in streams] == [0] * len(streams)


async def test_nothing_is_lost_while_the_ledger_is_away(
    parts: tuple[RedisStore, RedisAdmission], redis: Any, ledger: MemoryLedger
) -> None:
    store, admission = parts
    await charge(admission, 1)
    ledger.away = True
    async with writing(store, ledger):
        await charge(admission, 30, start=1)
        await asyncio.sleep(0.5)
        assert ledger.entries == {}
        assert await redis.xlen(STREAM) == 31
        ledger.away = False
        await until(lambda: ledger.total == 31)


async def test_a_dead_consumers_entries_are_claimed(
    parts: tuple[RedisStore, RedisAdmission], redis: Any, ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "_STALE_MS", 200)
    monkeypatch.setattr(usage, "_CLAIM_EVERY", 0.1)
    monkeypatch.setattr(usage, "_FORGET_MS", 400)
    store, admission = parts
    stuck = MemoryLedger()
    stuck.away = True
    async with writing(store, stuck):
        await charge(admission, 10)

        async def taken() -> bool:
            return bool(await redis.exists(STREAM)) and any(
                g["pending"] == 10 for g in await redis.xinfo_groups(STREAM)
            )

        await until(taken)
    async with writing(store, ledger):
        await until(lambda: ledger.total == 10)

        async def alone() -> bool:
            return len(await redis.xinfo_consumers(STREAM, "ledger")) == 1

        await until(alone)  # The dead one is forgotten.
    assert await redis.xlen(STREAM) == 0


async def test_writing_again_after_a_crash_between_ledger_and_ack(
    parts: tuple[RedisStore, RedisAdmission], redis: Any, ledger: MemoryLedger
) -> None:
    store, admission = parts
    await charge(admission, 5)
    entries = await redis.xrange(STREAM)
    async with writing(store, ledger):
        await until(lambda: ledger.total == 5)
        for _, fields in entries:  # As a rolled-back stream would show them again, under other ids.
            await redis.xadd(STREAM, fields)
        await until(lambda: ledger.writes >= 2)

        async def empty() -> bool:
            return not await redis.xlen(STREAM)

        await until(empty)
    assert ledger.total == 5


async def test_what_can_never_be_written_is_put_aside(
    parts: tuple[RedisStore, RedisAdmission], redis: Any, ledger: MemoryLedger
) -> None:
    store, admission = parts
    ledger.poison, ledger.refused = f"{TENANT}/h3", TrunklineError(Reason.ERROR_REASON_INVALID_REQUEST, "no")
    await charge(admission, 8)
    await redis.xadd(STREAM, {"t": TENANT, "h": "bad", "s": 1, "b": "\n", "a": "", "r": b"\xff\xff", "e": ""})
    async with writing(store, ledger):
        await until(lambda: ledger.total == 7)

        async def aside() -> bool:
            return bool(await redis.xlen(f"{SHARD}:dead") == 2)

        await until(aside)
    dead = {fields[b"h"]: fields[b"why"] for _, fields in await redis.xrange(f"{SHARD}:dead")}
    assert dead == {b"h3": b"INVALID_REQUEST", b"bad": b"unreadable"}
    assert await redis.xlen(STREAM) == 0


async def test_drain_writes_what_is_there_and_ends_run(
    parts: tuple[RedisStore, RedisAdmission], ledger: MemoryLedger
) -> None:
    store, admission = parts
    writer = UsageWriter(store, ledger)
    async with background(writer.run()) as task:
        await charge(admission, 300)
        assert await writer.drain(Deadline.after(5))
        assert ledger.total == 300
        async with asyncio.timeout(1):
            await task
    ledger.away = True
    await charge(admission, 1, start=300)
    assert not await UsageWriter(store, ledger).drain(Deadline.after(0.2))


async def test_alerts_are_raised_once_per_threshold(
    parts: tuple[RedisStore, RedisAdmission], ledger: MemoryLedger
) -> None:
    store, admission = parts
    limit = budget(1000, thresholds=(0.5, 0.8, 1.0))
    for number, cost in enumerate((499, 1, 250, 49, 1, 300)):  # 499, 500, 750, 799, 800, 1100
        one = ask(f"h{number}", 0, limit)
        await admission.admit(one)
        await admission.settle(one, cost, record(cost))
    async with writing(store, ledger):
        await until(lambda: ledger.total == 1100)
    told = [
        (one.entry, event.cost_budget_alert.threshold, event.cost_budget_alert.current_spend.nanos)
        for one in ledger.entries.values()
        for event in one.events
        if event.type == "cost.budget_alert"
    ]
    assert told == [(f"{TENANT}/h1", 0.5, 500), (f"{TENANT}/h4", 0.8, 800), (f"{TENANT}/h5", 1.0, 1100)]
