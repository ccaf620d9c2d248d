"""When a call to an upstream may start: as its rate allows, and as it asked after refusing one."""

from __future__ import annotations

import asyncio
import time

from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError

_MAX_KEYS = 4096


class Pacer:
    """Spaces calls by key, evenly, within this process. Times are `time.monotonic()`, seconds."""

    def __init__(self) -> None:
        self._next: dict[bytes, float] = {}

    async def turn(self, key: bytes, per_second: float | None, deadline: Deadline) -> None:
        """Wait for a turn. Raises UPSTREAM_RATE_LIMITED at once when the turn comes only after the deadline."""
        now = time.monotonic()
        start = max(now, self._next.get(key, 0.0))
        if start >= deadline.at and start > now:
            raise rate_limited(start - now, "the integration's rate is used up")
        if per_second is not None:
            self._set(key, start + 1 / per_second, now)
        if start > now:
            await asyncio.sleep(start - now)

    def hold(self, key: bytes, seconds: float) -> None:
        """No turn for `seconds`: the upstream said so."""
        now = time.monotonic()
        self._set(key, max(self._next.get(key, 0.0), now + seconds), now)

    def _set(self, key: bytes, at: float, now: float) -> None:
        if key not in self._next and len(self._next) >= _MAX_KEYS:
            self._next = {known: until for known, until in self._next.items() if until > now}
            if len(self._next) >= _MAX_KEYS:
                del self._next[min(self._next, key=self._next.__getitem__)]
        self._next[key] = at


def rate_limited(retry_after: float | None, finding: str, **metadata: str) -> TrunklineError:
    """UNAVAILABLE: the upstream takes no call now. `retry_after` in seconds, None where it did not say."""
    return TrunklineError(
        Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED,
        f"{finding}; wait as told and try again",
        metadata=metadata,
        retry_after=retry_after,
    )
