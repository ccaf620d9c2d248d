"""Integrations, their credentials, versions and checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trunkline.v1.configuration_pb2 import Configuration, IntegrationType, Monitoring
from trunkline.v1.integration_health_pb2 import HealthCheck, IntegrationStatus
from trunkline.v1.integration_pb2 import Integration, IntegrationVersion

from trunkline_server.domain.errors import not_found
from trunkline_server.domain.integrations.monitoring import wanted
from trunkline_server.domain.integrations.versions import changed_paths
from trunkline_server.domain.ports import Actor
from trunkline_server.stores.crypto import Keyring
from trunkline_server.stores.postgres import audit
from trunkline_server.stores.postgres.credentials import put_secret, read_secrets
from trunkline_server.stores.postgres.integration_checks import USUAL_SECONDS, keep_check
from trunkline_server.stores.postgres.integration_versions import add_version, next_version, read_version, read_versions
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
    to_json,
)

_TYPE = EnumColumn(IntegrationType, "INTEGRATION_TYPE_")
_STATUS = EnumColumn(IntegrationStatus, "INTEGRATION_STATUS_")
_ACTIVE, _DEGRADED = IntegrationStatus.INTEGRATION_STATUS_ACTIVE, IntegrationStatus.INTEGRATION_STATUS_DEGRADED
_DISABLED = IntegrationStatus.INTEGRATION_STATUS_DISABLED

_SELECT = """
SELECT i.*, c.hint FROM trunkline.integrations i LEFT JOIN trunkline.credentials c USING (tenant_id, integration_id)
WHERE i.tenant_id = $1
"""
_ONE = f"{_SELECT} AND i.integration_id = $2"
_PAGE = f"{_SELECT} AND i.integration_id > $2 AND ($3 = '' OR i.type = $3) ORDER BY i.integration_id LIMIT $4"
_INSERT = """
INSERT INTO trunkline.integrations (tenant_id, integration_id, etag, display_name, status, configuration,
    circuit_breaker_config, monitoring_config, type, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_UPDATE = """
UPDATE trunkline.integrations SET etag = $3, display_name = $4, status = $5, configuration = $6,
    circuit_breaker_config = $7, monitoring_config = $8, version = $9, updated_at = now(),
    next_check_at = least(next_check_at, now() + trunkline.check_pause($8::jsonb, $10))
WHERE tenant_id = $1 AND integration_id = $2
"""
_LOCK_SECRET = """
SELECT 1 FROM trunkline.credentials WHERE tenant_id = $1 AND integration_id = $2 FOR UPDATE
"""


class PgIntegrations:
    """Implements `domain.ports.Integrations`. ACTIVE reads as DEGRADED while the last check is a failed one.
    `health_service` and `health_check_url` are left empty: where health is served is not known here."""

    def __init__(self, database: Database, keyring: Keyring, check_seconds: float = USUAL_SECONDS) -> None:
        """`check_seconds` is the usual time between two checks."""
        self._database = database
        self._keyring = keyring
        self._check_seconds = check_seconds or USUAL_SECONDS

    async def create(self, actor: Actor, integration: Integration, secret: str) -> Integration:
        """Raises ALREADY_EXISTS, and NOT_FOUND for the tenant."""
        tenant_id, name, kind = actor.tenant_id, integration.integration_id, _TYPE.text(integration.type)
        subject = ("integration", name)
        async with self._database.tenant_transaction(tenant_id, creating=subject) as connection:
            version = await next_version(connection, tenant_id, name)
            await connection.execute(_INSERT, tenant_id, name, new_etag(), *_columns(integration), kind, version)
            if secret:
                await put_secret(connection, self._keyring, tenant_id, name, secret)
            await add_version(connection, actor, name, "create", ())
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

    async def update(
        self, actor: Actor, integration: Integration, secret: str | None, action: str = "update"
    ) -> Integration:
        """Raises NOT_FOUND, ETAG_MISMATCH. The type stays; an empty secret deletes the stored one."""
        tenant_id, name = actor.tenant_id, integration.integration_id
        async with self._database.tenant_transaction(tenant_id) as connection:
            current = await _read(connection, tenant_id, name, lock=True)
            check_etag(current["etag"], integration.etag)
            paths = changed_paths(_integration_of(current), integration)
            version, makes_one = current["version"], bool(paths) or action == "rollback"
            if makes_one:
                # A server of before versions may have made the integration again meanwhile.
                version = max(version + 1, await next_version(connection, tenant_id, name))
            values = (*_columns(integration), version, self._check_seconds)
            await connection.execute(_UPDATE, tenant_id, name, new_etag(), *values)
            if secret is not None:
                await put_secret(connection, self._keyring, tenant_id, name, secret)
            if makes_one:
                await add_version(connection, actor, name, "rollback" if action == "rollback" else "update", paths)
            kept = "kept" if secret is None else "replaced" if secret else "deleted"
            detail = {"secret": kept, "version": str(version)}
            await audit.append(connection, tenant_id, actor, f"integration.{action}", ("integration", name), **detail)
            return _integration_of(await _read(connection, tenant_id, name))

    async def delete(self, actor: Actor, integration_id: str, etag: str) -> None:
        """Its credential and checks go too, its versions stay. Raises NOT_FOUND, ETAG_MISMATCH."""
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

    async def record_check(self, tenant_id: str, integration_id: str, check: HealthCheck) -> bool:
        """Changes neither etag nor `update_time`. A failed check keeps the models that the one before it found: they
        are what routes know of an integration that lists none. Raises NOT_FOUND."""
        async with self._database.tenant_transaction(tenant_id) as connection:
            row = await _read(connection, tenant_id, integration_id, lock=True)
            before = from_json(row["last_check"], HealthCheck()) if row["last_check"] is not None else None
            if before and not check.healthy and not check.models:
                found, check = check, HealthCheck(models=before.models)
                check.MergeFrom(found)
            return await keep_check(connection, tenant_id, integration_id, before, check, self._check_seconds)

    async def versions(
        self, tenant_id: str, integration_id: str, page_size: int, page_token: str
    ) -> tuple[Sequence[IntegrationVersion], str]:
        """See domain.ports.Integrations."""
        after, limit = page_start(page_token), page_limit(page_size)
        async with self._database.tenant_transaction(tenant_id) as connection:
            rows = await read_versions(connection, tenant_id, integration_id, after, limit)
        return page(rows, limit, _version_of, lambda row: str(row["version"]))

    async def version(self, tenant_id: str, integration_id: str, version: int) -> IntegrationVersion:
        """See domain.ports.Integrations."""
        async with self._database.tenant_transaction(tenant_id) as connection:
            return _version_of(await read_version(connection, tenant_id, integration_id, version))


async def read_integrations(connection: Any, tenant_id: str) -> dict[str, Integration]:
    """All integrations by id, within a transaction bound to the tenant."""
    rows = await connection.fetch(_SELECT, tenant_id)
    return {row["integration_id"]: _integration_of(row) for row in rows}


async def read_monitored(connection: Any, tenant_id: str) -> dict[str, frozenset[str]]:
    """The metrics that are wanted of each integration, within a transaction bound to the tenant."""
    rows = await connection.fetch(
        "SELECT integration_id, monitoring_config FROM trunkline.integrations WHERE tenant_id = $1", tenant_id
    )
    return {row["integration_id"]: wanted(from_json(row["monitoring_config"], Monitoring())) for row in rows}


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
    integration = _content_of(row)
    integration.etag = row["etag"]
    if row["hint"] is not None:
        integration.configuration.authentication.secret_set = True
        integration.configuration.authentication.secret_hint = row["hint"]
    if row["last_check"] is not None:
        check = from_json(row["last_check"], integration.last_check)
        if integration.status == _ACTIVE and not check.healthy:
            integration.status = _DEGRADED
    set_time(integration.create_time, row["created_at"])
    set_time(integration.update_time, row["updated_at"])
    return integration


def _version_of(row: Mapping[str, Any]) -> IntegrationVersion:
    found = IntegrationVersion(
        version=row["version"],
        integration=_content_of(row),
        key_id=row["key_id"],
        action=row["action"],
        changed_paths=row["changed_paths"],
    )
    set_time(found.create_time, row["create_time"])
    return found


def _content_of(row: Mapping[str, Any]) -> Integration:
    """What the integration and a version of it have in common."""
    integration = Integration(
        integration_id=row["integration_id"],
        type=_TYPE.number(row["type"]),
        display_name=row["display_name"],
        status=_STATUS.number(row["status"]),
        # A schema before versions has the first of each.
        version=row.get("version", 1),
    )
    configuration = from_json(row["configuration"], integration.configuration)
    from_json(row["circuit_breaker_config"], configuration.circuit_breaker)
    from_json(row["monitoring_config"], integration.monitoring)
    return integration
