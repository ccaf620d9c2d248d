"""Subscriptions: the events of a tenant from a cursor on, and those to come. The subscribers of a tenant share one
poller, which keeps the newest events; who is further behind reads pages of its own."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

import structlog
from trunkline.v1.event_pb2 import Event, SubscribeRequest, SubscribeResponse

from trunkline_server.domain.errors import Reason, TrunklineError, invalid_fields
from trunkline_server.domain.events_filter import EventFilter, integration_of

_log = structlog.get_logger(__name__)

# Between two looks of a poller, and between two heartbeats of a subscription, in seconds.
POLL_SECONDS, HEARTBEAT_SECONDS = 0.5, 15.0
# What a poller keeps, and what one page holds.
_KEPT, _KEPT_BYTES = 1000, 8 << 20
_PAGE, _PAGE_BYTES = 200, 1 << 20
_OLDEST = "0"
_MARK = "event/"


@dataclass(frozen=True, slots=True)
class Told:
    """An event, its place, and its size in bytes."""

    cursor: int
    event: Event
    size: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """Events up to `horizon` may be gone; `newest` is the place of the last one, the horizon where there is none."""

    horizon: int
    newest: int


class Outbox(Protocol):
    """What is kept of a tenant's events. Both raise STORE_UNAVAILABLE."""

    async def bounds(self, tenant_id: str) -> Bounds: ...
    async def after(self, tenant_id: str, cursor: int, most: int, most_bytes: int) -> Sequence[Told]:
        """The events behind a cursor, in their order: up to `most`, or `most_bytes` of them, at least one if any."""
        ...


def cursor_text(cursor: int) -> str:
    """A cursor as callers see it."""
    return base64.urlsafe_b64encode(f"{_MARK}{cursor}".encode()).decode()


def cursor_of(text: str) -> int:
    """The place that a caller's cursor stands for. Raises INVALID_REQUEST."""
    try:
        found = base64.b64decode(text, altchars=b"-_", validate=True).decode()
        cursor = int(found.removeprefix(_MARK))
    except (binascii.Error, ValueError):
        raise _no_cursor() from None
    # Decoding is lenient; only the very text that was handed out is taken back.
    if cursor_text(cursor) != text or not 0 <= cursor < 1 << 63:
        raise _no_cursor()
    return cursor


def _no_cursor() -> TrunklineError:
    return invalid_fields([("cursor", "is none that a subscription of this tenant was told")])


def _expired() -> TrunklineError:
    return TrunklineError(
        Reason.ERROR_REASON_CURSOR_EXPIRED,
        "events behind this cursor are kept no longer; begin again with an empty cursor, or with `0`",
    )


def _draining() -> TrunklineError:
    return TrunklineError(
        Reason.ERROR_REASON_DRAINING,
        "this server is draining; subscribe again with the last cursor",
        retry_after=1.0,
    )


@dataclass(slots=True)
class _Hub:
    """The newest events of one tenant: all of those behind `base`, up to `tail`."""

    base: int
    tail: int
    kept: deque[Told] = field(default_factory=deque)
    size: int = 0
    subscribers: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)
    error: TrunklineError | None = None
    poller: asyncio.Task[None] | None = None

    def add(self, found: Sequence[Told]) -> None:
        """What was recorded since."""
        self.kept.extend(found)
        self.size += sum(one.size for one in found)
        self.tail = found[-1].cursor
        while len(self.kept) > _KEPT or (self.size > _KEPT_BYTES and len(self.kept) > 1):
            gone = self.kept.popleft()
            self.size -= gone.size
            self.base = gone.cursor
        self.tell()

    def tell(self) -> None:
        """Wake all that wait."""
        self.news.set()
        self.news = asyncio.Event()

    def after(self, cursor: int) -> Sequence[Told] | None:
        """Some events behind a cursor; None where they are kept no longer."""
        if cursor < self.base:
            return None
        # Most subscribers are near the end.
        behind = 0
        for one in reversed(self.kept):
            if one.cursor <= cursor:
                break
            behind += 1
        start = len(self.kept) - behind
        return list(islice(self.kept, start, start + _PAGE))


class EventFeed:
    """The subscriptions of one worker, up to `most`."""

    def __init__(self, outbox: Outbox, most: int = 1000, poll: float = POLL_SECONDS) -> None:
        self._outbox = outbox
        self._most, self._poll = most, poll
        self._hubs: dict[str, _Hub] = {}
        self._open = 0
        self._draining = False

    def drain(self) -> None:
        """End all subscriptions, and let none in any more."""
        self._draining = True
        for hub in self._hubs.values():
            hub.error = _draining()
            hub.tell()

    async def subscribe(
        self,
        tenant_id: str,
        request: SubscribeRequest,
        still: Callable[[], Awaitable[object]],
        heartbeat: float = HEARTBEAT_SECONDS,
    ) -> AsyncGenerator[SubscribeResponse, None]:
        """Events as they come, without end. `still` is asked at each heartbeat, and raises where the caller may no
        longer see them. Raises CURSOR_EXPIRED, INVALID_REQUEST, STORE_UNAVAILABLE, OVERLOADED, DRAINING."""
        wanted = EventFilter(request.types, request.integration_ids)
        loop = asyncio.get_running_loop()
        with self._place():
            cursor, newest = await self._start(tenant_id, request.cursor)
            # At once, so that a subscriber knows from where on nothing is missed.
            yield SubscribeResponse(cursor=cursor_text(cursor))
            beat = check = loop.time() + heartbeat
            with self._hub(tenant_id, newest) as hub:
                while True:
                    if hub.error is not None:
                        raise hub.error
                    news = hub.news
                    found = hub.after(cursor)
                    if found is None:
                        found = await self._page(tenant_id, cursor)
                    for told in found:
                        cursor = told.cursor
                        if wanted.wants(told.event.type, integration_of(told.event)):
                            yield SubscribeResponse(event=told.event, cursor=cursor_text(cursor))
                            beat = loop.time() + heartbeat
                    if loop.time() >= check:
                        await still()
                        check = loop.time() + heartbeat
                    if loop.time() >= beat:
                        yield SubscribeResponse(cursor=cursor_text(cursor))
                        beat = loop.time() + heartbeat
                    if not found:
                        await _wait(news, min(beat, check) - loop.time())

    async def _start(self, tenant_id: str, text: str) -> tuple[int, int]:
        bounds = await self._outbox.bounds(tenant_id)
        if not text:
            return bounds.newest, bounds.newest
        if text == _OLDEST:
            return bounds.horizon, bounds.newest
        cursor = cursor_of(text)
        if cursor > bounds.newest:
            raise _no_cursor()
        if cursor < bounds.horizon:
            raise _expired()
        return cursor, bounds.newest

    async def _page(self, tenant_id: str, cursor: int) -> Sequence[Told]:
        found = await self._outbox.after(tenant_id, cursor, _PAGE, _PAGE_BYTES)
        # What was removed while the caller was behind would be missed in silence.
        if (await self._outbox.bounds(tenant_id)).horizon > cursor:
            raise _expired()
        return found

    @contextmanager
    def _place(self) -> Iterator[None]:
        if self._draining:
            raise _draining()
        if self._open >= self._most:
            raise TrunklineError(
                Reason.ERROR_REASON_OVERLOADED,
                f"this server has {self._most} subscriptions, and no room for more; try again, or elsewhere",
                metadata={"subject": "subscriptions"},
                retry_after=5.0,
            )
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1

    @contextmanager
    def _hub(self, tenant_id: str, newest: int) -> Iterator[_Hub]:
        """The tenant's hub, with a poller for as long as anyone is subscribed."""
        hub = self._hubs.get(tenant_id)
        if hub is None or hub.error is not None:
            hub = self._hubs[tenant_id] = _Hub(newest, newest)
            hub.poller = asyncio.create_task(self._follow(tenant_id, hub))
            if self._draining:
                hub.error = _draining()
        hub.subscribers += 1
        try:
            yield hub
        finally:
            hub.subscribers -= 1
            if not hub.subscribers:
                if hub.poller is not None:
                    hub.poller.cancel()
                if self._hubs.get(tenant_id) is hub:
                    del self._hubs[tenant_id]

    async def _follow(self, tenant_id: str, hub: _Hub) -> None:
        """Poll until cancelled, or until the store fails: its subscribers learn of that, and begin again."""
        try:
            while True:
                found = await self._outbox.after(tenant_id, hub.tail, _PAGE, _PAGE_BYTES)
                if found:
                    hub.add(found)
                if len(found) < _PAGE:
                    await asyncio.sleep(self._poll)
        except TrunklineError as error:
            hub.error = error
        except Exception as error:
            _log.error("event_feed_fault", error=type(error).__name__, exc_info=error)
            hub.error = TrunklineError(Reason.ERROR_REASON_INTERNAL, "a fault of the server; subscribe again")
        hub.tell()


async def _wait(news: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await news.wait()
    except TimeoutError:
        pass
