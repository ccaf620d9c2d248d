"""What the relay reads and writes, over all tenants: through the functions of migrations/0012_webhooks.sql."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trunkline_server.domain.events import WEBHOOK_RECEIVED, endpoint_disabled
from trunkline_server.domain.events_filter import EventFilter, integration_of
from trunkline_server.domain.ports import Actor
from trunkline_server.domain.webhooks.message import Poison, read_event
from trunkline_server.domain.webhooks.ports import Backlog, Destination, Due, Outcome, Unpublished, Wish
from trunkline_server.stores.crypto import Keyring
from trunkline_server.stores.postgres import audit
from trunkline_server.stores.postgres.outbox import take_turn, write_events
from trunkline_server.stores.postgres.pool import Database
from trunkline_server.stores.postgres.rows import new_etag
from trunkline_server.stores.postgres.webhooks import read_destination

# Payloads of one look at the outbox, in bytes.
_MOST_BYTES = 8 << 20
# What one transaction removes or buries, and how far waiting deliveries are counted.
_BATCH, _COUNTED = 1000, 100_000
# What is kept of the body of an answer, in bytes, and of an error, in characters.
_ANSWER, _ERROR = 256, 500

_DISABLE = """
UPDATE trunkline.webhook_endpoints SET status = 'disabled', disabled_reason = $2, etag = $3, update_time = now()
WHERE endpoint = $1 AND status IN ('active', 'paused') AND (NOT $4 OR coalesce(last_success, '-infinity') < (
    SELECT coalesce(d.begin_time, 'infinity') FROM trunkline.webhook_deliveries d
    WHERE d.endpoint = $1 AND d.event_id = $5))
RETURNING endpoint
"""


class PgRelay:
    """Implements `domain.webhooks.ports.Relaying`."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def publish(self, most: int) -> tuple[int, int]:
        """See Relaying."""
        async with self._database.transaction() as connection:
            rows = await connection.fetch("SELECT * FROM trunkline.unpublished_events($1, $2)", most, _MOST_BYTES)
            if not rows:
                return 0, 0
            events = [Unpublished(*row) for row in rows]
            wishes = await _wishes(connection, {one.tenant_id for one in events if one.payload is not None})
            pairs = [(one.cursor, wish.endpoint) for one in events for wish in _wanting(one, wishes)]
            await connection.execute(
                "SELECT trunkline.publish_events($1, $2, $3)",
                [one.cursor for one in events],
                [cursor for cursor, _ in pairs],
                [endpoint for _, endpoint in pairs],
            )
        return len(events), len(pairs)

    async def due(self, busy: Sequence[int]) -> Sequence[Due]:
        """See Relaying."""
        async with self._database.connection() as connection:
            rows = await connection.fetch("SELECT * FROM trunkline.due_deliveries($1)", list(busy))
        return [Due(*row) for row in rows]

    async def payloads(self, cursors: Sequence[int], most_bytes: int) -> Mapping[int, bytes | None]:
        """See Relaying."""
        async with self._database.connection() as connection:
            rows = await connection.fetch("SELECT * FROM trunkline.event_payloads($1, $2)", list(cursors), most_bytes)
        return dict(map(tuple, rows))

    async def destination(self, tenant_id: str, endpoint_id: str) -> Destination:
        """See Relaying. Raises NOT_FOUND, INTERNAL."""
        return await read_destination(self._database, self._keyring, tenant_id, endpoint_id)

    async def record(self, outcomes: Sequence[Outcome]) -> None:
        """See Relaying."""
        columns: Sequence[Any] = list(zip(*map(_row, outcomes), strict=True))
        async with self._database.connection() as connection:
            await connection.execute(
                "SELECT trunkline.record_attempts($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", *map(list, columns)
            )

    async def disable(self, due: Due, reason: str, unless_succeeded: bool = False) -> bool:
        """See Relaying. In the audit log nobody's key does it."""
        etag, tenant_id = new_etag(), due.tenant_id
        async with self._database.tenant_transaction(tenant_id) as connection:
            values = (due.endpoint, reason[:_ERROR], etag, unless_succeeded, due.event_id)
            if await connection.fetchval(_DISABLE, *values) is None:
                return False
            subject = ("webhook_endpoint", due.endpoint_id)
            entry = audit.AuditEntry(Actor(tenant_id, ""), "webhook_endpoint.disable", subject, {"reason": reason})
            await audit.append_all(connection, tenant_id, [entry])
            # Last, as the ledger's writers wait for it and hold nothing else that is locked here.
            await take_turn(connection, tenant_id)
            await write_events(connection, tenant_id, [endpoint_disabled(tenant_id, due.endpoint_id, reason, etag)])
        return True

    async def tidy(self, days: int) -> None:
        """See Relaying. In small transactions, one after the other."""
        for statement, values in (
            ("SELECT trunkline.bury_deliveries($1)", (_BATCH,)),
            ("SELECT trunkline.forget_events($1, $2)", (days, _BATCH)),
        ):
            done = 1
            while done:
                async with self._database.connection() as connection:
                    done = await connection.fetchval(statement, *values)

    async def backlog(self) -> Backlog:
        """See Relaying."""
        async with self._database.connection() as connection:
            return Backlog(*await connection.fetchrow("SELECT * FROM trunkline.relay_backlog($1)", _COUNTED))


async def _wishes(connection: Any, tenants: set[str]) -> Mapping[str, Sequence[Wish]]:
    found: dict[str, list[Wish]] = {}
    if tenants:
        for row in await connection.fetch("SELECT * FROM trunkline.webhook_wishes($1)", sorted(tenants)):
            wanted = EventFilter(row["types"], row["integration_ids"], unless=(WEBHOOK_RECEIVED,))
            found.setdefault(row["tenant_id"], []).append(Wish(row["endpoint"], wanted, row["after_cursor"]))
    return found


def _wanting(event: Unpublished, wishes: Mapping[str, Sequence[Wish]]) -> Sequence[Wish]:
    offered = [one for one in wishes.get(event.tenant_id, ()) if event.cursor > one.after_cursor]
    if not offered or event.payload is None:
        return ()
    try:
        about = integration_of(read_event(event.payload))
    except Poison:
        about = ""  # It becomes a dead letter of all that want its type.
    return [one for one in offered if one.filter.wants(event.type, about)]


def _row(outcome: Outcome) -> tuple[Any, ...]:
    due, answer = outcome.due, outcome.answer
    return (
        *(due.endpoint, due.event_id, due.tries, outcome.status, outcome.delay, outcome.time),
        *(round(answer.latency * 1e6), answer.status, _text(answer.error)[:_ERROR]),
        _text(answer.body[:_ANSWER].decode(errors="ignore")),
    )


def _text(text: str) -> str:
    """Without what Postgres cannot keep."""
    return text.replace("\0", "")
