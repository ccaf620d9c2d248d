"""The cache of what Postgres holds, on a clock of its own."""

import asyncio
from typing import Any

import pytest
from integration.postgres_parts import refused
from trunkline_server.domain.errors import Reason, TrunklineError, store_unavailable
from trunkline_server.stores.postgres.cache import LoadingCache


class Source:
    """Counts loads; answers `value`, or raises it when it is an error. Waits while `gate` is closed."""

    def __init__(self, value: Any = "v") -> None:
        self.value, self.loads, self.now = value, 0, 0.0
        self.gate = asyncio.Event()
        self.gate.set()

    async def load(self) -> Any:
        self.loads += 1
        value = self.value
        await self.gate.wait()
        if isinstance(value, Exception):
            raise value
        return value

    def cache(self, **options: Any) -> LoadingCache[str, Any]:
        remember = Reason.ERROR_REASON_NOT_FOUND
        settings = {"ttl": 10.0, "stale": 60.0, "error_ttl": 2.0, "clock": lambda: self.now, **options}
        return LoadingCache(remember=remember, **settings)


async def turns() -> None:
    """Let the tasks that can go on do so."""
    for _ in range(5):
        await asyncio.sleep(0)


UNKNOWN = TrunklineError(Reason.ERROR_REASON_NOT_FOUND, "unknown")


async def test_a_value_is_loaded_once_per_ttl() -> None:
    source = Source()
    cache = source.cache()
    for now, loads in ((0, 1), (9.9, 1), (10, 2), (19.9, 2), (20, 3)):
        source.now = now
        assert await cache.get("k", source.load) == "v"
        assert source.loads == loads


async def test_an_unknown_key_is_asked_for_once_in_two_seconds() -> None:
    source = Source(UNKNOWN)
    cache = source.cache()
    for now, loads in ((0, 1), (1.9, 1), (2, 2)):
        source.now = now
        async with refused("NOT_FOUND"):
            await cache.get("k", source.load)
        assert source.loads == loads


async def test_an_old_value_is_served_for_so_long_and_the_store_asked_once_a_second() -> None:
    source = Source()
    cache = source.cache()
    await cache.get("k", source.load)
    source.value = store_unavailable("postgres")
    for now, loads in ((10, 2), (10.9, 2), (11, 3), (69.9, 4)):
        source.now = now
        assert await cache.get("k", source.load) == "v"
        await turns()
        assert source.loads == loads
    source.now = 70
    async with refused("STORE_UNAVAILABLE"):
        await cache.get("k", source.load)


async def test_what_the_store_no_longer_knows_is_not_served() -> None:
    source = Source()
    cache = source.cache()
    await cache.get("k", source.load)
    source.value, source.now = UNKNOWN, 10
    async with refused("NOT_FOUND"):
        await cache.get("k", source.load)
    source.value, source.now = store_unavailable("postgres"), 12
    async with refused("STORE_UNAVAILABLE"):
        await cache.get("k", source.load)


async def test_a_hundred_wait_for_one_load_and_none_can_cancel_it() -> None:
    source = Source()
    cache = source.cache()
    source.gate.clear()
    waiting = [asyncio.create_task(cache.get("k", source.load)) for _ in range(100)]
    await turns()
    waiting[0].cancel()
    await turns()
    source.gate.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError) and results[1:] == ["v"] * 99
    assert source.loads == 1


async def test_what_was_being_loaded_when_it_was_forgotten_is_not_kept() -> None:
    source = Source("before")
    cache = source.cache()
    source.gate.clear()
    early = asyncio.create_task(cache.get("k", source.load))
    await turns()
    source.value = "after"
    cache.forget(lambda key, value: True)
    late = asyncio.create_task(cache.get("k", source.load))
    await turns()
    source.gate.set()
    assert (await early, await late) == ("before", "after")
    assert await cache.get("k", source.load) == "after" and source.loads == 2


async def test_while_the_store_is_known_to_be_away_nobody_waits_and_one_load_asks_for_all() -> None:
    source = Source()
    cache = source.cache()
    for key in ("a", "b"):
        await cache.get(key, source.load)
    source.value, source.now = store_unavailable("postgres"), 10
    assert await cache.get("a", source.load) == "v" and source.loads == 3
    source.now = 11
    source.gate.clear()
    for key in ("a", "b", "a"):
        assert await asyncio.wait_for(cache.get(key, source.load), 1) == "v"
    await turns()
    assert source.loads == 4
    # It is back: the one that asked tells, and then each is loaded as before.
    source.gate.set()
    await turns()
    source.value, source.now = "w", 12
    assert await cache.get("a", source.load) == "v"
    await turns()
    assert [await cache.get(key, source.load) for key in ("a", "b")] == ["w", "w"] and source.loads == 6


async def test_a_store_that_hangs_is_as_good_as_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline_server.stores.postgres.cache._PATIENCE_SECONDS", 0.01)
    source = Source()
    cache = source.cache()
    for key in ("a", "b"):
        await cache.get(key, source.load)
    source.gate.clear()
    source.value, source.now = "w", 10
    assert await cache.get("a", source.load) == "v" and source.loads == 3
    monkeypatch.setattr("trunkline_server.stores.postgres.cache._PATIENCE_SECONDS", 60.0)
    # From now on nobody waits, and nobody else asks.
    for key in ("a", "b"):
        assert await asyncio.wait_for(cache.get(key, source.load), 1) == "v"
    assert source.loads == 3
    # Who has nothing to go by waits.
    late = asyncio.create_task(cache.get("c", source.load))
    await turns()
    assert not late.done()
    source.gate.set()
    assert await late == "w" and [await cache.get(key, source.load) for key in ("a", "b")] == ["w", "w"]


async def test_a_value_is_renewed_while_the_old_one_serves() -> None:
    source = Source("before")
    cache = source.cache()
    assert cache.refresh("k", source.load) is None and source.loads == 0
    await cache.get("k", source.load)
    source.gate.clear()
    source.value = "after"
    load = cache.refresh("k", source.load)
    await turns()
    assert source.loads == 2 and await cache.get("k", source.load) == "before"
    source.gate.set()
    assert load is not None and await load == "after" and await cache.get("k", source.load) == "after"
    assert source.loads == 2


async def test_a_load_that_began_before_a_change_is_followed_by_one_however_many_changes() -> None:
    source = Source("0")
    cache = source.cache()
    await cache.get("k", source.load)
    source.gate.clear()
    source.value = "1"
    first = cache.refresh("k", source.load)
    await turns()
    source.value = "2"
    later = {cache.refresh("k", source.load) for _ in range(100)}
    await turns()
    assert source.loads == 2 and len(later) == 1
    source.gate.set()
    (last,) = later
    assert first is not None and last is not None and (await first, await last) == ("1", "2")
    assert await cache.get("k", source.load) == "2" and source.loads == 3
    # What nobody holds yet, and is being loaded: who asks now gets what is loaded now.
    source.gate.clear()
    early = asyncio.create_task(cache.get("new", source.load))
    await turns()
    source.value = "3"
    assert cache.refresh("new", source.load) is None
    late = asyncio.create_task(cache.get("new", source.load))
    await turns()
    source.gate.set()
    assert (await early, await late, await cache.get("new", source.load)) == ("2", "3", "3")
    await cache.close()


async def test_what_cannot_be_renewed_serves_on_unless_the_store_says_it_is_gone() -> None:
    source = Source()
    cache = source.cache()
    await cache.get("k", source.load)
    source.value = store_unavailable("postgres")
    load = cache.refresh("k", source.load)
    assert load is not None and await load == "v" and await cache.get("k", source.load) == "v"
    # It is asked for again although it was not old.
    source.value, source.now = "w", 1
    assert await cache.get("k", source.load) == "v"
    await turns()
    assert await cache.get("k", source.load) == "w"
    source.value = UNKNOWN
    gone = cache.refresh("k", source.load)
    assert gone is not None
    await asyncio.wait((gone,))
    async with refused("NOT_FOUND"):
        await cache.get("k", source.load)


async def test_bounds_and_a_flood_of_unknown_keys() -> None:
    source, unknown = Source(), Source(UNKNOWN)
    cache = source.cache(size=3)
    await cache.get("kept", source.load)
    for number in range(20):
        async with refused("NOT_FOUND"):
            await cache.get(f"unknown {number}", unknown.load)
    await cache.get("kept", source.load)
    assert source.loads == 1 and len(cache._errors) == 3
    for number in range(4):
        await cache.get(f"known {number}", source.load)
        await cache.get("kept", source.load)
    assert len(cache._values) == 3 and source.loads == 5
