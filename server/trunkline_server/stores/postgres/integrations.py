"""Integrations, their credentials and their checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trunkline.v1.configuration_pb2 import Configuration, IntegrationType
from trunkline.v1.integration_health_pb2 import HealthCheck, IntegrationStatus
from trunkline.v1.integration_pb2 import Integration

from trunkline_server.domain.errors import not_found
from trunkline_server.domain.ports import Actor
from trunkline_server.stores.crypto import Keyring
from trunkline_server.stores.postgres import audit
from trunkline_server.stores.postgres.credentials import put_secret, read_secrets
from trunkline_server.stores.postgres.pool import Database
from trunkline_server.stores.postgres.rows import (
    EnumColumn,
    check_etag,
    from_json,
    new_etag,
    page,
    page_limit,
    page_start,
    set_time,
    to_datetime,
    to_json,
)

_TYPE = EnumColumn(IntegrationType, "INTEGRATION_TYPE_")
_STATUS = EnumColumn(IntegrationStatus, "INTEGRATION_STATUS_")
_ACTIVE, _DEGRADED = IntegrationStatus.INTEGRATION_STATUS_ACTIVE, IntegrationStatus.INTEGRATION_STATUS_DEGRADED
_DISABLED = IntegrationStatus.INTEGRATION_STATUS_DISABLED
# How many checks the history of an integration keeps.
_CHECKS_KEPT = 1000

_SELECT = """
SELECT i.*, c.hint FROM trunkline.integrations i LEFT JOIN trunkline.credentials c USING (tenant_id, integration_id)
WHERE i.tenant_id = $1
"""
_ONE = f"{_SELECT} AND i.integration_id = $2"
_PAGE = f"{_SELECT} AND i.integration_id > $2 AND ($3 = '' OR i.type = $3) ORDER BY i.integration_id LIMIT $4"
_INSERT = """
INSERT INTO trunkline.integrations (tenant_id, integration_id, etag, display_name, status, configuration,
    circuit_breaker_config, monitoring_config, type)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_UPDATE = """
UPDATE trunkline.integrations SET etag = $3, display_name = $4, status = $5, configuration = $6,
    circuit_breaker_config = $7, monitoring_config = $8, updated_at = now()
WHERE tenant_id = $1 AND integration_id = $2
"""
_ADD_CHECK = """
INSERT INTO trunkline.integration_health_checks
    (tenant_id, integration_id, check_time, healthy, detail, latency_us, http_status)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_LOCK_SECRET = """
SELECT 1 FROM trunkline.credentials WHERE tenant_id = $1 AND integration_id = $2 FOR UPDATE
"""
_FORGET_CHECKS = """
DELETE FROM trunkline.integration_health_checks WHERE tenant_id = $1 AND integration_id = $2 AND check_id <= (
    SELECT check_id FROM trunkline.integration_health_checks WHERE tenant_id = $1 AND integration_id = $2
    ORDER BY check_id DESC OFFSET $3 LIMIT 1)
"""


class PgIntegrations:
    """Implements `domain.ports.Integrations`. ACTIVE reads as DEGRADED while the last check is a failed one.
    `health_service` and `health_check_url` are left empty: where health is served is not known here."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def create(self, actor: Actor, integration: Integration, secret: str) -> Integration:
        """Raises ALREADY_EXISTS, and NOT_FOUND for the tenant."""
        tenant_id, name, kind = actor.tenant_id, integration.integration_id, _TYPE.text(integration.type)
        subject = ("integration", name)
        async with self._database.tenant_transaction(tenant_id, creating=subject) as connection:
            await connection.execute(_INSERT, tenant_id, name, new_etag(), *_columns(integration), kind)
            if secret:
                await put_secret(connection, self._keyring, tenant_id, name, secret)
            await audit.append(connection, tenant_id, actor, "integration.create", subject, type=kind)
            return _integration_of(await _read(connection, tenant_id, name))

    async def get(self, tenant_id: str, integration_id: str) -> Integration:
        """Raises NOT_FOUND."""
        async with self._database.tenant_transaction(tenant_id) as connection:
            return _integration_of(await _read(connection, tenant_id, integration_id))

    async def list(
        self, tenant_id: str, page_size: int, page_token: str, type: IntegrationType.ValueType
    ) -> tuple[Sequence[Integration], str]:
        """By id; of one type unless it is UNSPECIFIED. Raises INVALID_REQUEST for the page token."""
        after, limit = page_start(page_token), page_limit(page_size)
        async with self._database.tenant_transaction(tenant_id) as connection:
            rows = await connection.fetch(_PAGE, tenant_id, after, _TYPE.text(type) if type else "", limit)
        return page(rows, limit, _integration_of, lambda row: str(row["integration_id"]))

    async def update(self, actor: Actor, integration: Integration, secret: str | None) -> Integration:
        """Raises NOT_FOUND, ETAG_MISMATCH. The type stays; an empty secret deletes the stored one."""
        tenant_id, name = actor.tenant_id, integration.integration_id
        async with self._database.tenant_transaction(tenant_id) as connection:
            current = await _read(connection, tenant_id, name, lock=True)
            check_etag(current["etag"], integration.etag)
            await connection.execute(_UPDATE, tenant_id, name, new_etag(), *_columns(integration))
            if secret is not None:
                await put_secret(connection, self._keyring, tenant_id, name, secret)
            detail = {"secret": "kept" if secret is None else "replaced" if secret else "deleted"}
            await audit.append(connection, tenant_id, actor, "integration.update", ("integration", name), **detail)
            return _integration_of(await _read(connection, tenant_id, name))

    async def delete(self, actor: Actor, integration_id: str, etag: str) -> None:
        """Its credential and checks go too. Raises NOT_FOUND, ETAG_MISMATCH."""
        tenant_id = actor.tenant_id
        async with self._database.tenant_transaction(tenant_id) as connection:
            current = await _read(connection, tenant_id, integration_id, lock=True)
            check_etag(current["etag"], etag)
            await connection.execute(
                "DELETE FROM trunkline.integrations WHERE tenant_id = $1 AND integration_id = $2",
                *(tenant_id, integration_id),
            )
            subject = ("integration", integration_id)
            await audit.append(connection, tenant_id, actor, "integration.delete", subject)

    async def secret(self, tenant_id: str, integration_id: str) -> str:
        """Raises INTERNAL when it cannot be decrypted."""
        async with self._database.tenant_transaction(tenant_id) as connection:
            found = await read_secrets(connection, self._keyring, tenant_id, integration_id)
        return found.get(integration_id, "")

    async def replace_secret(self, tenant_id: str, integration_id: str, old: str, new: str) -> bool:
        """Store `new` where `old` is stored: whether it is there now. Changes neither etag nor `update_time`; in the
        audit log nobody's key does it."""
        async with self._database.tenant_transaction(tenant_id) as connection:
            await connection.execute(_LOCK_SECRET, tenant_id, integration_id)
            found = (await read_secrets(connection, self._keyring, tenant_id, integration_id)).get(integration_id)
            if found == old:
                await put_secret(connection, self._keyring, tenant_id, integration_id, new)
                subject = ("integration", integration_id)
                await audit.append(connection, tenant_id, Actor(tenant_id, ""), "integration.refresh_token", subject)
            return found in (old, new)

    async def record_check(self, tenant_id: str, integration_id: str, check: HealthCheck) -> None:
        """Changes neither etag nor `update_time`. A failed check keeps the models that the one before it found: they
        are what routes know of an integration that lists none. Raises NOT_FOUND."""
        async with self._database.tenant_transaction(tenant_id) as connection:
            row = await _read(connection, tenant_id, integration_id, lock=True)
            if not check.healthy and not check.models:
                found, check = check, HealthCheck(models=_integration_of(row).last_check.models)
                check.MergeFrom(found)
            await connection.execute(
                "UPDATE trunkline.integrations SET last_check = $3 WHERE tenant_id = $1 AND integration_id = $2",
                *(tenant_id, integration_id, to_json(check)),
            )
            await connection.execute(
                _ADD_CHECK,
                *(tenant_id, integration_id, to_datetime(check.check_time), check.healthy, check.detail),
                *(check.latency.ToMicroseconds(), check.http_status if check.HasField("http_status") else None),
            )
            await connection.execute(_FORGET_CHECKS, tenant_id, integration_id, _CHECKS_KEPT)


async def read_integrations(connection: Any, tenant_id: str) -> dict[str, Integration]:
    """All integrations by id, within a transaction bound to the tenant."""
    rows = await connection.fetch(_SELECT, tenant_id)
    return {row["integration_id"]: _integration_of(row) for row in rows}


async def _read(connection: Any, tenant_id: str, integration_id: str, lock: bool = False) -> Any:
    row = await connection.fetchrow(_ONE + (" FOR UPDATE OF i" if lock else ""), tenant_id, integration_id)
    if row is None:
        raise not_found("integration", integration_id)
    return row


def _columns(integration: Integration) -> tuple[str, str, str, str, str]:
    configuration = Configuration()
    configuration.CopyFrom(integration.configuration)
    for field in ("secret", "secret_set", "secret_hint"):
        configuration.authentication.ClearField(field)
    if not integration.configuration.HasField("authentication"):
        configuration.ClearField("authentication")
    configuration.ClearField("circuit_breaker")
    disabled = integration.status == _DISABLED
    return (
        integration.display_name,
        _STATUS.text(_DISABLED if disabled else _ACTIVE),
        to_json(configuration),
        to_json(integration.configuration.circuit_breaker),
        to_json(integration.monitoring),
    )


def _integration_of(row: Mapping[str, Any]) -> Integration:
    integration = Integration(
        integration_id=row["integration_id"],
        type=_TYPE.number(row["type"]),
        display_name=row["display_name"],
        status=_STATUS.number(row["status"]),
        etag=row["etag"],
    )
    configuration = from_json(row["configuration"], integration.configuration)
    from_json(row["circuit_breaker_config"], configuration.circuit_breaker)
    from_json(row["monitoring_config"], integration.monitoring)
    if row["hint"] is not None:
        configuration.authentication.secret_set = True
        configuration.authentication.secret_hint = row["hint"]
    if row["last_check"] is not None:
        check = from_json(row["last_check"], integration.last_check)
        if integration.status == _ACTIVE and not check.healthy:
            integration.status = _DEGRADED
    set_time(integration.create_time, row["created_at"])
    set_time(integration.update_time, row["updated_at"])
    return integration
