"""Admission against real Redis, one server and a cluster."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from integration.redis_parts import (
    SHARD,
    TENANT,
    MemoryLedger,
    ask,
    budget,
    plain,
    record,
    server,
    until,
    worker,
)
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.ports import Admission, BudgetLimit, RateLimit
from trunkline_server.stores.redis.admission import RedisAdmission
from trunkline_server.stores.redis.client import RedisStore, connect


@pytest.fixture(params=["single", "cluster"])
async def urls(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[list[str]]:
    async with server(request.param, tmp_path) as (found, _):
        yield found


@pytest.fixture
async def single(tmp_path: Path) -> AsyncIterator[str]:
    async with server("single", tmp_path) as (found, _):
        yield found[0]


@pytest.fixture
async def parts(single: str) -> AsyncIterator[tuple[RedisStore, RedisAdmission]]:
    async with worker([single], MemoryLedger()) as both:
        yield both


def reason(error: TrunklineError) -> str:
    return error.reason_name


async def refused(
    admission: Admission, hold: str, amount: int, *budgets: BudgetLimit, rates: tuple[RateLimit, ...] = ()
) -> TrunklineError:
    with pytest.raises(TrunklineError) as caught:
        await admission.admit(ask(hold, amount, *budgets, rates=rates))
    return caught.value


async def test_500_callers_a_budget_for_100_two_workers(urls: list[str]) -> None:
    ledger, limit = MemoryLedger(), budget(1000)
    async with worker(urls, ledger) as (_, one), worker(urls, ledger) as (_, two):
        answers = await asyncio.gather(
            *((one, two)[number % 2].admit(ask(f"h{number}", 10, limit)) for number in range(500)),
            return_exceptions=True,
        )
        assert sum(not isinstance(answer, BaseException) for answer in answers) == 100
        errors = [answer for answer in answers if isinstance(answer, BaseException)]
        assert {reason(error) for error in errors if isinstance(error, TrunklineError)} == {"BUDGET_EXCEEDED"}
        assert all(isinstance(error, TrunklineError) for error in errors)
        level = (await two.levels(TENANT, [limit]))[0]
        assert (level.spent, level.held) == (0, 1000)


async def test_all_or_nothing_over_budgets_and_rates(urls: list[str]) -> None:
    async with worker(urls, MemoryLedger()) as (_, admission):
        wide, narrow = budget(100, "wide"), budget(10, "narrow")
        rate = RateLimit("key/k", 3)
        error = await refused(admission, "a", 20, wide, narrow, rates=(rate,))
        assert error.metadata == {"subject": "narrow", "limit": "10", "spent": "0", "held": "0", "asked": "20"}
        assert [level.held for level in await admission.levels(TENANT, [wide, narrow])] == [0, 0]
        for number in range(3):  # The refusal took nothing of the rate.
            await admission.admit(ask(f"b{number}", 1, wide, rates=(rate,)))
        error = await refused(admission, "c", 1, wide, rates=(RateLimit("tenant", 100), rate))
        assert (reason(error), error.metadata["subject"]) == ("RATE_LIMITED", "key/k")
        assert [level.held for level in await admission.levels(TENANT, [wide])] == [3]


async def test_tenants_do_not_share(parts: tuple[RedisStore, RedisAdmission]) -> None:
    admission = parts[1]
    rate, limit = RateLimit("tenant", 1), budget(10)
    for number in range(40):  # Some share a shard.
        await admission.admit(ask("same-hold", 10, limit, rates=(rate,), tenant=f"t{number}"))


async def test_soft_budgets_only_count(parts: tuple[RedisStore, RedisAdmission]) -> None:
    admission, soft = parts[1], budget(10, "soft", hard=False)
    await admission.admit(ask("a", 25, soft))
    level = (await admission.settle(ask("a", 25, soft), 30, record(30)))[0]
    assert (level.limit, level.spent, level.held) == (10, 30, 0)


async def test_settle_is_idempotent_and_charges_what_was_used(parts: tuple[RedisStore, RedisAdmission]) -> None:
    admission = parts[1]
    limit = budget(100)
    one = ask("a", 40, limit)
    await admission.admit(one)
    await admission.admit(one)  # As after a lost answer.
    assert (await admission.levels(TENANT, [limit]))[0].held == 40
    for _ in range(3):
        level = (await admission.settle(one, 60, record(60)))[0]
        assert (level.spent, level.held) == (60, 0)
    await admission.settle(one, 0, b"")
    assert (await admission.levels(TENANT, [limit]))[0].spent == 60
    error = await refused(admission, "a", 1, limit)
    assert reason(error) == "INTERNAL"
    with pytest.raises(ValueError, match="record"):
        await admission.settle(ask("b", 1, limit), 1, b"")


async def test_void_gives_everything_back(parts: tuple[RedisStore, RedisAdmission], single: str) -> None:
    admission, limit = parts[1], budget(10)
    for number in range(5):
        await admission.admit(ask(f"h{number}", 10, limit))
        level = (await admission.settle(ask(f"h{number}", 10, limit), 0, b""))[0]
        assert (level.spent, level.held) == (0, 0)
    async with plain(single) as redis:
        assert await redis.exists(f"{SHARD}:usage") == 0


async def test_amounts_are_exact_to_the_nano(parts: tuple[RedisStore, RedisAdmission]) -> None:
    admission, size = parts[1], 2**53 - 1
    limit, soft = budget(size), budget(size, "soft", hard=False)
    await admission.admit(ask("a", size - 1, limit))
    assert reason(await refused(admission, "b", 2, limit)) == "BUDGET_EXCEEDED"
    await admission.admit(ask("c", 1, limit))
    await admission.levels(TENANT, [soft])
    for number in range(3):  # Counters go on exactly above 2^53.
        await admission.settle(ask(f"s{number}", 0, soft), size, record(size))
    assert (await admission.levels(TENANT, [soft]))[0].spent == 3 * size


async def test_rate_admits_exactly_n_then_refills_without_steps(single: str) -> None:
    async with worker([single], MemoryLedger(), tend=False) as (_, admission), plain(single) as redis:
        rate = RateLimit("key/k", 7)  # 60 s / 7 is no whole number of microseconds.

        async def burst(tag: str) -> tuple[int, float]:
            made = 0
            while True:
                try:
                    await admission.admit(ask(f"{tag}{made}", 0, rates=(rate,)))
                except TrunklineError as error:
                    assert error.retry_after is not None
                    return made, error.retry_after
                made += 1

        made, wait = await burst("a")
        assert made == 7
        assert 0 < wait <= 60 / 7
        key = f"{SHARD}:bucket:{TENANT}/key/k"

        async def shift(seconds: float) -> None:
            """As if the bucket had been written earlier."""
            calls, tokens, since = (await redis.get(key)).split()
            await redis.set(key, b"%s %s %d" % (calls, tokens, int(since) - round(seconds * 1e6)))

        await shift(wait + 60 / 7)  # The wait told, and one call more.
        assert (await burst("b"))[0] == 2
        await shift(3600)
        assert (await burst("c"))[0] == 7
        await shift(-3600)  # The server's clock was set back: no refill from nowhere, and no lock-out.
        made, wait = await burst("d")
        assert made == 0
        assert wait <= 60 / 7
        assert (await redis.pttl(key)) <= 60_000 + 3_660_000  # The server's clock may be set forward by an hour.


async def test_zero_rate_refuses(parts: tuple[RedisStore, RedisAdmission]) -> None:
    error = await refused(parts[1], "a", 0, rates=(RateLimit("key/k", 0),))
    assert error.retry_after == 60


async def test_a_killed_workers_holds_end_with_their_lease(single: str) -> None:
    ledger, limit = MemoryLedger(), budget(10)
    async with worker([single], ledger, lease=0.3, tend=False) as (_, dead):
        await dead.admit(ask("a", 10, limit))
    # Nobody sweeps: the next admission does.
    async with worker([single], ledger, tend=False) as (_, other):
        assert reason(await refused(other, "b", 10, limit)) == "BUDGET_EXCEEDED"
        await asyncio.sleep(0.35)
        await other.admit(ask("b", 10, limit))
        # The dead one's call is still charged when it comes back to life.
        levels = await other.settle(ask("a", 10, limit), 4, record(4))
        assert [(level.spent, level.held) for level in levels] == [(4, 10)]


async def test_the_sweeper_releases_without_traffic_and_renewal_keeps(single: str) -> None:
    ledger, limit = MemoryLedger(), budget(10)
    async with worker([single], ledger, lease=0.6) as (_, living):
        async with worker([single], ledger, lease=0.3, tend=False) as (_, dead):
            await dead.admit(ask("a", 3, limit))
        await living.admit(ask("b", 5, limit))

        async def held() -> bool:
            return (await living.levels(TENANT, [limit]))[0].held == 5

        await until(held)
        for _ in range(75):  # Over two leases.
            await asyncio.sleep(0.02)
            assert await held(), "a living process lost its hold"


async def test_scripts_are_loaded_again(urls: list[str]) -> None:
    async with worker(urls, MemoryLedger(), tend=False) as (_, admission):
        limit = budget(100)
        await admission.admit(ask("a", 1, limit))
        for url in urls:
            async with plain(url) as redis:
                await redis.script_flush()
        await asyncio.gather(*(admission.admit(ask(f"b{number}", 1, limit)) for number in range(50)))
        assert (await admission.levels(TENANT, [limit]))[0].held == 51


async def test_a_cancelled_admission_can_be_voided_in_any_order(parts: tuple[RedisStore, RedisAdmission]) -> None:
    admission, limit = parts[1], budget(1000)
    await admission.levels(TENANT, [limit])
    for turn in range(30):
        one = ask(f"h{turn}", 10, limit)
        task = asyncio.create_task(admission.admit(one))
        for _ in range(turn % 6):
            await asyncio.sleep(0)
        task.cancel()
        others = [asyncio.create_task(admission.levels(TENANT, [limit])) for _ in range(3)]
        await asyncio.gather(task, return_exceptions=True)
        await admission.settle(one, 0, b"")
        await asyncio.gather(*others)
    assert (await admission.levels(TENANT, [limit]))[0].held == 0


async def test_counter_keys_end_after_their_window(parts: tuple[RedisStore, RedisAdmission], single: str) -> None:
    admission, limit = parts[1], budget(100)
    await admission.admit(ask("a", 1, limit))
    async with plain(single) as redis:
        ends = await redis.expiretime(f"{SHARD}:budget:{TENANT}/monthly/2026-11")
    assert ends > time.time() + 86_400 * 2


async def test_no_server_is_a_typed_error(tmp_path: Path) -> None:
    with pytest.raises(TrunklineError) as caught:
        async with connect(["redis://127.0.0.1:1/0"]):
            pass
    assert caught.value.reason == Reason.ERROR_REASON_STORE_UNAVAILABLE
    with pytest.raises(TrunklineError) as caught:
        async with connect(["redis://127.0.0.1:1/0", "redis://127.0.0.1:2/0"]):
            pass
    assert caught.value.reason == Reason.ERROR_REASON_STORE_UNAVAILABLE


async def test_a_refusal_of_the_server_does_not_leak_its_text(
    parts: tuple[RedisStore, RedisAdmission], single: str
) -> None:
    async with plain(single) as redis:
        await redis.set(f"{SHARD}:budget:{TENANT}/monthly/2026-11", "not a hash")
    with pytest.raises(TrunklineError) as caught:
        await parts[1].levels(TENANT, [budget(10)])
    assert reason(caught.value) == "INTERNAL"
    assert "WRONGTYPE" not in str(caught.value)
