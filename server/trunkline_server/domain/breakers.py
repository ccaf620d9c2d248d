"""The breakers of a worker, and how they share what they find with all other workers and replicas.

A breaker decides by itself and at once; what it decided is told to the board in the background, and what others told
is adopted within a quarter of a second. Only the probe of a half-open breaker is asked for while a call waits. While
the board cannot be reached each worker goes by what it knows, and tells it afterwards.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import uuid4

from trunkline.v1.event_pb2 import Event
from trunkline.v1.integration_health_pb2 import IntegrationBreaker
from trunkline.v1.model_pb2 import BreakerState

from trunkline_server.domain.board import BreakerBoard, Outbox, Posted
from trunkline_server.domain.breaker import Breaker, BreakerRule, Clock
from trunkline_server.domain.duration import duration
from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.events import breaker_closed, breaker_opened
from trunkline_server.domain.opening import BreakerKey, Opening, reason_name
from trunkline_server.domain.routes.live import Live
from trunkline_server.domain.signals import Signals, Silent

# How often the board is read, and how soon a probe of another worker is asked after again. In seconds.
TICK = 0.25
# A board that takes longer than this to give a probe counts as away.
_CLAIM_SECONDS = 0.5


@dataclass(slots=True)
class _News:
    """What is to be told of a breaker. `closed` is the opening that is over; else it is open, `again` after a failed
    probe, or its end was moved."""

    breaker: Breaker
    closed: Opening | None = None
    opened: bool = False
    again: bool = False
    token: str = field(default_factory=lambda: uuid4().hex)


class Breakers:
    """See the module. Without a board this worker is alone."""

    def __init__(
        self,
        board: BreakerBoard | None = None,
        outbox: Outbox | None = None,
        signals: Signals | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self.clock = clock
        self._board = board
        self._outbox = outbox
        self._signals = signals or Silent()
        self._all: dict[BreakerKey, Breaker] = {}
        # Those that keep calls away, or let a probe through.
        self.away: dict[BreakerKey, Breaker] = {}
        self.live = Live()
        self._levels: Counter[tuple[str, str]] = Counter()
        # What others told of breakers that nobody asked for here yet.
        self._posted: dict[BreakerKey, Opening] = {}
        self._news: dict[BreakerKey, _News] = {}
        self._probes: dict[BreakerKey, str] = {}
        self._released: list[tuple[BreakerKey, str]] = []
        self._changed = asyncio.Event()

    def get(self, key: BreakerKey, rule: BreakerRule, provider: str = "") -> Breaker:
        """The breaker of one model of one integration, with this rule from now on."""
        found = self._all.get(key)
        if found is None:
            found = self._all[key] = Breaker(rule, self.clock, key, provider, self)
            found.live, found.row = self.live, self.live.row()
            if opening := self._posted.pop(key, None):
                found.adopt(opening)
                self._level(found, opened=True)
        found.use(rule)
        return found

    def checked(self, tenant_id: str, integration_id: str, healthy: bool, answered: bool, hold: float) -> None:
        """A background check of an integration was made, see Breaker.checked."""
        for key, breaker in list(self.away.items()):
            if key[:2] == (tenant_id, integration_id):
                breaker.checked(healthy, answered, hold)

    def held(self, tenant_id: str, integration_id: str) -> Sequence[IntegrationBreaker]:
        """The breakers of an integration that are not closed, by model, as all workers know them."""
        now, whose = self.clock(), (tenant_id, integration_id)
        known = {key: breaker.opening for key, breaker in self.away.items() if breaker.opening is not None}
        found = []
        for key, opening in sorted((self._posted | known).items()):
            if key[:2] == whose:
                left = opening.until - now
                state = BreakerState.BREAKER_STATE_OPEN if left > 0 else BreakerState.BREAKER_STATE_HALF_OPEN
                held = IntegrationBreaker(model=key.model, state=state)
                if left > 0:
                    held.retry_after.CopyFrom(duration(left))
                found.append(held)
        return found

    # ── What a breaker tells (Peers) ────────────────────────────────────────────────────────────────────────────

    def opened(self, breaker: Breaker, again: bool) -> None:
        """See Peers."""
        assert breaker.opening is not None
        key, reason = breaker.key, reason_name(breaker.opening.reason)
        self._signals.decided(
            "probe_failed" if again else "breaker_opened", breaker.provider, breaker.key.model, reason
        )
        self.released(breaker)
        before = self._news.get(key)
        untold = before is not None and before.opened and not before.again
        self._tell(_News(breaker, opened=True, again=again and not untold))
        if not again:
            self._level(breaker, opened=True)

    def closed(self, breaker: Breaker, opening: Opening) -> None:
        """See Peers."""
        self._signals.decided("breaker_closed", breaker.provider, breaker.key.model, reason_name(opening.reason))
        self.released(breaker)
        self._tell(_News(breaker, closed=opening))
        self._level(breaker, opened=False)

    def moved(self, breaker: Breaker) -> None:
        """See Peers."""
        if breaker.key not in self._news:
            self._tell(_News(breaker))

    async def claim(self, breaker: Breaker, lease: float, within: float) -> float:
        """See Peers."""
        wait = 0.0
        if self._board is not None:
            token = self._probes[breaker.key] = uuid4().hex
            try:
                async with asyncio.timeout(min(_CLAIM_SECONDS, within)):
                    wait = await self._board.claim(breaker.key, token, lease)
            except TimeoutError:
                if within < _CLAIM_SECONDS:
                    # The caller's time was up: that says nothing of the board, which may have given it the probe.
                    self.released(breaker)
                    return TICK
            except TrunklineError:
                pass  # Who cannot be asked has no say: each worker then lets one probe through.
        if wait:
            self._probes.pop(breaker.key, None)
        else:
            self._signals.decided("breaker_probe", breaker.provider, breaker.key.model)
        return min(wait, TICK)

    def released(self, breaker: Breaker) -> None:
        """See Peers."""
        token = self._probes.pop(breaker.key, None)
        if token is not None:
            self._released.append((breaker.key, token))
            self._changed.set()

    # ── The board ───────────────────────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Tell the board and adopt from it, until cancelled."""
        while self._board is not None:
            with suppress(TrunklineError):  # It is away; the next turn comes soon.
                await self.sync()
            for breaker in list(self.away.values()):
                breaker.nudge()
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK):
                    await self._changed.wait()

    async def sync(self) -> None:
        """One turn: tell what changed here, then adopt what changed elsewhere. Raises STORE_UNAVAILABLE."""
        board = self._board
        assert board is not None
        self._changed.clear()
        news, self._news = self._news, {}
        released, self._released = self._released, []
        told = [self._told(board, one) for one in news.values()]
        answers = await asyncio.gather(*told, return_exceptions=True)
        for one, answer in zip(news.values(), answers, strict=True):
            if isinstance(answer, BaseException):
                self._news.setdefault(one.breaker.key, one)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        # After the verdicts, so that nobody probes in between; where this fails their leases end them.
        await asyncio.gather(*(board.release(key, token) for key, token in released))
        reading = await board.read()
        shown = {posted.key for posted in reading.posted}
        for posted in reading.posted:
            self._adopt(posted)
        for breaker in self._missing(shown) if reading.whole else ():
            self._unposted(breaker, reading.new)

    def _tell(self, news: _News) -> None:
        if self._board is not None:
            self._news[news.breaker.key] = news
            self._changed.set()

    async def _told(self, board: BreakerBoard, news: _News) -> None:
        key, opening = news.breaker.key, news.closed or news.breaker.opening
        if opening is None:
            return
        if news.closed is not None:
            # Without an id nobody else knows of it.
            if opening.id and (found := await board.closed(key, news.token, opening.id)).made:
                self._put(breaker_closed(key, news.breaker.provider, opening, found.lasted))
        elif not news.opened and opening.id:
            await board.moved(key, opening.id, opening.until - self.clock())
        else:
            left = opening.until - self.clock()
            found = await board.opened(key, news.token, opening, left, news.again)
            opening.id, opening.round = found.id, found.round
            if not news.again:
                opening.until = min(opening.until, self.clock() + max(0.0, found.left))
            if found.made and not opening.told:
                self._put(breaker_opened(key, news.breaker.provider, opening, found.left))
            opening.told = True

    def _put(self, event: Event) -> None:
        if self._outbox is not None:
            self._outbox.put(event)

    # ── Adopting ────────────────────────────────────────────────────────────────────────────────────────────────

    def _adopt(self, one: Posted) -> None:
        if one.key in self._news:
            return  # What changed here is told first.
        breaker, now = self._all.get(one.key), self.clock()
        if not one.open:
            self._posted.pop(one.key, None)
            if breaker is not None and breaker.opening is not None and breaker.opening.id == one.id:
                self._let(breaker)
            return
        opening = Opening(
            one.reason,
            since=now - one.since,
            until=now + one.left,
            busy=one.busy,
            unreachable=one.unreachable,
            due=now + one.due,
            id=one.id,
            round=one.round,
            told=True,
        )
        if breaker is None:
            self._posted[one.key] = opening
            return
        was_open = breaker.opening is not None
        breaker.adopt(opening)
        if not was_open:
            self._level(breaker, opened=True)

    def _missing(self, shown: set[BreakerKey]) -> Iterator[Breaker]:
        """The breakers that are open here and not on the board."""
        for key in self._posted.keys() - shown:
            del self._posted[key]
        for key, breaker in list(self.away.items()):
            if key not in shown and key not in self._news:
                yield breaker

    def _unposted(self, breaker: Breaker, new: bool) -> None:
        opening = breaker.opening
        if opening is None or (opening.id and not new):
            self._let(breaker)
            return
        opening.id = ""
        self._tell(_News(breaker, opened=True))

    def _let(self, breaker: Breaker) -> None:
        breaker.adopt_closed()
        self.released(breaker)
        self._level(breaker, opened=False)

    def _level(self, breaker: Breaker, opened: bool) -> None:
        label = (breaker.provider, breaker.key.model)
        if opened != (breaker.key in self.away):
            self._levels[label] += 1 if opened else -1
        if opened:
            self.away[breaker.key] = breaker
        else:
            self.away.pop(breaker.key, None)
        self._signals.level("breaker_open", self._levels[label], *label)
