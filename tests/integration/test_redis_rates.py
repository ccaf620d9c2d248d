"""Limits of requests, tokens and calls in flight against real Redis: one server and, where keys matter, a cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from integration.redis_parts import SHARD, TENANT, MemoryLedger, ask, budget, plain, record, server, until, worker
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.ports import Admission, Ask, RateLimit
from trunkline_server.stores.redis.admission import RedisAdmission

TOKENS = RateLimit("user/u", tokens_per_minute=1000)
FLIGHT = RateLimit("provider/openai", max_concurrent=2)


@pytest.fixture
async def volatile(tmp_path: Path) -> AsyncIterator[Any]:
    async with server("single", tmp_path, durable=False) as (_, found):
        yield found


@pytest.fixture
async def admission(volatile: Any) -> AsyncIterator[RedisAdmission]:
    async with worker([volatile.url], MemoryLedger()) as (_, found):
        yield found


def wants(hold: str, *rates: RateLimit, tokens: int = 0) -> Ask:
    return replace(ask(hold, 0, rates=rates), tokens=tokens)


async def refused(admission: Admission, one: Ask) -> TrunklineError:
    with pytest.raises(TrunklineError) as caught:
        await admission.admit(one)
    assert caught.value.reason_name == "RATE_LIMITED"
    return caught.value


async def tokens_taken(url: str, subject: str = TOKENS.subject) -> float:
    """Tokens that a bucket is short of, when it was last written."""
    async with plain(url) as redis:
        kept = await redis.get(f"{SHARD}:bucket:{TENANT}/{subject}")
    return int(kept.split()[1]) / 60e6 if kept else 0.0


async def in_flight(url: str, subject: str = FLIGHT.subject) -> int:
    async with plain(url) as redis:
        return int(await redis.zcard(f"{SHARD}:flight:{TENANT}/{subject}"))


@pytest.mark.parametrize("kind", ["single", "cluster"])
async def test_everything_at_once_over_two_workers(kind: str, tmp_path: Path) -> None:
    rates = (
        RateLimit("tenant", 300, 100_000, 50),
        RateLimit("key/k", 60, 100_000, 50),
        RateLimit("model/a/b", None, 250),
    )
    ledger, limit = MemoryLedger(), budget(10**6)
    async with (
        server(kind, tmp_path) as (urls, _),
        worker(urls, ledger) as (_, one),
        worker(urls, ledger) as (_, two),
    ):
        asks = [replace(ask(f"h{number}", 1, limit, rates=rates), tokens=10) for number in range(100)]
        answers = await asyncio.gather(
            *((one, two)[number % 2].admit(asked) for number, asked in enumerate(asks)), return_exceptions=True
        )
        # 250 tokens a minute bind first.
        assert sum(not isinstance(answer, BaseException) for answer in answers) == 25
        limited = {error.metadata["limited"] for error in answers if isinstance(error, TrunklineError)}
        assert limited == {"tokens"}
        for asked, answer in zip(asks, answers, strict=True):
            if not isinstance(answer, BaseException):
                await two.settle(asked, 1, record(1), 10)
        assert [(level.spent, level.held) for level in await one.levels(TENANT, [limit])] == [(25, 0)]


async def test_tokens_are_given_back_and_charged_more(admission: RedisAdmission, volatile: Any) -> None:
    await admission.admit(wants("a", TOKENS, tokens=900))
    error = await refused(admission, wants("b", TOKENS, tokens=200))
    assert error.metadata == {"subject": "user/u", "limited": "tokens"}
    assert error.retry_after == pytest.approx(6, abs=0.5)  # 100 tokens at 1,000 a minute.
    for _ in range(3):  # Once, however often it is told.
        await admission.settle(wants("a", TOKENS, tokens=900), 0, b"", 100)
    assert await tokens_taken(volatile.url) == pytest.approx(100, abs=40)
    await admission.admit(wants("b", TOKENS, tokens=200))
    await admission.settle(wants("b", TOKENS, tokens=200), 0, b"", 600)
    assert await tokens_taken(volatile.url) == pytest.approx(700, abs=60)
    await admission.admit(wants("c", TOKENS, tokens=200))
    await admission.settle(wants("c", TOKENS, tokens=200), 0, b"", 10**9)
    assert await tokens_taken(volatile.url) == pytest.approx(1000, abs=1), "a correction leaves nobody below empty"


async def test_a_call_larger_than_the_bucket_waits_for_a_full_one(admission: RedisAdmission) -> None:
    await admission.admit(wants("a", TOKENS, tokens=5000))
    assert (await refused(admission, wants("b", TOKENS, tokens=1))).retry_after == pytest.approx(240, abs=1)
    await admission.settle(wants("a", TOKENS, tokens=5000), 0, b"", 0)
    await admission.admit(wants("c", TOKENS, tokens=1))
    assert (await refused(admission, wants("b", TOKENS, tokens=5000))).retry_after == pytest.approx(0.06, abs=0.01)


async def test_a_void_of_what_was_never_admitted_gives_nothing_back(admission: RedisAdmission, volatile: Any) -> None:
    await admission.admit(wants("a", TOKENS, tokens=800))
    for number in range(5):
        await admission.settle(wants(f"never-{number}", TOKENS, tokens=200), 0, b"")
    assert await tokens_taken(volatile.url) == 800
    await refused(admission, wants("b", TOKENS, tokens=400))


async def test_calls_in_flight(admission: RedisAdmission, volatile: Any) -> None:
    one, two, three = (wants(name, FLIGHT) for name in "abc")
    for asked in (one, one, two, two, one):  # Sent again after lost answers.
        await admission.admit(asked)
    error = await refused(admission, three)
    assert error.metadata == {"subject": "provider/openai", "limited": "concurrency"}
    assert error.retry_after == 1.0
    await admission.settle(three, 0, b"")  # A void of what was refused frees nobody's place.
    await refused(admission, replace(three, hold_id="d"))
    for _ in range(2):
        await admission.settle(one, 0, b"")
    await admission.admit(replace(three, hold_id="e"))
    await refused(admission, replace(three, hold_id="f"))
    await admission.settle(two, 0, b"")
    await admission.settle(replace(three, hold_id="e"), 0, b"")
    assert await in_flight(volatile.url) == 0


async def test_places_of_a_killed_worker_end_with_their_lease_and_renewal_keeps_others(volatile: Any) -> None:
    ledger, limit = MemoryLedger(), budget(100)
    async with worker([volatile.url], ledger, lease=0.6) as (_, living):
        async with worker([volatile.url], ledger, lease=0.3, tend=False) as (_, dead):
            await dead.admit(wants("dead", FLIGHT))
        await living.admit(ask("living", 1, limit, rates=(FLIGHT,)))
        await refused(living, wants("x", FLIGHT))
        await asyncio.sleep(1.3)  # Over two leases.
        await living.admit(wants("y", FLIGHT))
        await refused(living, wants("z", FLIGHT))


async def test_places_survive_the_loss_of_everything(volatile: Any) -> None:
    ledger = MemoryLedger()
    async with worker([volatile.url], ledger) as (_, one), worker([volatile.url], ledger) as (_, two):
        await one.admit(wants("a", FLIGHT, TOKENS, tokens=10))
        await two.admit(wants("b"))
        await two.widen(wants("b"), (FLIGHT,))
        await volatile.kill()
        await volatile.start()

        async def told() -> bool:
            return await in_flight(volatile.url) == 2

        await until(told)
        await refused(one, wants("c", FLIGHT))
        await one.settle(wants("a", FLIGHT, TOKENS, tokens=10), 0, b"")
        await two.settle(wants("b", FLIGHT), 0, b"")
        assert await in_flight(volatile.url) == 0
        await two.admit(wants("d", FLIGHT))


async def test_widening_takes_all_or_nothing_once(admission: RedisAdmission, volatile: Any) -> None:
    limit, other = budget(100), RateLimit("model/a/b", 1, 500, 1)
    one = replace(ask("a", 10, limit, rates=(FLIGHT,)), tokens=100)
    await admission.admit(one)
    await admission.admit(wants("b", other, tokens=100))
    for _ in range(2):
        with pytest.raises(TrunklineError) as caught:
            await admission.widen(one, (TOKENS, other))
        assert caught.value.metadata["subject"] == "model/a/b"
    assert await tokens_taken(volatile.url) == 0
    await admission.widen(one, (TOKENS,))
    await admission.widen(replace(one, rates=(FLIGHT, TOKENS)), (RateLimit("model/c/d", max_concurrent=1),))
    assert await tokens_taken(volatile.url) == 100
    assert (await admission.levels(TENANT, [limit]))[0].held == 10
    assert await in_flight(volatile.url, "model/c/d") == 1
    wide = replace(one, rates=(FLIGHT, TOKENS, RateLimit("model/c/d", max_concurrent=1)))
    assert (await admission.settle(wide, 5, record(5), 20))[0].held == 0
    assert await in_flight(volatile.url, "model/c/d") == await in_flight(volatile.url) == 0
    assert await tokens_taken(volatile.url) == pytest.approx(20, abs=20)


async def test_nothing_to_limit_asks_nobody(volatile: Any) -> None:
    async with worker([volatile.url], MemoryLedger(), tend=False) as (_, admission), plain(volatile.url) as redis:
        await admission.admit(wants("warm", FLIGHT))
        before = (await redis.info("stats"))["total_commands_processed"]
        for number in range(10):
            await admission.admit(wants(f"h{number}"))
        # The question itself is the one command more.
        assert (await redis.info("stats"))["total_commands_processed"] == before + 1


async def test_while_redis_is_away_each_worker_has_its_share(volatile: Any) -> None:
    ledger, soft, hard = MemoryLedger(), budget(10, "soft", hard=False), budget(10**6)
    rate = RateLimit("tenant", 10)
    async with worker([volatile.url], ledger) as (_, one), worker([volatile.url], ledger) as (_, two):
        await until(lambda: (one._workers, two._workers) == (2, 2), 8)
        await one.admit(ask("flying", 3, hard, rates=(FLIGHT,)))
        await volatile.kill()
        made = 0
        for number in range(20):
            for admission in (one, two):
                try:
                    await admission.admit(ask(f"{id(admission)}-{number}", 7, soft, rates=(rate,)))
                except TrunklineError as error:
                    assert (error.reason_name, error.metadata["limited"]) == ("RATE_LIMITED", "requests")
                    continue
                made += 1
        assert made == 10
        with pytest.raises(TrunklineError) as caught:
            await one.admit(ask("x", 1, hard))
        assert caught.value.reason_name == "STORE_UNAVAILABLE"
        # Two places for two workers: the one that has a call from before has none left.
        assert (await refused(one, wants("y", FLIGHT))).metadata["limited"] == "concurrency"
        await two.admit(wants("z", FLIGHT))
        await two.widen(wants("z", FLIGHT), (TOKENS,))
        await volatile.start()

        async def told() -> bool:
            return await in_flight(volatile.url) == 2

        await until(told)
        await one.settle(ask("flying", 3, hard, rates=(FLIGHT,)), 2, record(2))
        await two.settle(wants("z", FLIGHT, TOKENS), 0, b"")
        assert await in_flight(volatile.url) == 0
