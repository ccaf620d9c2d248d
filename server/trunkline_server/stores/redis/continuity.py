"""What this process knows of each shard, and how the two come to agree again when Redis has lost data.

A shard has an *epoch*. It is made anew when its key is missing (data lost) or was made by another run of the server
(the last writes may be lost: an append-only file is synced once a second, a replica lags). Every call passes the epoch
that this process knows. When that is not the present one:

1. each process takes its holds in flight again and repeats the settlements of its last seconds, at its next call or
   within half the grace, whichever comes first;
2. budget counters of earlier epochs count as missing. After the grace the first call that needs one *seeds* it: spent
   is what the ledger has plus the usage that no consumer has taken yet; held is the sum of the holds.

Nothing is counted twice: while a usage entry that the ledger may or may not have concerns the budget, seeding waits
for the consumers to finish it, and their deliveries pause while the ledger is read (lua/freeze.lua, lua/seed.lua).
A settlement repeated by a process that was cut off for longer than the grace can be counted twice until the window
ends or the next epoch: the counter is then too high, never too low. The ledger itself knows each hold only once.

What remains: holds of a process that died together with Redis are gone with it, and so are records settled more than
`RECENT_SECONDS` before a loss that no consumer had written, where Redis keeps no append-only file.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import structlog

from trunkline_server.domain.errors import store_unavailable
from trunkline_server.domain.ports import BudgetLimit, Ledger
from trunkline_server.stores.redis.client import RedisStore
from trunkline_server.stores.redis.scripts import SHARDS, shard_of

_log = structlog.get_logger(__name__)

# How long a settlement is remembered to be repeated after a loss: an append-only file may miss up to two seconds.
RECENT_SECONDS = 5.0
# How long seeding goes on: a batch of usage that a dead consumer left is claimed and written in about four seconds.
_SEED_SECONDS = 5.0
# How long a call waits for it; a caller that is told to try again soon is better off than one kept waiting.
_WAIT_SECONDS = 0.7
# How long a pause of the usage consumers lasts when the process that asked for it dies.
_PAUSE_MS = 3000
# Seeding looks through the usage stream; above this many entries it waits for the consumers instead.
_MOST_ENTRIES = 5000
# A counter outlives its window, for late settlements; one without an end is seeded anew after a month.
_AFTER_WINDOW = 3 * 86_400
_WITHOUT_END = 30 * 86_400
# The epoch can change under a call; this often in a row only when the server is not well.
_ROUNDS = 4
# Holds told in one call, so that no call blocks the server for long.
_PER_CALL = 500

Args: TypeAlias = tuple[str | bytes | int, ...]


@dataclass(slots=True)
class _Hold:
    """`value` as lua/common.lua keeps it; `epoch` is that of the admission."""

    value: str
    epoch: str


@dataclass(slots=True)
class _Shard:
    """`holds` by name. `recent`: (monotonic time, arguments of settle.lua from the tenant on). `heard`: when it
    answered last."""

    name: str
    epoch: str = ""
    heard: float = 0.0
    holds: dict[str, _Hold] = field(default_factory=dict)
    recent: deque[tuple[float, Args]] = field(default_factory=deque)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


def budget_name(tenant_id: str, budget: BudgetLimit) -> str:
    """The name of a budget's counter; none of its parts holds a slash."""
    return f"{tenant_id}/{budget.budget_id}/{budget.window}"


class Continuity:
    """Runs scripts in the present epoch. `lease` in seconds."""

    def __init__(self, store: RedisStore, ledger: Ledger, lease: float) -> None:
        self._store = store
        self._ledger = ledger
        self._lease_ms = round(lease * 1000)
        self._shards = {name: _Shard(name) for name in SHARDS}
        self._seeding: dict[tuple[str, ...], asyncio.Task[None]] = {}

    def opened(self, shard: str, hold: str, value: str) -> None:
        """A hold is in flight."""
        state = self._shards[shard]
        state.holds[hold] = _Hold(value, state.epoch)

    def widened(self, shard: str, hold: str, value: str) -> None:
        """A hold in flight is kept as `value` from now on; one that was settled meanwhile is not."""
        holds = self._shards[shard].holds
        if (found := holds.get(hold)) is not None:
            holds[hold] = _Hold(value, found.epoch)

    def value_of(self, shard: str, hold: str) -> str:
        """What a hold in flight is kept as, empty when it is not known."""
        found = self._shards[shard].holds.get(hold)
        return found.value if found else ""

    def epoch(self, shard: str) -> str:
        """The epoch that this process knows, empty before its first call."""
        return self._shards[shard].epoch

    def epoch_of(self, shard: str, hold: str) -> str:
        """The epoch in which a hold in flight was admitted, empty when it is not known."""
        found = self._shards[shard].holds.get(hold)
        return found.epoch if found else ""

    async def settle(self, shard: str, holds: Sequence[str], admitted_in: str, args: Args) -> Any:
        """Run settle.lua. What was accepted is kept for a while, to repeat it if Redis loses it."""
        answer = await self.run("settle", shard, admitted_in, *args)
        now, recent = time.monotonic(), self._shards[shard].recent
        for hold in holds:
            self._shards[shard].holds.pop(hold, None)
        recent.append((now, args))
        while recent[0][0] < now - RECENT_SECONDS:
            recent.popleft()
        return answer

    async def run(self, script: str, shard: str, *args: str | bytes | int) -> Any:
        """Run a script whose first argument is the epoch; after a change of epoch, agree and run it again."""
        state = self._shards[shard]
        for _ in range(_ROUNDS):
            epoch = state.epoch
            answer = await self._store.run(script, shard, epoch, *args)
            if answer[0] != b"EPOCH":
                state.heard = time.monotonic()
                return answer
            await self._agree(state, epoch)
        raise store_unavailable("redis")

    async def renew(self, shard: str) -> None:
        """Extend the leases of the holds in flight."""
        for pairs in _pairs(self._shards[shard].holds):
            await self.run("renew", shard, self._lease_ms, "", *pairs)

    async def seed(self, tenant_id: str, budgets: Sequence[BudgetLimit]) -> None:
        """Make sure that the budgets have counters. Callers that ask for the same ones at a time share the work.

        Raises STORE_UNAVAILABLE when the ledger cannot tell, and when it takes longer than 0.7 s, as it can while usage
        that concerns them is being written; the work then goes on for those who try again.
        """
        key = tuple(budget_name(tenant_id, budget) for budget in budgets)
        task = self._seeding.get(key)
        if task is None:
            task = self._seeding[key] = asyncio.create_task(self._seed(tenant_id, budgets, key))
            task.add_done_callback(lambda done: self._seeded(key, done))
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await asyncio.shield(task)
        except TimeoutError:
            _log.warning("budget_counters_late", budgets=len(budgets), waited=_WAIT_SECONDS)
            raise store_unavailable("redis") from None

    async def aclose(self) -> None:
        """Stop seeding."""
        tasks = list(self._seeding.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _seeded(self, key: tuple[str, ...], task: asyncio.Task[None]) -> None:
        del self._seeding[key]
        if not task.cancelled():
            task.exception()  # Every caller may have left; an error nobody reads is not worth a warning.

    async def _seed(self, tenant_id: str, budgets: Sequence[BudgetLimit], names: tuple[str, ...]) -> None:
        shard = shard_of(tenant_id)
        windows = [(budget.budget_id, budget.window) for budget in budgets]
        try:
            async with asyncio.timeout(_SEED_SECONDS):
                while True:
                    frozen = await self.run("freeze", shard, _PAUSE_MS, _MOST_ENTRIES, *names)
                    if frozen[0] == b"OK":
                        spent = await self._ledger.spent(tenant_id, windows)
                        values: list[str | bytes | int] = []
                        for name, window, budget in zip(names, windows, budgets, strict=True):
                            values += (name, spent.get(window, 0), _expiry(budget))
                        frozen = await self._store.run("seed", shard, frozen[2], frozen[1], *values)
                        if frozen[0] == b"OK":
                            return
                    # After a change of epoch the ledger has to be read again.
                    await asyncio.sleep(frozen[1] / 1000 if frozen[0] == b"BUSY" else 0)
        except TimeoutError:
            raise store_unavailable("redis") from None

    async def _agree(self, state: _Shard, stale: str) -> None:
        """Learn the present epoch, and before using it tell Redis what this process knows."""
        async with state.lock:
            if state.epoch != stale:
                return
            epoch = await self._store.epoch(state.name)
            if not await self._tell(state, epoch):
                return
            state.epoch = epoch

    async def _tell(self, state: _Shard, epoch: str) -> bool:
        """False when the epoch changed meanwhile."""
        # However long it was away: what it lost is what came before.
        since = state.heard - RECENT_SECONDS
        settled = [("", *args) for when, args in tuple(state.recent) if when >= since]
        if not await self._all("settle", state, epoch, settled):
            return False
        # After them: the holds are known as the settlements left them.
        return await self._all("renew", state, epoch, [(self._lease_ms, 1, *pairs) for pairs in _pairs(state.holds)])

    async def _all(self, script: str, state: _Shard, epoch: str, calls: Sequence[Args]) -> bool:
        answers = await asyncio.gather(*(self._store.run(script, state.name, epoch, *args) for args in calls))
        return all(answer[0] != b"EPOCH" for answer in answers)


def _pairs(holds: Mapping[str, _Hold]) -> list[tuple[str, ...]]:
    """Names and values in turn, in portions."""
    flat = [text for name, hold in holds.items() for text in (name, hold.value)]
    return [tuple(flat[start : start + 2 * _PER_CALL]) for start in range(0, len(flat), 2 * _PER_CALL)]


def _expiry(budget: BudgetLimit) -> int:
    now = time.time()
    return round(max(budget.ends_at, now) + _AFTER_WINDOW if budget.ends_at is not None else now + _WITHOUT_END)
