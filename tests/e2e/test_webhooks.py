"""Webhooks through a real server and a real relay, to real receivers; the reference library verifies every delivery."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import asyncpg
import grpc
import pytest
import pytest_asyncio
from e2e.calls import fields_of, refusal
from e2e.webhook_scene import DEAD, DELIVERED, PENDING, Hooks, Status, endpoint, is_disabled, is_status, started
from google.protobuf.timestamp_pb2 import Timestamp
from trunkline.v1.webhook_pb2 import (
    CreateWebhookEndpointRequest,
    DeleteWebhookEndpointRequest,
    ListWebhookEndpointsRequest,
    RedeliverWebhooksRequest,
    RotateWebhookSecretRequest,
    VerifyWebhookEndpointRequest,
    WebhookEndpoint,
)
from trunkline_server.stores.postgres.outbox import take_turn, write_events
from webhook_parts import (
    Delivered,
    failover,
    health,
    received,
    receiver,
    record,
    record_poison,
    until,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hooks(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hooks]:
    async with started(tmp_path_factory.mktemp("webhooks")) as found:
        yield found


async def test_a_committed_event_is_delivered_and_signed(hooks: Hooks) -> None:
    async with endpoint(hooks, "first") as there:
        event = health()
        await record(hooks.dsn, event)
        await until(lambda: event.event_id in there.ids)
        message = there.got[-1]
        assert message.headers["content-type"] == "application/json" and message.headers["user-agent"] == "Trunkline"
        assert message.signatures == 1
        assert message.body["type"] == "integration.health_changed"
        assert message.body["timestamp"] == event.create_time.ToJsonString()
        assert message.body["data"] | {"timestamp": None} == {
            "integration_id": "crm",
            "healthy": False,
            "detail": "it is down",
            "timestamp": None,
            "tenant_id": "acme",
            "trace_id": event.trace_id,
        }
        await until(lambda: is_status(hooks, "first", event.event_id, DELIVERED))
        found = await hooks.delivery("first", event.event_id)
        assert found.event == event
        assert [one.answer for one in found.attempts] == ["thanks"]
        assert found.delivery.attempt_count == 1 and found.delivery.HasField("end_time")


async def test_what_was_rolled_back_is_never_delivered(hooks: Hooks) -> None:
    async with endpoint(hooks, "rolled") as there:
        never, before, after = health(), health(), health()
        await record(hooks.dsn, before)
        connection = await asyncpg.connect(hooks.dsn)
        try:
            transaction = connection.transaction()
            await transaction.start()
            await take_turn(connection, "acme")
            await write_events(connection, "acme", [never])
            await asyncio.sleep(0.5)
            await transaction.rollback()
        finally:
            await connection.close()
        await record(hooks.dsn, after)
        await until(lambda: {before.event_id, after.event_id} <= set(there.ids))
        assert there.counts() == {before.event_id: 1, after.event_id: 1}


async def test_filters_by_type_and_integration(hooks: Hooks) -> None:
    async with (
        endpoint(hooks, "family", types=["integration.*"]) as family,
        endpoint(hooks, "crm", integration_ids=["crm"]) as crm,
        endpoint(hooks, "inbound", types=["webhook.received"]) as inbound,
        endpoint(hooks, "everything") as everything,
    ):
        mine, other, none, raw = health("crm"), health("erp"), failover(), received(b"\0\xff" * 20_000)
        foreign = health(tenant_id="globex")
        await record(hooks.dsn, mine, other, none, raw, foreign)
        await until(lambda: len(everything.ids) >= 3 and len(family.ids) >= 2 and len(crm.ids) >= 2 and inbound.ids)
        assert set(family.ids) == {mine.event_id, other.event_id}
        assert set(crm.ids) == {mine.event_id, none.event_id}
        assert set(inbound.ids) == {raw.event_id}
        assert base64.b64decode(inbound.got[-1].body["data"]["body"]) == b"\0\xff" * 20_000
        assert set(everything.ids) == {mine.event_id, other.event_id, none.event_id}


async def test_nothing_before_the_verification(hooks: Hooks) -> None:
    async with receiver() as there:
        made = await hooks.CreateWebhookEndpoint(
            CreateWebhookEndpointRequest(endpoint=WebhookEndpoint(endpoint_id="late", url=there.url))
        )
        assert made.endpoint.status == Status.WEBHOOK_ENDPOINT_STATUS_PENDING
        early, later = health(), health()
        await record(hooks.dsn, early)
        # It does not know its secret yet, and answers 401.
        verify = VerifyWebhookEndpointRequest(endpoint_id="late")
        code, info, _ = await refusal(hooks.VerifyWebhookEndpoint(verify))
        assert (code, info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "LIVE_CHECK_FAILED")
        there.secrets.append(made.secret)
        await hooks.VerifyWebhookEndpoint(verify)
        await record(hooks.dsn, later)
        await until(lambda: later.event_id in there.ids)
        assert there.ids == [later.event_id]
        # Another address is verified anew, and gets nothing until then.
        changed = await hooks.update("late", "url", url=there.url + "?again")
        assert changed.status == Status.WEBHOOK_ENDPOINT_STATUS_PENDING
        await hooks.DeleteWebhookEndpoint(DeleteWebhookEndpointRequest(endpoint_id="late"))


async def test_failures_are_tried_again_and_the_history_tells(hooks: Hooks) -> None:
    async with endpoint(hooks, "flaky") as there:
        failures = iter([(500, b"oh no \xff"), (302, b""), (429, b"")])

        async def answer(_: Delivered) -> tuple[int, dict[str, str], bytes]:
            status, body = next(failures, (204, b""))
            return status, {"Location": "/elsewhere"} if status == 302 else {}, body

        there.answer = answer
        event = health()
        await record(hooks.dsn, event)
        await until(lambda: is_status(hooks, "flaky", event.event_id, DELIVERED))
        assert there.ids == [event.event_id] * 4
        assert len({message.headers["webhook-signature"] for message in there.got}) >= 2
        found = await hooks.delivery("flaky", event.event_id)
        assert [one.http_status for one in found.attempts] == [500, 302, 429, 204]
        assert found.attempts[0].answer == "oh no " and "redirects" in found.attempts[1].error
        assert (await hooks.get("flaky")).status == Status.WEBHOOK_ENDPOINT_STATUS_ACTIVE


async def test_dead_letters_and_redelivery(hooks: Hooks) -> None:
    async with endpoint(hooks, "dead") as there:
        began = Timestamp()
        began.GetCurrentTime()
        bad = health()

        async def answer(message: Delivered) -> tuple[int, dict[str, str], bytes]:
            return (400, {}, b"no") if message.id == bad.event_id and len(there.ids) < 12 else (200, {}, b"")

        there.answer = answer
        await record(hooks.dsn, bad)
        poison = await record_poison(hooks.dsn)
        # One that is delivered in between: the endpoint works.
        fine = [health() for _ in range(2)]
        await until(lambda: bad.event_id in there.ids)
        await record(hooks.dsn, *fine)
        await until(lambda: is_status(hooks, "dead", bad.event_id, DEAD))
        await until(lambda: is_status(hooks, "dead", poison, DEAD))
        assert there.counts()[bad.event_id] == 4 and poison not in there.ids
        dead = {one.event_id: one for one in await hooks.deliveries("dead", DEAD)}
        assert set(dead) == {bad.event_id, poison}
        assert dead[bad.event_id].last_http_status == 400 and dead[bad.event_id].attempt_count == 4
        assert dead[poison].last_error == "the event cannot be read"
        assert not (await hooks.delivery("dead", poison)).HasField("event")
        assert (await hooks.get("dead")).status == Status.WEBHOOK_ENDPOINT_STATUS_ACTIVE
        there.answer = None
        done = await hooks.RedeliverWebhooks(RedeliverWebhooksRequest(endpoint_id="dead", dead_since=began))
        assert done.deliveries == 2
        await until(lambda: is_status(hooks, "dead", bad.event_id, DELIVERED))
        await until(lambda: is_status(hooks, "dead", poison, DEAD))
        # One that was delivered goes out again where it is named.
        again = RedeliverWebhooksRequest(endpoint_id="dead", event_id=fine[0].event_id)
        assert (await hooks.RedeliverWebhooks(again)).deliveries == 1
        await until(lambda: there.counts()[fine[0].event_id] == 2)
        nobody = RedeliverWebhooksRequest(endpoint_id="dead", event_id="nobody")
        assert (await refusal(hooks.RedeliverWebhooks(nobody)))[0] == grpc.StatusCode.NOT_FOUND


async def test_gone_disables_at_once(hooks: Hooks) -> None:
    async with receiver() as there, endpoint(hooks, "watcher", types=["webhook.*"]) as watcher:
        await hooks.make(there, "gone")
        there.answers(410)
        event = health()
        await record(hooks.dsn, event)
        await until(lambda: is_disabled(hooks, "gone"))
        assert "410" in (await hooks.get("gone")).disabled_reason
        await until(lambda: watcher.ids)
        assert watcher.got[-1].body["type"] == "webhook.endpoint_disabled"
        assert watcher.got[-1].body["data"]["endpoint_id"] == "gone"
        await record(hooks.dsn, unseen := health())
        await until(lambda: is_status(hooks, "gone", event.event_id, DEAD))
        assert [one.event_id for one in await hooks.deliveries("gone")] == [event.event_id]
        assert unseen.event_id not in there.ids and there.ids == [event.event_id]
        held = RedeliverWebhooksRequest(endpoint_id="gone", event_id=event.event_id)
        code, info, _ = await refusal(hooks.RedeliverWebhooks(held))
        assert (code, info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "LIVE_CHECK_FAILED")
        there.answer = None
        await hooks.VerifyWebhookEndpoint(VerifyWebhookEndpointRequest(endpoint_id="gone"))
        await hooks.RedeliverWebhooks(held)
        await until(lambda: is_status(hooks, "gone", event.event_id, DELIVERED))
        await hooks.DeleteWebhookEndpoint(DeleteWebhookEndpointRequest(endpoint_id="gone"))


async def test_nothing_but_failures_disables(hooks: Hooks) -> None:
    async with receiver() as there:
        await hooks.make(there, "down")
        there.answers(503)
        events = [health() for _ in range(5)]
        await record(hooks.dsn, *events)
        await until(lambda: is_disabled(hooks, "down"))
        reason = (await hooks.get("down")).disabled_reason
        assert "4 times" in reason and "503" in reason

        async def all_dead() -> bool:
            return len(await hooks.deliveries("down", DEAD)) == len(events)

        await until(all_dead, 60)
        await hooks.DeleteWebhookEndpoint(DeleteWebhookEndpointRequest(endpoint_id="down"))


async def test_ordered_endpoints_get_one_after_the_other(hooks: Hooks) -> None:
    async with endpoint(hooks, "ordered", ordered=True) as there:
        events = [health() for _ in range(40)]
        failing = {events[7].event_id: 2, events[20].event_id: 1}

        async def answer(message: Delivered) -> tuple[int, dict[str, str], bytes]:
            await asyncio.sleep(0.005)
            failing[message.id] = failing.get(message.id, 0) - 1
            return (500 if failing[message.id] >= 0 else 200), {}, b""

        there.answer = answer
        for start in range(0, len(events), 8):
            await record(hooks.dsn, *events[start : start + 8])
        await until(lambda: events[-1].event_id in there.ids)
        wanted = [event.event_id for event in events]
        wanted[20:21] = [wanted[20]] * 2
        wanted[7:8] = [wanted[7]] * 3
        assert there.ids == wanted
        assert there.most_under_way == 1


async def test_concurrency_and_slow_endpoints(hooks: Hooks) -> None:
    async with (
        endpoint(hooks, "slow", max_concurrency=4) as slow,
        endpoint(hooks, "quick") as quick,
    ):
        release = asyncio.Event()

        async def wait(_: Delivered) -> tuple[int, dict[str, str], bytes]:
            await release.wait()
            return 200, {}, b""

        slow.answer = wait
        events = [health() for _ in range(60)]
        await record(hooks.dsn, *events)
        await until(lambda: len(set(quick.ids)) == len(events))
        assert slow.most_under_way == 4, "a slow one holds up itself alone"
        release.set()
        await until(lambda: len(set(slow.ids)) == len(events))
        assert slow.most_under_way == 4
        assert not [one for one, count in quick.counts().items() if count != 1]


async def test_rotation_signs_with_both_until_the_overlap_is_over(hooks: Hooks) -> None:
    async with receiver() as there:
        first = await hooks.make(there, "rotating")
        request = RotateWebhookSecretRequest(endpoint_id="rotating")
        request.overlap.FromTimedelta(timedelta(seconds=60))
        second = await hooks.RotateWebhookSecret(request)
        assert second.secret != first.secret and second.HasField("previous_secret_expire_time")
        await record(hooks.dsn, one := health())
        await until(lambda: one.event_id in there.ids)
        assert there.got[-1].signatures == 2 and there.secrets == [first.secret], "the old secret verifies still"
        there.secrets[:] = [second.secret]
        await record(hooks.dsn, two := health())
        await until(lambda: two.event_id in there.ids)
        # Without an overlap the old one is out at once.
        request.overlap.FromTimedelta(timedelta(0))
        third = await hooks.RotateWebhookSecret(request)
        there.secrets[:] = [third.secret]
        await record(hooks.dsn, three := health())
        await until(lambda: three.event_id in there.ids)
        assert there.got[-1].signatures == 1 and not there.forged
        assert not (await hooks.get("rotating")).HasField("previous_secret_expire_time")
        await hooks.DeleteWebhookEndpoint(DeleteWebhookEndpointRequest(endpoint_id="rotating"))
        for secret in (first.secret, second.secret, third.secret):
            assert secret not in hooks.running.logs() and secret[6:] not in hooks.running.logs()


async def test_paused_endpoints_keep_what_comes(hooks: Hooks) -> None:
    async with endpoint(hooks, "paused") as there:
        await hooks.update("paused", "status", status=Status.WEBHOOK_ENDPOINT_STATUS_PAUSED)
        await record(hooks.dsn, event := health())
        await until(lambda: is_status(hooks, "paused", event.event_id, PENDING))
        assert not there.ids
        await hooks.update("paused", "status", status=Status.WEBHOOK_ENDPOINT_STATUS_ACTIVE)
        await until(lambda: event.event_id in there.ids)


async def test_bad_input_is_refused_by_field(hooks: Hooks) -> None:
    def create(**fields: Any) -> Any:
        secret = fields.pop("secret", "")
        endpoint = WebhookEndpoint(endpoint_id=fields.pop("endpoint_id", "bad"), **fields)
        return hooks.CreateWebhookEndpoint(CreateWebhookEndpointRequest(endpoint=endpoint, secret=secret))

    url = "http://127.0.0.1:9/"
    for fields, named in (
        ({"url": ""}, "endpoint.url"),
        ({"url": "http://10.0.0.1/"}, "endpoint.url"),
        ({"url": "ftp://example.com"}, "endpoint.url"),
        ({"url": url, "secret": "whsec_short"}, "secret"),
        ({"url": url, "max_concurrency": 65}, "endpoint.max_concurrency"),
        ({"url": url, "endpoint_id": "No"}, "endpoint.endpoint_id"),
    ):
        code, _, status = await refusal(create(**fields))
        assert (code, fields_of(status)) == (grpc.StatusCode.INVALID_ARGUMENT, {named}), fields
    await create(url=url)
    assert (await refusal(create(url=url)))[0] == grpc.StatusCode.ALREADY_EXISTS
    code, _, status = await refusal(hooks.update("bad", "status", status=Status.WEBHOOK_ENDPOINT_STATUS_ACTIVE))
    assert (code, fields_of(status)) == (grpc.StatusCode.INVALID_ARGUMENT, {"endpoint.status"})
    stale = DeleteWebhookEndpointRequest(endpoint_id="bad", etag="stale")
    assert (await refusal(hooks.DeleteWebhookEndpoint(stale)))[0] == grpc.StatusCode.ABORTED
    code, info, _ = await refusal(hooks.VerifyWebhookEndpoint(VerifyWebhookEndpointRequest(endpoint_id="bad")))
    assert (code, info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "LIVE_CHECK_FAILED")
    found = await hooks.ListWebhookEndpoints(ListWebhookEndpointsRequest())
    assert [one.endpoint_id for one in found.endpoints] == ["bad"]
    await hooks.DeleteWebhookEndpoint(DeleteWebhookEndpointRequest(endpoint_id="bad"))
    assert (await refusal(hooks.get("bad")))[0] == grpc.StatusCode.NOT_FOUND


async def test_metrics_tell_of_the_relay(hooks: Hooks) -> None:
    async with aiohttp.ClientSession() as http, http.get(f"http://{hooks.running.admin}/metrics") as response:
        text = await response.text()
    for name in ('attempts_total{outcome="delivered"}', 'attempts_total{outcome="poison"}', "attempt_seconds_count"):
        assert f"trunkline_webhook_{name}" in text, name
    assert "trunkline_outbox_lag_seconds" in text
