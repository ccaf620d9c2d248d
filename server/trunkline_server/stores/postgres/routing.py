"""A tenant's routing configuration: policies, task mappings and experiments, and every change of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
from google.protobuf.message import Message
from trunkline.v1.event_pb2 import Event
from trunkline.v1.experiment_pb2 import Experiment
from trunkline.v1.policy_pb2 import RoutingChange, RoutingPolicy, TaskMapping

from trunkline_server.domain.errors import not_found
from trunkline_server.domain.events import routing_changed
from trunkline_server.domain.ports import Actor
from trunkline_server.domain.steering import Judged, RoutingItem, RoutingView
from trunkline_server.stores.postgres import audit
from trunkline_server.stores.postgres.outbox import take_turn, write_events
from trunkline_server.stores.postgres.pool import Database
from trunkline_server.stores.postgres.rows import (
    from_json,
    invalid_page_token,
    new_etag,
    page,
    page_limit,
    page_start,
    set_time,
    to_json,
)


class _Kind(NamedTuple):
    message: type[Any]
    name: str
    id_field: str


_KINDS = (
    _Kind(RoutingPolicy, "policy", "policy_id"),
    _Kind(TaskMapping, "mapping", "task"),
    _Kind(Experiment, "experiment", "experiment_id"),
)
_BY_MESSAGE: Mapping[type[Any], _Kind] = {kind.message: kind for kind in _KINDS}
_BY_NAME: Mapping[str, _Kind] = {kind.name: kind for kind in _KINDS}
# What the columns hold, where a message has it. A caller's word for it counts nothing.
_COLUMNS = ("etag", "version", "create_time", "update_time")

# The tenant's row, made where it is absent. Whoever comes second waits for the first one's commit.
_TURN = """
INSERT INTO trunkline.routing_revisions AS r (tenant_id, revision) VALUES ($1, 0)
ON CONFLICT (tenant_id) DO UPDATE SET revision = r.revision
"""
# The time of the statement and not of the transaction, which may have waited: changes are in the order of their times.
_NEXT = """
UPDATE trunkline.routing_revisions SET revision = revision + 1 WHERE tenant_id = $1
RETURNING revision, clock_timestamp() AS at
"""
_PUT = """
INSERT INTO trunkline.routing_items (tenant_id, kind, item_id, version, etag, body, create_time, update_time)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
ON CONFLICT (tenant_id, kind, item_id) DO UPDATE
SET version = excluded.version, etag = excluded.etag, body = excluded.body, update_time = excluded.update_time
RETURNING *
"""
_DELETE = "DELETE FROM trunkline.routing_items WHERE tenant_id = $1 AND kind = $2 AND item_id = $3"
_RECORD = """
INSERT INTO trunkline.routing_changes (tenant_id, revision, kind, item_id, version, action, key_id, body, create_time)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
# The revision with each item, or with none.
_ITEMS = """
SELECT r.revision, i.* FROM trunkline.routing_revisions r
LEFT JOIN trunkline.routing_items i ON i.tenant_id = r.tenant_id
    AND (i.kind <> 'experiment' OR i.body ->> 'state' = 'EXPERIMENT_STATE_RUNNING')
WHERE r.tenant_id = $1 ORDER BY i.item_id
"""
_JUDGED = "SELECT provider, model, samples, total FROM trunkline.model_quality WHERE tenant_id = $1 AND samples > 0"


class PgRouting:
    """Implements `domain.steering.RoutingItems`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, tenant_id: str, kind: type[RoutingItem], item_id: str) -> RoutingItem:
        """Raises NOT_FOUND."""
        async with self._database.tenant_transaction(tenant_id) as connection:
            row = await _read(connection, tenant_id, _BY_MESSAGE[kind], item_id)
        if row is None:
            raise not_found(_BY_MESSAGE[kind].name, item_id)
        return _item_of(row, kind)

    async def list(
        self, tenant_id: str, kind: type[RoutingItem], page_size: int, page_token: str
    ) -> tuple[Sequence[RoutingItem], str]:
        """By id. Raises INVALID_REQUEST for the page token."""
        after, limit = page_start(page_token), page_limit(page_size)
        async with self._database.tenant_transaction(tenant_id) as connection:
            rows = await connection.fetch(
                "SELECT * FROM trunkline.routing_items WHERE tenant_id = $1 AND kind = $2 AND item_id > $3 "
                "ORDER BY item_id LIMIT $4",
                *(tenant_id, _BY_MESSAGE[kind].name, after, limit),
            )
        return page(rows, limit, lambda row: _item_of(row, kind), lambda row: str(row["item_id"]))

    async def write(
        self,
        actor: Actor,
        kind: type[RoutingItem],
        item_id: str,
        action: str,
        edit: Callable[[RoutingItem | None, RoutingView], RoutingItem | None],
        events: Sequence[Event] = (),
    ) -> RoutingItem | None:
        """See `domain.steering.RoutingItems`. Raises NOT_FOUND for the tenant, and what `edit` raises."""
        one, tenant_id = _BY_MESSAGE[kind], actor.tenant_id
        async with self._database.tenant_transaction(tenant_id) as connection:
            await connection.execute(_TURN, tenant_id)
            row = await _read(connection, tenant_id, one, item_id)
            before = None if row is None else _item_of(row, kind)
            # As it was, should the edit change it in place.
            was = _bare(before)
            bare = _bare(edit(before, await read_routing(connection, tenant_id)))
            if bare == was:
                return before
            turn = await connection.fetchrow(_NEXT, tenant_id)
            body = None if bare is None else to_json(bare)
            change = _Change(one, item_id, action or _done(row, body), turn["revision"], turn["at"], row, body)
            stored = await _store(connection, actor, change, events)
        return None if stored is None else _item_of(stored, kind)

    async def changes(self, tenant_id: str, page_size: int, page_token: str) -> tuple[Sequence[RoutingChange], str]:
        """The newest first. Raises INVALID_REQUEST for the page token."""
        start, limit = page_start(page_token), page_limit(page_size)
        if not start.isdecimal() and start:
            raise invalid_page_token()
        async with self._database.tenant_transaction(tenant_id) as connection:
            rows = await connection.fetch(
                "SELECT * FROM trunkline.routing_changes WHERE tenant_id = $1 AND ($2::bigint IS NULL OR revision < $2)"
                " ORDER BY revision DESC LIMIT $3",
                *(tenant_id, int(start) if start else None, limit),
            )
        return page(rows, limit, _change_of, lambda row: str(row["revision"]))


async def read_routing(connection: Any, tenant_id: str) -> RoutingView:
    """The tenant's configuration, within a transaction bound to it. Where the schema is older than it there is none,
    and the transaction can do nothing more."""
    try:
        rows = await connection.fetch(_ITEMS, tenant_id)
        judged = await connection.fetch(_JUDGED, tenant_id)
    except asyncpg.UndefinedTableError:
        return RoutingView()

    def of(kind: type[RoutingItem]) -> Sequence[RoutingItem]:
        name = _BY_MESSAGE[kind].name
        return tuple(_item_of(row, kind) for row in rows if row["kind"] == name)

    return RoutingView(
        revision=rows[0]["revision"] if rows else 0,
        policies=of(RoutingPolicy),
        mappings=of(TaskMapping),
        experiments=of(Experiment),
        judged={
            f"{row['provider']}/{row['model']}": Judged(row["samples"], row["total"] / row["samples"]) for row in judged
        },
    )


@dataclass(frozen=True, slots=True)
class _Change:
    """One change: `row` is the item as it was, None when it is made; `body` as it shall be, None when it goes."""

    kind: _Kind
    item_id: str
    action: str
    revision: int
    at: datetime
    row: Any
    body: str | None

    @property
    def version(self) -> int:
        """Of the item after the change; of a deleted one, before."""
        if self.row is None:
            return 1
        return int(self.row["version"]) + (self.body is not None)


async def _store(connection: Any, actor: Actor, change: _Change, events: Sequence[Event]) -> Any:
    """The item's row, None for a deleted one; with it the record, the audit and the event."""
    tenant_id, kind = actor.tenant_id, change.kind.name
    stored, kept = None, change.body
    if kept is None:
        await connection.execute(_DELETE, tenant_id, kind, change.item_id)
        kept = change.row["body"]
    else:
        values = (tenant_id, kind, change.item_id, change.version, new_etag(), kept, change.at)
        stored = await connection.fetchrow(_PUT, *values)
    await connection.execute(
        _RECORD,
        *(tenant_id, change.revision, kind, change.item_id, change.version),
        *(change.action, actor.key_id, kept, change.at),
    )
    detail = {"revision": str(change.revision), "version": str(change.version)}
    # Late, as the ledger's writers wait for it; before the audit log's head, which they lock after it too.
    await take_turn(connection, tenant_id)
    await audit.append(connection, tenant_id, actor, f"{kind}.{change.action}", (kind, change.item_id), **detail)
    event = routing_changed(
        tenant_id, change.revision, kind, change.item_id, change.action, change.at, trace_id=actor.trace_id
    )
    await write_events(connection, tenant_id, [event, *events])
    return stored


def _done(row: Any, body: str | None) -> str:
    if row is None:
        return "create"
    return "delete" if body is None else "update"


async def _read(connection: Any, tenant_id: str, kind: _Kind, item_id: str) -> Any:
    return await connection.fetchrow(
        "SELECT * FROM trunkline.routing_items WHERE tenant_id = $1 AND kind = $2 AND item_id = $3",
        *(tenant_id, kind.name, item_id),
    )


def _bare(item: Message | None) -> Message | None:
    """The message without what the columns hold."""
    if item is None:
        return None
    bare = type(item)()
    bare.CopyFrom(item)
    for name in (*_COLUMNS, _BY_MESSAGE[type(item)].id_field):
        if name in bare.DESCRIPTOR.fields_by_name:
            bare.ClearField(name)
    return bare


def _item_of(row: Mapping[str, Any], kind: type[RoutingItem]) -> RoutingItem:
    item = from_json(row["body"], kind())
    setattr(item, _BY_MESSAGE[kind].id_field, row["item_id"])
    item.etag, item.version = row["etag"], row["version"]
    for name in ("create_time", "update_time"):
        if name in item.DESCRIPTOR.fields_by_name:
            set_time(getattr(item, name), row[name])
    return item


def _change_of(row: Mapping[str, Any]) -> RoutingChange:
    change = RoutingChange(revision=row["revision"], action=row["action"], key_id=row["key_id"])
    set_time(change.create_time, row["create_time"])
    kind = _BY_NAME[row["kind"]]
    subject = getattr(change, kind.name)
    from_json(row["body"], subject)
    setattr(subject, kind.id_field, row["item_id"])
    subject.version = row["version"]
    return change
