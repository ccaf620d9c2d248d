"""What the worker that executes shows to those that follow: nothing until one asks, then everything, in batches."""

from __future__ import annotations

import asyncio
import time

from trunkline_server.domain.errors import TrunklineError
from trunkline_server.domain.replays import Follow, ReplayStore
from trunkline_server.transport.log import Log

# Between two batches, in seconds.
_EVERY = 0.02
# A follower that has not been heard of for this long is gone: it repeats itself each second.
_GONE_AFTER = 3.0


class Showing:
    """The followers of one claim, and what of the log they were shown."""

    def __init__(self, store: ReplayStore, tenant_id: str, claim: str, log: Log) -> None:
        self._store = store
        self._tenant_id = tenant_id
        self._claim = claim
        self._log = log
        self._heard_of: dict[str, float] = {}
        self._shown = 0
        self._grown = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def hear(self, follow: Follow) -> None:
        """A follower comes, is there still, or goes."""
        if follow.seconds <= 0:
            self._heard_of.pop(follow.follower, None)
            return
        self._heard_of[follow.follower] = time.monotonic()
        if self._task is None:
            self._grown.set()
            self._task = asyncio.create_task(self._show())

    def followed(self) -> bool:
        """Whether anybody follows."""
        since = time.monotonic() - _GONE_AFTER
        return any(heard > since for heard in self._heard_of.values())

    def grown(self) -> None:
        """The log has grown."""
        self._grown.set()

    def close(self) -> None:
        """The execution has ended: how, and the rest, is told with its end."""
        if self._task is not None:
            self._task.cancel()

    async def _show(self) -> None:
        log, too_large = self._log, False
        while not too_large:
            await self._grown.wait()
            self._grown.clear()
            too_large = log.too_large
            new = [] if too_large else log.since(self._shown)
            try:
                self._shown = await self._store.push(self._tenant_id, self._claim, self._shown, new, too_large)
            except TrunklineError:
                too_large = False
                self._grown.set()  # Redis is away: again.
            await asyncio.sleep(_EVERY)
