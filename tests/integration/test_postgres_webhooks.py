"""Endpoints, deliveries and what the relay writes, in a real Postgres."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from integration.postgres_parts import ACTOR, KEYRING, actor, make_tenants, refused, superuser
from trunkline.v1.webhook_pb2 import WebhookDeliveryStatus, WebhookEndpoint, WebhookEndpointStatus
from trunkline_server.domain.webhooks.ports import Answer, Due, Outcome
from trunkline_server.domain.webhooks.signing import key_of, new_secret
from trunkline_server.stores.crypto import Keyring
from trunkline_server.stores.postgres import Database, PgAudit, PgEventFeed, PgRelay, PgRotation, PgWebhooks, RelayLock
from trunkline_server.stores.postgres.outbox import take_turn, write_events
from webhook_parts import failover, health, record, record_poison

Status = WebhookEndpointStatus
DEAD = WebhookDeliveryStatus.WEBHOOK_DELIVERY_STATUS_DEAD


async def verified(store: PgWebhooks, name: str = "e", tenant_id: str = "acme", **fields: Any) -> WebhookEndpoint:
    endpoint = WebhookEndpoint(endpoint_id=name, url="https://hooks.example.com/", **fields)
    await store.create(actor(tenant_id), endpoint, new_secret())
    return await store.activate(actor(tenant_id), name, "")


async def due(relay: PgRelay) -> Sequence[Due]:
    while (await relay.publish(100))[0]:
        pass
    return await relay.due([])


def outcome(one: Due, status: Any, http_status: int = 500, delay: float | None = None, body: bytes = b"") -> Outcome:
    return Outcome(
        one, status, datetime.now(UTC), Answer(http_status, "" if status == "delivered" else "no", body), delay
    )


async def test_endpoints_live_and_secrets_are_sealed(pg_dsn: str, database: Database) -> None:
    await make_tenants(database, "acme")
    store, secret = PgWebhooks(database, KEYRING), new_secret()
    made = await store.create(ACTOR, WebhookEndpoint(endpoint_id="e", url="https://a.example/", types=["a.*"]), secret)
    assert made.status == Status.WEBHOOK_ENDPOINT_STATUS_PENDING and made.max_concurrency == 8
    async with refused("ALREADY_EXISTS"):
        await store.create(ACTOR, made, secret)
    async with refused("ETAG_MISMATCH"):
        await store.activate(ACTOR, "e", "other")
    active = await store.activate(ACTOR, "e", made.etag)
    assert active.status == Status.WEBHOOK_ENDPOINT_STATUS_ACTIVE and active.etag != made.etag
    changed = WebhookEndpoint(endpoint_id="e", url="https://b.example/", description="x", etag=active.etag)
    found = await store.update(ACTOR, changed, ["url", "description"])
    assert (found.url, found.description, list(found.types)) == ("https://b.example/", "x", ["a.*"])
    assert found.status == Status.WEBHOOK_ENDPOINT_STATUS_PENDING
    async with superuser(pg_dsn) as connection:
        rows = await connection.fetch("SELECT * FROM trunkline.webhook_secrets")
        raw = key_of(secret)
        assert raw is not None and not [row for row in rows if raw in row["ciphertext"]]
    assert (await store.destination("acme", "e")).secrets[0].key == raw
    await store.delete(ACTOR, "e", found.etag)
    async with refused("NOT_FOUND"):
        await store.get("acme", "e")
    async with superuser(pg_dsn) as connection:
        assert await connection.fetchval("SELECT count(*) FROM trunkline.webhook_secrets") == 0
    again = await store.create(ACTOR, made, secret)
    assert again.status == Status.WEBHOOK_ENDPOINT_STATUS_PENDING
    audited = await PgAudit(database).verify("acme")
    assert audited.intact and audited.rows >= 5


async def test_secrets_overlap_and_are_rewrapped(database: Database) -> None:
    await make_tenants(database, "acme")
    store = PgWebhooks(database, KEYRING)
    await verified(store)
    old = (await store.destination("acme", "e")).secrets[0].key
    for overlap, count in ((60.0, 2), (60.0, 2), (0.0, 1)):
        rotated = await store.rotate(ACTOR, "e", new_secret(), overlap)
        secrets = (await store.destination("acme", "e")).secrets
        assert len(secrets) == count and secrets[0].expire_time is None
        assert rotated.HasField("previous_secret_expire_time") == (count == 2)
    assert old not in [one.key for one in secrets]
    await store.rotate(ACTOR, "e", new_secret(), 60.0)
    before = [one.key for one in (await store.destination("acme", "e")).secrets]
    both = Keyring([("k2", b"2" * 32), ("k1", b"1" * 32)])
    done = [one async for one in PgRotation(database, both, batch=1).rewrap("key")]
    assert sum(len(one.changed) for one in done) == 2 and not any(one.unreadable for one in done)
    alone = PgWebhooks(database, Keyring([("k2", b"2" * 32)]))
    assert [one.key for one in (await alone.destination("acme", "e")).secrets] == before


async def test_a_secret_of_another_endpoint_does_not_open(pg_dsn: str, database: Database) -> None:
    await make_tenants(database, "acme")
    store = PgWebhooks(database, KEYRING)
    for name in ("one", "two"):
        await verified(store, name)
    async with superuser(pg_dsn) as connection:
        await connection.execute(
            "UPDATE trunkline.webhook_secrets s SET ciphertext = o.ciphertext, nonce = o.nonce, "
            "wrapped_key = o.wrapped_key, wrap_nonce = o.wrap_nonce FROM trunkline.webhook_secrets o "
            "WHERE s.endpoint <> o.endpoint"
        )
    async with refused("INTERNAL"):
        await store.destination("acme", "one")


async def test_foreign_tenants_see_nothing(pg_dsn: str, database: Database) -> None:
    await make_tenants(database, "acme", "globex")
    store, relay = PgWebhooks(database, KEYRING), PgRelay(database, KEYRING)
    await verified(store)
    event = health()
    await record(pg_dsn, event)
    (one,) = await due(relay)
    await relay.record([outcome(one, "dead")])
    for call in (
        store.get("globex", "e"),
        store.destination("globex", "e"),
        store.deliveries("globex", "e", 0, 10, ""),  # type: ignore[arg-type]
        store.delivery("globex", "e", event.event_id),
        store.redeliver(actor("globex"), "e", event.event_id, None),
        store.rotate(actor("globex"), "e", new_secret(), 0),
        store.activate(actor("globex"), "e", ""),
        store.delete(actor("globex"), "e", ""),
    ):
        async with refused("NOT_FOUND"):
            await call
    assert (await store.list("globex", 10, ""))[0] == []
    assert await PgEventFeed(database).after("globex", 0, 10, 1 << 20) == []
    tables = ("webhook_endpoints", "webhook_secrets", "webhook_deliveries", "webhook_attempts", "outbox_horizons")
    async with database.tenant_transaction("globex") as connection:
        for table in tables:
            assert await connection.fetchval(f"SELECT count(*) FROM trunkline.{table}") == 0, table
    for sql in (
        "INSERT INTO trunkline.webhook_deliveries (tenant_id) VALUES ('acme')",
        "DELETE FROM trunkline.webhook_deliveries",
        "DELETE FROM trunkline.outbox",
        "UPDATE trunkline.outbox SET published_at = NULL",
        "INSERT INTO trunkline.webhook_endpoints (tenant_id) VALUES ('acme')",
    ):
        async with refused("INTERNAL", store="postgres"), database.tenant_transaction("globex") as connection:
            await connection.execute(sql)


async def test_events_become_deliveries_once_and_in_order(pg_dsn: str, database: Database) -> None:
    await make_tenants(database, "acme", "globex")
    store, relay = PgWebhooks(database, KEYRING), PgRelay(database, KEYRING)
    await record(pg_dsn, early := health())
    await verified(store, "all")
    await verified(store, "family", types=["integration.*"], ordered=True)
    await store.update(ACTOR, WebhookEndpoint(endpoint_id="family", status=3), ["status"])  # type: ignore[arg-type]
    one, two = health(), failover()
    await record(pg_dsn, one, two, health(tenant_id="globex"))
    assert await relay.publish(2) == (2, 2)
    assert await relay.publish(100) == (2, 1) and await relay.publish(100) == (0, 0)
    found = await relay.due([])
    assert [each.event_id for each in found] == [one.event_id, two.event_id]
    assert early.event_id not in {each.event_id for each in found}
    assert not await relay.due([found[0].endpoint])
    await store.update(ACTOR, WebhookEndpoint(endpoint_id="family", status=2), ["status"])  # type: ignore[arg-type]
    assert [each.event_id for each in await relay.due([found[0].endpoint])] == [one.event_id]
    payloads = await relay.payloads([each.cursor for each in found], 1 << 20)
    assert payloads[found[0].cursor] == one.SerializeToString()
    assert set((await relay.payloads([found[0].cursor], 1)).values()) == {None}


async def test_an_open_transaction_hides_its_events_and_later_ones_pass(pg_dsn: str, database: Database) -> None:
    await make_tenants(database, "acme", "globex")
    store, relay = PgWebhooks(database, KEYRING), PgRelay(database, KEYRING)
    await verified(store)
    await verified(store, tenant_id="globex")
    connection = await asyncpg.connect(pg_dsn)
    try:
        transaction = connection.transaction()
        await transaction.start()
        await take_turn(connection, "acme")
        await write_events(connection, "acme", [slow := health()])
        await record(pg_dsn, quick := health(tenant_id="globex"))
        assert [one.event_id for one in await due(relay)] == [quick.event_id]
        await transaction.commit()
        assert {one.event_id for one in await due(relay)} == {quick.event_id, slow.event_id}
    finally:
        await connection.close()


async def test_history_keeps_the_first_and_the_last(pg_dsn: str, database: Database) -> None:
    await make_tenants(database, "acme")
    store, relay = PgWebhooks(database, KEYRING), PgRelay(database, KEYRING)
    await verified(store)
    await record(pg_dsn, event := health())
    for number in range(50):
        (one,) = await due(relay)
        await relay.record([outcome(one, "pending", 500 + number % 10, 0.0, b"\0answer" * 100)])
    delivery, payload, attempts = await store.delivery("acme", "e", event.event_id)
    assert delivery.attempt_count == 50 and payload == event.SerializeToString()
    assert len(attempts) == 40 and len(attempts[0].answer) <= 256 and "\0" not in attempts[0].answer
    assert [one.http_status for one in attempts[:20]] == [500 + n % 10 for n in range(20)]
    assert [one.http_status for one in attempts[20:]] == [500 + n % 10 for n in range(30, 50)]


async def test_what_an_old_relay_found_changes_nothing(pg_dsn: str, database: Database) -> None:
    await make_tenants(database, "acme")
    store, relay = PgWebhooks(database, KEYRING), PgRelay(database, KEYRING)
    await verified(store)
    await record(pg_dsn, event := health())
    (one,) = await due(relay)
    await relay.record([outcome(one, "delivered", 200)])
    await relay.record([outcome(one, "dead")])
    delivery, _, attempts = await store.delivery("acme", "e", event.event_id)
    assert delivery.status == WebhookDeliveryStatus.WEBHOOK_DELIVERY_STATUS_DELIVERED and len(attempts) == 1
    # A redelivery while an attempt is under way is made all the same.
    assert await store.redeliver(ACTOR, "e", event.event_id, None) == 1
    (one,) = await due(relay)
    assert await store.redeliver(ACTOR, "e", event.event_id, None) == 1
    await relay.record([outcome(one, "delivered", 200)])
    assert len(await due(relay)) == 1
    assert len((await store.delivery("acme", "e", event.event_id))[2]) == 2


async def test_disabling_needs_nothing_but_failures(pg_dsn: str, database: Database) -> None:
    await make_tenants(database, "acme")
    store, relay = PgWebhooks(database, KEYRING), PgRelay(database, KEYRING)
    await verified(store)
    await record(pg_dsn, health(), health())
    one, two = await due(relay)
    await relay.record([outcome(one, "pending", delay=0.0)])
    await relay.record([outcome(two, "delivered", 200)])
    (one,) = await due(relay)
    await relay.record([outcome(one, "dead")])
    assert not await relay.disable(one, "no", unless_succeeded=True)
    assert await store.redeliver(ACTOR, "e", "", datetime.now(UTC) - timedelta(minutes=1)) == 1
    (one,) = await due(relay)
    await relay.record([outcome(one, "dead")])
    assert await relay.disable(one, "it is gone", unless_succeeded=True)
    assert not await relay.disable(one, "it is gone"), "once"
    found = await store.get("acme", "e")
    assert (found.status, found.disabled_reason) == (Status.WEBHOOK_ENDPOINT_STATUS_DISABLED, "it is gone")
    events = await PgEventFeed(database).after("acme", 0, 10, 1 << 20)
    assert events[-1].event.webhook_endpoint_disabled.endpoint_id == "e"
    async with refused("LIVE_CHECK_FAILED"):
        await store.redeliver(ACTOR, "e", one.event_id, None)


async def test_retention_spares_what_is_undelivered(pg_dsn: str, database: Database) -> None:
    await make_tenants(database, "acme", "globex")
    store, relay, feed = PgWebhooks(database, KEYRING), PgRelay(database, KEYRING), PgEventFeed(database)
    await verified(store, types=["integration.*"])
    waiting, done, unwanted = health(), health(), failover()
    await record(pg_dsn, waiting, done, unwanted, health(tenant_id="globex"))
    found = {one.event_id: one for one in await due(relay)}
    await relay.record([outcome(found[done.event_id], "delivered", 200)])
    await relay.tidy(7)
    assert len(await feed.after("acme", 0, 10, 1 << 20)) == 3, "nothing is old yet"
    async with superuser(pg_dsn) as connection:
        await connection.execute("UPDATE trunkline.outbox SET published_at = published_at - interval '8 days'")
        await connection.execute("UPDATE trunkline.webhook_deliveries SET end_time = end_time - interval '8 days'")
        await record(pg_dsn, fresh := failover())
        await relay.tidy(7)
        left = await feed.after("acme", 0, 10, 1 << 20)
        assert [one.event.event_id for one in left] == [waiting.event_id, fresh.event_id]
        assert await feed.after("globex", 0, 10, 1 << 20) == []
        bounds = await feed.bounds("acme")
        assert bounds.newest == left[-1].cursor > bounds.horizon > left[0].cursor
        assert (await feed.bounds("globex")).horizon > 0
        assert await connection.fetchval("SELECT count(*) FROM trunkline.webhook_deliveries") == 1
        assert await connection.fetchval("SELECT count(*) FROM trunkline.webhook_attempts") == 0
        # What is deleted goes with all that it had.
        await store.delete(ACTOR, "e", "")
        await relay.tidy(7)
        for table in ("webhook_deliveries", "webhook_endpoints"):
            assert await connection.fetchval(f"SELECT count(*) FROM trunkline.{table}") == 0, table


async def test_disabled_endpoints_keep_dead_letters_only(pg_dsn: str, database: Database) -> None:
    await make_tenants(database, "acme")
    store, relay = PgWebhooks(database, KEYRING), PgRelay(database, KEYRING)
    await verified(store)
    poison = await record_poison(pg_dsn)
    await record(pg_dsn, health())
    one, _ = await due(relay)
    assert one.event_id == poison
    assert (await relay.backlog()).waiting == 2
    assert await relay.disable(one, "gone") and not await relay.due([])
    await relay.tidy(7)
    found, _ = await store.deliveries("acme", "e", DEAD, 10, "")
    assert {each.last_error for each in found} == {"the endpoint is disabled"} and len(found) == 2


async def test_pages_of_deliveries(pg_dsn: str, database: Database) -> None:
    await make_tenants(database, "acme")
    store, relay = PgWebhooks(database, KEYRING), PgRelay(database, KEYRING)
    await verified(store)
    made = [health() for _ in range(5)]
    await record(pg_dsn, *made)
    await due(relay)
    ids: list[str] = []
    token = ""
    while True:
        found, token = await store.deliveries("acme", "e", 0, 2, token)  # type: ignore[arg-type]
        ids += [one.event_id for one in found]
        if not token:
            break
    assert ids == [one.event_id for one in reversed(made)]
    async with refused("INVALID_REQUEST"):
        await store.deliveries("acme", "e", 0, 2, "bm9uc2Vuc2U=")  # type: ignore[arg-type]


async def test_one_relay_at_a_time(pg_dsn: str) -> None:
    first, second = RelayLock(pg_dsn), RelayLock(pg_dsn)
    taken = asyncio.Event()

    async def stand_by() -> None:
        async with second.held():
            taken.set()

    async with superuser(pg_dsn) as connection:
        async with first.held() as lost:
            waiting = asyncio.create_task(stand_by())
            await asyncio.sleep(1.2)
            assert not taken.is_set() and not lost.is_set()
            # As if the server or the network had ended it.
            await connection.execute(
                "SELECT pg_terminate_backend(l.pid) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted"
            )
            async with asyncio.timeout(20):
                await lost.wait()
                await waiting
        assert taken.is_set()


@pytest.mark.parametrize("size", [1, 3])
async def test_pages_are_bounded_by_bytes(pg_dsn: str, database: Database, size: int) -> None:
    made = [health() for _ in range(3)]
    await record(pg_dsn, *made)
    one = len(made[0].SerializeToString())
    found = await PgEventFeed(database).after("acme", 0, 10, one * size - 1)
    assert [told.event for told in found] == made[:size]
