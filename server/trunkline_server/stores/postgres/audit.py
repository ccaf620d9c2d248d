"""The audit log: one chain of hashes per tenant.

A row's hash is the SHA-256 of everything in the row and of the hash before it, so an edited, deleted, added or moved
row breaks the chain from there on. The chain's end stands in `audit_heads`. Whoever may rewrite the whole chain and its
head (a superuser) can forge it; against that, keep the head's hash, which `verify` returns, somewhere else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from trunkline_server.domain.errors import not_found
from trunkline_server.domain.ports import Actor
from trunkline_server.domain.redaction import redact_own
from trunkline_server.stores.crypto import framed
from trunkline_server.stores.postgres.listen import notify
from trunkline_server.stores.postgres.pool import Database
from trunkline_server.stores.postgres.rows import micros

_BATCH = 1000

# Takes the turn of the tenant's chain: whoever comes second waits for the first one's commit.
_HEAD = """
INSERT INTO trunkline.audit_heads AS h (tenant_id, sequence, hash) VALUES ($1, 0, '')
ON CONFLICT (tenant_id) DO UPDATE SET sequence = h.sequence RETURNING sequence, hash
"""
# The columns of a row, in the order of the statement, and their types.
_COLUMNS = {
    **{"tenant_id": "text", "sequence": "bigint", "create_time": "timestamptz"},
    **dict.fromkeys(("actor_tenant_id", "actor_key_id", "trace_id", "action", "resource_type", "resource_id"), "text"),
    **{"detail": "jsonb", "prev_hash": "bytea", "hash": "bytea"},
}
_APPEND = f"""
INSERT INTO trunkline.audit_log ({", ".join(_COLUMNS)})
SELECT * FROM unnest({", ".join(f"${at}::{kind}[]" for at, kind in enumerate(_COLUMNS.values(), 1))})
"""


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """`rows` were looked at. `broken_at` is the sequence number of the first row that is wrong, None when the chain is
    whole; `problem` says what is wrong. `head` is the last hash, in hex."""

    rows: int
    broken_at: int | None
    problem: str
    head: str

    @property
    def intact(self) -> bool:
        """Whether nothing was changed."""
        return self.broken_at is None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What was done, by whom and to what: `resource` is (kind, id). `at` is when; None for now."""

    actor: Actor
    action: str
    resource: tuple[str, str]
    detail: Mapping[str, str]
    at: datetime | None = None


async def append(
    connection: Any, tenant_id: str, actor: Actor, action: str, resource: tuple[str, str], **detail: str
) -> None:
    """Add a row within the transaction, to the chain of the tenant that is changed. `resource` is (kind, id). Every
    worker hears of the change when it is committed."""
    await append_all(connection, tenant_id, [AuditEntry(actor, action, resource, detail)])
    await notify(connection, tenant_id)


async def append_all(connection: Any, tenant_id: str, entries: Sequence[AuditEntry]) -> None:
    """Add rows within the transaction to one tenant's chain, in their order, of what changes nothing that workers keep
    of the tenant: none of them hears of it. A text without NUL, which Postgres does not keep."""
    head = await connection.fetchrow(_HEAD, tenant_id)
    sequence, previous, now = head["sequence"], head["hash"], datetime.now(UTC)
    rows = []
    for entry in entries:
        sequence += 1
        row = {
            "tenant_id": tenant_id,
            "sequence": sequence,
            "create_time": entry.at or now,
            "actor_tenant_id": entry.actor.tenant_id,
            "actor_key_id": entry.actor.key_id,
            "trace_id": entry.actor.trace_id,
            "action": entry.action,
            "resource_type": entry.resource[0],
            "resource_id": entry.resource[1],
            "detail": json.dumps({name: redact_own(value) for name, value in entry.detail.items()}),
        }
        digest = _digest(row, previous)
        rows.append((*row.values(), previous, digest))
        previous = digest
    await connection.execute(_APPEND, *map(list, zip(*rows, strict=True)))
    await connection.execute(
        "UPDATE trunkline.audit_heads SET sequence = $2, hash = $3 WHERE tenant_id = $1", tenant_id, sequence, previous
    )


def _digest(row: Mapping[str, Any], previous: bytes) -> bytes:
    # jsonb keeps no order of keys.
    detail = json.dumps(json.loads(row["detail"]), sort_keys=True)
    return hashlib.sha256(
        framed(
            *(row["tenant_id"], str(row["sequence"]), str(micros(row["create_time"]))),
            *(row["actor_tenant_id"], row["actor_key_id"], row["trace_id"], row["action"]),
            *(row["resource_type"], row["resource_id"], detail, previous),
        )
    ).digest()


class PgAudit:
    """Reads the audit log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def verify(self, tenant_id: str) -> AuditFinding:
        """Follow the tenant's chain from its beginning to its head. Raises NOT_FOUND, STORE_UNAVAILABLE."""
        async with self._database.tenant_transaction(tenant_id, snapshot=True) as connection:
            if not await connection.fetchval("SELECT count(*) FROM trunkline.tenants WHERE tenant_id = $1", tenant_id):
                raise not_found("tenant", tenant_id)
            sequence, previous = 0, b""
            async for row in _rows(connection, tenant_id):
                sequence += 1
                problem = _problem(row, sequence, previous)
                if problem:
                    return AuditFinding(sequence, sequence, problem, previous.hex())
                previous = row["hash"]
            head = await connection.fetchrow("SELECT * FROM trunkline.audit_heads WHERE tenant_id = $1", tenant_id)
        if head is None or (head["sequence"], head["hash"]) != (sequence, previous):
            return AuditFinding(sequence, sequence + 1, "rows are missing at the end", previous.hex())
        return AuditFinding(sequence, None, "", previous.hex())


async def _rows(connection: Any, tenant_id: str) -> AsyncIterator[Any]:
    after, rows = -1, [None]
    # In batches, so that no statement is long however long the chain is.
    while rows:
        rows = await connection.fetch(
            "SELECT * FROM trunkline.audit_log WHERE tenant_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3",
            *(tenant_id, after, _BATCH),
        )
        for row in rows:
            after = row["sequence"]
            yield row


def _problem(row: Any, sequence: int, previous: bytes) -> str:
    if row["sequence"] != sequence:
        return "a row is missing"
    if row["prev_hash"] != previous:
        return "the row does not follow the one before it"
    if row["hash"] != _digest(row, previous):
        return "the row was changed"
    return ""
