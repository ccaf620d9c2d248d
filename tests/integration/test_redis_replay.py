"""Idempotency keys and announcements."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from integration.redis_parts import background, server, until
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.ports import Replay
from trunkline_server.stores.redis.client import RedisStore, connect
from trunkline_server.stores.redis.pubsub import Changes
from trunkline_server.stores.redis.replay import MAX_BYTES, RedisReplay


@pytest.fixture(params=["single", "cluster"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[RedisStore]:
    async with server(request.param, tmp_path) as (urls, _), connect(urls, grace=0) as found:
        yield found


@pytest.fixture
async def single(tmp_path: Path) -> AsyncIterator[RedisStore]:
    async with server("single", tmp_path) as (urls, _), connect(urls, grace=0) as found:
        yield found


async def test_one_of_200_executes_and_all_get_its_answers(store: RedisStore) -> None:
    replays = [RedisReplay(store), RedisReplay(store)]
    found = await asyncio.gather(*(replays[number % 2].begin("acme", "k", b"d") for number in range(200)))
    kinds = [kind for kind, _ in found]
    assert kinds.count(Replay.NEW) == 1
    assert kinds.count(Replay.IN_FLIGHT) == 199
    await replays[kinds.index(Replay.NEW) % 2].finish("acme", "k", b"d", [b"\x00one", b"", b"two"])
    for replay in replays:
        assert await replay.begin("acme", "k", b"d") == (Replay.DONE, [b"\x00one", b"", b"two"])
        assert (await replay.begin("acme", "k", b"other"))[0] is Replay.REUSED
        assert (await replay.begin("globex", "k", b"other"))[0] is not Replay.REUSED


async def test_an_abandoned_key_is_free_and_a_finished_one_stays(store: RedisStore) -> None:
    replay = RedisReplay(store)
    assert (await replay.begin("acme", "k", b"d"))[0] is Replay.NEW
    await replay.abandon("acme", "k", b"d")
    assert (await replay.begin("acme", "k", b"e"))[0] is Replay.NEW
    await replay.finish("acme", "k", b"e", [b"x"])
    await replay.abandon("acme", "k", b"e")
    assert await replay.begin("acme", "k", b"e") == (Replay.DONE, [b"x"])


async def test_a_dead_process_loses_its_claim_and_cannot_overwrite(single: RedisStore) -> None:
    slow, quick = RedisReplay(single, lease=0.2), RedisReplay(single, lease=5)
    assert (await slow.begin("acme", "k", b"d"))[0] is Replay.NEW
    assert (await quick.begin("acme", "k", b"d"))[0] is Replay.IN_FLIGHT

    async def claimed() -> bool:
        return (await quick.begin("acme", "k", b"d"))[0] is Replay.NEW

    await until(claimed)
    await slow.finish("acme", "k", b"d", [b"late"])
    await slow.abandon("acme", "k", b"d")
    assert (await quick.begin("acme", "k", b"d"))[0] is Replay.IN_FLIGHT
    await quick.finish("acme", "k", b"d", [b"right"])
    assert await slow.begin("acme", "k", b"d") == (Replay.DONE, [b"right"])


async def test_a_living_process_keeps_its_claim(single: RedisStore) -> None:
    replay = RedisReplay(single, lease=0.3)
    async with background(replay.run()):
        assert (await replay.begin("acme", "k", b"d"))[0] is Replay.NEW
        await asyncio.sleep(1)
        assert (await replay.begin("acme", "k", b"d"))[0] is Replay.IN_FLIGHT


async def test_answers_end_after_their_time(single: RedisStore) -> None:
    replay = RedisReplay(single, keep=0.1)
    await replay.begin("acme", "k", b"d")
    await replay.finish("acme", "k", b"d", [b"x"])

    async def free() -> bool:
        return (await replay.begin("acme", "k", b"d"))[0] is Replay.NEW

    await until(free)


async def test_too_large_an_answer_is_done_but_not_kept(single: RedisStore) -> None:
    replay = RedisReplay(single)
    for key, size, kept in (("fits", MAX_BYTES, 1), ("large", MAX_BYTES + 1, 0)):
        await replay.begin("acme", key, b"d")
        await replay.finish("acme", key, b"d", [b"x" * size])
        kind, answers = await replay.begin("acme", key, b"d")
        assert (kind, len(answers)) == (Replay.DONE, kept)


async def listen(changes: Changes, heard: Callable[[str], None]) -> None:
    async for tenant_id in changes.changes():
        heard(tenant_id)


async def test_every_listener_hears_a_change(store: RedisStore) -> None:
    heard: list[list[str]] = [[], []]
    listeners = [Changes(store), Changes(store)]

    async with background(listen(listeners[0], heard[0].append)), background(listen(listeners[1], heard[1].append)):
        for one in listeners:
            async with asyncio.timeout(5):
                await one.listening.wait()
        for tenant in ("acme", "globex"):
            await listeners[0].announce(tenant)
        await until(lambda: heard == [["acme", "globex"]] * 2)


async def test_a_listener_comes_back_after_a_restart(tmp_path: Path) -> None:
    async with server("single", tmp_path) as (urls, redis), connect(urls, grace=0) as store:
        changes = Changes(store)
        heard: list[str] = []
        async with background(listen(changes, heard.append)):
            await until(changes.listening.is_set)
            await redis.kill()
            await until(lambda: not changes.listening.is_set())
            with pytest.raises(TrunklineError, match="redis is not reachable"):
                await changes.announce("lost")
            await redis.start()
            await until(changes.listening.is_set)
            await changes.announce("acme")
            await until(lambda: heard == ["acme"])
