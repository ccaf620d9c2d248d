"""Random interleavings against a model: spent + held + free is always the limit."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from integration.redis_parts import (
    GRACE,
    TENANT,
    MemoryLedger,
    ask,
    budget,
    level,
    server,
    settle,
    until,
    worker,
    writing,
)
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.ports import Ask, BudgetLimit
from trunkline_server.stores.redis.admission import RedisAdmission

# Outlives every outage here; a hold whose admission was answered to nobody ends with it. In seconds.
LEASE = 10.0


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
            found = (await asyncio.gather(task, return_exceptions=True))[0]
            assert isinstance(found, BaseException) != fits, (found, spent, budgets)
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
        parts = [await stack.enter_async_context(worker([redis.url], ledger, lease=LEASE)) for _ in range(2)]
        for store, _ in parts:
            await stack.enter_async_context(writing(store, ledger))

        async def caller(name: str, admission: RedisAdmission, until_time: float) -> None:
            number = 0
            # On a slow machine until the limit was met.
            while time.monotonic() < until_time + (0 if refused[0] else 20):
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
        give_up = time.monotonic() + LEASE + 5
        while (found := await level(parts[0][1], limit))[1] and time.monotonic() < give_up:
            await asyncio.sleep(0.1)
        assert found == (settled[0], 0)
