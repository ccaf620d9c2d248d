"""Judgements of calls, and their sums by model."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from trunkline.v1.llm_pb2 import RecordFeedbackRequest

from trunkline_server.stores.postgres.pool import Database

# How many judgements of a tenant one turn looks at. Those that wait in vain cost no more than this.
_BATCH = 500
_START = datetime.min.replace(tzinfo=UTC)

_INSERT = """
INSERT INTO trunkline.feedback (tenant_id, request_id, aspect, key_id, feedback_id, score, comment)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (tenant_id, request_id, aspect, key_id) DO NOTHING RETURNING feedback_id
"""
_LOCK = """
SELECT feedback_id, score, provider, model FROM trunkline.feedback
WHERE tenant_id = $1 AND request_id = $2 AND aspect = $3 AND key_id = $4 FOR UPDATE
"""
_REPLACE = """
UPDATE trunkline.feedback SET score = $5, comment = $6, update_time = now()
WHERE tenant_id = $1 AND request_id = $2 AND aspect = $3 AND key_id = $4
"""
_CORRECT = """
UPDATE trunkline.model_quality SET total = total + $4 WHERE tenant_id = $1 AND provider = $2 AND model = $3
"""
# Exactly once: the rows are locked while their call is unknown, and known and summed when the lock goes. Of several
# calls with one request id, which a failed one leaves free, the one that succeeded is meant, and the last.
_RESOLVE = """
WITH waiting AS MATERIALIZED (
    SELECT request_id, aspect, key_id, create_time FROM trunkline.feedback
    WHERE tenant_id = $1 AND provider IS NULL AND {which} ORDER BY create_time LIMIT {batch} FOR UPDATE SKIP LOCKED
), found AS (
    SELECT w.*, l.* FROM waiting w LEFT JOIN LATERAL (
        SELECT r.provider, r.model, r.task, r.experiment_id, r.arm_id FROM trunkline.request_log r
        WHERE r.tenant_id = $1 AND r.request_id = w.request_id
        ORDER BY r.status_code = 0 DESC, r.create_time DESC LIMIT 1
    ) l ON true
    WHERE l.provider IS NOT NULL OR w.create_time < now() - interval '1 day'
), filled AS (
    UPDATE trunkline.feedback f
    SET provider = coalesce(n.provider, ''), model = coalesce(n.model, ''), task = coalesce(n.task, ''),
        experiment_id = coalesce(n.experiment_id, ''), arm_id = coalesce(n.arm_id, '')
    FROM found n
    WHERE f.tenant_id = $1 AND f.request_id = n.request_id AND f.aspect = n.aspect AND f.key_id = n.key_id
    RETURNING f.provider, f.model, f.score
), summed AS (
    INSERT INTO trunkline.model_quality AS q (tenant_id, provider, model, samples, total)
    SELECT $1, provider, model, count(*), sum(score) FROM filled WHERE provider <> '' AND model <> ''
    GROUP BY provider, model ORDER BY provider, model
    ON CONFLICT (tenant_id, provider, model) DO UPDATE
    SET samples = q.samples + excluded.samples, total = q.total + excluded.total
)
SELECT count(*) AS seen, max(create_time) AS last, (SELECT count(*) FROM filled) AS filled FROM waiting
"""
_RESOLVE_ONE = _RESOLVE.format(which="request_id = $2 AND aspect = $3 AND key_id = $4", batch=1)
_RESOLVE_SOME = _RESOLVE.format(which="create_time > $2", batch=_BATCH)


class PgFeedback:
    """Implements `domain.feedback.Judgements`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Where the next turn goes on, by tenant: those that wait in vain keep nobody behind them waiting.
        self._places: dict[str, datetime] = {}

    async def record(self, tenant_id: str, key_id: str, judgement: RecordFeedbackRequest) -> str:
        """See `domain.feedback.Judgements`. Raises INVALID_REQUEST for a comment that cannot be stored."""
        key = (tenant_id, judgement.request_id, judgement.aspect, key_id)
        score, comment = judgement.score, judgement.comment
        async with self._database.tenant_transaction(tenant_id) as connection:
            made = f"fb-{secrets.token_hex(12)}"
            if await connection.fetchval(_INSERT, *key, made, score, comment) is None:
                made = await _replace(connection, key, score, comment)
            await connection.execute(_RESOLVE_ONE, *key)
        return made

    async def resolve(self) -> int:
        """See `domain.feedback.Judgements`."""
        async with self._database.connection() as connection:
            tenants = [row[0] for row in await connection.fetch("SELECT * FROM trunkline.judging_tenants()")]
        self._places = {tenant_id: at for tenant_id, at in self._places.items() if tenant_id in tenants}
        return sum([await self._resolve(tenant_id) for tenant_id in tenants])

    async def _resolve(self, tenant_id: str) -> int:
        after = self._places.get(tenant_id, _START)
        async with self._database.tenant_transaction(tenant_id) as connection:
            found = await connection.fetchrow(_RESOLVE_SOME, tenant_id, after)
        self._places[tenant_id] = found["last"] if found["seen"] == _BATCH else _START
        return int(found["filled"])


async def _replace(connection: Any, key: tuple[str, str, str, str], score: float, comment: str) -> str:
    """Take the place of an earlier judgement; returns its id."""
    before = await connection.fetchrow(_LOCK, *key)
    await connection.execute(_REPLACE, *key, score, comment)
    if before["provider"]:
        difference = score - before["score"]
        await connection.execute(_CORRECT, key[0], before["provider"], before["model"], difference)
    return str(before["feedback_id"])
