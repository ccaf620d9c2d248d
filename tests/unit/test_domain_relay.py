"""The relay over a store in memory: retries, faults of ours, and the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

import pytest
from trunkline_server.domain.errors import Reason, TrunklineError, not_found, store_unavailable
from trunkline_server.domain.webhooks.ports import Answer, Backlog, Destination, Due, Outcome, Secret
from trunkline_server.domain.webhooks.relay import Relay
from trunkline_server.domain.webhooks.schedule import Schedule
from webhook_parts import failover


class Store:
    """Deliveries of one endpoint in memory; `faults` are raised one after the other, by method."""

    def __init__(self, count: int, *, ordered: bool = False, size: int = 0) -> None:
        event = failover(request_id="r" * size)
        self.payload = event.SerializeToString()
        self.waiting = {
            f"event-{n}": Due("acme", 1, "e", "1", ordered, 4, f"event-{n}", n, event.type, 0, 0, True)
            for n in range(count)
        }
        self.outcomes: list[Outcome] = []
        self.disabled: list[str] = []
        self.faults: dict[str, list[Exception]] = {}
        self.large_reads = 0

    def _may(self, name: str) -> None:
        if left := self.faults.get(name):
            raise left.pop(0)

    async def publish(self, most: int) -> tuple[int, int]:
        self._may("publish")
        return 0, 0

    async def due(self, busy: Sequence[int]) -> Sequence[Due]:
        self._may("due")
        return [] if 1 in busy else list(self.waiting.values())

    async def payloads(self, cursors: Sequence[int], most_bytes: int) -> Mapping[int, bytes | None]:
        self._may("payloads")
        fits = len(self.payload) <= most_bytes
        self.large_reads += most_bytes > 1 << 20
        return dict.fromkeys(cursors, self.payload if fits else None)

    async def destination(self, tenant_id: str, endpoint_id: str) -> Destination:
        self._may("destination")
        return Destination("http://e", 1.0, [Secret(b"k" * 24)], "1")

    async def record(self, outcomes: Sequence[Outcome]) -> None:
        self._may("record")
        for one in outcomes:
            self.outcomes.append(one)
            self.waiting.pop(one.due.event_id, None)

    async def disable(self, due: Due, reason: str, unless_succeeded: bool = False) -> bool:
        self._may("disable")
        self.disabled.append(reason)
        self.waiting.clear()
        return True

    async def tidy(self, days: int) -> None:
        self._may("tidy")

    async def backlog(self) -> Backlog:
        return Backlog(0.0, len(self.waiting))


class Meter:
    def __init__(self) -> None:
        self.outcomes: list[str] = []

    def attempted(self, outcome: str, seconds: float) -> None:
        self.outcomes.append(outcome)

    def backlog(self, found: Backlog) -> None: ...


class Sender:
    def __init__(self, answer: Callable[[str], Answer]) -> None:
        self.answer = answer
        self.sent: list[str] = []
        self.hold = asyncio.Event()
        self.hold.set()

    async def send(self, url: str, timeout: float, headers: Mapping[str, str], body: bytes) -> Answer:  # noqa: ASYNC109
        self.sent.append(headers["webhook-id"])
        await self.hold.wait()
        return self.answer(headers["webhook-id"])


@asynccontextmanager
async def relaying(
    store: Store, sender: Sender, meter: Meter, pauses: Sequence[float] = (60.0,)
) -> AsyncIterator[Relay]:
    relay = Relay(store, sender, Schedule(pauses), meter)
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


async def test_each_is_delivered_once() -> None:
    store, sender, meter = Store(50), Sender(lambda _: Answer(204)), Meter()
    async with relaying(store, sender, meter):
        await until(lambda: len(store.outcomes) == 50)
    assert sorted(sender.sent) == sorted({*sender.sent}) and {one.status for one in store.outcomes} == {"delivered"}
    assert meter.outcomes == ["delivered"] * 50


async def test_a_failed_one_waits_and_the_last_one_is_a_dead_letter() -> None:
    store, sender, meter = Store(1), Sender(lambda _: Answer(500, "answered 500")), Meter()
    async with relaying(store, sender, meter):
        await until(lambda: bool(store.outcomes))
    assert store.outcomes[0].status == "pending" and 48 <= (store.outcomes[0].delay or 0) <= 72
    store = Store(1)
    async with relaying(store, sender, meter, pauses=()):
        await until(lambda: bool(store.disabled))
    assert store.outcomes[0].status == "dead" and "answered 500" in store.disabled[0]


async def test_ordered_ones_stop_at_the_first_failure() -> None:
    store, meter = Store(6, ordered=True), Meter()
    sender = Sender(lambda event_id: Answer(500 if event_id == "event-3" else 200))
    async with relaying(store, sender, meter) as relay:
        await until(lambda: len(store.outcomes) >= 4)
        assert sender.sent[:4] == [f"event-{n}" for n in range(4)]
        assert "event-4" not in sender.sent or sender.sent.index("event-4") > 3
        assert store.outcomes[3].status == "pending"
        await relay.drain(5)


async def test_a_store_that_is_away_loses_nothing() -> None:
    store, sender, meter = Store(8), Sender(lambda _: Answer(200)), Meter()
    away = [store_unavailable("postgres") for _ in range(2)]
    store.faults = {name: list(away) for name in ("publish", "due", "payloads", "record", "tidy")}
    async with relaying(store, sender, meter):
        await until(lambda: len(store.outcomes) == 8)
    assert {one.status for one in store.outcomes} == {"delivered"}


async def test_an_outcome_that_is_refused_holds_up_no_other() -> None:
    store, sender, meter = Store(3), Sender(lambda _: Answer(200)), Meter()
    refused = TrunklineError(Reason.ERROR_REASON_INVALID_REQUEST, "a value cannot be stored")
    store.faults = {"record": [refused, refused]}
    async with relaying(store, sender, meter):
        await until(lambda: len(store.outcomes) == 2)
    assert len(store.waiting) == 1


@pytest.mark.parametrize(
    "fault", [not_found("webhook endpoint", "e"), store_unavailable("postgres"), RuntimeError("boom")]
)
async def test_faults_of_ours_rest_the_endpoint_and_stop_nothing(fault: Exception) -> None:
    store, sender, meter = Store(1), Sender(lambda _: Answer(200)), Meter()
    store.faults = {"destination": [fault]}
    async with relaying(store, sender, meter) as relay:
        await until(lambda: not store.faults["destination"])
        await asyncio.sleep(0.05)
        assert not sender.sent and list(relay._lanes.look()) == [1]


async def test_gone_disables() -> None:
    store, sender, meter = Store(1), Sender(lambda _: Answer(410)), Meter()
    async with relaying(store, sender, meter):
        await until(lambda: bool(store.disabled))
    assert store.outcomes[0].status == "dead" and "410" in store.disabled[0]


async def test_large_events_are_read_one_by_one_and_poison_is_buried() -> None:
    store, sender, meter = Store(5, size=40_000), Sender(lambda _: Answer(200)), Meter()
    async with relaying(store, sender, meter):
        await until(lambda: len(store.outcomes) == 5)
    assert store.large_reads == 5
    store = Store(2)
    store.payload = b"\xff"
    async with relaying(store, sender, meter):
        await until(lambda: len(store.outcomes) == 2)
    assert [one.status for one in store.outcomes] == ["dead"] * 2 and not store.disabled
    assert meter.outcomes[-2:] == ["poison"] * 2


async def test_a_drain_waits_for_what_is_under_way() -> None:
    store, sender, meter = Store(10), Sender(lambda _: Answer(200)), Meter()
    sender.hold.clear()
    async with relaying(store, sender, meter) as relay:
        await until(lambda: len(sender.sent) == 4)
        assert await relay.drain(0.05) == 4
        sender.hold.set()
        assert await relay.drain(5) == 0
        assert len(store.outcomes) == 4 == len(sender.sent)
