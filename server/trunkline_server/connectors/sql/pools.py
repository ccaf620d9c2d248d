"""Connections of integrations: so many at most from one worker, kept for a while, and never with an old credential."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from trunkline_server.connectors.sql.port import Session
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.errors import Reason, TrunklineError

# A connection that nobody uses is closed after so many seconds.
IDLE_SECONDS = 60.0
# Calls that may wait for each connection; more are refused at once.
_WAITING = 64

# Pools that are kept, those of integrations that are gone among them.
_MOST_POOLS = 4096

Open: TypeAlias = Callable[[], Awaitable[Session]]


class Pool:
    """The connections of one integration, as one configuration and one credential say."""

    def __init__(self, most: int, idle: float, closing: Callable[[Session], None]) -> None:
        self._most = most
        self._idle_seconds = idle
        self._closing = closing
        self._places = asyncio.Semaphore(most)
        self._waiting = 0
        self._busy = 0
        # The one that was used last is last: those that are not needed grow old.
        self._idle: list[tuple[float, Session]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._retired = False

    @property
    def unused(self) -> bool:
        """Whether nobody uses it, and it holds no connection."""
        return not (self._idle or self._busy or self._waiting)

    async def acquire(self, opens: Open, end: Deadline) -> Session:
        """A connection, idle or new; `release` gives it back. Raises UPSTREAM_RATE_LIMITED where all are busy until
        `end`, or too many wait already, and what `opens` raises."""
        if self._places.locked():
            await self._turn(end)
        else:
            await self._places.acquire()
        self._busy += 1
        try:
            while self._idle:
                _, session = self._idle.pop()
                if session.usable:
                    return session
                self._closing(session)
            return await opens()
        except BaseException:
            self._leave()
            raise

    def release(self, session: Session) -> None:
        """Take a connection back: to be used again, or closed."""
        self._leave()
        if self._retired or not session.usable:
            self._closing(session)
            return
        loop = asyncio.get_running_loop()
        self._idle.append((loop.time(), session))
        if self._timer is None:
            self._timer = loop.call_later(self._idle_seconds, self._reap)

    def retire(self) -> None:
        """Close what is idle, and the others when they come back."""
        self._retired = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for _, session in self._idle:
            self._closing(session)
        self._idle.clear()

    async def _turn(self, end: Deadline) -> None:
        if self._waiting >= _WAITING * self._most:
            raise self._refusal()
        self._waiting += 1
        try:
            async with end.timeout():
                await self._places.acquire()
        except TimeoutError:
            raise self._refusal() from None
        finally:
            self._waiting -= 1

    def _leave(self) -> None:
        self._busy -= 1
        self._places.release()

    def _refusal(self) -> TrunklineError:
        return TrunklineError(
            Reason.ERROR_REASON_UPSTREAM_RATE_LIMITED,
            f"the integration's {self._most} connections of this server are busy; "
            "try again later, or allow it more (`max_connections`)",
            metadata={"sent": "no", "max_connections": str(self._most)},
            retry_after=1.0,
        )

    def _reap(self) -> None:
        loop = asyncio.get_running_loop()
        old = loop.time() - self._idle_seconds
        while self._idle and self._idle[0][0] <= old + 0.001:
            self._closing(self._idle.pop(0)[1])
        self._timer = None
        if self._idle:
            self._timer = loop.call_later(self._idle[0][0] - old, self._reap)


class Pools:
    """The pools of a worker, by tenant and integration."""

    def __init__(self, idle: float = IDLE_SECONDS) -> None:
        self._idle = idle
        # With what each was made by: the reading of a configuration, and a secret.
        self._pools: dict[tuple[str, str], tuple[object, str, Pool]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def of(self, key: tuple[str, str], shape: object, secret: str, most: int) -> Pool:
        """The pool of an integration. Another reading, or another secret, than before retires the old one."""
        found = self._pools.get(key)
        if found is not None:
            if found[0] is shape and found[1] == secret:
                return found[2]
            found[2].retire()
        if len(self._pools) >= _MOST_POOLS:
            self._pools = {one: kept for one, kept in self._pools.items() if not kept[2].unused}
        pool = Pool(most, self._idle, self._close)
        self._pools[key] = (shape, secret, pool)
        return pool

    async def close(self) -> None:
        """Close every connection that is idle or on its way out, those in use when they come back."""
        for _, _, pool in self._pools.values():
            pool.retire()
        self._pools.clear()
        while self._closing:
            await asyncio.wait(self._closing)

    def _close(self, session: Session) -> None:
        task = asyncio.get_running_loop().create_task(session.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
