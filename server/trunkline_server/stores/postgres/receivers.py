"""Received webhooks: which receivers there are, and their events in the outbox.

Who asks for a receiver is not authenticated. Whatever comes, one worker asks Postgres with one statement at a time, and
20 times a second at most: what is asked meanwhile is asked together.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from trunkline.v1.event_pb2 import Event

from trunkline_server.domain.errors import store_unavailable
from trunkline_server.stores.postgres.outbox import take_turn, write_events
from trunkline_server.stores.postgres.pool import Database
from trunkline_server.stores.postgres.turns import Turns

# What does not exist is remembered for so long, in seconds; so many of each are.
UNKNOWN_SECONDS = 2.0
_KEPT = 10_000
# Lookups: how many in one statement, how many wait, and the pause between two statements in seconds.
_ASKED_TOGETHER = 1000
_ASKING = 10_000
_PAUSE = 0.05
# Events of a tenant: how many, and after how many bytes no more, in one transaction; how many wait.
_WRITTEN_TOGETHER = 100
_WRITTEN_BYTES = 8 << 20
_WRITING = 1000
# Transactions at a time, of the pool's connections, and how long whoever sent one waits for it, in seconds.
_WRITERS = 2
_WRITE_SECONDS = 8.0

_FIND = "SELECT tenant_id, integration_id FROM trunkline.find_receivers($1, $2)"

_Key = tuple[str, str]


class PgReceivers:
    """Implements `domain.receivers.Receipts`."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._known: OrderedDict[_Key, None] = OrderedDict()
        # Apart, so that a flood of wrong ids cannot push the right ones out. Values: until when.
        self._unknown: OrderedDict[_Key, float] = OrderedDict()
        self._lookups = Turns(self._look, most=_ASKED_TOGETHER, size=_ASKING, pause=_PAUSE)
        self._writers: dict[str, Turns[Event, None]] = {}
        self._room = asyncio.Semaphore(_WRITERS)

    async def known(self, tenant_id: str, integration_id: str) -> bool:
        """See the port. One that was deleted may be known still."""
        key = (tenant_id, integration_id)
        if key in self._known:
            self._known.move_to_end(key)
            return True
        if self._unknown.get(key, 0.0) > self._clock():
            return False
        found = await self._lookups.ask(key)
        if found:
            self._known[key] = None
            self._unknown.pop(key, None)
        else:
            self._unknown[key] = self._clock() + UNKNOWN_SECONDS
            self._unknown.move_to_end(key)
        for kept in (self._known, self._unknown):
            if len(kept) > _KEPT:
                kept.popitem(last=False)
        return found

    async def write(self, event: Event) -> None:
        """See the port. Events of a tenant that come together share a transaction."""
        tenant_id = event.tenant_id
        turns = self._writers.get(tenant_id)
        if turns is None:
            turns = self._writers[tenant_id] = Turns(
                self._write, most=_WRITTEN_TOGETHER, size=_WRITING, weigh=Event.ByteSize, heaviest=_WRITTEN_BYTES
            )
        try:
            async with asyncio.timeout(_WRITE_SECONDS):
                await turns.ask(event)
        except TimeoutError:
            # It may be written yet: the sender's repetition is no second event.
            raise store_unavailable("postgres") from None
        finally:
            if turns.idle and self._writers.get(tenant_id) is turns:
                del self._writers[tenant_id]

    async def _look(self, keys: Sequence[_Key]) -> Sequence[bool]:
        wanted = list(dict.fromkeys(keys))
        async with self._database.connection() as connection:
            rows = await connection.fetch(_FIND, [key[0] for key in wanted], [key[1] for key in wanted])
        found = {(row["tenant_id"], row["integration_id"]) for row in rows}
        return [key in found for key in keys]

    async def _write(self, events: Sequence[Event]) -> Sequence[None]:
        tenant_id = events[0].tenant_id
        async with self._room, self._database.transaction() as connection:
            await take_turn(connection, tenant_id)
            await write_events(connection, tenant_id, events)
        return [None] * len(events)
