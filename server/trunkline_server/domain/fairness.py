"""The gate: so many calls at once, and a bounded queue before it that is fair, and truthful about deadlines."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError, quota
from trunkline_server.domain.fairqueue import FairQueue, Waiter
from trunkline_server.domain.signals import Signals, Silent

# The mean time that a call stays inside is taken over about as many calls.
_MEAN_OF = 50
# The least wait, in seconds, that a refused caller is told.
_LEAST_RETRY = 0.1


@dataclass(frozen=True, slots=True)
class Queueing:
    """How many calls may wait, and for how many seconds each."""

    size: int = 256
    seconds: float = 5.0


class Gate:
    """Lets `limit` calls in at once; others wait as `FairQueue` orders them, or are refused with OVERLOADED.

    `subject` is for the refusal, `provider` and `model` for the signals. `clock` in seconds.
    """

    def __init__(
        self,
        limit: int,
        queueing: Queueing,
        subject: str = "this server",
        signals: Signals | None = None,
        provider: str = "",
        model: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.in_flight = 0
        self._limit = limit
        self._queueing = queueing
        self._subject = subject
        self._signals = signals or Silent()
        self._labels = provider, model
        self._clock = clock
        self._queue = FairQueue()
        self._held = 0.0
        self._seen = 0
        self._told = 0

    @property
    def limit(self) -> int:
        """How many may be inside. Less of it cuts nobody off, more of it lets waiters in."""
        return self._limit

    @limit.setter
    def limit(self, limit: int) -> None:
        self._limit = limit
        self._fill()

    @property
    def depth(self) -> int:
        """How many wait."""
        return self._queue.depth

    def admit(self) -> bool:
        """Go in at once if there is room. Nobody waits while there is."""
        if self.in_flight < self._limit:
            self.in_flight += 1
            return True
        return False

    async def enter(self, tenant_id: str, priority: int, weight: float, deadline: Deadline) -> None:
        """Go in, now or in turn; `leave` must follow. `priority` is a Priority, `weight` an estimate of the tokens.

        Raises OVERLOADED: at once when the wait would exceed the deadline or the bound of the queue, or the queue is
        full of what goes before; later when the wait did exceed them, or somebody more important came.
        """
        if not self.admit():
            await self._wait(tenant_id, priority, weight, deadline)

    def leave(self, held_seconds: float) -> None:
        """Go out, after so many seconds inside."""
        self.in_flight -= 1
        self._seen += self._seen < _MEAN_OF
        self._held += (held_seconds - self._held) / self._seen
        if self._queue.depth:
            self._fill()

    def expected_wait(self, ahead: int) -> float:
        """Seconds until a waiter with so many ahead goes in: each place inside is free once in the mean time inside
        (Little's law). 0 while nothing is known."""
        leaves = ahead + 1 + max(0, self.in_flight - self._limit)
        return leaves * self._held / max(1, self.in_flight)

    async def _wait(self, tenant_id: str, priority: int, weight: float, deadline: Deadline) -> None:
        now = self._clock()
        waiter = Waiter(
            weight, min(deadline.at, now + self._queueing.seconds), asyncio.get_running_loop().create_future()
        )
        self._make_way(tenant_id, priority, waiter.until - now)
        self._queue.add(tenant_id, priority, waiter)
        self._tell("queued")
        timer = asyncio.get_running_loop().call_later(waiter.until - now, self._expire, waiter)
        try:
            refusal = await waiter.answer
        except asyncio.CancelledError:
            if waiter.answer.cancelled():
                self._queue.remove(waiter)
                self._level()
            elif waiter.answer.result() is None:
                # Let in and cancelled before it knew: the place goes to the next.
                self.in_flight -= 1
                self._fill()
            raise
        finally:
            timer.cancel()
        if refusal is not None:
            raise refusal

    def _make_way(self, tenant_id: str, priority: int, left: float) -> None:
        """A place in the queue for a newcomer with `left` seconds to wait. Raises OVERLOADED."""
        depth = self._queue.depth
        # Whom it takes to know how many are ahead is looked at only when it matters.
        late = left <= 0 or (
            self.expected_wait(depth) > left and self.expected_wait(self._queue.ahead(tenant_id, priority)) > left
        )
        if not late and depth < self._queueing.size:
            return
        victim = None if late else self._queue.victim(tenant_id, priority)
        if victim is None:
            self._tell("queue_refused")
            raise self._refusal("more calls wait already than it can take in time")
        self._refuse(victim, "shed", "a call of a higher class, or of a tenant with fewer calls, took its place")

    def _fill(self) -> None:
        """Let in as many as there is room for."""
        while self._queue.depth and self.in_flight < self._limit:
            waiter = self._queue.pop(self._clock())
            if waiter is not None:
                self.in_flight += 1
                waiter.answer.set_result(None)
        self._level()

    def _expire(self, waiter: Waiter) -> None:
        if not waiter.answer.done():
            self._refuse(waiter, "queue_timeout", "no place was free in time")

    def _refuse(self, waiter: Waiter, decision: str, why: str) -> None:
        self._queue.remove(waiter)
        if not waiter.answer.done():
            waiter.answer.set_result(self._refusal(why))
        self._tell(decision)

    def _refusal(self, why: str) -> TrunklineError:
        return quota(
            Reason.ERROR_REASON_OVERLOADED,
            f"{self._subject} carries {self.in_flight} calls, and {why}; try again after the delay told, or elsewhere",
            self._subject,
            retry_after=max(_LEAST_RETRY, self.expected_wait(self._queue.depth)),
        )

    def _tell(self, decision: str) -> None:
        self._signals.decided(decision, *self._labels, "" if decision == "queued" else "OVERLOADED")
        self._level()

    def _level(self) -> None:
        if self._told != self._queue.depth:
            self._told = self._queue.depth
            self._signals.level("queue_depth", self._told, *self._labels)
