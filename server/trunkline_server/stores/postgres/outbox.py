"""The outbox of events: those of settled calls go along with the ledger, the others come through `PgOutbox`."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Sequence
from typing import Any

import structlog
from trunkline.v1.event_pb2 import Event

from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.signals import Signals, Silent
from trunkline_server.domain.strategies import backoff
from trunkline_server.stores.postgres.pool import Database, set_tenant
from trunkline_server.stores.postgres.rows import to_datetime

_log = structlog.get_logger(__name__)

# Events that wait for Postgres; what comes while so many wait is dropped.
QUEUE_SIZE = 1000
_BATCH = 100
# What is left when the worker stops has this long, in seconds.
_LAST_SECONDS = 2.0

# One writer per tenant at a time: cursors of the outbox then rise in the order of commits.
_TURN = "SELECT pg_advisory_xact_lock(hashtextextended('trunkline.ledger/' || $1, 0))"
_WRITE = """
INSERT INTO trunkline.outbox (tenant_id, event_id, type, create_time, payload)
SELECT $1, e.event_id, e.type, e.create_time, e.payload
FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::bytea[])
    WITH ORDINALITY AS e (event_id, type, create_time, payload, place)
ORDER BY e.place
ON CONFLICT (tenant_id, event_id) DO NOTHING
"""


async def take_turn(connection: Any, tenant_id: str) -> None:
    """Bind the transaction to a tenant and wait for its turn to write. Several tenants: in the order of their ids."""
    await set_tenant(connection, tenant_id)
    await connection.execute(_TURN, tenant_id)


async def write_events(connection: Any, tenant_id: str, events: Sequence[Event]) -> None:
    """Write events of one tenant, within a turn; one that is there already is left alone."""
    rows = [(e.event_id, e.type, to_datetime(e.create_time), e.SerializeToString()) for e in events]
    await connection.execute(_WRITE, tenant_id, *map(list, zip(*rows, strict=True)))


class PgOutbox:
    """Implements `domain.board.Outbox`: a bounded queue, and the job that writes it. While Postgres is away events
    wait."""

    def __init__(self, database: Database, signals: Signals | None = None, size: int = QUEUE_SIZE) -> None:
        self._database = database
        self._signals = signals or Silent()
        self._size = size
        self._queue: deque[Event] = deque()
        self._filled = asyncio.Event()

    def put(self, event: Event) -> None:
        """See domain.board.Outbox."""
        if len(self._queue) >= self._size:
            _log.error("event_dropped", type=event.type, event_id=event.event_id, waiting=self._size)
            self._signals.decided("event_dropped", reason=event.type)
            return
        self._queue.append(event)
        self._filled.set()

    async def run(self) -> None:
        """Write what comes, until cancelled; then what is left, if that goes quickly."""
        try:
            while True:
                await self._filled.wait()
                await self._write_all()
                self._filled.clear()
        except asyncio.CancelledError:
            await asyncio.wait((asyncio.ensure_future(self._leave()),), timeout=_LAST_SECONDS)
            raise

    async def _write_all(self) -> None:
        attempt, most = 0, _BATCH
        while self._queue:
            batch = [self._queue[place] for place in range(min(most, len(self._queue)))]
            try:
                await self._write(batch)
            except TrunklineError as error:
                if error.reason == Reason.ERROR_REASON_STORE_UNAVAILABLE:
                    attempt = min(attempt + 1, 6)
                    await asyncio.sleep(backoff(attempt))
                    continue
                if len(batch) > 1:
                    most = 1  # One of them is at fault: it alone is given up.
                    continue
                _log.error("event_not_written", reason=error.reason_name, event_id=batch[0].event_id)
                self._signals.decided("event_dropped", reason=error.reason_name)
            attempt, most = 0, _BATCH
            for _ in batch:
                self._queue.popleft()

    async def _leave(self) -> None:
        try:
            async with asyncio.timeout(_LAST_SECONDS):
                await self._write_all()
        except TimeoutError:
            _log.error("events_lost", events=len(self._queue))

    async def _write(self, batch: Sequence[Event]) -> None:
        tenants: defaultdict[str, list[Event]] = defaultdict(list)
        for event in batch:
            tenants[event.tenant_id].append(event)
        async with self._database.transaction() as connection:
            for tenant_id in sorted(tenants):
                await take_turn(connection, tenant_id)
                await write_events(connection, tenant_id, tenants[tenant_id])
