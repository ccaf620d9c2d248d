"""Rate limits and budget holds in Redis: one Lua call admits, one settles. Implements domain.ports.Admission.

Rates: a subject that was idle may make exactly `requests_per_minute` calls, or use `tokens_per_minute`, at once; its
allowance then refills continuously, on the Redis server's clock without its steps (lua/common.lua). Budgets: spent +
held + amount never exceeds a hard limit. Amounts are exact to 64 bits; comparing with limits is exact up to 2^53
nano-USD (9.0 million USD), and off by a few nano-USD above.

A hold has a lease, renewed while its call is in flight by `RedisAdmission.run`, which the composition root keeps
running. Without it holds end after their lease. The holds of a killed process are released when their lease ends.

While Redis is away each worker enforces its share of the rates for calls that no hard budget binds; the others are
refused. How many workers share is counted in Redis, and remembered.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn, TypeAlias
from uuid import uuid4

from trunkline_server.domain.errors import Reason, TrunklineError, quota, store_unavailable
from trunkline_server.domain.local_limits import LocalLimits, rate_limited
from trunkline_server.domain.ports import Ask, BudgetLevel, BudgetLimit, Ledger, RateLimit
from trunkline_server.domain.signals import Signals, Silent
from trunkline_server.stores.redis.client import RedisStore
from trunkline_server.stores.redis.continuity import Continuity, budget_name
from trunkline_server.stores.redis.scripts import SHARDS, shard_of

LEASE_SECONDS = 60.0
# A settled hold is remembered for so long, to charge it once; costs some 120 bytes of Redis each. A settlement is tried
# for 15 minutes, in which the server's clock may be set forward by an hour.
REMEMBER_SECONDS = 4500
# A worker counts as living for so long after it was last heard of, and tells so often, in seconds.
_CENSUS_LEASE = 15.0
_CENSUS_EVERY = 3.0
# Expired holds released in one call of the sweeper; each admission also releases up to four of its shard.
_SWEPT = 200
_ROUNDS = 4


class Taken(NamedTuple):
    """What an allotment gave a call: the amount, the name of the hold that it is taken from, and the epoch."""

    amount: int
    hold: str
    epoch: str


# Hold id, nano-USD, and the record.
Settlement: TypeAlias = tuple[str, int, bytes]


class RedisAdmission:
    """See the module. `lease` is in seconds."""

    def __init__(
        self, store: RedisStore, ledger: Ledger, *, lease: float = LEASE_SECONDS, signals: Signals | None = None
    ) -> None:
        self._store = store
        self.lease = lease
        self._continuity = Continuity(store, ledger, lease)
        self._signals = signals or Silent()
        self._local = LocalLimits()
        self._name = uuid4().hex
        self._workers = 1
        self._away = False
        # The holds of this process known at this monotonic time last for a lease from then on.
        self.renewed = 0.0

    async def admit(self, ask: Ask) -> Sequence[BudgetLevel]:
        """All or nothing, see domain.ports.Admission. Hold ids are used once: a settled one raises INTERNAL.

        When the answer is lost the hold may have been taken; it is released when its lease ends, or by settling.
        """
        if not ask.rates and not ask.budgets:
            return ()
        levels: Sequence[BudgetLevel] = ()
        shard, names = shard_of(ask.tenant_id), _names(ask.tenant_id, ask.budgets)
        hold = f"{ask.tenant_id}/{ask.hold_id}"
        value = _value(ask, names, _lines(ask, ask.rates))
        try:
            levels = await self._admit(ask, shard, hold, names, value)
        except TrunklineError as error:
            if not _redis_away(error) or any(budget.hard for budget in ask.budgets):
                raise
            self._admit_locally(ask, ask.rates)
            # Redis learns of the call when it is back; it has not taken the tokens.
            value = _value(ask, names, _lines(ask, ask.rates, taken=False))
        if value:
            self._continuity.opened(shard, hold, value)
            self._local.entered(ask, ask.rates)
        return levels

    async def widen(self, ask: Ask, rates: Sequence[RateLimit]) -> None:
        """See domain.ports.Admission. What it costs is held already: without Redis the share of this worker decides."""
        shard, hold = shard_of(ask.tenant_id), f"{ask.tenant_id}/{ask.hold_id}"
        kept = self._continuity.value_of(shard, hold)
        base = kept or _value(ask, _names(ask.tenant_id, ask.budgets), ()) or str(ask.amount)
        value = _extended(base, ask, _lines(ask, rates))
        args: list[str | int] = [hold, value if kept or value != base else "", ask.tokens]
        args += (round(self.lease * 1000), len(rates), *_rate_args(ask, rates))
        try:
            answer = await self._continuity.run("widen", shard, *args)
        except TrunklineError as error:
            if not _redis_away(error):
                raise
            self._admit_locally(ask, rates)
            value = _extended(base, ask, _lines(ask, rates, taken=False))
        else:
            if answer[0] != b"OK":
                self._refuse(ask, rates, answer)
        if kept:
            self._continuity.widened(shard, hold, value)
        elif value != base:
            self._continuity.opened(shard, hold, value)
        self._local.entered(ask, rates)

    async def settle(
        self, ask: Ask, spent: int, record: bytes, tokens: int = 0, taken: Taken | None = None
    ) -> Sequence[BudgetLevel]:
        """See domain.ports.Admission. `spent` equals the record's cost; without a record (a void) it is zero.

        A budget whose counter is about to be rebuilt is left out of the answer; it is charged all the same.
        Idempotent for an hour. When it raises STORE_UNAVAILABLE the hold is still known here: settle again.
        """
        self._local.left(ask, tokens)
        if taken is None:
            epoch = self._continuity.epoch_of(shard_of(ask.tenant_id), f"{ask.tenant_id}/{ask.hold_id}")
            taken = Taken(0, "", epoch)
        return await self.settle_together(ask, taken, [(ask.hold_id, spent, record)], tokens)

    async def settle_together(
        self, ask: Ask, taken: Taken, calls: Sequence[Settlement], tokens: int = 0
    ) -> Sequence[BudgetLevel]:
        """As `settle`, several calls under the budgets of `ask`, all admitted from one allotment."""
        names = _names(ask.tenant_id, ask.budgets)
        listed = "".join(f"\n{name}" for name in names) + "\n"
        args: list[str | bytes | int] = [ask.tenant_id, REMEMBER_SECONDS, taken.hold, listed, tokens, ask.tokens]
        args += (*_token_args(ask), len(calls))
        for call in calls:
            if call[1] < 0 or (call[1] and not call[2]):
                raise ValueError("a charge needs a record, and is not negative")
            args += call
        for name, budget in zip(names, ask.budgets, strict=True):
            args += (name, _marks(budget.thresholds, budget.limit))
        holds = [f"{ask.tenant_id}/{hold_id}" for hold_id, _, _ in calls]
        answer = await self._continuity.settle(shard_of(ask.tenant_id), holds, taken.epoch, tuple(args))
        return _levels(ask.budgets, answer)

    async def allot(self, ask: Ask, plenty: int) -> tuple[bool, Sequence[BudgetLevel]] | None:
        """Take an allotment of `ask.amount`, or enlarge it by so much while what is not spent of every hard budget is
        `plenty` times what is held of it then; a negative amount reduces it. Returns whether there was one, and the
        budgets afterwards; None where a budget is too scarce. Raises STORE_UNAVAILABLE."""
        args: list[str | int] = [f"{ask.tenant_id}/{ask.hold_id}", ask.amount, round(self.lease * 1000), plenty]
        for budget in ask.budgets:
            args += (budget_name(ask.tenant_id, budget), budget.limit, int(budget.hard))
        status, *answer = await self._continuity.run("allot", shard_of(ask.tenant_id), *args)
        # A budget without a counter is seeded by the calls that ask for it.
        return (bool(answer[0]), _levels(ask.budgets, answer)) if status == b"OK" else None

    def allotted(self, ask: Ask) -> None:
        """An allotment is `ask.amount` now: to be told again after a loss."""
        value = _value(ask, _names(ask.tenant_id, ask.budgets), ())
        self._continuity.opened(shard_of(ask.tenant_id), f"{ask.tenant_id}/{ask.hold_id}", value)

    def epoch(self, tenant_id: str) -> str:
        """The epoch in which a call of the tenant is admitted now; empty while Redis is away."""
        shard = shard_of(tenant_id)
        return "" if self._store.away(shard) else self._continuity.epoch(shard)

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
        """Renew leases, release holds whose lease ran out, watch the epochs, and count workers, until cancelled."""
        tried = counted = 0.0
        try:
            while True:
                now = time.monotonic()
                due = now - tried > self.lease / 3
                answers = await asyncio.gather(*(self._tend(shard, due) for shard in SHARDS))
                self._found(away=not all(answers))
                if due:
                    tried = now
                    self.renewed = now if all(answers) else self.renewed
                    self._local.trim()
                if now - counted > _CENSUS_EVERY:
                    counted = now
                    await self._count()
                # Twice within the grace, so that this process tells its holds before counters are rebuilt.
                await asyncio.sleep(self._store.grace / 2)
        finally:
            await self._continuity.aclose()

    async def _admit(self, ask: Ask, shard: str, hold: str, names: Sequence[str], value: str) -> Sequence[BudgetLevel]:
        args: list[str | int] = [hold, ask.amount, ask.tokens, round(self.lease * 1000), len(ask.rates), len(names)]
        args += (value, *_rate_args(ask, ask.rates))
        for name, budget in zip(names, ask.budgets, strict=True):
            args += (name, budget.limit, int(budget.hard))
        for _ in range(_ROUNDS):
            answer = await self._continuity.run("admit", shard, *args)
            if answer[0] == b"OK":
                return _levels(ask.budgets, answer)
            if answer[0] != b"SEED":
                self._refuse(ask, ask.rates, answer)
            await self._continuity.seed(ask.tenant_id, [ask.budgets[index - 1] for index in answer[1:]])
        raise store_unavailable("redis")

    def _admit_locally(self, ask: Ask, rates: Sequence[RateLimit]) -> None:
        try:
            self._local.admit(ask, rates, self._workers)
        except TrunklineError as error:
            self._signals.decided(f"limited_{error.metadata['limited']}", reason=error.reason_name)
            raise
        self._signals.decided("admitted_locally")

    def _refuse(self, ask: Ask, rates: Sequence[RateLimit], answer: Sequence[Any]) -> NoReturn:
        if answer[0] != b"RATE":
            raise _REFUSALS[answer[0]](ask, *answer[1:])
        index, limited, wait_us = answer[1:]
        error = rate_limited(rates[index - 1], limited.decode(), wait_us / 1e6)
        self._signals.decided(f"limited_{error.metadata['limited']}", reason=error.reason_name)
        raise error

    async def _tend(self, shard: str, renew: bool) -> bool:
        """Whether Redis answered."""
        try:
            if renew:
                await self._continuity.renew(shard)
            await self._continuity.run("watch", shard, _SWEPT, int(renew))
        except TrunklineError:
            return False  # The next turn comes soon, and calls tell their callers.
        return True

    async def _count(self) -> None:
        try:
            self._workers = await self._store.run("census", SHARDS[0], self._name, round(_CENSUS_LEASE * 1000))
        except TrunklineError:
            return  # The last count holds.

    def _found(self, *, away: bool) -> None:
        if away != self._away:
            self._away = away
            self._signals.level("redis_away", float(away))


def _names(tenant_id: str, budgets: Sequence[BudgetLimit]) -> list[str]:
    return [budget_name(tenant_id, budget) for budget in budgets]


def _name(tenant_id: str, subject: str) -> str:
    """Names stand in lines."""
    return f"{tenant_id}/{subject}".replace("\n", " ")


def _rate_args(ask: Ask, rates: Sequence[RateLimit]) -> list[str | int]:
    args: list[str | int] = []
    for rate in rates:
        figures = (rate.requests_per_minute, rate.tokens_per_minute, rate.max_concurrent)
        args += (_name(ask.tenant_id, rate.subject), *(-1 if one is None else one for one in figures))
    return args


def _token_args(ask: Ask) -> list[str | int]:
    """How many rates limit tokens, then their names and figures, as settle.lua takes them."""
    limited = [rate for rate in ask.rates if rate.tokens_per_minute is not None and ask.tokens]
    args: list[str | int] = [len(limited)]
    for rate in limited:
        args += _rate_args(ask, (rate,))[:3]
    return args


def _lines(ask: Ask, rates: Sequence[RateLimit], *, taken: bool = True) -> list[str]:
    """What a hold keeps of rates, see lua/common.lua. `taken`: whether Redis has taken the tokens."""
    lines = []
    for rate in rates:
        name = _name(ask.tenant_id, rate.subject)
        if rate.tokens_per_minute is not None and ask.tokens and taken:
            lines.append(f"T{name}")
        if rate.max_concurrent is not None:
            lines.append(f"F{name}")
    return lines


def _value(ask: Ask, names: Sequence[str], lines: Sequence[str]) -> str:
    """A hold as Redis keeps it; empty when there is nothing to keep."""
    return _extended("\n".join((str(ask.amount), *names)), ask, lines) if names or lines else ""


def _extended(value: str, ask: Ask, lines: Sequence[str]) -> str:
    if not lines:
        return value
    return "\n".join((value, *(() if "\f" in value else (f"\f{ask.tokens}",)), *lines))


def _redis_away(error: TrunklineError) -> bool:
    return error.reason == Reason.ERROR_REASON_STORE_UNAVAILABLE and error.metadata.get("store") == "redis"


@lru_cache(maxsize=4096)
def _marks(thresholds: tuple[float, ...], limit: int) -> str:
    """The limit, then `<<share>:<nano-USD>>`, rounded up, for each threshold, ascending."""
    pairs = ((share, Decimal(repr(share)) * limit) for share in sorted(thresholds))
    return " ".join((str(limit), *(f"<{share!r}:{mark.to_integral_value(ROUND_CEILING)}>" for share, mark in pairs)))


def _levels(budgets: Sequence[BudgetLimit], answer: Sequence[bytes]) -> Sequence[BudgetLevel]:
    """Without the budgets whose counter is missing."""
    found, at = [], 1
    for budget in budgets:
        if spent := answer[at]:
            found.append(BudgetLevel(budget.budget_id, budget.limit, int(spent), int(answer[at + 1])))
        at += 2
    return found


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
    b"BUDGET": _budget_exceeded,
    b"SETTLED": _settled,
}
