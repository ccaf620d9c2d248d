"""API keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from google.protobuf.timestamp_pb2 import Timestamp
from trunkline.v1.access_pb2 import ApiKey

from trunkline_server.domain.errors import not_found
from trunkline_server.domain.ports import Actor
from trunkline_server.stores.postgres import audit
from trunkline_server.stores.postgres.pool import Database
from trunkline_server.stores.postgres.rows import (
    from_micros,
    invalid_page_token,
    micros,
    page,
    page_limit,
    page_start,
    set_time,
    to_datetime,
)

_INSERT = """
INSERT INTO trunkline.api_keys
    (key_id, tenant_id, secret_hash, display_name, roles, team_id, expire_time, requests_per_minute, tokens_per_minute,
     max_concurrent, allowed_tools, lineage)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
    coalesce((SELECT k.lineage FROM trunkline.api_keys k WHERE k.tenant_id = $2 AND k.key_id = $12), $1)) RETURNING *
"""
_LIMITS: Sequence[Literal["requests_per_minute", "tokens_per_minute", "max_concurrent"]] = (
    "requests_per_minute",
    "tokens_per_minute",
    "max_concurrent",
)
# Newest first; keys of one transaction share their time.
_LIST = """
SELECT * FROM trunkline.api_keys
WHERE tenant_id = $1 AND (create_time, key_id) < ($2, $3)
  AND ($4 OR (revoke_time IS NULL AND (expire_time IS NULL OR expire_time > now())))
ORDER BY create_time DESC, key_id DESC LIMIT $5
"""
_NEWEST = (datetime(9999, 1, 1, tzinfo=UTC), "")


class PgKeys:
    """Implements `domain.ports.Keys`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, actor: Actor, key: ApiKey, secret_hash: bytes, rotated_from: str = "") -> ApiKey:
        """Make a key of `key.tenant_id`, or of the actor's tenant when that is empty. Raises ALREADY_EXISTS, and
        NOT_FOUND for the tenant."""
        tenant_id, subject = key.tenant_id or actor.tenant_id, ("api_key", key.key_id)
        values = (
            *(key.key_id, tenant_id, secret_hash, key.display_name, list(key.roles), key.team_id),
            to_datetime(key.expire_time) if key.HasField("expire_time") else None,
            *(getattr(key, name) if key.HasField(name) else None for name in _LIMITS),
            *(list(key.allowed_tools), rotated_from),
        )
        async with self._database.tenant_transaction(tenant_id, creating=subject) as connection:
            row = await connection.fetchrow(_INSERT, *values)
            await audit.append(connection, tenant_id, actor, "api_key.create", subject, roles=",".join(key.roles))
        return _key_of(row)

    async def get(self, tenant_id: str, key_id: str) -> ApiKey:
        """Raises NOT_FOUND."""
        async with self._database.tenant_transaction(tenant_id) as connection:
            row = await connection.fetchrow(
                "SELECT * FROM trunkline.api_keys WHERE tenant_id = $1 AND key_id = $2", tenant_id, key_id
            )
        if row is None:
            raise not_found("api_key", key_id)
        return _key_of(row)

    async def list(
        self, tenant_id: str, page_size: int, page_token: str, include_ended: bool
    ) -> tuple[Sequence[ApiKey], str]:
        """Newest first. Raises INVALID_REQUEST for the page token."""
        start, limit = _start(page_token), page_limit(page_size)
        async with self._database.tenant_transaction(tenant_id) as connection:
            rows = await connection.fetch(_LIST, tenant_id, *start, include_ended, limit)
        return page(rows, limit, _key_of, lambda row: f"{micros(row['create_time'])}:{row['key_id']}")

    async def revoke(self, actor: Actor, key_id: str) -> ApiKey:
        """Raises NOT_FOUND."""
        return await self._end(actor, key_id, "revoke_time", "coalesce(revoke_time, now())")

    async def expire(self, actor: Actor, key_id: str, at: Timestamp) -> ApiKey:
        """Raises NOT_FOUND."""
        return await self._end(actor, key_id, "expire_time", "$3::timestamptz", to_datetime(at))

    async def _end(self, actor: Actor, key_id: str, column: str, value: str, *parameters: datetime) -> ApiKey:
        tenant_id = actor.tenant_id
        sql = f"UPDATE trunkline.api_keys SET {column} = {value} WHERE tenant_id = $1 AND key_id = $2 RETURNING *"
        async with self._database.tenant_transaction(tenant_id) as connection:
            row = await connection.fetchrow(sql, tenant_id, key_id, *parameters)
            if row is None:
                raise not_found("api_key", key_id)
            action = f"api_key.{column.removesuffix('_time')}"
            await audit.append(connection, tenant_id, actor, action, ("api_key", key_id), at=row[column].isoformat())
        return _key_of(row)


def _start(token: str) -> tuple[datetime, str]:
    place = page_start(token)
    if not place:
        return _NEWEST
    moment, _, key_id = place.partition(":")
    try:
        return from_micros(int(moment)), key_id
    except (ValueError, OverflowError):
        raise invalid_page_token() from None


def _key_of(row: Mapping[str, Any]) -> ApiKey:
    key = ApiKey(
        key_id=row["key_id"],
        tenant_id=row["tenant_id"],
        display_name=row["display_name"],
        roles=row["roles"],
        team_id=row["team_id"],
        allowed_tools=row.get("allowed_tools") or (),
        **{name: row.get(name) for name in _LIMITS},
    )
    for name in ("expire_time", "revoke_time", "create_time", "last_use_time"):
        set_time(getattr(key, name), row[name])
    return key
