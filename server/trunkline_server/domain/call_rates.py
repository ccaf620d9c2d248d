"""How often a system may be called, and when the next call may start.

A rate is kept as the log of its starts: a call starts where fewer than `calls` others start less than `seconds` before
or after it, so no window of that length ever holds more. (A leaky bucket that lets `calls` start at once would let
twice as many start in the window that follows.) A turn that is not now is taken ahead, so that each caller knows its
exact wait at once. A hold, which the system asked for, moves every start behind its end.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from trunkline_server.domain.errors import Reason, TrunklineError

# Starts that one log may hold: a rate of more is taken for as many of a shorter time, see `Rate.of`.
MOST_LOGGED = 1000
# Calls are held back for at most this long (seconds), so that an upstream's mistake does not shut its integration off.
MAX_HOLD = 3600.0
_MAX_KEYS = 4096


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `calls` in any `seconds`. `name` tells the log apart from others of one key."""

    name: str
    calls: int
    seconds: float

    @classmethod
    def of(cls, name: str, calls: int, seconds: float) -> Rate:
        """The rate; of more than MOST_LOGGED calls, one that keeps it with a shorter log: 5,000 an hour are kept by
        1,000 in any twelve minutes, as five of these cover the hour."""
        parts = math.ceil(calls / MOST_LOGGED)
        return cls(name, calls // parts, seconds / parts)


class Use(NamedTuple):
    """How many calls could start now, and after how many seconds the next one may."""

    available: int
    wait: float


class CallRates(Protocol):
    """The rates and holds of credentials, by a key that does not tell them. Nothing here raises TrunklineError."""

    def held(self, key: str) -> float:
        """Seconds for which nothing may be called, as far as is known without asking; mostly 0."""
        ...

    async def turn(self, key: str, rates: Sequence[Rate], most: float) -> float:
        """Seconds until a call may start under all of the rates. Its turn is taken if it comes sooner than `most`."""
        ...

    async def uses(self, key: str, rates: Sequence[Rate]) -> Sequence[Use]:
        """How much of each is left. Takes no turn."""
        ...

    async def hold(self, key: str, seconds: float) -> None:
        """The system asked to be left alone for so long."""
        ...


class LocalCallRates:
    """The rates of one process alone. `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # Starts in order, those to come among them.
        self._logs: dict[tuple[str, str], list[float]] = {}
        self._holds: dict[str, float] = {}

    def held(self, key: str) -> float:
        """See CallRates."""
        until = self._holds.get(key)
        return 0.0 if until is None else max(0.0, until - self._clock())

    async def turn(self, key: str, rates: Sequence[Rate], most: float) -> float:
        """See CallRates."""
        now = self._clock()
        logs = [self._log((key, rate.name), now - rate.seconds) for rate in rates]
        start = max(now, self._holds.get(key, now))
        moved = True
        while moved:
            # Each rate moves the start once at most: behind all but its last `calls` there is always room.
            moved = False
            for rate, log in zip(rates, logs, strict=True):
                free = _free(log, rate, start)
                start, moved = max(start, free), moved or free > start
        if start - now < most or start == now:
            for log in logs:
                insort(log, start)
        return start - now

    async def uses(self, key: str, rates: Sequence[Rate]) -> Sequence[Use]:
        """See CallRates."""
        now, found = self._clock(), []
        start = max(now, self._holds.get(key, now))
        for rate in rates:
            log = self._log((key, rate.name), now - rate.seconds)
            wait = _free(log, rate, start) - now
            found.append(Use(0 if wait > 0 else rate.calls - _around(log, rate, now), wait))
        return found

    async def hold(self, key: str, seconds: float) -> None:
        """See CallRates."""
        self.note(key, seconds)

    def note(self, key: str, seconds: float) -> None:
        """A hold, without telling others."""
        now = self._clock()
        until = now + min(seconds, MAX_HOLD)
        if until > self._holds.get(key, 0.0):
            if len(self._holds) >= _MAX_KEYS:
                self._holds = {known: at for known, at in self._holds.items() if at > now}
                if len(self._holds) >= _MAX_KEYS:
                    del self._holds[min(self._holds, key=self._holds.__getitem__)]
            self._holds[key] = until

    def _log(self, name: tuple[str, str], since: float) -> list[float]:
        """The starts after `since`."""
        log = self._logs.get(name)
        if log is None:
            if len(self._logs) >= _MAX_KEYS:
                del self._logs[next(iter(self._logs))]
            log = self._logs[name] = []
        del log[: bisect_right(log, since)]
        return log


def _around(log: Sequence[float], rate: Rate, at: float) -> int:
    """How many start less than the rate's time before or after."""
    return bisect_left(log, at + rate.seconds) - bisect_right(log, at - rate.seconds)


def _free(log: Sequence[float], rate: Rate, start: float) -> float:
    """The first start from `start` on under the rate."""
    return start if _around(log, rate, start) < rate.calls else log[-rate.calls] + rate.seconds


def rate_limited(retry_after: float | None, finding: str, **metadata: str) -> TrunklineError:
    """UNAVAILABLE: the upstream takes no call now. `retry_after` in seconds, None where it did not say."""
    return TrunklineError(
        Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED,
        f"{finding}; wait as told and try again",
        metadata=metadata,
        retry_after=retry_after,
    )
