"""Random interleavings of calls with limited tokens and places in flight, against a model of them."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from integration.redis_parts import SHARD, TENANT, MemoryLedger, ask, plain, server, until, worker
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.ports import Ask, RateLimit
from trunkline_server.stores.redis.admission import RedisAdmission
from trunkline_server.stores.redis.client import RedisStore

OWN = RateLimit("key/k", tokens_per_minute=600, max_concurrent=3)
OTHER = RateLimit("model/a/b", max_concurrent=2)
Workers = Sequence[tuple[RedisStore, RedisAdmission]]


@pytest.fixture
async def volatile(tmp_path: Path) -> AsyncIterator[Any]:
    async with server("single", tmp_path, durable=False) as (_, found):
        yield found


class Bucket:
    """What is taken of a limit per minute, as GCRA has it: the server's own, but for a few milliseconds."""

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

    def correct(self, more: int) -> None:
        self.refill()
        self.taken = max(0.0, min(self.taken + more, max(self.taken, self.per_minute)))


class Model:
    """Every step does something to the workers and asserts what comes of it."""

    def __init__(self, seed: int, redis: Any, client: Any, workers: Workers) -> None:
        self._pick = random.Random(seed)
        self._redis, self._client, self._workers = redis, client, workers
        self._bucket = Bucket(OWN.tokens_per_minute or 0)
        self.open: dict[str, tuple[Ask, RedisAdmission]] = {}

    def _flying(self, rate: RateLimit) -> set[str]:
        return {hold for hold, (one, _) in self.open.items() if rate in one.rates}

    async def agrees(self) -> bool:
        for rate in (OWN, OTHER):
            found = await self._client.zrange(f"{SHARD}:flight:{TENANT}/{rate.subject}", 0, -1)
            if {member.decode().rpartition("/")[2] for member in found} != self._flying(rate):
                return False
        return True

    async def step(self, number: int) -> None:
        chance = self._pick.random()
        if chance < 0.02:
            await self._lose_everything()
        elif self.open and chance < 0.45:
            await self.end()
        elif self.open and chance < 0.6:
            await self._widen()
        else:
            await self._begin(number)

    async def _lose_everything(self) -> None:
        await self._redis.kill()
        await self._redis.start()
        await self._client.connection_pool.disconnect()
        for store, _ in self._workers:
            await until(lambda store=store: answers(store))
        await until(self.agrees)
        self._bucket.taken = 0.0

    async def end(self) -> None:
        one, owner = self.open.pop(self._pick.choice(sorted(self.open)))
        used = self._pick.choice((0, one.tokens, 2 * one.tokens))
        self._bucket.correct(used - one.tokens)
        for _ in range(self._pick.choice((1, 2))):
            await owner.settle(one, 0, b"", used)

    async def _widen(self) -> None:
        hold = self._pick.choice(sorted(self.open))
        one, owner = self.open[hold]
        if OTHER in one.rates:
            return
        fits = len(self._flying(OTHER)) < 2
        error = (await asyncio.gather(owner.widen(one, (OTHER,)), return_exceptions=True))[0]
        assert (error is None) == fits, error
        if fits:
            self.open[hold] = (replace(one, rates=(*one.rates, OTHER)), owner)

    async def _begin(self, number: int) -> None:
        admission = self._pick.choice(self._workers)[1]
        one = replace(ask(f"h{number}", 0, rates=(OWN,)), tokens=self._pick.choice((10, 100, 250, 900)))
        room, fits = len(self._flying(OWN)) < 3, self._bucket.fits(one.tokens)
        task = asyncio.create_task(admission.admit(one))
        if not room and self._pick.random() < 0.3:
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await admission.settle(one, 0, b"")
            return
        found = (await asyncio.gather(task, return_exceptions=True))[0]
        refused = isinstance(found, BaseException)
        if not room:
            assert refused
        elif fits is not None:
            assert refused != fits, (found, self._bucket.taken, one.tokens)
        if not refused:
            self._bucket.taken += one.tokens
            self.open[one.hold_id] = (one, admission)


async def answers(store: RedisStore) -> bool:
    try:
        await store.ping()
    except TrunklineError:
        return False
    return True


@pytest.mark.parametrize("seed", range(6))
async def test_tokens_and_places_in_flight_are_those_of_the_model(seed: int, volatile: Any) -> None:
    """Admissions, widenings, settlements told twice, cancels and losses of everything."""
    ledger = MemoryLedger()
    async with (
        worker([volatile.url], ledger) as one,
        worker([volatile.url], ledger) as two,
        plain(volatile.url) as client,
    ):
        model = Model(seed, volatile, client, (one, two))
        for number in range(120):
            await model.step(number)
            assert await model.agrees()
            await asyncio.sleep(0.005)
        while model.open:
            await model.end()
        assert await model.agrees()
