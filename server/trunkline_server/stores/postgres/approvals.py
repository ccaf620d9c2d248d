"""Approvals of calls of tools. Implements domain.tools.approvals.ApprovalStore."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from trunkline_server.domain.ports import Actor
from trunkline_server.domain.tools.approvals import Approval, Claim
from trunkline_server.stores.postgres.audit import AuditEntry, append_all
from trunkline_server.stores.postgres.pool import Database

_ADD = """
INSERT INTO trunkline.tool_approvals (tenant_id, approval_id, integration_id, tool_name, digest, approver_key_id,
    approver_lineage, comment, expire_time)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now() + $9::interval) RETURNING expire_time
"""
# They are kept for so long after their end, to tell why they do not serve; the audit log keeps what was done for good.
_FORGET = "DELETE FROM trunkline.tool_approvals WHERE tenant_id = $1 AND expire_time < now() - interval '7 days'"
# One statement: of two calls at once, one waits for the other's commit and then finds it used.
_USE = """
UPDATE trunkline.tool_approvals SET used_by = $5, used_key_id = $6, used_time = now()
WHERE tenant_id = $1 AND approval_id = $2 AND digest = $3 AND approver_lineage <> $4
  AND used_by IS NULL AND expire_time > now() RETURNING integration_id, tool_name
"""
_GIVE_BACK = """
UPDATE trunkline.tool_approvals SET used_by = NULL, used_key_id = NULL, used_time = NULL
WHERE tenant_id = $1 AND approval_id = $2 AND used_by = $3 RETURNING integration_id, tool_name
"""
_LOOK = """
SELECT digest = $3 AS same, approver_lineage = $4 AS own, used_by IS NOT NULL AS used, expire_time <= now() AS expired
FROM trunkline.tool_approvals WHERE tenant_id = $1 AND approval_id = $2
"""


class PgApprovals:
    """See the port. Raises STORE_UNAVAILABLE."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, actor: Actor, approval: Approval) -> datetime:
        """See the port."""
        values = (
            *(actor.tenant_id, approval.approval_id, approval.integration_id, approval.tool_name, approval.digest),
            *(actor.key_id, approval.lineage, approval.comment, timedelta(seconds=approval.ttl)),
        )
        async with self._database.tenant_transaction(actor.tenant_id) as connection:
            await connection.execute(_FORGET, actor.tenant_id)
            ends: datetime = await connection.fetchval(_ADD, *values)
            tool = f"{approval.integration_id}/{approval.tool_name}"
            detail = {"approval_id": approval.approval_id, "comment": approval.comment, "expires": ends.isoformat()}
            await _audit(connection, actor, "tool.approve", tool, detail)
        return ends

    async def use(self, actor: Actor, claim: Claim) -> str:
        """See the port."""
        async with self._database.tenant_transaction(actor.tenant_id) as connection:
            row = await connection.fetchrow(_USE, *_named(actor.tenant_id, claim), claim.hold_id, actor.key_id)
            if row is None:
                # Whoever is told `used` may have seen it free a moment ago.
                return await _problem(connection, actor.tenant_id, claim) or "used"
            await _audit(connection, actor, "tool.approval_use", _tool(row), {"approval_id": claim.approval_id})
        return ""

    async def look(self, tenant_id: str, claim: Claim) -> str:
        """See the port."""
        async with self._database.tenant_transaction(tenant_id) as connection:
            return await _problem(connection, tenant_id, claim)

    async def give_back(self, actor: Actor, claim: Claim) -> None:
        """See the port."""
        async with self._database.tenant_transaction(actor.tenant_id) as connection:
            row = await connection.fetchrow(_GIVE_BACK, actor.tenant_id, claim.approval_id, claim.hold_id)
            if row is not None:
                await _audit(connection, actor, "tool.approval_return", _tool(row), {"approval_id": claim.approval_id})


def _named(tenant_id: str, claim: Claim) -> tuple[str, str, bytes, str]:
    return tenant_id, claim.approval_id, claim.digest, claim.lineage


async def _problem(connection: Any, tenant_id: str, claim: Claim) -> str:
    row = await connection.fetchrow(_LOOK, *_named(tenant_id, claim))
    if row is None:
        return "missing"
    if not row["same"]:
        return "other_call"
    return next((name for name in ("own", "used", "expired") if row[name]), "")


def _tool(row: Any) -> str:
    return f"{row['integration_id']}/{row['tool_name']}"


async def _audit(connection: Any, actor: Actor, action: str, tool: str, detail: dict[str, str]) -> None:
    await append_all(connection, actor.tenant_id, [AuditEntry(actor, action, ("tool", tool), detail)])
