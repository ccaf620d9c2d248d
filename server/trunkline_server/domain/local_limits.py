"""Rate limits that one worker enforces alone while the store that all workers share is away.

Each of so many workers has an equal share of every limit. A share starts full, refills continuously, and what is left
of it is kept over several outages. Of calls in flight all of this worker's count, however they were admitted.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from trunkline_server.domain.errors import Reason, TrunklineError, quota
from trunkline_server.domain.ports import Ask, RateLimit

_MINUTE = 60.0
# Nobody knows when a call ends: those refused for calls in flight are told to wait for so long, in seconds.
_FLIGHT_WAIT = 1.0
_TEXTS = {
    "requests": "{subject} may make {rate.requests_per_minute} calls per minute",
    "tokens": "{subject} may use {rate.tokens_per_minute} tokens per minute",
    "concurrency": "{subject} may have {rate.max_concurrent} calls in flight",
}


def rate_limited(rate: RateLimit, limited: str, seconds: float) -> TrunklineError:
    """RATE_LIMITED; `limited` is `requests`, `tokens` or `concurrency`."""
    seconds = math.ceil(seconds * 1000) / 1000  # RetryInfo is told in milliseconds: not one too early.
    text = _TEXTS[limited].format(subject=rate.subject, rate=rate)
    message = f"{text}; try again in {seconds:.3f} s"
    error = quota(Reason.ERROR_REASON_RATE_LIMITED, message, rate.subject, seconds)
    error.metadata["limited"] = limited
    return error


@dataclass(slots=True)
class _Bucket:
    """`left` of at most `most` may be taken at `at` (monotonic s), a debt below zero; `share` comes in a minute."""

    left: float
    most: float
    share: float
    at: float

    def refill(self, now: float) -> None:
        self.left = min(self.most, self.left + (now - self.at) * self.share / _MINUTE)
        self.at = now

    def wait(self, units: float) -> float:
        """Seconds until `units` may be taken; what is more than the whole bucket may be while it is full."""
        return max(0.0, (min(units, self.most) - self.left) * _MINUTE / self.share)


class LocalLimits:
    """The shares of one worker. `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str, str], _Bucket] = {}
        self._flights: dict[tuple[str, str], set[str]] = {}
        # The token buckets that a call has taken from, by hold.
        self._taken: dict[str, list[_Bucket]] = {}

    def admit(self, ask: Ask, rates: Sequence[RateLimit], workers: int) -> None:
        """Take of the shares of `rates`, of all or none. Raises RATE_LIMITED."""
        now = self._clock()
        takes: list[tuple[RateLimit, str, _Bucket, int]] = []
        for rate in rates:
            if rate.max_concurrent is not None:
                others = self._flights.get((ask.tenant_id, rate.subject), set()) - {ask.hold_id}
                if len(others) >= rate.max_concurrent // workers:
                    raise rate_limited(rate, "concurrency", _FLIGHT_WAIT)
            wanted = (("requests", rate.requests_per_minute, 1), ("tokens", rate.tokens_per_minute, ask.tokens))
            for what, limit, units in wanted:
                if limit is not None and units:
                    bucket = self._bucket((ask.tenant_id, rate.subject, what), limit / workers, now)
                    takes.append((rate, what, bucket, units))
        waits = [(bucket.wait(units), rate, what) for rate, what, bucket, units in takes]
        if waits:
            wait, rate, what = max(waits, key=lambda one: one[0])
            if wait > 0:
                raise rate_limited(rate, what, wait)
        for _, what, bucket, units in takes:
            bucket.left -= units
            if what == "tokens":
                self._taken.setdefault(ask.hold_id, []).append(bucket)
        self.entered(ask, rates)

    def entered(self, ask: Ask, rates: Iterable[RateLimit]) -> None:
        """A call is in flight, whoever admitted it."""
        for rate in rates:
            if rate.max_concurrent is not None:
                self._flights.setdefault((ask.tenant_id, rate.subject), set()).add(ask.hold_id)

    def left(self, ask: Ask, tokens: int) -> None:
        """A call has ended and used `tokens`. Telling it again changes nothing."""
        for rate in ask.rates:
            if rate.max_concurrent is None:
                continue
            holds = self._flights.get((ask.tenant_id, rate.subject))
            if holds is not None:
                holds.discard(ask.hold_id)
                if not holds:
                    del self._flights[ask.tenant_id, rate.subject]
        now = self._clock()
        for bucket in self._taken.pop(ask.hold_id, ()):
            bucket.refill(now)
            # What was used besides leaves nobody below empty.
            bucket.left = min(bucket.most, max(bucket.left + ask.tokens - tokens, min(bucket.left, 0.0)))

    def trim(self) -> None:
        """Forget the shares that are full again."""
        now = self._clock()
        for key, bucket in list(self._buckets.items()):
            bucket.refill(now)
            if bucket.left >= bucket.most:
                del self._buckets[key]

    def _bucket(self, key: tuple[str, str, str], share: float, now: float) -> _Bucket:
        # Less than a call in a minute is saved up until it is one.
        most = max(share, 1.0)
        found = self._buckets.get(key)
        if found is None:
            found = self._buckets[key] = _Bucket(share, most, share, now)
        found.refill(now)
        found.share, found.most = share, most
        found.left = min(found.left, most)
        return found
