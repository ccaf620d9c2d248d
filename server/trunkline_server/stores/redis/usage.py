"""Settled usage, from the streams of Redis to the ledger: at least once, and once in effect, as the ledger knows holds.

The consumers of all processes share the work. One that dies with entries taken loses nothing: another claims them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from uuid import uuid4

import structlog
from google.protobuf.message import DecodeError
from trunkline.v1.analytics_pb2 import RecordedRequest

from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.events import Alert, events_of
from trunkline_server.domain.ports import Ledger, Settled
from trunkline_server.domain.strategies import backoff
from trunkline_server.stores.redis.client import RedisStore
from trunkline_server.stores.redis.scripts import SHARDS

_log = structlog.get_logger(__name__)

# The most entries of one transaction, and how many are taken from one shard at a time.
_BATCH = 500
_PER_SHARD = 100
# Between two looks at streams that were empty, in seconds.
_INTERVAL = 0.2
# An entry that its consumer did not finish for so long is taken over; looked for so often. Short, as counters cannot
# be rebuilt while it is unsure whether the ledger has an entry; a needless claim only writes an entry twice.
_STALE_MS = 3000
_CLAIM_EVERY = 1.0
# A consumer without entries that was silent for so long is forgotten.
_FORGET_MS = 600_000


@dataclass(frozen=True, slots=True)
class _Entry:
    """`fields` as settle.lua writes them."""

    shard: str
    id: bytes
    fields: dict[bytes, bytes]


class UsageWriter:
    """The consumer of one process."""

    def __init__(self, store: RedisStore, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger
        self._name = uuid4().hex
        self._cycle = asyncio.Lock()
        self._claimed = 0.0
        self._stopping = asyncio.Event()
        self._failures = 0

    async def run(self) -> None:
        """Write usage until cancelled or drained. Waits, and loses nothing, while Redis or the ledger is away."""
        while not self._stopping.is_set():
            async with self._cycle:
                more = await self._turn()
            if not more:
                try:
                    async with asyncio.timeout(_INTERVAL):
                        await self._stopping.wait()
                except TimeoutError:
                    continue

    async def drain(self, deadline: Deadline) -> bool:
        """End `run`, and write what is there. False when the deadline came first: another consumer goes on then."""
        self._stopping.set()
        try:
            async with deadline.timeout(), self._cycle:
                while await self._take_and_write():
                    pass
        except (TimeoutError, TrunklineError):
            return False
        return True

    async def _turn(self) -> bool:
        """Whether there may be more at once."""
        try:
            taken = await self._take_and_write()
        except TrunklineError as error:
            self._failures += 1
            _log.warning("usage_not_read", reason=error.reason_name, failures=self._failures)
            # Soon, as budgets that Redis has lost wait for what the streams hold; a Redis that is away costs nothing.
            await asyncio.sleep(backoff(min(self._failures, 2)))
            return False
        self._failures = 0
        return taken >= _PER_SHARD

    async def _take_and_write(self) -> int:
        """How many entries the fullest shard gave."""
        now = asyncio.get_running_loop().time()
        taking = [self._take(shard, "usage_read", _PER_SHARD) for shard in SHARDS]
        if now - self._claimed >= _CLAIM_EVERY:
            self._claimed = now
            taking += [self._take(shard, "usage_claim", _STALE_MS, _PER_SHARD, _FORGET_MS) for shard in SHARDS]
        portions = await asyncio.gather(*taking)
        entries = {(one.shard, one.id): one for portion in portions for one in portion}
        waiting = list(entries.values())
        for start in range(0, len(waiting), _BATCH):
            await self._write(waiting[start : start + _BATCH])
        return max(map(len, portions))

    async def _take(self, shard: str, script: str, *args: int) -> list[_Entry]:
        found = await self._store.run(script, shard, self._name, *args)
        return [
            _Entry(shard, one, dict(zip(fields[::2], fields[1::2], strict=True))) for one, fields in found if fields
        ]

    async def _write(self, entries: Sequence[_Entry]) -> None:
        """Write, then remove. Entries that can never be written are put aside, the others wait for the ledger."""
        good: list[tuple[_Entry, Settled]] = []
        for entry in entries:
            try:
                good.append((entry, _settled(entry)))
            except (DecodeError, ValueError, KeyError):
                await self._bury(entry, "unreadable")
        if not good:
            return
        if (reason := await self._write_ledger([settled for _, settled in good])) is not None:
            if len(good) == 1:
                await self._bury(good[0][0], reason)
                return
            # One of them is refused: halve until it is found.
            middle = len(good) // 2
            for half in (good[:middle], good[middle:]):
                await self._write([entry for entry, _ in half])
            return
        by_shard: dict[str, list[bytes]] = {}
        for entry, _ in good:
            by_shard.setdefault(entry.shard, []).append(entry.id)
        await asyncio.gather(*(self._store.run("usage_done", shard, *ids) for shard, ids in by_shard.items()))

    async def _write_ledger(self, batch: Sequence[Settled]) -> str | None:
        """None when written, the reason when the ledger will never take the batch. Waits while it is away."""
        failures = 0
        while True:
            try:
                await self._ledger.write(batch)
            except TrunklineError as error:
                if not error.retryable:
                    return error.reason_name
                failures += 1
                _log.warning("ledger_away", reason=error.reason_name, entries=len(batch), failures=failures)
                await asyncio.sleep(backoff(min(failures, 6)))
            else:
                return None

    async def _bury(self, entry: _Entry, why: str) -> None:
        _log.error("usage_put_aside", shard=entry.shard, entry=entry.id.decode(), why=why)
        await self._store.run("usage_bury", entry.shard, entry.id, why)


def _settled(entry: _Entry) -> Settled:
    """Raises DecodeError, ValueError or KeyError for what settle.lua never writes."""
    fields = entry.fields
    tenant_id = fields[b"t"].decode()
    # By hold and not by stream id: a settlement repeated after a loss of Redis is the same entry.
    name = f"{tenant_id}/{fields[b'h'].decode()}"
    record = RecordedRequest.FromString(fields[b"r"])
    budgets = [_budget(line) for line in fields[b"b"].decode().split("\n") if line]
    alerts = [_alert(line) for line in fields[b"a"].decode().split("\n") if line]
    return Settled(name, tenant_id, record, budgets, events_of(name, tenant_id, record, alerts))


def _budget(name: str) -> tuple[str, str]:
    return cast(tuple[str, str], tuple(name.split("/")[1:]))


def _alert(line: str) -> Alert:
    name, share, spent, limit = line.split(" ")
    return Alert(*_budget(name), float(share), int(spent), int(limit))
