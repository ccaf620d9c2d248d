"""Subscriptions over an outbox in memory: what is kept, what is read anew, and how they end."""

from __future__ import annotations

import asyncio
import base64
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any

import pytest
from trunkline.v1.event_pb2 import Event, SubscribeRequest, SubscribeResponse
from trunkline_server.domain.errors import Reason, TrunklineError, store_unavailable
from trunkline_server.domain.events_feed import Bounds, EventFeed, Told, cursor_of, cursor_text
from webhook_parts import failover, health, until


class Outbox:
    """Events of one tenant, by cursor."""

    def __init__(self) -> None:
        self.rows: list[Told] = []
        self.horizon = 0
        self.reads = 0
        self.fault: Exception | None = None

    def add(self, *events: Event, size: int = 100) -> None:
        for event in events:
            self.rows.append(Told((self.rows[-1].cursor if self.rows else self.horizon) + 1, event, size))

    def forget(self, count: int) -> None:
        self.horizon = self.rows[count - 1].cursor
        del self.rows[:count]

    async def bounds(self, tenant_id: str) -> Bounds:
        return Bounds(self.horizon, self.rows[-1].cursor if self.rows else self.horizon)

    async def after(self, tenant_id: str, cursor: int, most: int, most_bytes: int) -> Sequence[Told]:
        self.reads += 1
        if self.fault:
            raise self.fault
        return [one for one in self.rows if one.cursor > cursor][:most]


async def fine() -> None: ...


class Reader:
    """One subscription, read step by step."""

    def __init__(
        self, feed: EventFeed, cursor: str = "", still: Any = fine, heartbeat: float = 15.0, **filters: Any
    ) -> None:
        request = SubscribeRequest(cursor=cursor, **filters)
        self.stream = feed.subscribe("acme", request, still, heartbeat)
        self.last = ""

    async def next(self) -> SubscribeResponse:
        async with asyncio.timeout(10):
            answer = await anext(self.stream)
        self.last = answer.cursor
        return answer

    async def ids(self, count: int) -> list[str]:
        found: list[str] = []
        while len(found) < count:
            answer = await self.next()
            if answer.HasField("event"):
                found.append(answer.event.event_id)
        return found

    async def refusal(self) -> str:
        with pytest.raises(TrunklineError) as caught:
            while True:
                await self.next()
        return caught.value.reason_name


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def feed(outbox: Outbox) -> EventFeed:
    return EventFeed(outbox, most=3, poll=0.01)


@pytest.fixture
async def read(feed: EventFeed) -> AsyncIterator[Any]:
    readers: list[Reader] = []

    def begin(**options: Any) -> Reader:
        readers.append(Reader(feed, **options))
        return readers[-1]

    yield begin
    for reader in readers:
        async with aclosing(reader.stream):
            pass
    assert not feed._hubs and feed._open == 0, "nothing is left of who went"


async def test_from_now_from_the_oldest_and_from_a_cursor(outbox: Outbox, read: Any) -> None:
    outbox.add(*(made := [health() for _ in range(4)]))
    outbox.forget(1)
    now, oldest = read(), read(cursor="0")
    assert not (await now.next()).HasField("event")
    assert await oldest.ids(2) == [one.event_id for one in made[1:3]]
    again = read(cursor=oldest.last)
    assert await again.ids(1) == [made[3].event_id]
    outbox.add(new := health())
    assert await now.ids(1) == await again.ids(1) == [new.event_id]


async def test_who_is_behind_reads_pages_and_the_newest_are_shared(outbox: Outbox, read: Any) -> None:
    outbox.add(*(old := [health() for _ in range(500)]))
    slow, live = read(cursor="0"), read()
    await live.next()
    assert await slow.ids(1) == [old[0].event_id]
    # More than a poller keeps, in bytes.
    outbox.add(*(new := [health() for _ in range(300)]), size=1 << 20)
    assert await live.ids(300) == [one.event_id for one in new]
    assert await slow.ids(799) == [one.event_id for one in (*old[1:], *new)]


async def test_filters_move_the_cursor_on(outbox: Outbox, read: Any) -> None:
    reader = read(types=["integration.*"], heartbeat=0.05)
    begun = (await reader.next()).cursor
    outbox.add(failover())
    while (answer := await reader.next()).cursor == begun:
        pass
    assert not answer.HasField("event") and cursor_of(answer.cursor) == 1


@pytest.mark.parametrize(
    "text", ["x", "", "00", cursor_text(7) + "=", base64.b64encode(b"event/+1").decode(), cursor_text(-1)]
)
def test_only_what_was_handed_out_is_a_cursor(text: str) -> None:
    assert cursor_of(cursor_text(2**62)) == 2**62
    with pytest.raises(TrunklineError) as caught:
        cursor_of(text)
    assert caught.value.reason_name == "INVALID_REQUEST"


async def test_cursors_that_are_gone_or_never_were(outbox: Outbox, read: Any) -> None:
    outbox.add(*(health() for _ in range(3)))
    outbox.forget(2)
    assert await read(cursor=cursor_text(1)).refusal() == "CURSOR_EXPIRED"
    assert await read(cursor=cursor_text(4)).refusal() == "INVALID_REQUEST"
    assert len(await read(cursor=cursor_text(2)).ids(1)) == 1


async def test_what_is_removed_before_it_was_read_is_said_so(outbox: Outbox, read: Any) -> None:
    outbox.add(*(health() for _ in range(500)))
    reader = read(cursor="0")
    await reader.ids(1)
    outbox.forget(450)
    assert await reader.refusal() == "CURSOR_EXPIRED"


@pytest.mark.parametrize(
    "fault,reason", [(store_unavailable("postgres"), "STORE_UNAVAILABLE"), (KeyError(), "INTERNAL")]
)
async def test_a_poller_that_fails_ends_its_subscriptions(
    outbox: Outbox, read: Any, fault: Exception, reason: str
) -> None:
    readers = [read(), read()]
    for reader in readers:
        await reader.next()
    waiting = [asyncio.create_task(reader.refusal()) for reader in readers]
    await until(lambda: outbox.reads > 2)
    outbox.fault = fault
    assert await asyncio.gather(*waiting) == [reason] * 2
    outbox.fault = None
    again = read()
    await again.next()
    outbox.add(new := health())
    assert await again.ids(1) == [new.event_id]


async def test_a_drain_ends_all_and_lets_none_in(outbox: Outbox, feed: EventFeed, read: Any) -> None:
    reader = read()
    await reader.next()
    waiting = asyncio.create_task(reader.refusal())
    await asyncio.sleep(0.05)
    feed.drain()
    assert await waiting == "DRAINING"
    assert await read().refusal() == "DRAINING"


async def test_there_is_room_for_so_many(feed: EventFeed, read: Any) -> None:
    readers = [read() for _ in range(3)]
    for reader in readers:
        await reader.next()
    assert await read().refusal() == "OVERLOADED"
    await readers[0].stream.aclose()
    await read().next()


async def test_who_may_no_longer_is_told_even_while_events_come(outbox: Outbox, read: Any) -> None:
    revoked = False

    async def still() -> None:
        if revoked:
            raise TrunklineError(Reason.ERROR_REASON_CREDENTIAL_INVALID, "revoked")

    reader = read(still=still, heartbeat=0.1)
    await reader.next()
    outbox.add(health())
    await reader.ids(1)
    revoked = True

    async def more() -> None:
        while True:
            outbox.add(health())
            await asyncio.sleep(0.02)

    adding = asyncio.create_task(more())
    assert await reader.refusal() == "CREDENTIAL_INVALID"
    adding.cancel()


def test_the_relay_needs_no_grpc() -> None:
    code = "import sys, trunkline_server.relay; sys.exit('grpc' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
