"""The board of breakers in a real Redis: two stores are two workers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from integration.redis_parts import background, plain, server, until
from trunkline.v1.errors_pb2 import ErrorReason
from trunkline.v1.event_pb2 import Event
from trunkline_server.domain.breaker import Breaker, BreakerRule
from trunkline_server.domain.breakers import Breakers
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.events import BREAKER_CLOSED, BREAKER_OPENED
from trunkline_server.domain.opening import BreakerKey, Opening
from trunkline_server.embedded import embedded_redis
from trunkline_server.stores.redis.breakers import RedisBreakers
from trunkline_server.stores.redis.client import RedisStore, connect

DOWN = ErrorReason.ERROR_REASON_UPSTREAM_UNAVAILABLE
KEY = BreakerKey("acme", "openai", "vendor/model")
RULE = BreakerRule(failures=3, window=60.0, open_for=1.0)
LONG = BreakerRule(failures=3, window=60.0, open_for=60.0)


class Written:
    """An outbox."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def put(self, event: Event) -> None:
        self.events.append(event)

    def types(self) -> list[str]:
        return [event.type for event in self.events]


@dataclass
class Worker:
    board: RedisBreakers
    breakers: Breakers
    breaker: Breaker

    def fail(self) -> None:
        while self.breaker.enter():
            self.breaker.failed(DOWN, time.monotonic())


async def workers(stack: AsyncExitStack, urls: list[str], rule: BreakerRule) -> tuple[Worker, Worker, Written]:
    """Two workers, each with its job, and their outbox."""
    written, found = Written(), []
    for _ in range(2):
        board = RedisBreakers(await stack.enter_async_context(connect(urls, grace=0)))
        breakers = Breakers(board, written)
        await stack.enter_async_context(background(breakers.run()))
        found.append(Worker(board, breakers, breakers.get(KEY, rule, "openai")))
    return found[0], found[1], written


@pytest.fixture(params=["single", "cluster"])
async def urls(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[list[str]]:
    async with server(request.param, tmp_path) as (found, _):
        yield found


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[RedisStore]:
    async with server("single", tmp_path) as (urls, _), connect(urls, grace=0) as found:
        yield found


async def test_one_opens_all_wait_one_probes_all_go_on(urls: list[str]) -> None:
    async with AsyncExitStack() as stack:
        one, other, written = await workers(stack, urls, RULE)
        one.fail()
        await until(lambda: not other.breaker.enter(), 2)
        await until(other.breaker.allows, 3)
        deadline = Deadline.after(10)
        claims = [worker.breaker.claim(deadline) for worker in (one, other) for _ in range(100)]
        granted = await asyncio.gather(*claims)
        assert sum(granted) == 1
        began = time.monotonic()
        waiting = [asyncio.create_task(w.breaker.verdict(deadline)) for w in (one, other) for _ in range(100)]
        await asyncio.sleep(0.6)
        assert not any(task.done() for task in waiting)
        (one if any(granted[:100]) else other).breaker.succeeded(began)
        assert all(await asyncio.gather(*waiting))
        await until(lambda: written.types() == [BREAKER_OPENED, BREAKER_CLOSED], 2)
        assert 1.0 <= written.events[1].provider_breaker_closed.open_for.ToMilliseconds() / 1000 <= 10.0


async def test_a_late_worker_learns_what_is_open(urls: list[str]) -> None:
    async with AsyncExitStack() as stack:
        one, _, written = await workers(stack, urls, LONG)
        one.breaker.busy(40.0, time.monotonic())
        await until(lambda: written.events)
        late = Breakers(RedisBreakers(await stack.enter_async_context(connect(urls, grace=0))))
        await late.sync()
        found = late.get(KEY, LONG)
        assert found.opening is not None and found.opening.busy
        assert 35.0 < found.opens_in() <= 40.0
        assert late.get(BreakerKey("globex", "openai", "vendor/model"), LONG).enter()


async def test_a_killed_worker_holds_no_probe_for_ever(store: RedisStore) -> None:
    dead, alive = RedisBreakers(store), RedisBreakers(store)
    assert await dead.claim(KEY, "a", 0.3) == 0.0
    assert await dead.claim(KEY, "a", 0.3) == 0.0  # Sent again after a lost connection.
    wait = await alive.claim(KEY, "b", 0.3)
    assert 0.0 < wait <= 0.3
    await asyncio.sleep(wait + 0.05)
    assert await alive.claim(KEY, "b", 0.3) == 0.0
    await dead.release(KEY, "a")  # Not its own any more.
    assert await dead.claim(KEY, "c", 0.3) > 0.0
    await alive.release(KEY, "b")
    assert await dead.claim(KEY, "c", 0.3) == 0.0


async def test_tellings_may_be_repeated(store: RedisStore) -> None:
    board, opening = RedisBreakers(store), Opening(DOWN, 0.0, 0.0, unreachable=True)
    first = await board.opened(KEY, "t1", opening, 5.0, again=False)
    again = await board.opened(KEY, "t1", opening, 5.0, again=False)
    assert first.made and again.made and first.id == again.id
    second = await board.opened(KEY, "t2", opening, 60.0, again=False)
    assert (second.made, second.id) == (False, first.id) and 4.0 < second.left <= 5.0
    probed = await board.opened(KEY, "t3", opening, 7.0, again=True)
    assert (probed.made, probed.id, probed.round, probed.left) == (False, first.id, 1, 7.0)
    assert not (await board.closed(KEY, "t4", "another")).made
    for _ in range(2):
        assert (await board.closed(KEY, "t5", first.id)).made
    assert not (await board.closed(KEY, "t6", first.id)).made
    await board.moved(KEY, first.id, 9.0)
    (posted,) = (await RedisBreakers(store).read()).posted
    assert not posted.open
    assert await board.claim(KEY, "p", 30.0) == 0.1, "there is nothing to find out"
    anew = await board.opened(KEY, "t7", opening, 5.0, again=False)
    assert anew.made and anew.id != first.id


async def test_reading_tells_only_what_changed(store: RedisStore) -> None:
    board, opening = RedisBreakers(store), Opening(DOWN, 0.0, 0.0, unreachable=True)
    whole = await board.read()
    assert whole.whole and not whole.new and whole.posted == ()
    assert (await board.read()).posted == ()
    made = await board.opened(KEY, "t1", opening, 5.0, again=False)
    (posted,) = (await board.read()).posted
    assert (posted.key, posted.id, posted.open, posted.reason) == (KEY, made.id, True, DOWN)
    assert posted.unreachable and not posted.busy and 4.0 < posted.left <= 5.0
    assert (await board.read()).posted == ()
    await board.moved(KEY, made.id, 50.0)
    (moved,) = (await board.read()).posted
    assert 49.0 < moved.left <= 50.0 and moved.due <= 5.0
    await board.closed(KEY, "t2", made.id)
    (closed,) = (await board.read()).posted
    assert not closed.open and closed.id == made.id


async def test_one_of_many_checks(store: RedisStore) -> None:
    boards = [RedisBreakers(store) for _ in range(10)]
    assert sum([await one.claim_check("acme", "openai", 0.3) for one in boards]) == 1
    assert await boards[1].claim_check("acme", "other", 0.3)
    await asyncio.sleep(0.4)
    assert sum([await one.claim_check("acme", "openai", 0.3) for one in boards]) == 1


async def test_redis_is_killed_and_comes_back_empty(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(embedded_redis(tmp_path / "redis", modules=False, durable=False))
        one, other, written = await workers(stack, [redis.url], RULE)
        one.fail()
        await until(lambda: not other.breaker.enter(), 2)
        await redis.kill()
        await until(one.breaker.allows, 3)
        # Each by itself now: one probe of each worker, and never two.
        for worker in (one, other):
            granted = await asyncio.gather(*(worker.breaker.claim(Deadline.after(10)) for _ in range(20)))
            assert sum(granted) == 1
        for worker in (one, other):
            worker.breaker.failed(DOWN, time.monotonic())
        await redis.start()
        async with plain(redis.url) as client:
            await until(lambda: client.exists("tl:{s00}:breaker:acme/openai/vendor/model"), 10)
        await until(one.breaker.allows, 3)
        assert await one.breaker.claim(Deadline.after(10))
        one.breaker.succeeded(time.monotonic())
        await until(other.breaker.enter, 3)
        await until(lambda: written.types() == [BREAKER_OPENED, BREAKER_CLOSED], 3)
