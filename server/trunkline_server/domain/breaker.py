"""The circuit breaker of one model of one integration.

closed, until it fails too often or asks to be left alone; open, until its time has passed; then half-open: exactly one
call is let through as a probe, whose verdict closes or opens it.

A caller asks `enter()`, which is all there is to a closed breaker, else `await claim(deadline)`, which gives it the
probe of a half-open one if nobody has it. Who has no other candidate awaits `verdict(deadline)`. Whoever was let
through reports once: succeeded, failed, busy or gave_up, with the reading of the clock when the call was begun. That
tells whose report it is: a call begun before the breaker opened neither closes it nor opens it again.

What the breaker decides, its `Peers` hear: those of domain.breakers share it with the other workers.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from trunkline.v1.errors_pb2 import ErrorReason
from trunkline.v1.model_pb2 import Availability, BreakerState

from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.duration import duration
from trunkline_server.domain.opening import BreakerKey, Opening, reason_name
from trunkline_server.domain.recent import Recent

if TYPE_CHECKING:
    from trunkline_server.domain.routes.live import Live

Clock = Callable[[], float]

# A probe that did not report for so long, in seconds, is taken for lost: the next caller may probe.
PROBE_LEASE = 30.0
# The pause after a rate limit that told none: doubled for each in a row, with jitter down to half. In seconds.
BUSY_BASE, BUSY_CAP = 1.0, 30.0
# A provider that tells a longer pause is asked again after this all the same. In seconds.
_BUSY_MOST = 86_400.0
# For so long after the opening, in seconds, failing checks spare callers the probe.
HELD_MOST = 300.0
_AVAILABILITY_SECONDS = 300.0
_LEAST_CALLS = 10
_WEIGHT = 0.2


@dataclass(frozen=True, slots=True)
class BreakerRule:
    """Opens on `failures` within `window` seconds that are at least half of ten or more calls, or on `failures` in a
    row; stays open for `open_for` seconds, then lets one probe through."""

    failures: int = 5
    window: float = 60.0
    open_for: float = 30.0


class Peers(Protocol):
    """Who hears of a breaker's decisions, and gives its probes. Only `claim` may wait."""

    def opened(self, breaker: Breaker, again: bool) -> None:
        """It opened; `again`: a probe failed."""
        ...

    def closed(self, breaker: Breaker, opening: Opening) -> None:
        """A call was answered, so it closed; `opening` is what was before."""
        ...

    def moved(self, breaker: Breaker) -> None:
        """The end of its opening was moved."""
        ...

    async def claim(self, breaker: Breaker, lease: float, within: float) -> float:
        """0: the probe is the caller's, for `lease` seconds. Else the seconds after which to ask again. Takes `within`
        seconds at most."""
        ...

    def released(self, breaker: Breaker) -> None:
        """Its probe ended without a verdict."""
        ...


class Alone:
    """No peers: each probe is granted. The breaker itself lets through one at a time."""

    def opened(self, breaker: Breaker, again: bool) -> None:
        """See Peers."""

    def closed(self, breaker: Breaker, opening: Opening) -> None:
        """See Peers."""

    def moved(self, breaker: Breaker) -> None:
        """See Peers."""

    async def claim(self, breaker: Breaker, lease: float, within: float) -> float:
        """See Peers."""
        return 0.0

    def released(self, breaker: Breaker) -> None:
        """See Peers."""


_ALONE = Alone()
_NOBODY = BreakerKey("", "", "")


class Breaker:
    """See the module. `latency` and `first` are seconds, exponentially weighted: of whole calls, and to the first
    content; None where unknown."""

    def __init__(
        self,
        rule: BreakerRule | None = None,
        clock: Clock = time.monotonic,
        key: BreakerKey = _NOBODY,
        provider: str = "",
        peers: Peers = _ALONE,
    ) -> None:
        self.key = key
        self.provider = provider
        self.clock = clock
        self.opening: Opening | None = None
        self.latency: float | None = None
        self.first: float | None = None
        # Where the columns of routes.live keep how fast it answers; row 0 is nobody's.
        self.live: Live | None = None
        self.row = 0
        self._peers = peers
        self.rule = rule or BreakerRule()
        self._window = Recent(self.rule.window)
        self._recent = Recent(_AVAILABILITY_SECONDS)
        self._streak = 0
        self._refusals = 0
        # Calls begun before this belong to an earlier state.
        self._opened_at = -math.inf
        # When this worker's probe was let through; until when nobody else is.
        self._probe_at: float | None = None
        self._taken_until = -math.inf
        self._waiters: deque[asyncio.Future[None]] = deque()

    def use(self, rule: BreakerRule) -> None:
        """Judge by another rule from now on."""
        if rule != self.rule:
            self.rule, self._window = rule, Recent(rule.window)

    # ── Callers ─────────────────────────────────────────────────────────────────────────────────────────────────

    def allows(self) -> bool:
        """Whether calls go through, or one as a probe. Claims nothing."""
        return self.opening is None or self.clock() >= self.opening.until

    def enter(self) -> bool:
        """Whether calls go through: it is closed."""
        return self.opening is None

    def opens_in(self) -> float:
        """Seconds until the next call is let through."""
        return 0.0 if self.opening is None else max(0.0, self.opening.until - self.clock())

    @property
    def busy_for(self) -> float:
        """Seconds that are left of a pause the provider asked for."""
        return self.opens_in() if self.opening is not None and self.opening.busy else 0.0

    async def claim(self, deadline: Deadline) -> bool:
        """Whether the call may be made: it is the one probe of a half-open breaker, or the breaker closed meanwhile."""
        if self.opening is None:
            return True
        now, within = self.clock(), deadline.remaining()
        if now < self.opening.until or now < self._taken_until or within <= 0:
            return False
        # Taken here before anyone is asked, so that this worker asks once.
        self._probe_at, self._taken_until = None, now + PROBE_LEASE
        try:
            wait = await self._peers.claim(self, PROBE_LEASE, within)
        except asyncio.CancelledError:
            self._free()
            self._peers.released(self)
            raise
        if self.allows() and self.opening is not None and not wait:
            self._probe_at = self.clock()
            self._taken_until = self._probe_at + PROBE_LEASE
            return True
        if not wait:
            self._peers.released(self)
        self._taken_until = self.clock() + wait
        return self.opening is None

    async def verdict(self, deadline: Deadline) -> bool:
        """Wait while another call probes. True: go on, the breaker closed or this call is the next probe. False: it
        opened again, or the deadline passed."""
        while not await self.claim(deadline):
            if not self.allows():
                return False
            left = min(deadline.remaining(), self._taken_until - self.clock())
            if deadline.remaining() <= 0:
                return False
            if left > 0:
                await self._turn(left)
        return True

    async def _turn(self, seconds: float) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await asyncio.wait((waiter,), timeout=seconds)
        except asyncio.CancelledError:
            if waiter.done():
                self.nudge()  # The turn that was given here goes to the next.
            raise
        finally:
            if not waiter.done():
                self._waiters.remove(waiter)

    # ── Reports ─────────────────────────────────────────────────────────────────────────────────────────────────

    def succeeded(self, began: float, first: float | None = None) -> None:
        """A call ended well; `first` is the seconds to its first content."""
        now = self.clock()
        latency = now - began
        self.latency = _weighted(self.latency, latency)
        self.first = _weighted(self.first, latency if first is None else first)
        self._recent.note(now, True, latency)
        if began < self._opened_at:
            return
        self._streak = self._refusals = 0
        if self.opening is None:
            self._window.note(now, True)
        else:
            opening = self._close()
            self._peers.closed(self, opening)

    def paced(self, seconds: float, first: float | None, tokens: int) -> None:
        """An answer of so many tokens took so long, `first` of it to the first content if it came in pieces."""
        if self.live is not None:
            self.live.note(self.row, seconds, first, tokens, time.monotonic())

    def failed(self, reason: int, began: float, answered: bool = True) -> None:
        """A call failed through the provider's fault; `answered`: there was an answer at all."""
        now = self.clock()
        self._recent.note(now, False)
        if began < self._opened_at:
            return
        self._refusals = 0
        if self.opening is None:
            self._streak += 1
            self._window.note(now, False)
            if self._streak < self.rule.failures and not self._mostly_failing(now):
                return
        elif not self._is_probe(began):
            return
        unreachable = not answered and reason == ErrorReason.ERROR_REASON_UPSTREAM_UNAVAILABLE
        self._open(Opening(reason, now, now + self.rule.open_for, unreachable=unreachable))

    def busy(
        self, seconds: float | None, began: float, reason: int = ErrorReason.ERROR_REASON_UPSTREAM_RATE_LIMITED
    ) -> None:
        """The provider asked to be left alone: exactly so long, or where it did not tell, longer each time in a row."""
        now = self.clock()
        self._recent.note(now, False)
        if began < self._opened_at or (self.opening is not None and not self._is_probe(began)):
            return
        self._refusals += 1
        if not seconds or seconds < 0:
            most = min(BUSY_CAP, BUSY_BASE * 2.0 ** min(self._refusals - 1, 10))
            seconds = random.uniform(most / 2, most)
        self._open(Opening(reason, now, now + min(seconds, _BUSY_MOST), busy=True))

    def gave_up(self, began: float) -> None:
        """A call ended without a verdict, for example cancelled: if it was the probe, the next caller may be it."""
        if self._is_probe(began):
            self._free()
            self._peers.released(self)
            self.nudge()

    def checked(self, healthy: bool, answered: bool, hold: float) -> None:
        """A background check was made. One without an answer, or with a 5xx, puts off the probe for `hold` seconds, at
        most HELD_MOST after the opening; a healthy one takes that back, and lets the probe through at once where the
        failures were that nothing answered. Only a real call closes a breaker."""
        opening, now = self.opening, self.clock()
        if opening is None or opening.busy:
            return
        if not answered:
            until = min(now + hold, opening.since + HELD_MOST)
            if until <= opening.until:
                return
        elif healthy:
            until = now if opening.unreachable else max(now, opening.due)
            if until >= opening.until:
                return
        else:
            return
        opening.until = until
        self._peers.moved(self)
        self._wake() if until > now else self.nudge()

    # ── The others ──────────────────────────────────────────────────────────────────────────────────────────────

    def adopt(self, opening: Opening) -> None:
        """Take over what another worker found: it is open."""
        mine, now = self.opening, self.clock()
        probing = self._probe_at is not None and now < self._taken_until
        if mine is None or ((mine.id, mine.round) != (opening.id, opening.round) and not probing):
            self._streak = 0
            self._opened_at = now
            self._free()
        self.opening = opening
        if not self.allows():
            self._wake()

    def adopt_closed(self) -> None:
        """Take over what another worker found: it is closed."""
        if self.opening is not None:
            self._close()

    def nudge(self) -> None:
        """Let the caller that waits longest ask for the probe."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    # ── What is known ───────────────────────────────────────────────────────────────────────────────────────────

    @property
    def fastest(self) -> float | None:
        """The least latency of the last five minutes, in seconds; None where unknown."""
        return self._recent.fastest(self.clock())

    def availability(self) -> Availability:
        """The state and figures, as the contract tells them. Checks and calls in flight are not known here."""
        now, opening = self.clock(), self.opening
        calls, failures = self._recent.counts(now)
        found = Availability(breaker=BreakerState.BREAKER_STATE_CLOSED, calls=calls)
        if calls:
            found.success_ratio = (calls - failures) / calls
        if self.first is not None:
            found.time_to_first_token.CopyFrom(duration(self.first))
        if opening is not None:
            half = now >= opening.until
            found.breaker = BreakerState.BREAKER_STATE_HALF_OPEN if half else BreakerState.BREAKER_STATE_OPEN
            found.reason = reason_name(opening.reason)
            found.retry_after.CopyFrom(duration(self.opens_in()))
        return found

    # ── Inside ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _mostly_failing(self, now: float) -> bool:
        calls, failures = self._window.counts(now)
        return failures >= self.rule.failures and calls >= _LEAST_CALLS and failures * 2 >= calls

    def _is_probe(self, began: float) -> bool:
        return self._probe_at is not None and began >= self._probe_at

    def _open(self, opening: Opening) -> None:
        before = self.opening
        if before is not None:
            opening.since, opening.id, opening.told = before.since, before.id, before.told
            opening.round = before.round + 1
        opening.due = opening.until
        self.opening = opening
        self._opened_at = self.clock()
        self._streak = 0
        self._free()
        self._peers.opened(self, before is not None)
        self._wake()

    def _close(self) -> Opening:
        opening, self.opening = self.opening, None
        assert opening is not None
        self._window = Recent(self.rule.window)
        self._streak = 0
        self._free()
        self._wake()
        return opening

    def _free(self) -> None:
        self._probe_at, self._taken_until = None, -math.inf

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, deque()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


def _weighted(before: float | None, now: float) -> float:
    return now if before is None else before + _WEIGHT * (now - before)
