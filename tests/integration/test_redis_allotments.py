"""Allotments against real Redis: calls that do not ask it are counted as exactly as those that do."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
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
    connect,
    record,
    server,
    until,
    writing,
)
from redis.asyncio import Redis
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.ports import Ask, BudgetLevel, BudgetLimit, RateLimit
from trunkline_server.stores.redis.admission import RedisAdmission, Settlement, Taken
from trunkline_server.stores.redis.allotments import Allotments

# Calls that make a budget a busy one, and so many at once as a worker has in flight.
BUSY, WIDTH = 30, 16


class Watched(RedisAdmission):
    """Counts who is asked about."""

    asked = 0

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # How many calls each settlement was for.
        self.settlements: list[int] = []

    async def admit(self, ask: Ask) -> Sequence[BudgetLevel]:
        self.asked += 1
        return await super().admit(ask)

    async def settle_together(
        self, ask: Ask, taken: Taken, calls: Sequence[Settlement], tokens: int = 0
    ) -> Sequence[BudgetLevel]:
        self.settlements.append(len(calls))
        return await super().settle_together(ask, taken, calls, tokens)


@asynccontextmanager
async def worker(
    url: str, ledger: MemoryLedger, *, lease: float = 60.0, tend: bool = True
) -> AsyncIterator[tuple[Allotments, Watched]]:
    async with connect([url], grace=0.2) as store:
        redis = Watched(store, ledger, lease=lease)
        admission = Allotments(redis)
        async with writing(store, ledger), background(admission.run() if tend else asyncio.sleep(3600)):
            yield admission, redis


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    async with server("single", tmp_path) as (found, _):
        yield found[0]


async def call(admission: Allotments, hold: str, amount: int, spent: int, limit: BudgetLimit) -> None:
    asked = ask(hold, amount, limit)
    await admission.admit(asked)
    await admission.settle(asked, spent, record(spent) if spent else b"")


async def warm(admission: Allotments, limit: BudgetLimit, amount: int = 10) -> int:
    """Many calls, each of which spends all that it holds; returns what they spent."""
    for number in range(BUSY):
        await call(admission, f"warm-{id(admission)}-{number}", amount, amount, limit)
    return BUSY * amount


async def level(admission: Allotments, limit: BudgetLimit) -> tuple[int, int]:
    (found,) = await admission.levels(TENANT, [limit])
    return found.spent, found.held


async def test_a_busy_budget_is_asked_about_seldom(url: str) -> None:
    limit = budget(1_000_000_000)
    async with worker(url, MemoryLedger()) as (admission, redis):
        spent = await warm(admission, limit)
        assert 0 < redis.asked <= BUSY
        redis.asked = 0
        for number in range(200):
            await call(admission, f"h{number}", 10, 7, limit)
        assert redis.asked < 20
        found, held = await level(admission, limit)
        assert found == spent + 1400
        assert held > 0

        async def idle() -> bool:
            return await level(admission, limit) == (spent + 1400, 0)

        await until(idle)


async def test_calls_that_end_together_are_settled_together_and_each_once(url: str) -> None:
    limit, ledger = budget(1_000_000, thresholds=(0.0005,)), MemoryLedger()
    async with worker(url, ledger) as (admission, redis):
        spent = await warm(admission, limit)
        await asyncio.sleep(0.1)
        asks = [ask(f"t{number}", 20, limit) for number in range(WIDTH)]
        for one in asks:
            await admission.admit(one)
        redis.settlements.clear()
        # Twice: the second one, as after a caller that left, changes nothing.
        await asyncio.gather(*(admission.settle(one, 20, record(20, one.hold_id)) for one in (*asks, *asks)))
        assert len(redis.settlements) < WIDTH
        assert max(redis.settlements) > 1
        total = spent + 20 * WIDTH
        assert spent < 500 < total
        assert (await level(admission, limit))[0] == total
        await until(lambda: len(ledger.entries) == BUSY + WIDTH)
        assert ledger.total == total
        alerts = [event for entry in ledger.entries.values() for event in entry.events]
        assert [event.type for event in alerts] == ["cost.budget_alert"]
        assert alerts[0].cost_budget_alert.budget_id == "monthly"


async def test_a_quiet_budget_and_calls_under_rates_always_ask(url: str) -> None:
    limit, rates = budget(1_000_000_000), (RateLimit("key/k", 1_000_000),)
    async with worker(url, MemoryLedger()) as (admission, redis):
        for number in range(10):
            await call(admission, f"q{number}", 10, 10, limit)
        assert redis.asked == 10
        for number in range(3 * BUSY):
            asked = ask(f"r{number}", 10, limit, rates=rates)
            await admission.admit(asked)
            await admission.settle(asked, 10, record(10))
        assert redis.asked == 10 + 3 * BUSY
        assert await level(admission, limit) == (100 + 30 * BUSY, 0)


async def test_what_is_spent_adds_up_over_workers(url: str) -> None:
    ledger, limit, chance = MemoryLedger(), budget(1_000_000_000), random.Random(4)
    async with worker(url, ledger) as (one, _), worker(url, ledger) as (two, _):
        jobs = [(number, chance.randint(1, 900), chance.random()) for number in range(1200)]
        total = 0

        async def some(part: list[tuple[int, int, float]]) -> None:
            nonlocal total
            for number, amount, share in part:
                spent = round(amount * share) if share > 0.1 else 0
                await call((one, two)[number % 2], f"h{number}", amount, spent, limit)
                total += spent

        await asyncio.gather(*(some(jobs[start::WIDTH]) for start in range(WIDTH)))

        async def quiet() -> bool:
            return await level(one, limit) == (total, 0)

        await until(quiet)


async def test_a_hard_limit_is_never_exceeded_and_used_to_the_end(url: str) -> None:
    ledger, limit = MemoryLedger(), budget(100_000)
    async with worker(url, ledger) as (one, asked), worker(url, ledger) as (two, _):
        spent = 0
        first_refusal: int | None = None

        async def caller(number: int) -> None:
            nonlocal spent, first_refusal
            admission, made = (one, two)[number % 2], 0
            while True:
                try:
                    await call(admission, f"c{number}-{made}", 10, 10, limit)
                except TrunklineError as error:
                    assert error.reason_name == "BUDGET_EXCEEDED"
                    first_refusal = spent if first_refusal is None else first_refusal
                    return
                made, spent = made + 1, spent + 10

        await asyncio.gather(*(caller(number) for number in range(WIDTH)))
        assert asked.asked < 9_000 / 2  # Most of its calls did not ask.
        assert first_refusal is not None
        assert first_refusal >= 97_000
        # Those who are refused give back what they had free: the last ones find it.
        for number, admission in enumerate((one, two, one, two)):
            await caller(2 * WIDTH + 2 * number + (admission is two))
        assert await level(one, limit) == (100_000, 0)
        assert spent == 100_000


async def test_a_killed_workers_allotment_ends_with_its_lease(url: str) -> None:
    ledger, limit = MemoryLedger(), budget(1_000_000)
    async with worker(url, ledger) as (living, _):
        async with worker(url, ledger, lease=0.5, tend=False) as (dead, _):
            spent = await warm(dead, limit)
            await asyncio.sleep(0.1)
            assert (await level(living, limit))[1] > 0
            # Its lease is not renewed: what it has free is not to be had, for Redis may have given it to others.
            await asyncio.sleep(0.6)
            asked = ask("late", 10, limit)
            await dead.admit(asked)
            await dead.settle(asked, 0, b"")

        async def released() -> bool:
            return await level(living, limit) == (spent, 0)

        await until(released)


async def test_an_allotment_survives_the_loss_of_redis_data(url: str) -> None:
    ledger, limit = MemoryLedger(), budget(1_000_000)
    async with worker(url, ledger) as (admission, _), Redis.from_url(url) as redis:
        spent = await warm(admission, limit)
        open_call = ask("open", 10, limit)
        await asyncio.sleep(0.1)
        await admission.admit(open_call)
        _, held = await level(admission, limit)
        assert held > 0
        await redis.flushall()

        async def told() -> bool:
            try:
                return await level(admission, limit) == (spent, held)
            except TrunklineError:
                return False  # The counter is made anew once the ledger has everything.

        await until(told)
        await admission.settle(open_call, 5, record(5))
        assert await level(admission, limit) == (spent + 5, held - 5)


async def test_an_allotment_whose_growth_was_lost_is_told_as_it_is(url: str) -> None:
    """As after a restart with an append-only file that lacks the last second."""
    ledger, limit = MemoryLedger(), budget(1_000_000)
    async with worker(url, ledger) as (admission, _), Redis.from_url(url) as redis:
        await warm(admission, limit)
        await asyncio.sleep(0.1)
        spent, held = await level(admission, limit)
        ((name, value),) = (await redis.hgetall(f"{SHARD}:holds")).items()
        amount, _, names = value.decode().partition("\n")
        assert int(amount) == held > 1
        await redis.hset(f"{SHARD}:holds", name, f"1\n{names}")
        await redis.delete(f"{SHARD}:epoch")

        async def told() -> bool:
            with suppress(TrunklineError):
                await admission.levels(TENANT, [limit])
            return await redis.hget(f"{SHARD}:holds", name) == value

        await until(told)
        await until(lambda: _answers(admission, limit))
        assert await level(admission, limit) == (spent, held)


async def test_without_redis_nobody_is_admitted_for_long(tmp_path: Path) -> None:
    limit = budget(1_000_000)
    async with server("single", tmp_path) as (urls, one), worker(urls[0], MemoryLedger()) as (admission, _):
        spent = await warm(admission, limit)
        await asyncio.sleep(0.1)
        await one.kill()
        charged = ask("a", 10, limit)
        with pytest.raises(TrunklineError):
            await admission.admit(charged)
            await admission.settle(charged, 10, record(10))
        with pytest.raises(TrunklineError) as caught:
            await admission.admit(ask("b", 10, limit))
        assert caught.value.reason_name == "STORE_UNAVAILABLE"
        # Long enough to be given back, which goes on when Redis is there again.
        await asyncio.sleep(1.5)
        await one.start()
        await until(lambda: _answers(admission, limit))
        await admission.settle(charged, 10, record(10))

        async def idle() -> bool:
            return await level(admission, limit) == (spent + 10, 0)

        await until(idle)


async def _answers(admission: Allotments, limit: BudgetLimit) -> bool:
    with suppress(TrunklineError):
        await admission.levels(TENANT, [limit])
        return True
    return False
