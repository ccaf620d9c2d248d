"""What the Redis tests share: servers, a ledger in memory, asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from redis.asyncio import Redis
from trunkline.v1.analytics_pb2 import RecordedRequest
from trunkline.v1.common_pb2 import CostDetails
from trunkline_server.domain.errors import Reason, TrunklineError, store_unavailable
from trunkline_server.domain.ports import Admission, Ask, BudgetLimit, RateLimit, Settled
from trunkline_server.embedded import embedded_redis, embedded_redis_cluster
from trunkline_server.stores.redis.admission import RedisAdmission
from trunkline_server.stores.redis.client import RedisStore, connect
from trunkline_server.stores.redis.scripts import shard_of
from trunkline_server.stores.redis.usage import UsageWriter

TENANT = "acme"
SHARD = shard_of(TENANT)
# Long enough for two turns of the watching task, short enough for a test.
GRACE = 0.2


class MemoryLedger:
    """A ledger that keeps the port's promises and can be away, or refuse one entry for good."""

    def __init__(self) -> None:
        self.entries: dict[str, Settled] = {}
        self.writes = 0
        self.away = False
        self.refused: TrunklineError | None = None
        self.poison = ""
        self.reads = 0
        self.before_write: Callable[[], Any] | None = None
        self.after_read: Callable[[], Any] | None = None

    async def write(self, batch: Sequence[Settled]) -> None:
        if self.before_write:
            await self.before_write()
        if self.away:
            raise store_unavailable("postgres")
        if self.refused and any(one.entry == self.poison for one in batch):
            raise self.refused
        self.writes += 1
        for one in batch:
            self.entries.setdefault(one.entry, one)

    async def spent(self, tenant_id: str, windows: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
        if self.away:
            raise store_unavailable("postgres")
        self.reads += 1
        mine = [one for one in self.entries.values() if one.tenant_id == tenant_id]
        found = {
            window: sum(one.record.cost_details.nano_usd for one in mine if window in one.budgets) for window in windows
        }
        if self.after_read:
            await self.after_read()
        return found

    @property
    def total(self) -> int:
        return sum(one.record.cost_details.nano_usd for one in self.entries.values())


@asynccontextmanager
async def server(kind: str, directory: Path, durable: bool = True) -> AsyncIterator[tuple[list[str], Any]]:
    """(URLs, the server or cluster)."""
    if kind == "cluster":
        async with embedded_redis_cluster(directory / "cluster") as cluster:
            yield [node.url for node in cluster.nodes], cluster
    else:
        async with embedded_redis(directory / "redis", modules=False, durable=durable) as one:
            yield [one.url], one


@asynccontextmanager
async def worker(
    urls: Sequence[str], ledger: MemoryLedger, *, lease: float = 60.0, tend: bool = True
) -> AsyncIterator[tuple[RedisStore, RedisAdmission]]:
    """A process's share: a store, and an admission with its background task."""
    async with connect(urls, grace=GRACE) as store:
        admission = RedisAdmission(store, ledger, lease=lease)
        async with background(admission.run() if tend else asyncio.sleep(3600)):
            yield store, admission


@asynccontextmanager
async def background(work: Any) -> AsyncIterator[asyncio.Task[Any]]:
    """Run beside the test, cancel at its end; a failure of the work fails the test."""
    task = asyncio.ensure_future(work)
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def writing(store: RedisStore, ledger: MemoryLedger) -> AsyncIterator[UsageWriter]:
    """A usage consumer at work."""
    writer = UsageWriter(store, ledger)
    async with background(writer.run()):
        yield writer


def budget(limit: int, name: str = "monthly", *, hard: bool = True, thresholds: tuple[float, ...] = ()) -> BudgetLimit:
    return BudgetLimit(name, "2026-11", limit, hard, thresholds, time.time() + 86_400)


def ask(
    hold_id: str, amount: int, *budgets: BudgetLimit, rates: tuple[RateLimit, ...] = (), tenant: str = TENANT
) -> Ask:
    return Ask(tenant, hold_id, amount, rates, budgets)


def record(cost: int, request_id: str = "r", **fields: Any) -> bytes:
    """A serialised RecordedRequest of this cost."""
    message = RecordedRequest(
        request_id=request_id, create_time=Timestamp(seconds=1), cost_details=CostDetails(nano_usd=cost), **fields
    )
    return message.SerializeToString()


async def until(condition: Callable[[], Any], seconds: float = 10) -> None:
    """Wait for a condition, which may be a coroutine function."""
    async with asyncio.timeout(seconds):
        while True:
            found = condition()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await asyncio.sleep(0.02)


@asynccontextmanager
async def plain(url: str) -> AsyncIterator[Any]:
    """A bare client, to look and to break things."""
    async with Redis.from_url(url) as client:
        yield client


async def level(admission: Admission, limit: BudgetLimit) -> tuple[int, int]:
    """(spent, held), asked again while counters are being rebuilt."""
    async with asyncio.timeout(10):
        while True:
            try:
                found = (await admission.levels(TENANT, [limit]))[0]
            except TrunklineError as error:
                assert error.reason == Reason.ERROR_REASON_STORE_UNAVAILABLE
            else:
                return found.spent, found.held


async def settle(admission: Admission, one: Ask, cost: int) -> None:
    """As the domain does: again until Redis takes it."""
    while True:
        try:
            await admission.settle(one, cost, record(cost) if cost else b"")
            return
        except TrunklineError as error:
            assert error.reason == Reason.ERROR_REASON_STORE_UNAVAILABLE
            await asyncio.sleep(0.02)
