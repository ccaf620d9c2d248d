"""How many calls a deployment (an endpoint and a model) carries well, learnt from how fast it begins to answer.

The limit follows Gradient2 of Netflix's concurrency-limits (https://github.com/Netflix/concurrency-limits). After a
window of calls, limit' = limit × clamp(TOLERANCE × usual / now, 0.5, 1) + √limit, of which SMOOTHING is taken over.
`now` is the time to the first token in the window and `usual` what it is over a long time; both are geometric means, so
that a few long prompts among short ones weigh little. What differs from Gradient2 is when a rise is believed:

- What may be chance is none: two standard errors of the window's mean are taken off. A mix of fast and slow calls that
  changes from window to window does not look like overload.
- The limit moves only when half of it was used: otherwise a provider is not slow because of us, and we need no more.
- While the time is well above the usual one, the usual one does not follow: else a limit under lasting overload would
  creep up with it.
- Where half the load has not made it faster, it is slow for reasons of its own: its time becomes the usual one.

An answer in one piece has no first token. Its time for each output token rises under load too, and does not depend on
how long the answer is; it has a usual value of its own, for it is another quantity. Refusals for overload and timeouts
take a tenth of the limit, at most once in the time of a call. The limit is that of one worker.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from trunkline_server.domain.fairness import Gate, Queueing
from trunkline_server.domain.signals import Signals, Silent

TOLERANCE = 1.5
SMOOTHING = 0.3
BACKOFF = 0.9
# A window has at least so many calls, and lasts at least as long as one of them; the first one longer, for at the
# beginning only the fast ones have ended.
_WINDOW, _FIRST = 20, 3
# How much of the difference the usual time takes over after a window: it falls sooner than it rises.
_FALL, _RISE = 0.1, 0.02
# The usual time follows rises up to this factor. Half the load has helped when it took at least this factor off.
_NOISE = math.log(1.2)
# The time of a call, in seconds, while none is known.
_UNKNOWN = 1.0


@dataclass(frozen=True, slots=True)
class Concurrency:
    """The bounds of a limit, and where it begins."""

    least: int = 8
    start: int = 1000
    most: int = 10_000


class Pace:
    """One kind of time, in seconds: what it is now, against what it usually is. Kept as natural logarithms."""

    __slots__ = ("_count", "_opened", "_peak", "_slow_at", "_squares", "_sum", "chance", "now", "usual")

    def __init__(self) -> None:
        self.usual: float | None = None
        # Of the last window: its mean, and how much of that may be chance.
        self.now = self.chance = 0.0
        self._slow_at: tuple[int, float] | None = None
        self._sum = self._squares = self._opened = 0.0
        self._count = self._peak = 0

    def add(self, seconds: float, in_flight: int, at: float) -> int:
        """Note one call, with `in_flight` of them at the time `at`. When it closes a window, returns the most that were
        in flight in it; else 0."""
        if not self._count:
            self._opened, self._peak = at, 0
        logarithm = math.log(max(seconds, 1e-6))
        self._sum += logarithm
        self._squares += logarithm * logarithm
        self._count += 1
        self._peak = max(self._peak, in_flight)
        if self._count < _WINDOW:
            return 0
        mean = self._sum / self._count
        if at - self._opened < math.exp(mean) * (_FIRST if self.usual is None else 1):
            return 0
        variance = max(0.0, self._squares / self._count - mean * mean)
        self.now, self.chance = mean, 2 * math.sqrt(variance / self._count)
        self._sum, self._squares, self._count = 0.0, 0.0, 0
        return self._peak

    def gradient(self, peak: int, busy: bool) -> float:
        """From 0.5 to 1: how far the limit should shrink after a window with up to `peak` calls in flight."""
        if self.usual is None:
            self.usual = self.now
        difference = self.now - self.usual
        rise = difference - self.chance
        if rise < _NOISE or not busy:
            self.usual += difference * (_RISE if difference > 0 else _FALL)
        elif self._not_ours(peak, self.now):
            self.usual, rise = self.now, 0.0
        gradient = min(1.0, max(0.5, TOLERANCE * math.exp(-rise)))
        if gradient == 1.0:
            self._slow_at = None
        elif self._slow_at is None:
            self._slow_at = peak, self.now
        return gradient

    def _not_ours(self, peak: int, now: float) -> bool:
        """Whether half the load of when it became slow has not helped."""
        if self._slow_at is None or peak * 2 > self._slow_at[0]:
            return False
        before, self._slow_at = self._slow_at[1], (peak, now)
        return now > before - _NOISE


class Lane:
    """The calls to one deployment, behind a gate of their own. Every `enter` is followed by one `leave`."""

    def __init__(
        self,
        endpoint: str,
        model: str,
        rule: Concurrency,
        queueing: Queueing,
        signals: Signals,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rule = rule
        self._signals = signals
        self._labels = endpoint, model
        self._clock = clock
        self._exact = float(rule.start)
        self._gate = Gate(rule.start, queueing, f"the provider of {model}", signals, endpoint, model, clock)
        self._first_token, self._per_token = Pace(), Pace()
        self._backed_off = -math.inf
        self.admit = self._gate.admit
        self.enter = self._gate.enter

    @property
    def limit(self) -> int:
        """How many calls may be inside now."""
        return self._gate.limit

    @property
    def in_flight(self) -> int:
        """How many are."""
        return self._gate.in_flight

    @property
    def depth(self) -> int:
        """How many wait."""
        return self._gate.depth

    def leave(
        self,
        seconds: float,
        first_token_seconds: float | None = None,
        output_tokens: int = 0,
        overloaded: bool = False,
    ) -> None:
        """A call ended after `seconds` inside. `first_token_seconds`: of a stream that came to its first token.
        `output_tokens`: of an answer in one piece. `overloaded`: it was refused for overload (429, 503), or timed out.
        """
        now, in_flight = self._clock(), self._gate.in_flight
        if overloaded:
            self._back_off(now)
        elif first_token_seconds is not None:
            self._note(self._first_token, first_token_seconds, in_flight, now)
        elif output_tokens > 0:
            self._note(self._per_token, seconds / output_tokens, in_flight, now)
        self._gate.leave(seconds)

    def _note(self, pace: Pace, seconds: float, in_flight: int, now: float) -> None:
        peak = pace.add(seconds, in_flight, now)
        if not peak:
            return
        limit = self._exact
        busy = peak * 2 >= limit
        gradient = pace.gradient(peak, busy)
        # A limit that what is inside has not come down to yet has not had its effect.
        if busy and (gradient == 1.0 or in_flight <= self.limit):
            self._set(limit + SMOOTHING * (limit * gradient + math.sqrt(limit) - limit))

    def _back_off(self, now: float) -> None:
        usual = self._first_token.usual
        pause = _UNKNOWN if usual is None else math.exp(usual)
        if now - self._backed_off >= pause and self.in_flight <= self.limit:
            self._backed_off = now
            self._set(self._exact * BACKOFF)

    def _set(self, limit: float) -> None:
        self._exact = min(float(self._rule.most), max(float(self._rule.least), limit))
        if (rounded := round(self._exact)) != self._gate.limit:
            self._gate.limit = rounded
            self._signals.level("concurrency_limit", rounded, *self._labels)


class Lanes:
    """The lanes of this worker. Beyond `most` of them, the one that has been empty and unused longest is forgotten."""

    def __init__(
        self,
        rule: Concurrency | None = None,
        queueing: Queueing | None = None,
        signals: Signals | None = None,
        most: int = 1024,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._made_of = rule or Concurrency(), queueing or Queueing(), signals or Silent(), clock
        self._most = most
        self._lanes: dict[tuple[str, str], Lane] = {}

    def __len__(self) -> int:
        return len(self._lanes)

    def of(self, endpoint: str, model: str) -> Lane:
        """The lane of a deployment."""
        key = endpoint, model
        lane = self._lanes.pop(key, None) or self._new(endpoint, model)
        # What was used last stands last.
        self._lanes[key] = lane
        return lane

    def find(self, endpoint: str, model: str) -> Lane | None:
        """The lane of a deployment that was called."""
        return self._lanes.get((endpoint, model))

    def _new(self, endpoint: str, model: str) -> Lane:
        if len(self._lanes) >= self._most:
            idle = next((key for key, lane in self._lanes.items() if not lane.in_flight and not lane.depth), None)
            if idle is not None:
                del self._lanes[idle]
        return Lane(endpoint, model, *self._made_of)
