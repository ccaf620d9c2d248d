"""One deadline per call, consulted by every wait."""

from __future__ import annotations

import asyncio
import time

from trunkline_server.domain.errors import Reason, TrunklineError


class Deadline:
    """A point on the monotonic clock (`time.monotonic`, seconds), which the event loop's clock equals on Linux.
    `caller`: it is the caller's own, and not a sooner bound of a part of the call."""

    __slots__ = ("at", "caller")

    def __init__(self, at: float, caller: bool = True) -> None:
        self.at = at
        self.caller = caller

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """A deadline `seconds` from now."""
        return cls(time.monotonic() + seconds)

    def remaining(self) -> float:
        """Seconds left; negative when it has passed."""
        return self.at - time.monotonic()

    def sooner(self, seconds: float) -> Deadline:
        """The earlier of this deadline and `seconds` from now."""
        at = time.monotonic() + seconds
        return self if self.at <= at else Deadline(at, caller=False)

    def timeout(self) -> asyncio.Timeout:
        """`async with deadline.timeout():` raises TimeoutError when the deadline passes."""
        return asyncio.timeout_at(self.at)

    def check(self) -> None:
        """Raise CALLER_DEADLINE when the deadline has passed."""
        if self.remaining() <= 0:
            raise caller_deadline()


def caller_deadline() -> TrunklineError:
    """DEADLINE_EXCEEDED for the caller's own deadline."""
    return TrunklineError(
        Reason.ERROR_REASON_CALLER_DEADLINE, "the caller's deadline passed; allow more time or ask for less"
    )
