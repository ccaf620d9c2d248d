"""Rate limits and budget holds in Redis: one Lua call admits, one settles. Implements domain.ports.Admission.

Rates: a subject that was idle may make exactly `per_minute` calls at once; its allowance then refills continuously, on
the Redis server's clock. Budgets: spent + held + amount never exceeds a hard limit. Amounts are exact to 64 bits;
comparing with limits is exact up to 2^53 nano-USD (9.0 million USD), and off by a few nano-USD above.

A hold has a lease, renewed while its call is in flight by `RedisAdmission.run`, which the composition root keeps
running. Without it holds end after their lease. The holds of a killed process are released when their lease ends.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache
from typing import Any, NoReturn

from trunkline_server.domain.errors import Reason, TrunklineError, quota, store_unavailable
from trunkline_server.domain.ports import Ask, BudgetLevel, BudgetLimit, Ledger
from trunkline_server.stores.redis.client import RedisStore
from trunkline_server.stores.redis.continuity import Continuity, budget_name
from trunkline_server.stores.redis.scripts import SHARDS, shard_of

LEASE_SECONDS = 60.0
# A settled hold is remembered for so long, to charge it once; costs some 120 bytes of Redis each.
REMEMBER_SECONDS = 3600
# Expired holds released in one call of the sweeper; each admission also releases up to four of its shard.
_SWEPT = 200
_ROUNDS = 4


class RedisAdmission:
    """See the module. `lease` is in seconds."""

    def __init__(self, store: RedisStore, ledger: Ledger, *, lease: float = LEASE_SECONDS) -> None:
        self._grace = store.grace
        self._lease = lease
        self._continuity = Continuity(store, ledger, lease)

    async def admit(self, ask: Ask) -> None:
        """All or nothing, see domain.ports.Admission. Hold ids are used once: a settled one raises INTERNAL.

        When the answer is lost the hold may have been taken; it is released when its lease ends, or by settling.
        """
        shard, names = shard_of(ask.tenant_id), _names(ask.tenant_id, ask.budgets)
        hold = f"{ask.tenant_id}/{ask.hold_id}"
        args = _admit_args(ask, hold, names, round(self._lease * 1000))
        for _ in range(_ROUNDS):
            answer = await self._continuity.run("admit", shard, *args)
            if answer[0] == b"OK":
                if names:
                    self._continuity.opened(shard, hold, "\n".join((str(ask.amount), *names)))
                return
            if answer[0] != b"SEED":
                _refuse(ask, answer)
            await self._continuity.seed(ask.tenant_id, [ask.budgets[index - 1] for index in answer[1:]])
        raise store_unavailable("redis")

    async def settle(self, ask: Ask, spent: int, record: bytes) -> Sequence[BudgetLevel]:
        """See domain.ports.Admission. `spent` equals the record's cost; without a record (a void) it is zero.

        A budget whose counter is about to be rebuilt is left out of the answer; it is charged all the same.
        Idempotent for an hour. When it raises STORE_UNAVAILABLE the hold is still known here: settle again.
        """
        if spent < 0 or (spent and not record):
            raise ValueError("a charge needs a record, and is not negative")
        shard, names = shard_of(ask.tenant_id), _names(ask.tenant_id, ask.budgets)
        hold = f"{ask.tenant_id}/{ask.hold_id}"
        listed = "".join(f"\n{name}" for name in names) + "\n"
        admitted_in = self._continuity.epoch_of(shard, hold)
        args: list[str | bytes | int] = [hold, spent, REMEMBER_SECONDS, ask.tenant_id, ask.hold_id, listed, record]
        args.append(admitted_in)
        for name, budget in zip(names, ask.budgets, strict=True):
            args += (name, _marks(budget.thresholds, budget.limit))
        answer = await self._continuity.run("settle", shard, *args)
        self._continuity.settled(shard, hold, tuple(args))
        return _levels(ask.budgets, answer)

    async def levels(self, tenant_id: str, budgets: Sequence[BudgetLimit]) -> Sequence[BudgetLevel]:
        """The state of budgets now."""
        if not budgets:
            return ()
        for _ in range(_ROUNDS):
            answer = await self._continuity.run("levels", shard_of(tenant_id), *_names(tenant_id, budgets))
            levels = _levels(budgets, answer)
            if len(levels) == len(budgets):
                return levels
            await self._continuity.seed(tenant_id, budgets)
        raise store_unavailable("redis")

    async def run(self) -> None:
        """Renew leases, release holds whose lease ran out, and watch the epochs, until cancelled."""
        renewed = 0.0
        try:
            while True:
                due = time.monotonic() - renewed > self._lease / 3
                await asyncio.gather(*(self._tend(shard, due) for shard in SHARDS))
                if due:
                    renewed = time.monotonic()
                # Twice within the grace, so that this process tells its holds before counters are rebuilt.
                await asyncio.sleep(self._grace / 2)
        finally:
            await self._continuity.aclose()

    async def _tend(self, shard: str, renew: bool) -> None:
        try:
            if renew:
                await self._continuity.renew(shard)
            await self._continuity.run("watch", shard, _SWEPT, int(renew))
        except TrunklineError:
            return  # Redis is away; the next turn comes soon, and calls tell their callers.


def _names(tenant_id: str, budgets: Sequence[BudgetLimit]) -> list[str]:
    return [budget_name(tenant_id, budget) for budget in budgets]


def _admit_args(ask: Ask, hold: str, names: Sequence[str], lease_ms: int) -> list[str | int]:
    args: list[str | int] = [hold, ask.amount, lease_ms, len(ask.rates), len(names)]
    for rate in ask.rates:
        args += (f"{ask.tenant_id}/{rate.subject}", rate.per_minute)
    for name, budget in zip(names, ask.budgets, strict=True):
        args += (name, budget.limit, int(budget.hard))
    return args


@lru_cache(maxsize=4096)
def _marks(thresholds: tuple[float, ...], limit: int) -> str:
    """The limit, then `<share>:<nano-USD>`, rounded up, for each threshold."""
    pairs = ((share, Decimal(repr(share)) * limit) for share in thresholds)
    return " ".join((str(limit), *(f"{share!r}:{mark.to_integral_value(ROUND_CEILING)}" for share, mark in pairs)))


def _levels(budgets: Sequence[BudgetLimit], answer: Sequence[bytes]) -> Sequence[BudgetLevel]:
    """Without the budgets whose counter is missing."""
    return [
        BudgetLevel(budget.budget_id, budget.limit, int(spent), int(held))
        for budget, spent, held in zip(budgets, answer[1::2], answer[2::2], strict=True)
        if spent
    ]


def _refuse(ask: Ask, answer: Sequence[Any]) -> NoReturn:
    raise _REFUSALS[answer[0]](ask, *answer[1:])


def _rate_limited(ask: Ask, index: int, wait_us: int) -> TrunklineError:
    rate, seconds = ask.rates[index - 1], wait_us / 1e6
    return quota(
        Reason.ERROR_REASON_RATE_LIMITED,
        f"{rate.subject} may make {rate.per_minute} calls per minute; try again in {seconds:.3f} s",
        rate.subject,
        seconds,
    )


def _budget_exceeded(ask: Ask, index: int, spent: bytes, held: bytes) -> TrunklineError:
    budget = ask.budgets[index - 1]
    error = quota(
        Reason.ERROR_REASON_BUDGET_EXCEEDED,
        f"budget {budget.budget_id} has no room for this call; raise its limit or wait for its next period",
        budget.budget_id,
    )
    error.metadata |= {
        "limit": str(budget.limit),
        "spent": spent.decode(),
        "held": held.decode(),
        "asked": str(ask.amount),
    }
    return error


def _settled(ask: Ask) -> TrunklineError:
    return TrunklineError(Reason.ERROR_REASON_INTERNAL, f"hold {ask.hold_id} is settled already")


_REFUSALS: dict[bytes, Callable[..., TrunklineError]] = {
    b"RATE": _rate_limited,
    b"BUDGET": _budget_exceeded,
    b"SETTLED": _settled,
}
