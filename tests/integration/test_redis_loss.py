"""Redis killed, emptied, rolled back; counters that go missing."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from integration.redis_parts import (
    GRACE,
    SHARD,
    TENANT,
    MemoryLedger,
    ask,
    budget,
    level,
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
from trunkline_server.domain.ports import Admission, Ask, BudgetLimit
from trunkline_server.stores.redis import continuity
from trunkline_server.stores.redis.client import connect
from trunkline_server.stores.redis.usage import UsageWriter

KEY = f"{SHARD}:budget:{TENANT}/monthly/2026-11"


@pytest.fixture(params=[True, False], ids=["append-only", "volatile"])
async def redis(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    async with server("single", tmp_path, durable=request.param) as (_, found):
        yield found


@pytest.fixture
async def volatile(tmp_path: Path) -> AsyncIterator[Any]:
    async with server("single", tmp_path, durable=False) as (_, found):
        yield found


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


async def test_a_dead_redis_is_a_typed_error_at_once_and_recovers(redis: Any, ledger: MemoryLedger) -> None:
    limit = budget(1000)
    async with worker([redis.url], ledger) as (store, admission), writing(store, ledger):
        await admission.admit(ask("flying", 100, limit))
        await admission.admit(ask("spent", 50, limit))
        await admission.settle(ask("spent", 50, limit), 40, record(40))
        await until(lambda: ledger.total == 40)
        await redis.kill()
        for _ in range(3):
            async with asyncio.timeout(1):
                with pytest.raises(TrunklineError) as caught:
                    await admission.admit(ask("x", 1, limit))
            assert caught.value.reason == Reason.ERROR_REASON_STORE_UNAVAILABLE
            assert caught.value.retry_after
        charged = asyncio.create_task(settle(admission, ask("flying", 100, limit), 70))
        await redis.start()
        await charged
        await until(lambda: ledger.total == 110)
        assert await level(admission, limit) == (110, 0)
        await admission.admit(ask("y", 890, limit))
        with pytest.raises(TrunklineError, match="no room"):
            await admission.admit(ask("z", 1, limit))


async def test_a_redis_that_hangs_is_known_within_a_second(volatile: Any, ledger: MemoryLedger) -> None:
    limit = budget(1000)
    async with worker([volatile.url], ledger) as (_, admission):
        await admission.admit(ask("flying", 100, limit))
        os.kill(volatile.pid, signal.SIGSTOP)
        try:
            for turn in range(3):
                began = time.monotonic()
                answers = await asyncio.gather(
                    *(admission.admit(ask(f"h{turn}-{number}", 1, limit)) for number in range(200)),
                    return_exceptions=True,
                )
                assert time.monotonic() - began < 1.5  # A second, and what a busy machine takes.
                assert {getattr(answer, "reason_name", "") for answer in answers} == {"STORE_UNAVAILABLE"}
        finally:
            os.kill(volatile.pid, signal.SIGCONT)
        # What was sent before it hung may have been carried out: voids release it.
        for name in [f"h{turn}-{number}" for turn in range(3) for number in range(200)]:
            await settle(admission, ask(name, 1, limit), 0)
        assert await level(admission, limit) == (0, 100)


async def admitted(admission: Admission, one: Ask) -> None:
    """As a caller does: again while Redis is not found to be back."""
    async with asyncio.timeout(10):
        while True:
            try:
                return await admission.admit(one)
            except TrunklineError as error:
                if error.reason != Reason.ERROR_REASON_STORE_UNAVAILABLE:
                    raise
            await asyncio.sleep(0.02)


async def test_every_workers_holds_count_before_anything_is_admitted(redis: Any, ledger: MemoryLedger) -> None:
    limit = budget(100)
    async with worker([redis.url], ledger) as (_, one), worker([redis.url], ledger) as (_, two):
        await one.admit(ask("a", 60, limit))
        await two.admit(ask("b", 30, limit))
        await redis.kill()
        await redis.start()
        # `two` is idle: its watching task tells its hold within the grace.
        with pytest.raises(TrunklineError) as caught:
            await admitted(one, ask("c", 20, limit))
        assert (caught.value.metadata["held"], caught.value.metadata["asked"]) == ("90", "20")
        await one.admit(ask("d", 10, limit))
        await settle(two, ask("b", 30, limit), 30)
        assert await level(one, limit) == (30, 70)


@pytest.mark.parametrize("away", [0.0, 1.0], ids=["at once", "long after"])
async def test_settlements_of_the_last_seconds_survive_the_loss_of_everything(
    volatile: Any, ledger: MemoryLedger, away: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    if away:
        # It counts when Redis was lost, and not how long it stayed away.
        monkeypatch.setattr(continuity, "RECENT_SECONDS", away / 2)
    limit = budget(1000)
    async with worker([volatile.url], ledger) as (store, admission):
        asks = [ask(f"h{number}", 10, limit) for number in range(20)]
        for one in asks:
            await admission.admit(one)
        for one in asks[:10]:
            await settle(admission, one, 7)
        async with writing(store, ledger):
            await until(lambda: ledger.total == 70)
        for one in asks[10:]:
            await settle(admission, one, 5)  # No consumer had these when Redis went.
        await volatile.kill()
        await asyncio.sleep(away)
        await volatile.start()
        async with writing(store, ledger):
            assert await level(admission, limit) == (120, 0)
            await until(lambda: ledger.total == 120)
        assert await level(admission, limit) == (120, 0)


async def test_flushed_data_without_a_restart(volatile: Any, ledger: MemoryLedger) -> None:
    limit = budget(100)
    async with worker([volatile.url], ledger) as (_, admission), plain(volatile.url) as redis:
        await admission.admit(ask("a", 60, limit))
        await redis.flushall()
        assert await level(admission, limit) == (0, 60)


async def test_a_lost_counter_is_rebuilt_exactly(volatile: Any, ledger: MemoryLedger) -> None:
    limit = budget(1000)
    async with worker([volatile.url], ledger) as (store, admission), plain(volatile.url) as redis:
        for number in range(6):
            one = ask(f"h{number}", 10, limit)
            await admission.admit(one)
            if number < 4:
                await admission.settle(one, 3, record(3))
            if number == 1:
                async with writing(store, ledger):
                    await until(lambda: ledger.total == 6)
        for _ in range(2):  # Two charges are in the ledger, two in the stream, two held.
            await redis.delete(KEY)
            assert await level(admission, limit) == (12, 20)


async def charged(admission: Admission, limit: BudgetLimit, count: int) -> None:
    for number in range(count):
        one = ask(f"h{number}", 1, limit)
        await admission.admit(one)
        await settle(admission, one, 1)


async def test_seeding_waits_for_what_is_being_written(volatile: Any, ledger: MemoryLedger) -> None:
    limit, commit = budget(1000), asyncio.Event()
    ledger.before_write = commit.wait
    async with worker([volatile.url], ledger) as (store, admission), plain(volatile.url) as redis:
        await charged(admission, limit, 5)
        async with writing(store, ledger):

            async def taken() -> bool:
                return any(group["pending"] == 5 for group in await redis.xinfo_groups(f"{SHARD}:usage"))

            await until(taken)
            await redis.delete(KEY)
            asked = asyncio.create_task(level(admission, limit))
            await asyncio.sleep(0.3)
            assert not asked.done()
            commit.set()
            assert await asked == (5, 0)


@pytest.mark.parametrize("pause", ["kept", "lost"])
async def test_usage_written_while_the_ledger_is_read_counts_once(
    pause: str, volatile: Any, ledger: MemoryLedger
) -> None:
    limit = budget(1000)
    async with worker([volatile.url], ledger) as (store, admission), plain(volatile.url) as redis:
        await charged(admission, limit, 5)
        written: list[int] = []

        async def consume() -> None:
            if pause == "lost":
                await redis.delete(f"{SHARD}:pause")
            assert await UsageWriter(store, ledger).drain(Deadline.after(2))
            written.append(ledger.total)

        ledger.after_read = consume
        await redis.delete(KEY)
        assert await level(admission, limit) == (5, 0)
        # A pause holds the consumer off; where it ran out the ledger is read once more.
        assert written == ([0] if pause == "kept" else [5, 5])
        assert not await redis.exists(f"{SHARD}:pause")


async def test_seeding_waits_for_repeated_settlements(volatile: Any, ledger: MemoryLedger) -> None:
    limit = budget(1000)
    async with worker([volatile.url], ledger) as (store, admission):
        await charged(admission, limit, 5)
        async with writing(store, ledger):
            await until(lambda: ledger.total == 5)
        await volatile.kill()
        await volatile.start()
        # They are in the stream again, and in the ledger: only a consumer can tell.
        reads = ledger.reads
        asked = asyncio.create_task(level(admission, limit))
        await asyncio.sleep(2 * GRACE)
        assert not asked.done()
        assert ledger.reads == reads, "the ledger is asked in vain"
        async with writing(store, ledger):
            assert await asked == (5, 0)


async def test_counters_go_missing_under_load(volatile: Any, ledger: MemoryLedger) -> None:
    limit = budget(10_000)
    async with (
        worker([volatile.url], ledger) as (store, admission),
        plain(volatile.url) as redis,
        writing(store, ledger),
        writing(store, ledger),
    ):
        for number in range(150):
            one = ask(f"h{number}", 1, limit)
            await admission.admit(one)
            await admission.settle(one, 1, record(1))
            if number % 5 == 0:
                await redis.delete(KEY)
                assert await level(admission, limit) == (number + 1, 0)


async def test_many_callers_of_a_new_budget_read_the_ledger_once(volatile: Any, ledger: MemoryLedger) -> None:
    limit = budget(1000)
    async with worker([volatile.url], ledger) as (_, admission):
        await asyncio.gather(*(admission.admit(ask(f"h{number}", 1, limit)) for number in range(200)))
        assert ledger.reads == 1
        assert await level(admission, limit) == (0, 200)


async def test_without_a_ledger_nothing_new_is_admitted_under_a_budget(volatile: Any, ledger: MemoryLedger) -> None:
    async with worker([volatile.url], ledger) as (_, admission):
        await admission.admit(ask("a", 1, budget(10, "known")))
        ledger.away = True
        await admission.admit(ask("b", 1, budget(10, "known")))
        with pytest.raises(TrunklineError) as caught:
            await admission.admit(ask("c", 1, budget(10, "new")))
        assert caught.value.metadata == {"store": "postgres"}
        ledger.away = False
        await admission.admit(ask("c", 1, budget(10, "new")))


async def test_a_leaving_caller_does_not_end_the_seeding_of_others(volatile: Any, ledger: MemoryLedger) -> None:
    slow = asyncio.Event()
    ledger.after_read = slow.wait
    async with worker([volatile.url], ledger) as (_, admission):
        first, second = (asyncio.create_task(admission.admit(ask(name, 1, budget(10)))) for name in "ab")
        await until(lambda: ledger.reads == 1)
        first.cancel()
        slow.set()
        await second
        assert first.cancelled()


async def test_a_cluster_node_that_dies_fails_typed_and_comes_back(tmp_path: Path, ledger: MemoryLedger) -> None:
    limit = budget(100)
    async with (
        server("cluster", tmp_path) as (urls, cluster),
        worker(urls, ledger) as (store, admission),
        writing(store, ledger),
    ):
        await admission.admit(ask("a", 60, limit))
        home = await _home(cluster)
        await home.kill()
        with pytest.raises(TrunklineError) as caught:
            await admission.admit(ask("b", 10, limit))
        assert caught.value.reason == Reason.ERROR_REASON_STORE_UNAVAILABLE
        await home.start()

        async def back() -> bool:
            try:
                return await level(admission, limit) == (0, 60)
            except TrunklineError:
                return False

        await until(back, 20)
        with pytest.raises(TrunklineError, match="no room"):
            await admission.admit(ask("c", 41, limit))


async def _home(cluster: Any) -> Any:
    """The node that holds the tests' shard."""
    for node in cluster.nodes:
        async with plain(node.url) as redis:
            if await redis.dbsize() and [key async for key in redis.scan_iter(f"{SHARD}:*")]:
                return node
    raise AssertionError("no node holds the shard")


async def test_a_closed_store_answers_at_once(volatile: Any) -> None:
    async with connect([volatile.url], grace=0) as store:
        pass
    async with asyncio.timeout(1):
        with pytest.raises(TrunklineError) as caught:
            await store.run("announce", SHARD, "c", "m")
    assert caught.value.reason == Reason.ERROR_REASON_STORE_UNAVAILABLE
