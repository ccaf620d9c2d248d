"""Webhook endpoints of tenants. Their deliveries: webhook_deliveries.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from trunkline.v1.webhook_pb2 import (
    WebhookAttempt,
    WebhookDelivery,
    WebhookDeliveryStatus,
    WebhookEndpoint,
    WebhookEndpointStatus,
)

from trunkline_server.domain.duration import duration, seconds
from trunkline_server.domain.errors import not_found
from trunkline_server.domain.ports import Actor
from trunkline_server.domain.webhooks.endpoints import changed_status, not_active, with_defaults
from trunkline_server.domain.webhooks.ports import Destination
from trunkline_server.stores.crypto import Keyring
from trunkline_server.stores.postgres import audit, webhook_deliveries
from trunkline_server.stores.postgres.pool import Database
from trunkline_server.stores.postgres.rows import (
    EnumColumn,
    assignments,
    check_etag,
    masked,
    new_etag,
    page,
    page_limit,
    page_start,
    set_time,
)
from trunkline_server.stores.postgres.webhook_secrets import add_secret, forget_secrets, read_keys, replace_secret

_STATUS = EnumColumn(WebhookEndpointStatus, "WEBHOOK_ENDPOINT_STATUS_")
# Field -> column.
_MASK = {
    name: name for name in ("url", "types", "integration_ids", "description", "status", "ordered", "max_concurrency")
} | {"timeout": "timeout_ms"}

_SELECT = """
SELECT e.*, (SELECT max(s.expire_time) FROM trunkline.webhook_secrets s
    WHERE s.endpoint = e.endpoint AND s.expire_time > now()) AS previous_end
FROM trunkline.webhook_endpoints e WHERE e.tenant_id = $1 AND e.status <> 'deleted'
"""
_ONE = f"{_SELECT} AND e.endpoint_id = $2"
_PAGE = f"{_SELECT} AND e.endpoint_id > $2 ORDER BY e.endpoint_id LIMIT $3"
_INSERT = """
INSERT INTO trunkline.webhook_endpoints (tenant_id, endpoint_id, etag, url, types, integration_ids, description,
    status, ordered, max_concurrency, timeout_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING endpoint
"""
_TOUCH = """
UPDATE trunkline.webhook_endpoints SET etag = $2, update_time = now() WHERE endpoint = $1
"""
# Writers of events take turns within a tenant: all that is recorded later has a higher cursor.
_ACTIVATE = """
UPDATE trunkline.webhook_endpoints SET status = 'active', disabled_reason = '', last_success = now(), etag = $3,
    update_time = now(), after_cursor = CASE WHEN status IN ('active', 'paused') THEN after_cursor ELSE
        coalesce((SELECT max(o.cursor) FROM trunkline.outbox o WHERE o.tenant_id = $2), 0) END
WHERE endpoint = $1
"""


class PgWebhooks:
    """Implements `domain.webhooks.ports.Endpoints`."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def create(self, actor: Actor, endpoint: WebhookEndpoint, secret: str) -> WebhookEndpoint:
        """Raises ALREADY_EXISTS, and NOT_FOUND for the tenant."""
        tenant_id, name = actor.tenant_id, endpoint.endpoint_id
        subject = ("webhook endpoint", name)
        async with self._database.tenant_transaction(tenant_id, creating=subject) as connection:
            values = _columns(endpoint)
            number = await connection.fetchval(_INSERT, tenant_id, name, new_etag(), *values.values())
            await add_secret(connection, self._keyring, tenant_id, number, secret)
            await _audit(connection, actor, "create", name)
            return _endpoint_of(await _read(connection, tenant_id, name))

    async def get(self, tenant_id: str, endpoint_id: str) -> WebhookEndpoint:
        """Raises NOT_FOUND."""
        async with self._database.tenant_transaction(tenant_id) as connection:
            return _endpoint_of(await _read(connection, tenant_id, endpoint_id))

    async def list(self, tenant_id: str, page_size: int, page_token: str) -> tuple[Sequence[WebhookEndpoint], str]:
        """By id. Raises INVALID_REQUEST for the page token."""
        after, limit = page_start(page_token), page_limit(page_size)
        async with self._database.tenant_transaction(tenant_id) as connection:
            rows = await connection.fetch(_PAGE, tenant_id, after, limit)
        return page(rows, limit, _endpoint_of, lambda row: str(row["endpoint_id"]))

    async def update(self, actor: Actor, endpoint: WebhookEndpoint, paths: Sequence[str]) -> WebhookEndpoint:
        """Raises NOT_FOUND, ETAG_MISMATCH, INVALID_REQUEST for a path or the status."""
        tenant_id, name = actor.tenant_id, endpoint.endpoint_id
        async with self._database.tenant_transaction(tenant_id) as connection:
            current = await _read(connection, tenant_id, name, lock=True)
            check_etag(current["etag"], endpoint.etag)
            changes = masked(_columns(endpoint), _MASK, paths)
            before = _endpoint_of(current)
            status = changed_status(before, endpoint, paths)
            if status != before.status:
                changes["status"] = _STATUS.text(status)
            else:
                changes.pop("status", None)
            sql = f"UPDATE trunkline.webhook_endpoints SET {assignments(changes, 2)} WHERE endpoint = $1"
            if changes:
                await connection.execute(sql, current["endpoint"], *changes.values())
            await connection.execute(_TOUCH, current["endpoint"], new_etag())
            await _audit(connection, actor, "update", name, fields=",".join(paths), status=_STATUS.text(status))
            return _endpoint_of(await _read(connection, tenant_id, name))

    async def delete(self, actor: Actor, endpoint_id: str, etag: str) -> None:
        """Its secrets go at once, its deliveries soon, by the relay. Raises NOT_FOUND, ETAG_MISMATCH."""
        tenant_id = actor.tenant_id
        async with self._database.tenant_transaction(tenant_id) as connection:
            current = await _read(connection, tenant_id, endpoint_id, lock=True)
            check_etag(current["etag"], etag)
            await forget_secrets(connection, current["endpoint"])
            await connection.execute(
                "UPDATE trunkline.webhook_endpoints SET status = 'deleted' WHERE endpoint = $1", current["endpoint"]
            )
            await _audit(connection, actor, "delete", endpoint_id)

    async def rotate(self, actor: Actor, endpoint_id: str, secret: str, overlap: float) -> WebhookEndpoint:
        """See Endpoints. Raises NOT_FOUND."""
        tenant_id = actor.tenant_id
        async with self._database.tenant_transaction(tenant_id) as connection:
            current = await _read(connection, tenant_id, endpoint_id, lock=True)
            await replace_secret(connection, self._keyring, tenant_id, current["endpoint"], secret, overlap)
            await connection.execute(_TOUCH, current["endpoint"], new_etag())
            await _audit(connection, actor, "rotate_secret", endpoint_id, overlap_seconds=f"{overlap:g}")
            return _endpoint_of(await _read(connection, tenant_id, endpoint_id))

    async def destination(self, tenant_id: str, endpoint_id: str) -> Destination:
        """Raises NOT_FOUND, INTERNAL."""
        return await read_destination(self._database, self._keyring, tenant_id, endpoint_id)

    async def activate(self, actor: Actor, endpoint_id: str, etag: str) -> WebhookEndpoint:
        """See Endpoints. Raises NOT_FOUND, ETAG_MISMATCH."""
        tenant_id = actor.tenant_id
        async with self._database.tenant_transaction(tenant_id) as connection:
            current = await _read(connection, tenant_id, endpoint_id, lock=True)
            check_etag(current["etag"], etag)
            await connection.execute(_ACTIVATE, current["endpoint"], tenant_id, new_etag())
            await _audit(connection, actor, "verify", endpoint_id)
            return _endpoint_of(await _read(connection, tenant_id, endpoint_id))

    # ── Deliveries ──────────────────────────────────────────────────────────────────────────────────────────────

    async def deliveries(
        self,
        tenant_id: str,
        endpoint_id: str,
        status: WebhookDeliveryStatus.ValueType,
        page_size: int,
        page_token: str,
    ) -> tuple[Sequence[WebhookDelivery], str]:
        """Raises NOT_FOUND for the endpoint, INVALID_REQUEST for the page token."""
        limit = page_limit(page_size)
        before = webhook_deliveries.place_of(page_start(page_token))
        async with self._database.tenant_transaction(tenant_id) as connection:
            number = (await _read(connection, tenant_id, endpoint_id))["endpoint"]
            rows = await webhook_deliveries.read_page(connection, number, status, before, limit)
        return page(
            rows, limit, lambda row: webhook_deliveries.delivery_of(row, endpoint_id), lambda row: str(row["cursor"])
        )

    async def delivery(
        self, tenant_id: str, endpoint_id: str, event_id: str
    ) -> tuple[WebhookDelivery, bytes | None, Sequence[WebhookAttempt]]:
        """See Endpoints."""
        async with self._database.tenant_transaction(tenant_id) as connection:
            number = (await _read(connection, tenant_id, endpoint_id))["endpoint"]
            row = await webhook_deliveries.read_one(connection, number, event_id)
            if row is None:
                raise not_found("webhook delivery", event_id)
            attempts = await webhook_deliveries.read_attempts(connection, number, event_id)
        return webhook_deliveries.delivery_of(row, endpoint_id), row["payload"], attempts

    async def redeliver(self, actor: Actor, endpoint_id: str, event_id: str, since: datetime | None) -> int:
        """See Endpoints. Many are made due some at a time: what one transaction did stays."""
        tenant_id, total = actor.tenant_id, 0
        while True:
            async with self._database.tenant_transaction(tenant_id) as connection:
                endpoint = await _read(connection, tenant_id, endpoint_id)
                if endpoint["status"] not in ("active", "paused"):
                    raise not_active(endpoint_id)
                done = await webhook_deliveries.make_due(connection, endpoint["endpoint"], event_id, since)
                total += done
                if done:
                    await _audit(connection, actor, "redeliver", endpoint_id, deliveries=str(done))
            if event_id and not done:
                raise not_found("webhook delivery", event_id)
            if event_id or done < webhook_deliveries.AT_ONCE:
                return total


async def read_destination(database: Database, keyring: Keyring, tenant_id: str, endpoint_id: str) -> Destination:
    """Where an endpoint is, and its keys. Raises NOT_FOUND, INTERNAL."""
    async with database.tenant_transaction(tenant_id) as connection:
        row = await _read(connection, tenant_id, endpoint_id)
        keys = await read_keys(connection, keyring, tenant_id, row["endpoint"])
    return Destination(row["url"], row["timeout_ms"] / 1000, keys, row["etag"])


async def _read(connection: Any, tenant_id: str, endpoint_id: str, lock: bool = False) -> Any:
    row = await connection.fetchrow(_ONE + (" FOR UPDATE OF e" if lock else ""), tenant_id, endpoint_id)
    if row is None:
        raise not_found("webhook endpoint", endpoint_id)
    return row


async def _audit(connection: Any, actor: Actor, action: str, endpoint_id: str, **detail: str) -> None:
    subject = ("webhook_endpoint", endpoint_id)
    entry = audit.AuditEntry(actor, f"webhook_endpoint.{action}", subject, detail)
    # Workers keep nothing of endpoints: none of them need hear of it.
    await audit.append_all(connection, actor.tenant_id, [entry])


def _columns(endpoint: WebhookEndpoint) -> dict[str, Any]:
    whole = with_defaults(endpoint)
    return {
        "url": whole.url,
        "types": list(whole.types),
        "integration_ids": list(whole.integration_ids),
        "description": whole.description,
        "status": _STATUS.text(WebhookEndpointStatus.WEBHOOK_ENDPOINT_STATUS_PENDING),
        "ordered": whole.ordered,
        "max_concurrency": whole.max_concurrency,
        "timeout_ms": round(seconds(whole.timeout) * 1000),
    }


def _endpoint_of(row: Mapping[str, Any]) -> WebhookEndpoint:
    endpoint = WebhookEndpoint(
        endpoint_id=row["endpoint_id"],
        url=row["url"],
        types=row["types"],
        integration_ids=row["integration_ids"],
        description=row["description"],
        status=_STATUS.number(row["status"]),
        ordered=row["ordered"],
        max_concurrency=1 if row["ordered"] else row["max_concurrency"],
        timeout=duration(row["timeout_ms"] / 1000),
        disabled_reason=row["disabled_reason"],
        etag=row["etag"],
    )
    set_time(endpoint.previous_secret_expire_time, row["previous_end"])
    set_time(endpoint.create_time, row["create_time"])
    set_time(endpoint.update_time, row["update_time"])
    return endpoint
