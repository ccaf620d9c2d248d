"""Idempotency keys and announcements."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, suppress
from pathlib import Path

import pytest
from integration.redis_parts import background, server, until
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.replays import Follow, Followed, Found, Outcome, Replay
from trunkline_server.domain.sharing import MAX_SHARED_BYTES
from trunkline_server.stores.redis.client import RedisStore, connect
from trunkline_server.stores.redis.pubsub import Changes
from trunkline_server.stores.redis.replay import RedisReplay


@pytest.fixture(params=["single", "cluster"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[RedisStore]:
    async with server(request.param, tmp_path) as (urls, _), connect(urls, grace=0) as found:
        yield found


@pytest.fixture
async def single(tmp_path: Path) -> AsyncIterator[RedisStore]:
    async with server("single", tmp_path) as (urls, _), connect(urls, grace=0) as found:
        yield found


async def begin(replay: RedisReplay, digest: bytes, claim: str, tenant: str = "acme") -> Found:
    return await replay.begin(tenant, "k", digest, claim)


async def end(
    replay: RedisReplay, claim: str, *answers: bytes, digest: bytes = b"d", failed: bytes = b"", keep: bool = True
) -> None:
    await replay.end("acme", "k", digest, claim, answers, Outcome(failed), keep)


async def test_one_of_200_executes_and_all_get_its_answers(store: RedisStore) -> None:
    replays = [RedisReplay(store), RedisReplay(store)]
    found = await asyncio.gather(*(begin(replays[number % 2], b"d", f"c{number}") for number in range(200)))
    states = [one.state for one in found]
    assert states.count(Replay.NEW) == 1
    winner = states.index(Replay.NEW)
    assert [one for one in found if one.state is not Replay.NEW] == [Found(Replay.IN_FLIGHT, f"c{winner}")] * 199
    assert (await begin(replays[0], b"other", "x")).state is Replay.REUSED
    await end(replays[winner % 2], f"c{winner}", b"\x00one", b"", b"two")
    for replay in replays:
        assert await begin(replay, b"d", "x") == Found(Replay.DONE, answers=[b"\x00one", b"", b"two"])
        assert (await begin(replay, b"other", "x")).state is Replay.REUSED
        assert (await begin(replay, b"other", "x", "globex")).state is not Replay.REUSED


async def test_looking_claims_nothing(single: RedisStore) -> None:
    replay = RedisReplay(single)
    for _ in range(2):
        assert (await begin(replay, b"d", "")).state is Replay.NONE
    assert (await begin(replay, b"d", "c1")).state is Replay.NEW
    assert await begin(replay, b"d", "") == Found(Replay.IN_FLIGHT, "c1")


async def test_a_key_given_up_is_free_and_a_finished_one_stays(store: RedisStore) -> None:
    replay = RedisReplay(store)
    assert (await begin(replay, b"d", "c1")).state is Replay.NEW
    await end(replay, "c1", keep=False)
    assert (await begin(replay, b"e", "c2")).state is Replay.NEW
    await end(replay, "c2", b"x", digest=b"e")
    await end(replay, "c2", digest=b"e", keep=False)
    assert await begin(replay, b"e", "c3") == Found(Replay.DONE, answers=[b"x"])


async def test_a_dead_process_loses_its_claim_and_cannot_overwrite(single: RedisStore) -> None:
    slow, quick = RedisReplay(single, lease=0.2), RedisReplay(single, lease=5)
    assert (await begin(slow, b"d", "slow")).state is Replay.NEW
    assert (await begin(quick, b"d", "quick")).state is Replay.IN_FLIGHT

    async def claimed() -> bool:
        return (await begin(quick, b"d", "quick")).state is Replay.NEW

    await until(claimed)
    assert not (await quick.read("acme", "k", "slow", 0)).alive
    await end(slow, "slow", b"late")
    await end(slow, "slow", keep=False)
    assert await begin(quick, b"d", "x") == Found(Replay.IN_FLIGHT, "quick")
    await end(quick, "quick", b"right")
    assert await begin(slow, b"d", "x") == Found(Replay.DONE, answers=[b"right"])


async def test_a_living_process_keeps_its_claim_and_what_it_shows(single: RedisStore) -> None:
    replay = RedisReplay(single, lease=0.3)
    async with background(replay.run()):
        assert (await begin(replay, b"d", "c1")).state is Replay.NEW
        assert await replay.push("acme", "c1", 0, [b"one"]) == 1
        await asyncio.sleep(1)
        assert (await begin(replay, b"d", "c2")).state is Replay.IN_FLIGHT
        assert await replay.read("acme", "k", "c1", 0) == Followed(True, [b"one"], None)


async def test_answers_end_after_their_time(single: RedisStore) -> None:
    replay = RedisReplay(single, keep=0.1)
    await begin(replay, b"d", "c1")
    await end(replay, "c1", b"x")

    async def free() -> bool:
        return (await begin(replay, b"d", "c2")).state is Replay.NEW

    await until(free)


async def test_too_large_an_answer_is_done_but_not_kept(single: RedisStore) -> None:
    replay = RedisReplay(single)
    for key, size, kept in (("fits", MAX_SHARED_BYTES, 1), ("large", MAX_SHARED_BYTES + 1, 0)):
        await replay.begin("acme", key, b"d", key)
        await replay.begin("acme", key, b"d", "follower")
        await replay.end("acme", key, b"d", key, [b"x" * size], Outcome(), True)
        found = await replay.begin("acme", key, b"d", "x")
        assert (found.state, len(found.answers)) == (Replay.DONE, kept)
        followed = await replay.read("acme", key, key, 0)
        assert (len(followed.answers), followed.outcome) == (kept, Outcome(too_large=not kept))


@pytest.mark.parametrize("keep", [True, False])
async def test_followers_read_all_of_it_however_it_was_pushed(single: RedisStore, keep: bool) -> None:
    replay = RedisReplay(single)
    await begin(replay, b"d", "c1")
    assert (await begin(replay, b"d", "c2")).state is Replay.IN_FLIGHT
    assert await replay.read("acme", "k", "c1", 0) == Followed(True, [], None)
    assert await replay.push("acme", "c1", 0, [b"1", b"2"]) == 2
    assert await replay.push("acme", "c1", 0, [b"1", b"2"]) == 2, "sent again after a lost connection"
    assert await replay.push("acme", "c1", 2, [b"3"]) == 3
    assert await replay.push("acme", "c1", 7, [b"8"]) == 3, "a gap is not filled"
    assert await replay.read("acme", "k", "c1", 1) == Followed(True, [b"2", b"3"], None)
    await end(replay, "c1", b"1", b"2", b"3", b"4", failed=b"" if keep else b"status", keep=keep)
    assert await replay.push("acme", "c1", 2, [b"3", b"4"]) == 5, "one that comes late changes nothing"
    outcome = Outcome(failed=b"" if keep else b"status")
    assert await replay.read("acme", "k", "c1", 0) == Followed(False, [b"1", b"2", b"3", b"4"], outcome)
    assert (await begin(replay, b"d", "c3")).state is (Replay.DONE if keep else Replay.NEW)


async def test_what_nobody_follows_is_not_shown(single: RedisStore) -> None:
    replay = RedisReplay(single)
    await begin(replay, b"d", "c1")
    await end(replay, "c1", b"1", keep=False)
    assert await replay.read("acme", "k", "c1", 0) == Followed(False, [], None)


async def test_every_worker_hears_of_followers(single: RedisStore) -> None:
    heard: list[Follow] = []
    told = [Follow("c1", "f1", 1.5, 2.0), Follow("c1", "f1", 0.0)]

    async def hear(replay: RedisReplay) -> None:
        async with aclosing(replay.follows()) as follows:
            async for follow in follows:
                heard.append(follow)

    async with background(hear(RedisReplay(single))):

        async def arrived() -> bool:
            await RedisReplay(single).follow(told[0])
            return bool(heard)

        await until(arrived)
        heard.clear()
        await RedisReplay(single).follow(told[1])
        await until(lambda: heard[-1:] == told[1:])


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
        # Nodes of a cluster pass messages on each by itself.
        await until(lambda: [sorted(one) for one in heard] == [["acme", "globex"]] * 2)


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

            async def announced() -> bool:
                """Whether Redis is asked again: just after a failure it is taken to be away."""
                with suppress(TrunklineError):
                    await changes.announce("acme")
                    return True
                return False

            await until(announced)
            await until(lambda: heard == ["acme"])
