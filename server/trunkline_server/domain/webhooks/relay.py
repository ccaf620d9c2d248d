"""The relay: turns events into deliveries, and makes them. One of an installation is active at a time.

What is under way is known here alone and never written down: a relay that takes over reads what waits and begins anew,
so a delivery may be made twice, with one id, and none is lost.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime

import structlog

from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.webhooks.lanes import Lanes
from trunkline_server.domain.webhooks.message import Poison, event_body, read_event
from trunkline_server.domain.webhooks.ports import Answer, Backlog, Destination, Due, Meter, Outcome, Relaying, Sender
from trunkline_server.domain.webhooks.recorder import Recorder
from trunkline_server.domain.webhooks.schedule import Schedule
from trunkline_server.domain.webhooks.signing import headers

_log = structlog.get_logger("trunkline.relay")

# Runs of deliveries that are under way at a time.
PLACES = 500
# Between two looks for new events, and for deliveries that are due, where nothing is heard of any, in seconds.
_PUBLISH_PAUSE, _DUE_PAUSE = 0.1, 0.5
# So that looks do not take all the time.
_LEAST_PAUSE = 0.002
_TIDY_SECONDS, _MEASURE_SECONDS = 30.0, 5.0
# What the store fails is tried again after this time, ever longer.
_AGAIN_SECONDS, _AGAIN_MOST = 0.5, 5.0
# Events of one transaction, and payloads that are read many at a time, in bytes. Larger ones are read one by one.
_EVENTS, _SMALL = 500, 16_384
_LARGE_AT_ONCE = 4
# An endpoint whose deliveries cannot be made for a reason of ours waits so long.
_REST_SECONDS = 10.0
_DESTINATIONS = 10_000
# After so long a run begins nothing more: its endpoint may have been paused or changed meanwhile.
_RUN_SECONDS = 1.0
_GONE = 410


class Relay:
    """One relay. `places` bounds what is under way, and so its memory and sockets."""

    def __init__(
        self,
        store: Relaying,
        sender: Sender,
        schedule: Schedule,
        meter: Meter,
        retention_days: int = 7,
        places: int = PLACES,
    ) -> None:
        self._store, self._sender, self._schedule, self._meter = store, sender, schedule, meter
        self._days, self._places = retention_days, places
        self._lanes = Lanes()
        self._recorder = Recorder(store)
        self._destinations: dict[int, Destination] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)
        self._wake = asyncio.Event()
        self._stopping = False

    async def run(self) -> None:
        """Relay until cancelled; what is under way then is broken off."""
        jobs = [
            asyncio.create_task(job)
            for job in (
                self._recorder.run(),
                self._again(self._publish),
                self._again(self._dispatch),
                self._again(self._tidy, _TIDY_SECONDS),
                self._again(self._measure, _MEASURE_SECONDS),
            )
        ]
        try:
            await asyncio.gather(*jobs)
        finally:
            left = [*jobs, *self._under_way]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            # Another relay tells it from now on.
            self._meter.backlog(Backlog(0.0, 0))

    async def drain(self, seconds: float) -> int:
        """Begin nothing more, while `run` runs, and wait for what is under way; returns how many were not over in
        time."""
        self._stopping = True
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=seconds)
        return len(self._under_way)

    async def _again(self, turn: Callable[[], Awaitable[None]], pause: float = 0.0) -> None:
        failures = 0
        while True:
            try:
                await turn()
                failures = 0
            except TrunklineError as error:
                _log.warning("relay_waits", reason=error.reason_name, what=turn.__name__)
                await asyncio.sleep(min(_AGAIN_MOST, _AGAIN_SECONDS * 2.0**failures))
                failures += 1
            await asyncio.sleep(pause)

    async def _publish(self) -> None:
        events, deliveries = (0, 0) if self._stopping else await self._store.publish(_EVENTS)
        if deliveries:
            self._wake.set()
        if not events:
            await asyncio.sleep(_PUBLISH_PAUSE)

    async def _dispatch(self) -> None:
        self._wake.clear()
        began = time.monotonic()
        places = self._places - len(self._under_way)
        if places > 0 and not self._stopping:
            runs = list(self._lanes.pick(await self._store.due(self._lanes.look()), places))
            try:
                await self._begin(runs)
            except BaseException:
                for run in runs:
                    self._lanes.ended(run)
                raise
        await asyncio.sleep(max(_LEAST_PAUSE, (time.monotonic() - began) / 2))
        try:
            async with asyncio.timeout(_DUE_PAUSE):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _begin(self, runs: Sequence[Sequence[Due]]) -> None:
        cursors = {due.cursor for run in runs for due in run}
        payloads = await self._store.payloads(sorted(cursors), _SMALL) if cursors else {}
        for run in runs:
            task = asyncio.create_task(self._run(run, {due.cursor: payloads.get(due.cursor, b"") for due in run}))
            self._under_way.add(task)
            task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._wake.set()

    async def _tidy(self) -> None:
        await self._store.tidy(self._days)

    async def _measure(self) -> None:
        self._meter.backlog(await self._store.backlog())

    # ── One run ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _run(self, run: Sequence[Due], payloads: Mapping[int, bytes | None]) -> None:
        """Deliver one after the other, as long as each of them is over; b"" stands for an event that is gone."""
        answer: Answer | None = None
        end = time.monotonic() + _RUN_SECONDS
        try:
            for due in run:
                if self._stopping or time.monotonic() > end:
                    return
                answer = await self._deliver(due, payloads[due.cursor])
                if answer is None:
                    return
        except TrunklineError as error:
            if error.reason != Reason.ERROR_REASON_NOT_FOUND:
                _log.warning("webhook_not_sent", reason=error.reason_name, **_facts(run[0]))
            self._lanes.rest(run[0].endpoint, _REST_SECONDS)
        except Exception as error:
            _log.error("webhook_fault", error=type(error).__name__, exc_info=error, **_facts(run[0]))
            self._lanes.rest(run[0].endpoint, _REST_SECONDS)
        finally:
            self._lanes.ended(run)

    async def _deliver(self, due: Due, payload: bytes | None) -> Answer | None:
        """Make one attempt. Returns the answer where the delivery is over, so that the next one of its run may come."""
        now = datetime.now(UTC)
        try:
            if payload is None:
                async with self._large:
                    found = (await self._store.payloads([due.cursor], 1 << 30)).get(due.cursor)
                    answer = await self._post(due, _body(found), now)
            else:
                answer = await self._post(due, _body(payload or None), now)
        except Poison as poison:
            return await self._bury(due, now, str(poison))
        outcome = self._judge(due, answer, now)
        written = await self._recorder.record(outcome)
        self._lanes.ended([due], answer)
        self._meter.attempted("failed" if outcome.status == "pending" else outcome.status, answer.latency)
        if outcome.status != "delivered":
            facts = {"attempt": due.attempts + 1, "http_status": answer.status, "error": answer.error}
            _log.info("webhook_failed", status=outcome.status, **facts, **_facts(due))
        if not written:
            self._lanes.rest(due.endpoint, _REST_SECONDS)
            return None
        if outcome.status == "dead" and await self._give_up(due, answer):
            return None
        return None if outcome.status == "pending" else answer

    async def _bury(self, due: Due, now: datetime, why: str) -> Answer | None:
        """An event that cannot be told becomes a dead letter at once, which says nothing of the endpoint."""
        _log.error("webhook_poison", detail=why, **_facts(due))
        answer = Answer(error=why)
        written = await self._recorder.record(Outcome(due, "dead", now, answer))
        self._meter.attempted("poison", 0.0)
        if not written:
            self._lanes.rest(due.endpoint, _REST_SECONDS)
        return answer if written else None

    async def _post(self, due: Due, body: bytes, now: datetime) -> Answer:
        destination = await self._destination(due)
        signed = headers(due.event_id, int(now.timestamp()), body, destination.keys(now))
        return await self._sender.send(destination.url, destination.timeout, signed, body)

    def _judge(self, due: Due, answer: Answer, now: datetime) -> Outcome:
        if 200 <= answer.status < 300:
            return Outcome(due, "delivered", now, answer)
        asked = answer.retry_after if answer.status in (429, 503) else None
        delay = None if answer.status == _GONE else self._schedule.after(due.attempts + 1, asked)
        return Outcome(due, "dead" if delay is None else "pending", now, answer, delay)

    async def _give_up(self, due: Due, answer: Answer) -> bool:
        """A dead letter was made; returns whether its endpoint was disabled."""
        gone = answer.status == _GONE
        reason = (
            "it answered 410 Gone"
            if gone
            else f"nothing was delivered while an event was tried {due.attempts + 1} times; last: {answer.error}"
        )
        disabled = await self._store.disable(due, reason, unless_succeeded=not gone)
        if disabled:
            _log.warning("webhook_endpoint_disabled", reason=reason, **_facts(due))
        return disabled

    async def _destination(self, due: Due) -> Destination:
        known = self._destinations.get(due.endpoint)
        if known is None or known.etag != due.etag:
            if len(self._destinations) >= _DESTINATIONS:
                self._destinations.clear()
            known = await self._store.destination(due.tenant_id, due.endpoint_id)
            self._destinations[due.endpoint] = known
        return known


def _body(payload: bytes | None) -> bytes:
    return event_body(read_event(payload))


def _facts(due: Due) -> dict[str, str]:
    return {"tenant": due.tenant_id, "endpoint": due.endpoint_id, "event_id": due.event_id, "type": due.type}
