"""What is known of one model of one integration, beside its breaker: the quotas that its provider told, and whether it
answers at all."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass, field

from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.quotas import Quotas

# An answer shows for this long, in seconds, that a provider answers: the window of a breaker.
_PROVES_FOR = 60.0
# Those that wait look again after this, in seconds.
_LOOK_AGAIN = 1.0


class Proof:
    """Whether a provider answers, for calls that come from another one that failed.

    Of a burst of them only as many as the retry budget allows go to a provider that has not answered of late; the
    others wait for what those find. So an outage of all providers is not multiplied, and one that answers serves all.
    """

    def __init__(self) -> None:
        self._answered_at = -math.inf
        self._asking = 0
        self._waiters: set[asyncio.Future[bool]] = set()

    @property
    def given(self) -> bool:
        """Whether it answered of late, and nothing failed since."""
        return time.monotonic() - self._answered_at < _PROVES_FOR

    def begin(self) -> None:
        """A call goes to it; `end` follows."""
        self._asking += 1

    def end(self) -> None:
        """A call ended. When none is left, one of those that wait goes to find out."""
        self._asking -= 1
        if not self._asking and self._waiters:
            self._tell(self._waiters.pop(), True)

    def answered(self) -> None:
        """It answers."""
        self._answered_at = time.monotonic()
        self._tell_all(True)

    def failed(self) -> None:
        """It does not."""
        self._answered_at = -math.inf
        self._tell_all(False)

    async def wait(self, deadline: Deadline) -> bool:
        """Whether to go to it, once that is known: at once where nobody asks it now; False past the deadline."""
        while self._asking and not self.given:
            waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            self._waiters.add(waiter)
            try:
                # Who was sent to find out may have been held up on its way.
                done, _ = await asyncio.wait((waiter,), timeout=min(_LOOK_AGAIN, deadline.remaining()))
            finally:
                self._waiters.discard(waiter)
            if done:
                return waiter.result()
            if deadline.remaining() <= 0:
                return False
        return True

    def _tell_all(self, good: bool) -> None:
        if self._waiters:
            waiters, self._waiters = self._waiters, set()
            for waiter in waiters:
                self._tell(waiter, good)

    @staticmethod
    def _tell(waiter: asyncio.Future[bool], good: bool) -> None:
        if not waiter.done():
            waiter.set_result(good)


@dataclass(slots=True)
class Standing:
    """Of one model of one integration, in one worker."""

    quotas: Quotas = field(default_factory=Quotas)
    proof: Proof = field(default_factory=Proof)
