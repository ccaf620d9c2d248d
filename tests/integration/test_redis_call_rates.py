"""Call rates over several processes, against real Redis: one server and, where keys matter, a cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from integration.redis_parts import GRACE, background, plain, server, until
from trunkline_server.domain.call_rates import Rate, Use
from trunkline_server.stores.redis.call_rates import RedisCallRates
from trunkline_server.stores.redis.client import connect
from trunkline_server.stores.redis.scripts import shard_of

KEY = "0123456789abcdef"


@pytest.fixture
async def volatile(tmp_path: Path) -> AsyncIterator[Any]:
    async with server("single", tmp_path, durable=False) as (_, found):
        yield found


@pytest.fixture
async def workers(volatile: Any) -> AsyncIterator[list[RedisCallRates]]:
    """Two processes' worth, each with a store of its own."""
    async with AsyncExitStack() as stack:
        found = []
        for _ in range(2):
            rates = RedisCallRates(await stack.enter_async_context(connect([volatile.url], grace=GRACE)))
            await stack.enter_async_context(background(rates.run()))
            found.append(rates)
        yield found


async def starts_of(url: str, rate: Rate) -> list[float]:
    """Every start that a rate knows, in seconds."""
    async with plain(url) as redis:
        found = await redis.zrange(f"{shard_of(KEY)}:calls:{KEY}:{rate.name}", 0, -1, withscores=True)
    return [score / 1e6 for _, score in found]


def dense(starts: list[float], rate: Rate) -> bool:
    """Whether some window holds more than the rate."""
    pairs = zip(starts, starts[rate.calls :], strict=False)
    return any(later - earlier < rate.seconds - 1e-6 for earlier, later in pairs)


async def test_two_processes_together_never_exceed_a_rate(workers: list[RedisCallRates], volatile: Any) -> None:
    many, few = Rate("all", 7, 30.0), [Rate(f"chat/{number}", 2, 20.0) for number in range(3)]
    waits = await asyncio.gather(*(workers[number % 2].turn(KEY, [many, few[number % 3]], 600) for number in range(60)))
    assert sorted(waits)[0] == 0
    all_starts = await starts_of(volatile.url, many)
    assert len(all_starts) == 60
    assert not dense(all_starts, many)
    for rate in few:
        found = await starts_of(volatile.url, rate)
        assert len(found) == 20
        assert not dense(found, rate)


async def test_the_wait_is_the_exact_rest(workers: list[RedisCallRates], volatile: Any) -> None:
    one, other = workers
    rate = Rate("all", 1, 50.0)
    assert await one.turn(KEY, [rate], 1) == 0
    (begun,) = await starts_of(volatile.url, rate)
    wait = await other.turn(KEY, [rate], 1)
    assert 0 < wait <= 50
    # Nothing was taken; one that can wait gets exactly the end of the window.
    assert await starts_of(volatile.url, rate) == [begun]
    assert await other.turn(KEY, [rate], 60) <= wait
    assert await starts_of(volatile.url, rate) == [begun, begun + 50]
    (use,) = await one.uses(KEY, [rate])
    assert use.available == 0 and 50 < use.wait <= 100


async def test_all_or_nothing(workers: list[RedisCallRates], volatile: Any) -> None:
    open_, used_up = Rate("open", 5, 60.0), Rate("used up", 1, 60.0)
    await workers[0].turn(KEY, [used_up], 0)
    assert await workers[1].turn(KEY, [open_, used_up], 10) > 10
    assert await starts_of(volatile.url, open_) == []
    assert await workers[0].uses(KEY, [open_]) == [Use(5, 0)]


async def test_a_hold_is_heard_by_all(workers: list[RedisCallRates]) -> None:
    one, other = workers
    await until(lambda: one._heard.listening.is_set() and other._heard.listening.is_set())
    await one.hold(KEY, 40.5)
    assert 0 < one.held(KEY) <= 40.5
    await until(lambda: other.held(KEY) > 0)
    assert other.held(KEY) <= 40.5
    assert other.held("another") == 0
    # Those with rates hear it from Redis itself, also when they came later.
    wait = await other.turn(KEY, [Rate("all", 100, 1.0)], 1)
    assert 1 < wait <= 40.5


async def test_who_missed_the_hold_learns_it_with_a_turn(workers: list[RedisCallRates], volatile: Any) -> None:
    await workers[0].hold(KEY, 30)
    async with connect([volatile.url], grace=GRACE) as store:
        late = RedisCallRates(store)
        assert late.held(KEY) == 0
        assert await late.turn(KEY, [Rate("all", 100, 1.0)], 1) > 1
        assert late.held(KEY) > 0


async def test_a_turn_that_is_sent_again_is_taken_once(workers: list[RedisCallRates], volatile: Any) -> None:
    rate = Rate("all", 1, 50.0)
    first = await workers[0]._run(KEY, 0, "call-1", [rate])
    again = await workers[0]._run(KEY, 0, "call-1", [rate])
    assert (first[0], again[0]) == (1, 1)
    assert len(await starts_of(volatile.url, rate)) == 1


async def test_without_redis_each_process_keeps_the_rate_alone(workers: list[RedisCallRates], volatile: Any) -> None:
    rate = Rate("all", 2, 60.0)
    await volatile.stop()
    for rates in workers:
        assert [await rates.turn(KEY, [rate], 1) > 0 for _ in range(3)] == [False, False, True]
        await rates.hold("other", 20)
        assert rates.held("other") > 0
        assert (await rates.uses(KEY, [rate]))[0].available == 0


async def test_in_a_cluster(tmp_path: Path) -> None:
    async with server("cluster", tmp_path) as (urls, _), connect(urls, grace=GRACE) as store:
        rates = RedisCallRates(store)
        async with background(rates.run()):
            await until(rates._heard.listening.is_set)
            for number in range(20):
                key = f"{number:032x}"
                assert await rates.turn(key, [Rate("a", 1, 9.0), Rate("b", 2, 9.0)], 0) == 0
                assert 8 < await rates.turn(key, [Rate("a", 1, 9.0), Rate("b", 2, 9.0)], 0) <= 9
            await rates.hold(KEY, 20)
            assert rates.held(KEY) > 19
