"""Money taken ahead: of budgets that are asked for many times a second, each worker holds some for the calls to come,
and admits those without asking Redis.

An allotment is one hold, with a lease, told again after a loss like any other. Its calls are settled together with
those that end at the same time, and what they spend is taken off it in the same step (lua/settle.lua): spent + held
never exceeds a hard limit, whoever admits. It is taken only while a budget has plenty left, and given back when nobody
asked for a while, when a call finds no room beside it, and at the end. Calls under rates always ask Redis, which counts
each of them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import uuid4

from trunkline_server.domain.errors import Reason, TrunklineError, store_unavailable
from trunkline_server.domain.ports import Ask, BudgetLevel, BudgetLimit, RateLimit
from trunkline_server.stores.redis.admission import RedisAdmission, Settlement, Taken
from trunkline_server.stores.redis.batch import Batcher, Done, Errands

# So many calls within a second make an allotment worth while: it then spares most of them a round trip.
_BUSY, _WINDOW = 20, 1.0
# An allotment begins with what so many calls hold, and is enlarged when it has less than half of that left free.
_CALLS = 64
# It is enlarged only while all that is held of a hard budget is at most such a part of what is not spent.
_PLENTY = 50
# Groups of settlements under way at a time.
_WIDTH = 2
# Given back when nobody asked for so long, in seconds; looked after so often.
_IDLE, _LOOK = 1.0, 0.25


class Allotment:
    """Of one tenant's budgets as they are configured now. `hold` is what it is in Redis, its amount as of the last
    answer; `free` of it is not taken by a call. `until` is the monotonic time to which its lease surely lasts.
    `settling` gathers the settlements of its calls."""

    __slots__ = ("asked", "calls", "free", "growing", "hold", "levels", "name", "settling", "since", "step", "taken",
                 "until", "wanted")  # fmt: skip

    def __init__(
        self, tenant_id: str, budgets: tuple[BudgetLimit, ...], settle: Callable[[Allotment, Any, Done], None]
    ) -> None:
        self.hold = Ask(tenant_id, f"allotment-{uuid4().hex}", 0, (), budgets)
        self.name = f"{tenant_id}/{self.hold.hold_id}"
        self.settling: Batcher[Settlement] = Batcher(partial(settle, self), _WIDTH)
        self.free = self.taken = self.step = self.calls = 0
        self.levels: Sequence[BudgetLevel] = ()
        self.growing: asyncio.Task[None] | None = None
        self.until = 0.0
        # Not enlarged before: a budget was too scarce.
        self.wanted = 0.0
        self.asked = self.since = time.monotonic()

    def busy(self, now: float) -> bool:
        """Notes a call. Whether there are many."""
        self.asked = now
        if now - self.since > _WINDOW:
            self.since, self.calls = now, 0
        self.calls += 1
        return self.calls >= _BUSY

    def may_grow(self, now: float) -> bool:
        """Whether it is worth asking."""
        return self.growing is None and now >= self.wanted


class Allotments:
    """Implements domain.ports.Admission over that of Redis."""

    def __init__(self, redis: RedisAdmission) -> None:
        self._redis = redis
        # By tenant and budgets as they are configured.
        self._all: dict[tuple[str, tuple[BudgetLimit, ...]], Allotment] = {}
        # To be given back, as soon as Redis answers.
        self._unused: list[Allotment] = []
        self._taken: dict[str, tuple[Allotment, Taken]] = {}
        self._errands = Errands()

    async def admit(self, ask: Ask) -> Sequence[BudgetLevel]:
        """See domain.ports.Admission."""
        if ask.rates or not ask.budgets:
            return await self._redis.admit(ask)
        key = ask.tenant_id, ask.budgets
        one = self._all.get(key)
        if one is None:
            one = self._all[key] = Allotment(ask.tenant_id, ask.budgets, self._together)
        now = time.monotonic()
        if one.busy(now) and one.free < max(one.step // 2, ask.amount) and one.may_grow(now):
            one.growing = asyncio.create_task(self._enlarge(one, ask.amount))
        if one.free >= ask.amount and now < one.until and (epoch := self._redis.epoch(ask.tenant_id)):
            one.free -= ask.amount
            one.taken += 1
            self._taken[ask.hold_id] = one, Taken(ask.amount, one.name, epoch)
            return one.levels
        one.levels = await self._asked(one, ask)
        return one.levels

    async def widen(self, ask: Ask, rates: Sequence[RateLimit]) -> None:
        """See domain.ports.Admission."""
        await self._redis.widen(ask, rates)

    async def settle(self, ask: Ask, spent: int, record: bytes, tokens: int = 0) -> Sequence[BudgetLevel]:
        """See domain.ports.Admission."""
        found = self._taken.get(ask.hold_id)
        if found is None:
            return await self._redis.settle(ask, spent, record, tokens)
        one, taken = found
        if ask.rates:  # Those of a fallback: it gives back what it took of them.
            levels = await self._redis.settle(ask, spent, record, tokens, taken)
            self._settled(one, [(ask.hold_id, spent, record)])
            return levels
        answer = await one.settling.call((ask.hold_id, spent, record))
        if isinstance(answer, Exception):
            raise answer if isinstance(answer, TrunklineError) else store_unavailable("redis")
        return one.levels

    async def levels(self, tenant_id: str, budgets: Sequence[BudgetLimit]) -> Sequence[BudgetLevel]:
        """See domain.ports.Admission."""
        return await self._redis.levels(tenant_id, budgets)

    async def run(self) -> None:
        """As RedisAdmission.run; and give back what is not needed, at the end everything."""
        looking = asyncio.create_task(self._look())
        try:
            await self._redis.run()
        finally:
            looking.cancel()
            await self._errands.aclose()
            left = (*self._unused, *self._all.values())
            await asyncio.gather(looking, *map(self._give_back, left), return_exceptions=True)

    def _together(self, one: Allotment, calls: Sequence[Settlement], done: Done) -> None:
        self._errands.run(self._settle(one, calls), done)

    async def _settle(self, one: Allotment, calls: Sequence[Settlement]) -> Sequence[None]:
        """The answer of each."""
        epochs = {found[1].epoch for hold_id, _, _ in calls if (found := self._taken.get(hold_id))}
        taken = Taken(0, one.name, epochs.pop() if len(epochs) == 1 else "")
        one.levels = await self._redis.settle_together(one.hold, taken, calls)
        self._settled(one, calls)
        return [None] * len(calls)

    def _settled(self, one: Allotment, calls: Sequence[Settlement]) -> None:
        for hold_id, spent, _ in calls:
            if (found := self._taken.pop(hold_id, None)) is not None:
                one.taken -= 1
                one.free += found[1].amount - spent
                one.hold.amount = max(one.hold.amount - spent, 0)
        self._redis.allotted(one.hold)

    async def _asked(self, one: Allotment, ask: Ask) -> Sequence[BudgetLevel]:
        """Ask Redis; where it finds no room, once more without what is free here."""
        try:
            return await self._redis.admit(ask)
        except TrunklineError as error:
            if error.reason != Reason.ERROR_REASON_BUDGET_EXCEEDED or one.free <= 0 or one.growing is not None:
                raise
            free, one.free = one.free, 0
            await self._change(one, -free)
            return await self._redis.admit(ask)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(_LOOK)
            idle = time.monotonic() - _IDLE
            for key, one in tuple(self._all.items()):
                one.until = max(one.until, self._redis.renewed + self._redis.lease)
                if one.asked < idle and not one.taken and one.growing is None:
                    self._unused.append(self._all.pop(key))
            for one in tuple(self._unused):
                with suppress(TrunklineError):
                    await self._give_back(one)
                    self._unused.remove(one)

    async def _give_back(self, one: Allotment) -> None:
        """The hold as a whole; it may be there also where Redis did not answer. Raises STORE_UNAVAILABLE."""
        if one.growing is not None:
            one.growing.cancel()
        one.free = 0
        if one.step:
            await self._redis.settle(replace(one.hold, budgets=()), 0, b"")

    async def _enlarge(self, one: Allotment, amount: int) -> None:
        # What did not suffice is doubled.
        step = one.step = max(_CALLS * amount, 2 * one.step if one.free < amount else one.step)
        try:
            # That Redis is away, calls find out by themselves.
            with suppress(TrunklineError):
                if await self._change(one, step):
                    one.free += step
                    return
            one.step, one.wanted = _CALLS * amount, time.monotonic() + _WINDOW
        finally:
            one.growing = None

    async def _change(self, one: Allotment, more: int) -> bool:
        """Whether it is larger by so much now, or smaller."""
        before, now = one.hold.amount, time.monotonic()
        changed = await self._redis.allot(replace(one.hold, amount=more), _PLENTY)
        if changed is None:
            return False
        existed, one.levels = changed
        if not existed:
            # What was there before ended with its lease.
            one.hold.amount -= before
            one.free -= before
        one.hold.amount += more
        one.until = now + self._redis.lease
        self._redis.allotted(one.hold)
        return True
