"""Deliveries of one endpoint and the attempts at them, within a transaction bound to their tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from trunkline.v1.webhook_pb2 import WebhookAttempt, WebhookDelivery, WebhookDeliveryStatus

from trunkline_server.domain.duration import duration
from trunkline_server.stores.postgres.rows import EnumColumn, invalid_page_token, set_time

# Deliveries that one transaction makes due.
AT_ONCE = 5000

_STATUS = EnumColumn(WebhookDeliveryStatus, "WEBHOOK_DELIVERY_STATUS_")
_PAGE = """
SELECT * FROM trunkline.webhook_deliveries
WHERE endpoint = $1 AND ($2::bigint IS NULL OR cursor < $2) AND ($3 = '' OR status = $3)
ORDER BY cursor DESC LIMIT $4
"""
_ONE = """
SELECT d.*, o.payload FROM trunkline.webhook_deliveries d LEFT JOIN trunkline.outbox o ON o.cursor = d.cursor
WHERE d.endpoint = $1 AND d.event_id = $2
"""
_ATTEMPTS = "SELECT * FROM trunkline.webhook_attempts WHERE endpoint = $1 AND event_id = $2 ORDER BY number"
_MAKE_DUE = f"""
UPDATE trunkline.webhook_deliveries SET status = 'pending', attempts = 0, begin_time = NULL, tries = tries + 1,
    due_time = now(), end_time = NULL
WHERE endpoint = $1 AND event_id IN (
    SELECT event_id FROM trunkline.webhook_deliveries WHERE endpoint = $1 AND CASE WHEN $2 = ''
        THEN status = 'dead' AND end_time >= $3 ELSE event_id = $2 END
    ORDER BY cursor LIMIT {AT_ONCE} FOR UPDATE)
"""


def place_of(token: str) -> int | None:
    """The cursor that a page is to end before; None for the first page. Raises INVALID_REQUEST."""
    if token and not token.isdecimal():
        raise invalid_page_token()
    return int(token) if token else None


async def read_page(
    connection: Any, endpoint: int, status: WebhookDeliveryStatus.ValueType, before: int | None, limit: int
) -> Sequence[Any]:
    """Rows, the newest first."""
    rows: Sequence[Any] = await connection.fetch(_PAGE, endpoint, before, _STATUS.text(status) if status else "", limit)
    return rows


async def read_one(connection: Any, endpoint: int, event_id: str) -> Any:
    """A delivery with its `payload`, which is None where the event is kept no longer; None without a delivery."""
    return await connection.fetchrow(_ONE, endpoint, event_id)


async def read_attempts(connection: Any, endpoint: int, event_id: str) -> Sequence[WebhookAttempt]:
    """The attempts that are kept, oldest first."""
    found = []
    for row in await connection.fetch(_ATTEMPTS, endpoint, event_id):
        attempt = WebhookAttempt(
            latency=duration(row["latency_us"] / 1e6),
            http_status=row["http_status"],
            error=row["error"],
            answer=row["answer"],
        )
        set_time(attempt.time, row["time"])
        found.append(attempt)
    return found


async def make_due(connection: Any, endpoint: int, event_id: str, since: datetime | None) -> int:
    """One delivery, or dead letters that were given up since, start anew; returns how many, at most AT_ONCE."""
    done = await connection.execute(_MAKE_DUE, endpoint, event_id, since)
    return int(str(done).rpartition(" ")[2])


def delivery_of(row: Mapping[str, Any], endpoint_id: str) -> WebhookDelivery:
    """The row as a message."""
    delivery = WebhookDelivery(
        endpoint_id=endpoint_id,
        event_id=row["event_id"],
        type=row["type"],
        status=_STATUS.number(row["status"]),
        attempt_count=row["attempts"],
        last_error=row["last_error"],
        last_http_status=row["last_http_status"],
    )
    set_time(delivery.create_time, row["create_time"])
    set_time(delivery.end_time, row["end_time"])
    if row["status"] == "pending":
        set_time(delivery.next_attempt_time, row["due_time"])
    return delivery
