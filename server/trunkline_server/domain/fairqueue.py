"""Who goes next when there is more to do than room for it: classes strictly, tenants of a class by their weight.

Within a class it is start-time fair queueing (Goyal, Vin and Cheng, "Start-time Fair Queueing", SIGCOMM 1996). A
tenant's next call starts, in virtual time, where its last one finished, and finishes its weight later; the least start
goes first, and is the virtual time from then on. A tenant that was away starts at the virtual time, with no credit
saved up. While two tenants both wait, what they are served differs by at most the largest call of each.

Between classes nothing is shared: what is urgent goes first, always. So a lower class may be starved, which is what
shedding is for; none of its calls hangs, because `Gate` bounds every wait.
"""

from __future__ import annotations

import asyncio
from collections import deque
from heapq import heappop, heappush, heapreplace
from itertools import count

from trunkline.v1.completion_pb2 import Priority

from trunkline_server.domain.errors import TrunklineError

# The rank of each class, the lowest first.
RANKS: dict[int, int] = {
    Priority.PRIORITY_LOW: 0,
    Priority.PRIORITY_UNSPECIFIED: 1,
    Priority.PRIORITY_NORMAL: 1,
    Priority.PRIORITY_HIGH: 2,
    Priority.PRIORITY_CRITICAL: 3,
}


class Waiter:
    """A call that waits until `until` (seconds of the gate's clock) at most. `answer` will be None when it is let in,
    else the refusal; it is cancelled when the caller went away. `weight` is in tokens."""

    __slots__ = ("answer", "flow", "level", "until", "weight")

    def __init__(self, weight: float, until: float, answer: asyncio.Future[TrunklineError | None]) -> None:
        self.weight = max(1.0, weight)
        self.until = until
        self.answer = answer
        self.flow: Flow | None = None
        self.level: Level | None = None

    def alive(self, now: float) -> bool:
        """Whether it still may be let in."""
        return not self.answer.done() and now < self.until


class Flow:
    """The waiting calls of one tenant in one class. `start` of the first one is in virtual time."""

    __slots__ = ("start", "tenant_id", "waiters")

    def __init__(self, tenant_id: str, start: float) -> None:
        self.tenant_id = tenant_id
        self.start = start
        self.waiters: deque[Waiter] = deque()


class Level:
    """One class. In the heap is, once each, every tenant that waits or whose last call finishes after the virtual
    time."""

    def __init__(self) -> None:
        self.depth = 0
        self.flows: dict[str, Flow] = {}
        self._heap: list[tuple[float, int, Flow]] = []
        self._order = count()
        self._now = 0.0

    def add(self, tenant_id: str, waiter: Waiter) -> None:
        """Let one wait."""
        flow = self.flows.get(tenant_id)
        if flow is None:
            flow = self.flows[tenant_id] = Flow(tenant_id, self._now)
            heappush(self._heap, (flow.start, next(self._order), flow))
        flow.waiters.append(waiter)
        waiter.flow, waiter.level = flow, self
        self.depth += 1

    def remove(self, waiter: Waiter) -> None:
        """Take one out that was not served; its tenant is not charged for it."""
        assert waiter.flow is not None
        waiter.flow.waiters.remove(waiter)
        self._left(waiter)

    def pop(self, now: float) -> Waiter | None:
        """Take the next one out, to be served; those that may not be any more are dropped. None: nobody is left."""
        while self.depth:
            start, _, flow = self._heap[0]
            if not flow.waiters:
                # Its last call has finished by the virtual time: it owes nothing, and is owed nothing.
                heappop(self._heap)
                del self.flows[flow.tenant_id]
                continue
            waiter = flow.waiters.popleft()
            if waiter.alive(now):
                self._now, flow.start = start, start + waiter.weight
                heapreplace(self._heap, (flow.start, next(self._order), flow))
                self._left(waiter)
                return waiter
            self._left(waiter)
        return None

    def ahead(self, tenant_id: str) -> int:
        """How many are served before a newcomer of this tenant, should nobody else come."""
        own = self.flows.get(tenant_id)
        start = self._now if own is None else own.start + sum(one.weight for one in own.waiters)
        return sum(len(flow.waiters) if flow is own else _begun(flow, start) for flow in self.flows.values())

    def longest(self) -> Flow:
        """The tenant with the most calls; somebody must wait."""
        return max(self.flows.values(), key=lambda flow: len(flow.waiters))

    def length(self, tenant_id: str) -> int:
        """How many calls of a tenant wait."""
        flow = self.flows.get(tenant_id)
        return len(flow.waiters) if flow is not None else 0

    def _left(self, waiter: Waiter) -> None:
        waiter.flow = waiter.level = None
        self.depth -= 1
        if not self.depth:
            # Nobody competes any more: whoever comes next begins anew.
            self.flows.clear()
            self._heap.clear()
            self._now = 0.0


def _begun(flow: Flow, start: float) -> int:
    """How many calls of a flow start before a virtual time, or at it."""
    number, at = 0, flow.start
    for waiter in flow.waiters:
        if at > start:
            break
        number, at = number + 1, at + waiter.weight
    return number


class FairQueue:
    """The classes together."""

    def __init__(self) -> None:
        self.levels = tuple(Level() for _ in set(RANKS.values()))
        self.depth = 0

    def add(self, tenant_id: str, priority: int, waiter: Waiter) -> None:
        """Let one wait."""
        self.levels[RANKS[priority]].add(tenant_id, waiter)
        self.depth += 1

    def remove(self, waiter: Waiter) -> None:
        """Take one out that was not served, if it is in."""
        if waiter.level is not None:
            waiter.level.remove(waiter)
            self.depth -= 1

    def pop(self, now: float) -> Waiter | None:
        """Take the next one out, to be served. None: nobody who waits may still be served."""
        found = None
        for level in reversed(self.levels):
            before = level.depth
            if before:
                found = level.pop(now)
                self.depth -= before - level.depth
                if found is not None:
                    break
        return found

    def ahead(self, tenant_id: str, priority: int) -> int:
        """How many are served before a newcomer, should nobody else come."""
        rank = RANKS[priority]
        return self.levels[rank].ahead(tenant_id) + sum(level.depth for level in self.levels[rank + 1 :])

    def victim(self, tenant_id: str, priority: int) -> Waiter | None:
        """Who must make way for a newcomer: in the lowest class that waits the tenant with most calls loses its newest,
        unless that class is above the newcomer's, or the same and the newcomer's tenant has about as many."""
        rank = RANKS[priority]
        lowest = next((at for at, level in enumerate(self.levels) if level.depth), rank + 1)
        if lowest > rank:
            return None
        level = self.levels[lowest]
        waiters = level.longest().waiters
        if lowest == rank and len(waiters) <= level.length(tenant_id) + 1:
            return None
        return waiters[-1]
