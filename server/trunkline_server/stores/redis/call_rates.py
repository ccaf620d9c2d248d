"""Call rates and holds over all servers: one Lua call takes a turn. Implements domain.call_rates.CallRates.

Calls without rates ask nothing of Redis: which credentials are held, each process hears on a channel, and from the
answers of its own calls. One that was cut off from the channel learns it when the system refuses it, too. While Redis
is away each process keeps the whole rates for itself: with several of them a system may be called more often, and says
so by a refusal, which is then waited out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import aclosing
from itertools import count
from uuid import uuid4

from trunkline_server.domain.call_rates import MAX_HOLD, LocalCallRates, Rate, Use
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.signals import Signals, Silent
from trunkline_server.stores.redis.client import RedisStore
from trunkline_server.stores.redis.pubsub import Changes
from trunkline_server.stores.redis.scripts import shard_of

CHANNEL = "trunkline:held"


class RedisCallRates:
    """One process's view; `run` is to be kept running."""

    def __init__(self, store: RedisStore, signals: Signals | None = None) -> None:
        self._store = store
        self._signals = signals or Silent()
        self._local = LocalCallRates()
        self._heard = Changes(store, CHANNEL)
        self._name = uuid4().hex[:12]
        self._numbers = count()

    def held(self, key: str) -> float:
        """See CallRates."""
        return self._local.held(key)

    async def turn(self, key: str, rates: Sequence[Rate], most: float) -> float:
        """See CallRates."""
        call = f"{self._name}{next(self._numbers):x}"
        try:
            answer = await self._run(key, max(0, _us(most)), call, rates)
        except TrunklineError:
            self._signals.decided("paced_locally")
            return await self._local.turn(key, rates, most)
        _, wait, held = answer
        if held > 0:
            self._local.note(key, held / 1e6)
        return wait / 1e6

    async def uses(self, key: str, rates: Sequence[Rate]) -> Sequence[Use]:
        """See CallRates."""
        if not rates:
            return ()
        try:
            answer = await self._run(key, -1, "", rates)
        except TrunklineError:
            return await self._local.uses(key, rates)
        return [Use(left, wait / 1e6) for left, wait in zip(answer[3::2], answer[4::2], strict=True)]

    async def hold(self, key: str, seconds: float) -> None:
        """See CallRates."""
        self._local.note(key, seconds)
        try:
            await self._store.run("call_hold", shard_of(key), key, _us(min(seconds, MAX_HOLD)), CHANNEL)
        except TrunklineError:
            return  # This process keeps it; the others hear it from the system itself.

    async def run(self) -> None:
        """Hear of holds, until cancelled."""
        async with aclosing(self._heard.changes()) as told:
            async for message in told:
                key, _, us = message.partition(" ")
                self._local.note(key, int(us) / 1e6)

    async def _run(self, key: str, most: int, call: str, rates: Sequence[Rate]) -> Sequence[int]:
        args: list[str | int] = [key, most, call]
        for rate in rates:
            args += (rate.name, rate.calls, _us(rate.seconds))
        answer: Sequence[int] = await self._store.run("call_turn", shard_of(key), *args)
        return answer


def _us(seconds: float) -> int:
    return math.ceil(seconds * 1e6)
