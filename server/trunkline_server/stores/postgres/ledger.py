"""The ledger and the request log."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from google.protobuf.message import Message
from trunkline.v1.common_pb2 import Usage

from trunkline_server.domain.integrations.health import faults_of
from trunkline_server.domain.integrations.monitoring import Meter, measure
from trunkline_server.domain.ports import Actor, Settled
from trunkline_server.stores.postgres.audit import AuditEntry, append_all
from trunkline_server.stores.postgres.integrations import read_monitored
from trunkline_server.stores.postgres.outbox import take_turn, write_events
from trunkline_server.stores.postgres.pool import Database
from trunkline_server.stores.postgres.rows import to_datetime


class _Column(NamedTuple):
    name: str
    type: str
    value: Callable[[Settled], Any]


def _text(name: str, value: Callable[[Settled], str]) -> _Column:
    # Postgres keeps no NUL in a text. Better a name without it than a charge that is never written.
    return _Column(name, "text", lambda settled: value(settled).replace("\0", ""))


def _tokens(name: str) -> _Column:
    def value(settled: Settled) -> int | None:
        usage: Message = settled.record.usage
        return getattr(usage, name) if usage.HasField(name) else None

    return _Column(name, "bigint", value)


def _json(name: str, value: Callable[[Settled], Any]) -> _Column:
    """What is empty is NULL. No NUL in it either: jsonb refuses the escape."""

    def text(settled: Settled) -> str | None:
        found = value(settled)
        return json.dumps(found).replace("\\u0000", "") if found else None

    return _Column(name, "jsonb", text)


def _drifts(settled: Settled) -> list[tuple[str, str]]:
    return [(drift.path, drift.description) for drift in settled.record.drifts]


_ENTRY = _text("entry", lambda s: s.entry)
# What both tables hold.
_COMMON = (
    _text("tenant_id", lambda s: s.tenant_id),
    _ENTRY,
    _Column("create_time", "timestamptz", lambda s: to_datetime(s.record.create_time)),
    _Column("nano_usd", "bigint", lambda s: s.record.cost_details.nano_usd),
    _text("request_id", lambda s: s.record.request_id),
    _text("provider", lambda s: s.record.provider),
    _text("model", lambda s: s.record.model),
    _text("integration_id", lambda s: s.record.integration_id),
    _text("agent_id", lambda s: s.record.context.agent_id),
    _text("workflow_id", lambda s: s.record.context.workflow_id),
    _text("user_id", lambda s: s.record.context.user_id),
    _text("key_id", lambda s: s.record.key_id),
)
_LEDGER = (
    *_COMMON,
    _Column("estimated", "bool", lambda s: s.record.cost_details.estimated),
    _Column("price_unknown", "bool", lambda s: s.record.cost_details.price_unknown),
    _text("price_version", lambda s: s.record.cost_details.price_version),
    *(_tokens(field.name) for field in Usage.DESCRIPTOR.fields if field.name.endswith("_tokens")),
    _Column("budgets", "jsonb", lambda s: json.dumps([list(pair) for pair in s.budgets])),
)
_REQUEST_LOG = (
    *_COMMON,
    _text("trace_id", lambda s: s.record.trace_id),
    _text("method", lambda s: s.record.method),
    _text("tool_name", lambda s: s.record.tool_name),
    _Column("status_code", "int", lambda s: s.record.status_code),
    _text("error_reason", lambda s: s.record.error_reason),
    _Column("cache_hit", "bool", lambda s: s.record.cache_hit),
    _Column("latency_us", "bigint", lambda s: s.record.latency.ToMicroseconds()),
    _text("task", lambda s: s.record.route.task),
    _text("experiment_id", lambda s: s.record.route.experiment_id),
    _text("arm_id", lambda s: s.record.route.arm_id),
    _Column("shadow", "bool", lambda s: s.record.route.shadow),
    _json("faults", lambda s: faults_of(s.record)),
    _json("drifts", _drifts),
    _Column("record", "bytea", lambda s: s.record.SerializeToString()),
)


def _unnest(columns: Sequence[_Column]) -> str:
    return ", ".join(f"${number}::{column.type}[]" for number, column in enumerate(columns, 1))


def _names(columns: Sequence[_Column]) -> str:
    return ", ".join(column.name for column in columns)


# The team is that of the key, which never changes it.
_WRITE_LEDGER = f"""
INSERT INTO trunkline.ledger ({_names(_LEDGER)}, team_id)
SELECT r.*, coalesce(k.team_id, '') FROM unnest({_unnest(_LEDGER)}) AS r ({_names(_LEDGER)})
LEFT JOIN trunkline.api_keys k ON k.key_id = r.key_id AND k.tenant_id = r.tenant_id
ON CONFLICT (tenant_id, entry, create_time) DO NOTHING RETURNING entry
"""
_WRITE_LOG = f"""
INSERT INTO trunkline.request_log ({_names(_REQUEST_LOG)}) SELECT * FROM unnest({_unnest(_REQUEST_LOG)})
"""
_CHARGE = """
INSERT INTO trunkline.budget_charges AS c (tenant_id, budget_id, window_id, nano_usd)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[])
ON CONFLICT (tenant_id, budget_id, window_id) DO UPDATE SET nano_usd = c.nano_usd + excluded.nano_usd
"""
# Not while partitions are made: a row on its way to the default partition would find itself refused there.
_NO_NEW_PARTITIONS = "SELECT pg_advisory_xact_lock_shared(hashtextextended('trunkline.create_partitions', 0))"
_SPENT = """
SELECT budget_id, window_id, nano_usd FROM trunkline.budget_charges
WHERE tenant_id = $1 AND (budget_id, window_id) IN (SELECT * FROM unnest($2::text[], $3::text[]))
"""


class PgLedger:
    """Implements `domain.ports.Ledger`. `meter` hears of each call that is written, once and after the commit."""

    def __init__(self, database: Database, meter: Meter | None = None) -> None:
        self._database = database
        self._meter = meter

    async def write(self, batch: Sequence[Settled]) -> None:
        """One transaction for the batch, of whichever tenants. Raises INVALID_REQUEST for an amount below zero or out
        of range, which a batch of one then shows to be the one at fault."""
        tenants: defaultdict[str, list[Settled]] = defaultdict(list)
        for settled in batch:
            tenants[settled.tenant_id].append(settled)
        written: list[tuple[Settled, dict[str, frozenset[str]]]] = []
        async with self._database.transaction() as connection:
            await connection.execute(_NO_NEW_PARTITIONS)
            # In order of their ids, so that two writers never wait for each other.
            for tenant_id in sorted(tenants):
                await take_turn(connection, tenant_id)
                fresh = await _write_tenant(connection, tenant_id, tenants[tenant_id])
                if self._meter is not None and fresh:
                    monitored = await read_monitored(connection, tenant_id)
                    written += [(settled, monitored) for settled in fresh]
        if self._meter is not None:
            for settled, monitored in written:
                measure(self._meter, settled.tenant_id, settled.record, monitored)

    async def spent(self, tenant_id: str, windows: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
        """Zero for a window that nothing was charged to. What was charged outlives the budget."""
        async with self._database.tenant_transaction(tenant_id) as connection:
            rows = await connection.fetch(_SPENT, tenant_id, *_transposed(windows, 2))
        charged = {(row["budget_id"], row["window_id"]): int(row["nano_usd"]) for row in rows}
        return {window: charged.get(window, 0) for window in windows}

    async def create_partitions(self, months_ahead: int = 2) -> list[str]:
        """Make the partitions of this month and those to come, 0 to 24; the names of new ones. Call it daily: without,
        rows go to the default partition, and from there to their month when its partition is made."""
        async with self._database.connection() as connection:
            rows = await connection.fetch("SELECT * FROM trunkline.create_partitions($1)", months_ahead)
        return [row[0] for row in rows]


async def _write_tenant(connection: Any, tenant_id: str, batch: Sequence[Settled]) -> Sequence[Settled]:
    """Returns those that were not there yet."""
    by_entry = {_ENTRY.value(settled): settled for settled in batch}
    rows = await connection.fetch(_WRITE_LEDGER, *_values(_LEDGER, [*by_entry.values()]))
    fresh = [by_entry[row["entry"]] for row in rows]
    if not fresh:
        return ()
    await connection.execute(_WRITE_LOG, *_values(_REQUEST_LOG, fresh))
    charges: defaultdict[tuple[str, str], int] = defaultdict(int)
    for settled in fresh:
        for window in settled.budgets:
            charges[window] += settled.record.cost_details.nano_usd
    if charges:
        triples = [(*window, amount) for window, amount in sorted(charges.items())]
        await connection.execute(_CHARGE, tenant_id, *_transposed(triples, 3))
    events = [event for settled in fresh for event in settled.events]
    if events:
        await write_events(connection, tenant_id, events)
    if tools := [_audited(settled) for settled in fresh if settled.record.tool_name]:
        await append_all(connection, tenant_id, tools)
    return fresh


def _audited(settled: Settled) -> AuditEntry:
    """The row of a call of a tool: what was called by whom and how it ended, never with what."""
    record = settled.record
    detail = {"request_id": record.request_id, "outcome": record.error_reason or "OK"}
    detail |= {"cached": "true"} if record.cache_hit else {}
    detail |= {"approval_id": record.approval_id} if record.approval_id else {}
    ended = to_datetime(record.create_time) + timedelta(microseconds=record.latency.ToMicroseconds())
    return AuditEntry(
        Actor(settled.tenant_id, record.key_id, record.trace_id),
        "tool.execute",
        ("tool", f"{record.integration_id}/{record.tool_name}"),
        {name: value.replace("\0", "") for name, value in detail.items()},
        ended,
    )


def _values(columns: Sequence[_Column], batch: Sequence[Settled]) -> list[list[Any]]:
    return [[column.value(settled) for settled in batch] for column in columns]


def _transposed(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [[row[index] for row in rows] for index in range(width)]
