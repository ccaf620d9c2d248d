"""Random interleavings against a model: spent + held + free is always the limit."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
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
    server,
    settle,
    until,
    worker,
    writing,
)
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.ports import Ask, BudgetLimit, RateLimit
from trunkline_server.stores.redis.admission import RedisAdmission
from trunkline_server.stores.redis.client import RedisStore


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


@pytest.mark.parametrize("seed", range(6))
async def test_spent_and_held_and_free_is_the_limit_whatever_happens(
    seed: int, volatile: Any, ledger: MemoryLedger
) -> None:
    """Random admissions, settlements, voids, cancels and dying workers, against a model that knows what it was told."""
    pick = random.Random(seed)
    limit, team = budget(400), budget(250, "team")
    async with AsyncExitStack() as stack:
        workers = [await stack.enter_async_context(worker([volatile.url], ledger)) for _ in range(2)]
        open_holds: dict[str, tuple[Ask, RedisAdmission]] = {}
        spent = {limit: 0, team: 0}

        def held(of: BudgetLimit) -> int:
            return sum(one.amount for one, _ in open_holds.values() if of in one.budgets)

        async def step(number: int) -> None:
            admission = pick.choice(workers)[1]
            if open_holds and pick.random() < 0.5:
                one, owner = open_holds.pop(pick.choice(sorted(open_holds)))
                cost = pick.choice((0, one.amount // 2, one.amount))
                for of in one.budgets:
                    spent[of] += cost
                for _ in range(pick.choice((1, 2))):
                    await settle(owner, one, cost)
                return
            budgets = pick.choice(((limit,), (limit, team), (team,)))
            one = ask(f"h{number}", pick.randint(0, 60), *budgets)
            fits = all(spent[of] + held(of) + one.amount <= of.limit for of in budgets)
            task = asyncio.create_task(admission.admit(one))
            if pick.random() < 0.2:
                for _ in range(pick.randint(0, 4)):
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                await settle(admission, one, 0)
                return
            error = (await asyncio.gather(task, return_exceptions=True))[0]
            assert (error is None) == fits, (error, spent, budgets)
            if fits:
                open_holds[one.hold_id] = (one, admission)

        for number in range(120):
            await step(number)
            levels = await workers[0][1].levels(TENANT, [limit, team])
            assert [(one.spent, one.held) for one in levels] == [(spent[of], held(of)) for of in (limit, team)]
            assert all(one.spent + one.held <= one.limit for one in levels)


@pytest.mark.parametrize("seed", range(2))
async def test_nothing_is_overspent_when_redis_dies_in_between(seed: int, redis: Any, ledger: MemoryLedger) -> None:
    """Two workers under load, Redis killed twice: what was settled is charged exactly, never more than the limit."""
    pick, limit, cost = random.Random(seed), budget(3000), 10
    settled, refused = [0], [0]
    async with AsyncExitStack() as stack:
        parts = [await stack.enter_async_context(worker([redis.url], ledger)) for _ in range(2)]
        for store, _ in parts:
            await stack.enter_async_context(writing(store, ledger))

        async def caller(name: str, admission: RedisAdmission, until_time: float) -> None:
            number = 0
            while time.monotonic() < until_time:
                number += 1
                one = ask(f"{name}-{number}", cost, limit)
                try:
                    await admission.admit(one)
                except TrunklineError as error:
                    refused[0] += error.reason_name == "BUDGET_EXCEEDED"
                    await asyncio.sleep(0.02)
                    continue
                await asyncio.sleep(pick.uniform(0, 0.1))
                used = pick.random() < 0.7
                await settle(admission, one, cost if used else 0)
                settled[0] += cost if used else 0

        async def killer() -> None:
            for _ in range(2):
                await asyncio.sleep(pick.uniform(0.2, 0.8))
                await redis.kill()
                await asyncio.sleep(0.1)
                await redis.start()
                await asyncio.sleep(3 * GRACE)

        end = time.monotonic() + 3
        callers = [caller(f"{seed}-{index}", parts[index % 2][1], end) for index in range(16)]
        await asyncio.gather(killer(), *callers)
        await until(lambda: ledger.total == settled[0])
        assert settled[0] <= limit.limit
        assert refused[0], "the limit was never reached"
        assert await level(parts[0][1], limit) == (settled[0], 0)


async def answers(store: RedisStore) -> bool:
    try:
        await store.ping()
    except TrunklineError:
        return False
    return True


class Bucket:
    """What is taken of a limit per minute, as GCRA has it. `taken` is a guess of the server's by a few milliseconds."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute, self.taken, self.at = per_minute, 0.0, time.monotonic()

    def refill(self) -> None:
        now = time.monotonic()
        self.taken = max(0.0, self.taken - (now - self.at) * self.per_minute / 60)
        self.at = now

    def fits(self, units: int) -> bool | None:
        """None when it is too close to tell."""
        self.refill()
        room = max(self.per_minute - units, 0) - self.taken
        return None if abs(room) < self.per_minute / 600 else room > 0


@pytest.mark.parametrize("seed", range(6))
async def test_tokens_and_places_in_flight_are_those_of_the_model(
    seed: int, volatile: Any, ledger: MemoryLedger
) -> None:
    """Random admissions, widenings, settlements told twice, cancels and losses of everything."""
    pick = random.Random(seed)
    own, other = RateLimit("key/k", tokens_per_minute=600, max_concurrent=3), RateLimit("model/a/b", max_concurrent=2)
    bucket, open_holds = Bucket(600), dict[str, tuple[Ask, RedisAdmission]]()
    async with AsyncExitStack() as stack:
        workers = [await stack.enter_async_context(worker([volatile.url], ledger)) for _ in range(2)]
        client = await stack.enter_async_context(plain(volatile.url))

        def flying(rate: RateLimit) -> set[str]:
            return {hold for hold, (one, _) in open_holds.items() if rate in one.rates}

        async def in_flight(rate: RateLimit) -> set[str]:
            found = await client.zrange(f"{SHARD}:flight:{TENANT}/{rate.subject}", 0, -1)
            return {member.decode().rpartition("/")[2] for member in found}

        async def agrees() -> bool:
            return all([await in_flight(rate) == flying(rate) for rate in (own, other)])

        async def lose_everything() -> None:
            await volatile.kill()
            await volatile.start()
            await client.connection_pool.disconnect()
            for store, _ in workers:
                await until(lambda store=store: answers(store))
            await until(agrees)
            bucket.taken = 0.0

        async def end() -> None:
            one, owner = open_holds.pop(pick.choice(sorted(open_holds)))
            used = pick.choice((0, one.tokens, 2 * one.tokens))
            bucket.refill()
            more = bucket.taken + used - one.tokens
            bucket.taken = max(0.0, more if used <= one.tokens else min(more, max(bucket.taken, bucket.per_minute)))
            for _ in range(pick.choice((1, 2))):
                await owner.settle(one, 0, b"", used)

        async def widen() -> None:
            hold = pick.choice(sorted(open_holds))
            one, owner = open_holds[hold]
            if other in one.rates:
                return
            fits = len(flying(other)) < 2
            error = (await asyncio.gather(owner.widen(one, (other,)), return_exceptions=True))[0]
            assert (error is None) == fits, error
            if fits:
                open_holds[hold] = (replace(one, rates=(*one.rates, other)), owner)

        async def begin(number: int) -> None:
            admission = pick.choice(workers)[1]
            one = replace(ask(f"h{number}", 0, rates=(own,)), tokens=pick.choice((10, 100, 250, 900)))
            room, fits = len(flying(own)) < 3, bucket.fits(one.tokens)
            task = asyncio.create_task(admission.admit(one))
            if not (room and fits) and pick.random() < 0.3:
                await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                await admission.settle(one, 0, b"")
                return
            error = (await asyncio.gather(task, return_exceptions=True))[0]
            assert not room or fits is None or (error is None) == fits, (error, bucket.taken, one.tokens)
            assert room or error is not None
            if error is None:
                bucket.taken += one.tokens
                open_holds[one.hold_id] = (one, admission)

        for number in range(120):
            step = pick.random()
            if step < 0.02:
                await lose_everything()
            elif open_holds and step < 0.45:
                await end()
            elif open_holds and step < 0.6:
                await widen()
            else:
                await begin(number)
            assert await agrees()
            await asyncio.sleep(0.005)
        while open_holds:
            await end()
        assert await agrees()
