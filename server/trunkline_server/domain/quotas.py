"""What a provider told of its rate limits, and so how long a call had better wait than be refused. Pure.

Each limit is taken for a bucket that refills evenly: of `limit` with `remaining` left that is full again after
`resets_after`, `(limit - remaining) / resets_after` comes back each second. Of a limit that is not told, nothing comes
back before the reset.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from trunkline.v1.common_pb2 import ProviderQuota

from trunkline_server.domain.duration import seconds

# Units in the words of providers, and whether they count calls or tokens; any other is left alone.
_COUNTS_CALLS = {"requests": True, "tokens": False, "input-tokens": False, "output-tokens": False}
# A reset further away, in seconds, is no pace to go by while anything is left.
_LONGEST = 3600.0
# Calls that are remembered until an answer tells of them.
_MOST_TAKEN = 4096


@dataclass(slots=True)
class _Bucket:
    """One limit as it was told of a call that was sent at `at`, and as it stands since then. `rate` is per second."""

    calls: bool
    limit: float
    level: float
    rate: float
    at: float
    resets_at: float

    def advance(self, now: float) -> None:
        """What has come back until now."""
        if now > self.at:
            self.level = min(self.limit, self.level + self.rate * (now - self.at))
            self.at = now

    def take(self, tokens: int) -> None:
        """A call began."""
        self.level -= 1 if self.calls else tokens

    def wait(self, tokens: int, now: float) -> float:
        """Seconds until a call fits."""
        self.advance(now)
        lacking = min(1.0 if self.calls else float(tokens), self.limit) - self.level
        if lacking <= 0:
            return 0.0
        if self.rate:
            return lacking / self.rate
        return max(0.0, self.resets_at - now)


class Quotas:
    """The quotas of one model of one integration. Times are seconds of one monotonic clock."""

    __slots__ = ("_buckets", "_sent", "_taken")

    def __init__(self) -> None:
        self._buckets: dict[str, _Bucket] = {}
        # Calls by when they began, which no answer has told of yet.
        self._taken: deque[tuple[float, int]] = deque(maxlen=_MOST_TAKEN)
        self._sent = -math.inf

    @property
    def known(self) -> bool:
        """Whether the provider told any."""
        return bool(self._buckets)

    def learn(self, quotas: Sequence[ProviderQuota], now: float, sent: float | None = None) -> None:
        """An answer told its quotas. `sent` is when its call began, absent now: calls that began since then are not in
        what it tells. An answer to an earlier call than the last one is old news."""
        sent = now if sent is None else sent
        if not quotas or sent < self._sent:
            return
        self._sent = sent
        found = {quota.unit: one for quota in quotas if (one := _bucket(quota, sent, now)) is not None}
        while self._taken and self._taken[0][0] <= sent:
            self._taken.popleft()
        for at, tokens in self._taken:
            for bucket in found.values():
                bucket.advance(at)
                bucket.take(tokens)
        self._buckets = found

    def took(self, tokens: int, now: float) -> None:
        """A call begins that is expected to use so many tokens."""
        self._taken.append((now, tokens))
        for bucket in self._buckets.values():
            bucket.advance(now)
            bucket.take(tokens)

    def wait(self, tokens: int, now: float) -> float:
        """Seconds until a call of so many tokens is expected to fit; 0 where nothing is known against it."""
        if not self._buckets:
            return 0.0
        return max(bucket.wait(tokens, now) for bucket in self._buckets.values())


def _bucket(quota: ProviderQuota, sent: float, now: float) -> _Bucket | None:
    """The bucket that a quota tells of; None where it tells too little, or nothing reasonable."""
    calls = _COUNTS_CALLS.get(quota.unit)
    if calls is None or not quota.HasField("remaining") or not quota.HasField("resets_after"):
        return None
    remaining, resets_after = float(quota.remaining), seconds(quota.resets_after)
    if resets_after > _LONGEST and remaining > 0:
        return None
    limit = float(quota.limit) if quota.HasField("limit") and quota.limit >= remaining else math.inf
    refills = limit - remaining
    rate = refills / resets_after if resets_after > 0 and math.isfinite(refills) else 0.0
    return _Bucket(calls, limit, remaining, rate, sent, now + resets_after)
