"""The composition root of the process beside the workers: what is written and watched off their path."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from trunkline_server import background
from trunkline_server.config import Settings
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.keeper import Keeper
from trunkline_server.ops.decisions import DecisionMetrics
from trunkline_server.ops.metrics import IntegrationMetrics
from trunkline_server.stores import postgres
from trunkline_server.stores.redis.client import connect
from trunkline_server.stores.redis.pubsub import Changes
from trunkline_server.stores.redis.usage import UsageWriter

# Between two looks at judgements whose call was not there yet, and at running experiments, in seconds.
_JUDGE_SECONDS, _KEEP_SECONDS = 2.0, 5.0


@dataclass(frozen=True, slots=True)
class Scribe:
    """The process that writes the usage stream to the ledger, beside the workers and off their path."""

    usage: UsageWriter

    async def drain(self) -> int:
        """Write what is left in the stream; returns 0 when all of it was written within ten seconds."""
        return 0 if await self.usage.drain(Deadline.after(10)) else 1


@asynccontextmanager
async def scribe(settings: Settings) -> AsyncIterator[Scribe]:
    """Write settled calls to the ledger. Raises TrunklineError when Redis cannot be reached at start."""
    async with AsyncExitStack() as stack:
        stores = settings.stores
        database = await stack.enter_async_context(
            postgres.open_database(stores.database_url.get_secret_value(), max_connections=5)
        )
        ledger = postgres.PgLedger(database, IntegrationMetrics())
        redis = await stack.enter_async_context(connect(stores.redis_urls))
        usage = UsageWriter(redis, ledger)
        items, calls = postgres.PgRouting(database), postgres.PgExperiments(database)
        keeper = Keeper(calls, items, Changes(redis).announce, DecisionMetrics())
        background.start(
            stack,
            usage.run(),
            background.partitions(ledger),
            background.repeat(postgres.PgFeedback(database).resolve, _JUDGE_SECONDS),
            background.repeat(keeper.look, _KEEP_SECONDS),
        )
        yield Scribe(usage)
