"""Every version of every integration, within a transaction bound to its tenant: copies of the integration's row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trunkline_server.domain.errors import not_found
from trunkline_server.domain.ports import Actor
from trunkline_server.stores.postgres.rows import invalid_page_token

# The versions of an integration that is made again under the same id go on from those of the one before it.
_NEXT = """
SELECT coalesce(max(version), 0) + 1 FROM trunkline.integration_versions WHERE tenant_id = $1 AND integration_id = $2
"""
_ADD = """
INSERT INTO trunkline.integration_versions (tenant_id, integration_id, version, action, key_id, changed_paths, type,
    display_name, status, configuration, circuit_breaker_config, monitoring_config)
SELECT tenant_id, integration_id, version, $3, $4, $5, type,
    display_name, status, configuration, circuit_breaker_config, monitoring_config
FROM trunkline.integrations WHERE tenant_id = $1 AND integration_id = $2
"""
_SELECT = "SELECT * FROM trunkline.integration_versions WHERE tenant_id = $1 AND integration_id = $2"
_ONE = f"{_SELECT} AND version = $3"
_PAGE = f"{_SELECT} AND ($3::bigint IS NULL OR version < $3) ORDER BY version DESC LIMIT $4"


async def next_version(connection: Any, tenant_id: str, integration_id: str) -> int:
    """The version of an integration that is about to be made."""
    return int(await connection.fetchval(_NEXT, tenant_id, integration_id))


async def add_version(
    connection: Any, actor: Actor, integration_id: str, action: str, changed_paths: Sequence[str]
) -> None:
    """Keep the integration, as its row is now, as its newest version."""
    values = (actor.tenant_id, integration_id, action, actor.key_id, list(changed_paths))
    await connection.execute(_ADD, *values)


async def read_versions(connection: Any, tenant_id: str, integration_id: str, after: str, limit: int) -> Sequence[Any]:
    """Rows before the version `after` (empty: all), the newest first. Raises NOT_FOUND where there never was such an
    integration, INVALID_REQUEST for `after`."""
    if after and not (after.isascii() and after.isdecimal() and len(after) < 19):
        raise invalid_page_token()
    rows: Sequence[Any] = await connection.fetch(_PAGE, tenant_id, integration_id, int(after) if after else None, limit)
    if not rows and not after:
        raise not_found("integration", integration_id)
    return rows


async def read_version(connection: Any, tenant_id: str, integration_id: str, version: int) -> Any:
    """One row. Raises NOT_FOUND."""
    row = await connection.fetchrow(_ONE, tenant_id, integration_id, version)
    if row is None:
        raise not_found("integration version", f"{integration_id}/{version}")
    return row
