"""Reads the outbox of a tenant by cursor, for subscriptions."""

from __future__ import annotations

from collections.abc import Sequence

from trunkline.v1.event_pb2 import Event

from trunkline_server.domain.events_feed import Bounds, Told
from trunkline_server.domain.webhooks.message import Poison, read_event
from trunkline_server.stores.postgres.pool import Database
from trunkline_server.stores.postgres.rows import set_time

_BOUNDS = """
SELECT coalesce((SELECT cursor FROM trunkline.outbox_horizons WHERE tenant_id = $1), 0) AS horizon,
    coalesce((SELECT max(cursor) FROM trunkline.outbox WHERE tenant_id = $1), 0) AS newest
"""
# Up to so many rows, or so many bytes of payloads; at least one.
_PAGE = """
SELECT cursor, event_id, type, create_time, payload FROM (
    SELECT o.*, sum(octet_length(payload)) OVER (ORDER BY cursor) - octet_length(payload) AS before FROM (
        SELECT * FROM trunkline.outbox WHERE tenant_id = $1 AND cursor > $2 ORDER BY cursor LIMIT $3) o) m
WHERE before < $4 ORDER BY cursor
"""


class PgEventFeed:
    """Implements `domain.events_feed.Outbox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def bounds(self, tenant_id: str) -> Bounds:
        """See Outbox."""
        async with self._database.tenant_transaction(tenant_id) as connection:
            row = await connection.fetchrow(_BOUNDS, tenant_id)
        return Bounds(row["horizon"], max(row["horizon"], row["newest"]))

    async def after(self, tenant_id: str, cursor: int, most: int, most_bytes: int) -> Sequence[Told]:
        """See Outbox. An event that cannot be read is told without its payload."""
        async with self._database.tenant_transaction(tenant_id) as connection:
            rows = await connection.fetch(_PAGE, tenant_id, cursor, most, most_bytes)
        found = []
        for row in rows:
            try:
                event = read_event(row["payload"])
            except Poison:
                event = Event(event_id=row["event_id"], type=row["type"], tenant_id=tenant_id)
                set_time(event.create_time, row["create_time"])
            found.append(Told(row["cursor"], event, len(row["payload"])))
        return found
