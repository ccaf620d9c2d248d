"""Which receivers there are, and what they received, in a real Postgres."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from integration.postgres_parts import ACTOR, KEYRING, make_tenants, superuser
from trunkline.v1.configuration_pb2 import Configuration, IntegrationType
from trunkline.v1.event_pb2 import Event
from trunkline.v1.integration_pb2 import Integration
from trunkline.v1.receiver_pb2 import WebhookConfiguration, WebhookScheme
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.events import webhook_received
from trunkline_server.domain.ports import Actor
from trunkline_server.stores.postgres import Database, PgIntegrations, PgReceivers


def event(number: int, tenant_id: str = "acme") -> Event:
    return webhook_received(tenant_id, "in", f"evt-{number}", "a.b", b"body" * 100, "text/plain", 1_795_000_000, "t")


async def receiver(database: Database, actor: Actor = ACTOR) -> None:
    configuration = Configuration(webhook=WebhookConfiguration(scheme=WebhookScheme.WEBHOOK_SCHEME_STRIPE))
    kind = IntegrationType.INTEGRATION_TYPE_WEBHOOK
    await make_tenants(database, "acme")
    await PgIntegrations(database, KEYRING).create(
        actor, Integration(integration_id="in", type=kind, configuration=configuration), "whsec_abc"
    )


async def test_receivers_are_found_together_and_remembered(database: Database, monkeypatch: Any) -> None:
    now = 0.0
    receivers = PgReceivers(database, lambda: now)
    statements, look = [], database.connection

    def counted() -> Any:
        statements.append(1)
        return look()

    monkeypatch.setattr(database, "connection", counted)
    found = await asyncio.gather(*(receivers.known("acme", f"in-{number}") for number in range(500)))
    assert found == [False] * 500 and len(statements) <= 2
    await receiver(database)
    statements.clear()
    assert not await receivers.known("acme", "in-1") and not statements, "remembered"
    now = 3.0
    assert await receivers.known("acme", "in") and not await receivers.known("other", "in")
    statements.clear()
    assert await receivers.known("acme", "in") and not statements


async def test_events_of_a_tenant_share_transactions_and_are_there_once(database: Database, pg_dsn: str) -> None:
    await make_tenants(database, "acme")
    receivers = PgReceivers(database)
    await asyncio.gather(*(receivers.write(event(number % 50)) for number in range(200)))
    async with superuser(pg_dsn) as connection:
        rows = await connection.fetch("SELECT payload, xmin::text AS turn FROM trunkline.outbox ORDER BY cursor")
    assert {Event.FromString(row["payload"]).webhook_received.source_event_id for row in rows} == {
        f"evt-{number}" for number in range(50)
    }
    assert len(rows) == 50 and len({row["turn"] for row in rows}) < 10


async def test_what_cannot_be_written_is_told(database: Database) -> None:
    broken = event(1)
    broken.type = "\0"
    with pytest.raises(TrunklineError) as failed:
        await PgReceivers(database).write(broken)
    assert failed.value.reason == Reason.ERROR_REASON_INVALID_REQUEST
