"""Subscriptions through a real server: in order, at least once, resumable by cursor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import pytest
import pytest_asyncio
from e2e.calls import ask, fields_of, llm, status_of
from google.rpc.error_details_pb2 import ErrorInfo
from harness import Stack, provider, stack
from trunkline.v1 import access_pb2_grpc, event_pb2_grpc
from trunkline.v1.access_pb2 import CreateApiKeyRequest, RevokeApiKeyRequest
from trunkline.v1.event_pb2 import SubscribeRequest, SubscribeResponse
from upstream import MODEL, upstream
from webhook_parts import failover, health, record, record_poison, until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with (
        upstream() as state,
        stack(
            tmp_path_factory.mktemp("events"),
            [provider("mock", state.url, [MODEL])],
            model=f"vllm/{MODEL}",
            environment={"TRUNKLINE__EVENTS__MAX_SUBSCRIPTIONS": "20"},
        ) as found,
    ):
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def channel(running: Stack) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(running.target) as opened:
        yield opened


def subscribe(
    running: Stack, channel: grpc.aio.Channel, cursor: str = "", key: str | None = None, **filters: Any
) -> Any:
    request = SubscribeRequest(cursor=cursor, **filters)
    return event_pb2_grpc.EventServiceStub(channel).Subscribe(request, metadata=running.metadata(key))


async def events(stream: Any, count: int, seconds: float = 30) -> list[SubscribeResponse]:
    """The next events; heartbeats are left out."""
    found: list[SubscribeResponse] = []
    async with asyncio.timeout(seconds):
        while len(found) < count:
            answer = await stream.read()
            assert answer is not grpc.aio.EOF, await stream.code()
            if answer.HasField("event"):
                found.append(answer)
    return found


async def refused(stream: Any, seconds: float = 30) -> tuple[str, Any]:
    """The reason that a stream ends for, and its status."""
    try:
        async with asyncio.timeout(seconds):
            while await stream.read() is not grpc.aio.EOF:
                pass
        error = None
    except grpc.aio.AioRpcError as found:
        error = found
    assert error is not None, await stream.code()
    status, info = status_of(error), ErrorInfo()
    assert status.details[0].Unpack(info)
    return info.reason, status


def ids(answers: Sequence[SubscribeResponse]) -> list[str]:
    return [one.event.event_id for one in answers]


async def test_events_come_as_they_are_recorded(running: Stack, channel: grpc.aio.Channel) -> None:
    stream = subscribe(running, channel)
    first = await stream.read()
    assert first.cursor and not first.HasField("event"), "from here on nothing is missed"
    made = [health(), failover(), health()]
    await record(running.postgres_dsn, *made, health(tenant_id="globex"))
    assert [one.event for one in await events(stream, 3)] == made
    # Those of a real call, by way of the scribe.
    await llm(channel).Complete(ask(running.model), metadata=running.metadata(), timeout=20)
    (completed,) = await events(stream, 1)
    assert completed.event.type == "integration.request_completed"
    assert completed.event.integration_request_completed.integration_id == "mock"
    stream.cancel()


async def test_a_cursor_goes_on_where_it_was(running: Stack, channel: grpc.aio.Channel) -> None:
    stream = subscribe(running, channel)
    await stream.read()
    made = [health() for _ in range(450)]
    await record(running.postgres_dsn, *made[:200])
    half = await events(stream, 100)
    stream.cancel()
    await record(running.postgres_dsn, *made[200:])
    again = subscribe(running, channel, half[-1].cursor)
    rest = await events(again, 350)
    again.cancel()
    assert ids(half) + ids(rest) == [event.event_id for event in made]
    # The same from the oldest on, by two at once.
    streams = [subscribe(running, channel, "0") for _ in range(2)]
    one, other = await asyncio.gather(*(events(stream, 450) for stream in streams))
    assert ids(one) == ids(other)
    there = [found for found in ids(one) if found in {event.event_id for event in made}]
    assert len(there) > 400 and there == [event.event_id for event in made[: len(there)]]
    for stream in streams:
        stream.cancel()


async def test_filters(running: Stack, channel: grpc.aio.Channel) -> None:
    family = subscribe(running, channel, types=["integration.*"])
    crm = subscribe(running, channel, types=["integration.health_changed"], integration_ids=["crm"])
    for stream in (family, crm):
        await stream.read()
    made = [health("crm"), failover(), health("erp"), health("crm")]
    await record(running.postgres_dsn, *made)
    assert ids(await events(family, 3)) == [made[at].event_id for at in (0, 2, 3)]
    assert ids(await events(crm, 2)) == [made[at].event_id for at in (0, 3)]
    family.cancel()
    crm.cancel()


async def test_an_event_that_cannot_be_read_stops_nobody(running: Stack, channel: grpc.aio.Channel) -> None:
    stream = subscribe(running, channel)
    await stream.read()
    poison = await record_poison(running.postgres_dsn)
    await record(running.postgres_dsn, after := health())
    found = await events(stream, 2)
    assert ids(found) == [poison, after.event_id]
    assert found[0].event.WhichOneof("payload") is None
    stream.cancel()


@pytest.mark.parametrize("cursor", ["nonsense", "ZXZlbnQvLTE=", "ZXZlbnQvOTk5OTk5OTk5OTk=", "00"])
async def test_nonsense_is_refused(running: Stack, channel: grpc.aio.Channel, cursor: str) -> None:
    reason, status = await refused(subscribe(running, channel, cursor))
    assert (reason, fields_of(status)) == ("INVALID_REQUEST", {"cursor"})


async def test_what_is_kept_no_longer_is_said_so(running: Stack, channel: grpc.aio.Channel) -> None:
    await record(running.postgres_dsn, health(), health())
    stream = subscribe(running, channel, "0")
    oldest = (await events(stream, 1))[0].cursor
    stream.cancel()
    connection = await asyncpg.connect(running.postgres_dsn)
    try:
        # Published by the relay meanwhile, and older than the retention now.
        await until(lambda: published(connection))
        await connection.execute("UPDATE trunkline.outbox SET published_at = now() - interval '8 days'")
        await connection.execute("SELECT trunkline.forget_events(7, 100000)")
        assert await connection.fetchval("SELECT count(*) FROM trunkline.outbox") == 0
    finally:
        await connection.close()
    assert (await refused(subscribe(running, channel, oldest)))[0] == "CURSOR_EXPIRED"
    stream = subscribe(running, channel, "0")
    await stream.read()
    await record(running.postgres_dsn, fresh := health())
    assert ids(await events(stream, 1)) == [fresh.event_id]
    stream.cancel()


async def published(connection: Any) -> bool:
    return not await connection.fetchval("SELECT count(*) FROM trunkline.outbox WHERE published_at IS NULL")


async def test_no_more_than_there_is_room_for(running: Stack, channel: grpc.aio.Channel) -> None:
    streams = [subscribe(running, channel) for _ in range(20)]
    for stream in streams:
        await stream.read()
    reason, _ = await refused(subscribe(running, channel))
    assert reason == "OVERLOADED"
    # Subscriptions take no room from the operator's own calls.
    keys = access_pb2_grpc.AccessServiceStub(channel)
    await keys.CreateApiKey(CreateApiKeyRequest(roles=["agent"]), metadata=running.metadata(), timeout=20)
    for stream in streams:
        stream.cancel()


async def test_a_revoked_key_is_told_no_more(running: Stack, channel: grpc.aio.Channel) -> None:
    keys = access_pb2_grpc.AccessServiceStub(channel)
    made = await keys.CreateApiKey(CreateApiKeyRequest(roles=["admin"]), metadata=running.metadata(), timeout=20)
    stream = subscribe(running, channel, key=made.secret)
    await stream.read()
    request = RevokeApiKeyRequest(key_id=made.key.key_id)
    await keys.RevokeApiKey(request, metadata=running.metadata(), timeout=20)
    assert (await refused(stream, 40))[0] == "CREDENTIAL_INVALID"


async def test_a_drain_ends_subscriptions_by_name(tmp_path: Path) -> None:
    environment = {"TRUNKLINE__SERVER__DEFAULT_DEADLINE_SECONDS": "1"}
    async with (
        stack(tmp_path, [], model="", environment=environment) as running,
        grpc.aio.insecure_channel(running.target) as channel,
    ):
        stream = subscribe(running, channel)
        await stream.read()
        # Past the deadline of calls that set none.
        await asyncio.sleep(1.5)
        await record(running.postgres_dsn, event := health())
        assert ids(await events(stream, 1)) == [event.event_id]
        code = asyncio.create_task(running.stop())
        assert (await refused(stream))[0] == "DRAINING"
        assert await code == 0
