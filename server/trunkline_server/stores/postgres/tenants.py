"""Tenants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trunkline.v1.access_pb2 import Tenant, TenantStatus
from trunkline.v1.common_pb2 import CallLimit

from trunkline_server.domain.errors import not_found
from trunkline_server.domain.ports import Actor
from trunkline_server.stores.postgres import audit
from trunkline_server.stores.postgres.pool import Database
from trunkline_server.stores.postgres.rows import (
    EnumColumn,
    assignments,
    check_etag,
    from_json,
    masked,
    new_etag,
    page,
    page_limit,
    page_start,
    set_time,
    to_json,
)

STATUS = EnumColumn(TenantStatus, "TENANT_STATUS_")
_MASK = {name: name for name in ("display_name", "status", "data_residency", "requests_per_minute", "limits")}


class PgTenants:
    """Implements `domain.ports.Tenants`. A new tenant is ACTIVE unless it says SUSPENDED."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, actor: Actor, tenant: Tenant) -> Tenant:
        """Raises ALREADY_EXISTS."""
        values = {"tenant_id": tenant.tenant_id, **_columns(tenant), "etag": new_etag()}
        sql = (
            f"INSERT INTO trunkline.tenants ({', '.join(values)}) "
            f"VALUES ({', '.join(f'${number}' for number in range(1, len(values) + 1))}) RETURNING *"
        )
        subject = ("tenant", tenant.tenant_id)
        async with self._database.tenant_transaction(tenant.tenant_id, creating=subject) as connection:
            row = await connection.fetchrow(sql, *values.values())
            await audit.append(connection, tenant.tenant_id, actor, "tenant.create", subject)
        return tenant_of(row)

    async def get(self, tenant_id: str) -> Tenant:
        """Raises NOT_FOUND."""
        async with self._database.tenant_transaction(tenant_id) as connection:
            return await read_tenant(connection, tenant_id)

    async def list(self, page_size: int, page_token: str) -> tuple[Sequence[Tenant], str]:
        """By id. Raises INVALID_REQUEST for the page token."""
        after, limit = page_start(page_token), page_limit(page_size)
        async with self._database.connection() as connection:
            rows = await connection.fetch("SELECT * FROM trunkline.list_tenants($1, $2)", after, limit)
        return page(rows, limit, tenant_of, lambda row: str(row["tenant_id"]))

    async def update(self, actor: Actor, tenant: Tenant, paths: Sequence[str]) -> Tenant:
        """Raises NOT_FOUND, ETAG_MISMATCH, INVALID_REQUEST for an unknown path."""
        changes = masked(_columns(tenant), _MASK, paths)
        sql = (
            f"UPDATE trunkline.tenants SET {assignments(changes, 3)}, etag = $2, update_time = now() "
            "WHERE tenant_id = $1 RETURNING *"
        )
        tenant_id = tenant.tenant_id
        async with self._database.tenant_transaction(tenant_id) as connection:
            current = await read_tenant(connection, tenant_id, lock=True)
            check_etag(current.etag, tenant.etag)
            row = await connection.fetchrow(sql, tenant_id, new_etag(), *changes.values())
            await audit.append(
                connection, tenant_id, actor, "tenant.update", ("tenant", tenant_id), fields=",".join(changes)
            )
        return tenant_of(row)


async def read_tenant(connection: Any, tenant_id: str, lock: bool = False) -> Tenant:
    """The tenant, within a transaction bound to it. Raises NOT_FOUND."""
    row = await connection.fetchrow(
        f"SELECT * FROM trunkline.tenants WHERE tenant_id = $1{' FOR UPDATE' if lock else ''}", tenant_id
    )
    if row is None:
        raise not_found("tenant", tenant_id)
    return tenant_of(row)


def tenant_of(row: Mapping[str, Any]) -> Tenant:
    """The message of a row."""
    tenant = Tenant(
        tenant_id=row["tenant_id"],
        display_name=row["display_name"],
        status=STATUS.number(row["status"]),
        data_residency=row["data_residency"],
        requests_per_minute=row["requests_per_minute"],
        limits=limits_of(row.get("limits")),
        etag=row["etag"],
    )
    set_time(tenant.create_time, row["create_time"])
    set_time(tenant.update_time, row["update_time"])
    return tenant


def limits_of(column: str | None) -> Sequence[CallLimit]:
    """The limits of a column; none where the schema is older than it."""
    return from_json(column, Tenant()).limits if column else ()


def _columns(tenant: Tenant) -> dict[str, Any]:
    limited = tenant.HasField("requests_per_minute")
    return {
        "display_name": tenant.display_name,
        "status": STATUS.text(tenant.status or TenantStatus.TENANT_STATUS_ACTIVE),
        "data_residency": tenant.data_residency,
        "requests_per_minute": tenant.requests_per_minute if limited else None,
        "limits": to_json(Tenant(limits=tenant.limits)),
    }
