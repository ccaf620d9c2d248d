"""Tells every process something: that a tenant changed, or, on another channel, who follows which execution. Messages
sent while a listener is cut off are lost to it: caches also expire by themselves, and followers repeat themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from random import choice

import structlog
from redis.exceptions import RedisError

from trunkline_server.domain.strategies import backoff
from trunkline_server.stores.redis.client import RedisStore
from trunkline_server.stores.redis.scripts import SHARDS

_log = structlog.get_logger(__name__)

CHANNEL = "trunkline:changed"
# A silent connection is asked for a sign of life, and given up when none comes for as long again. In seconds.
_PING_EVERY = 10.0
_SUBSCRIBE_SECONDS = 3.0


class Changes:
    """Announcements on one channel, to all processes and from all: by default, of changed tenants."""

    def __init__(self, store: RedisStore, channel: str = CHANNEL) -> None:
        self._store = store
        self._channel = channel
        self.listening = asyncio.Event()

    async def announce(self, message: str) -> None:
        """Tell every listener, this process's included; a tenant's id on the default channel. Any
        server of a cluster passes it on to all."""
        await self._store.run("announce", choice(SHARDS), self._channel, message)

    async def changes(self) -> AsyncGenerator[str, None]:
        """Messages as they are announced, for ever; connects again whenever the connection breaks."""
        attempt = 0
        while True:
            try:
                async with aclosing(self._listen(attempt)) as heard:
                    async for message in heard:
                        attempt = 0
                        yield message
            except (RedisError, OSError) as error:
                attempt += 1
                _log.warning("changes_not_heard", error=type(error).__name__, attempt=attempt)
            finally:
                self.listening.clear()
            await asyncio.sleep(backoff(min(attempt, 6)))

    async def _listen(self, attempt: int) -> AsyncGenerator[str, None]:
        """Ends or raises when the connection does."""
        async with self._store.subscriber(attempt) as client, client.pubsub() as pubsub:
            async with asyncio.timeout(_SUBSCRIBE_SECONDS):
                await pubsub.subscribe(self._channel)
            asked = False
            while True:
                message = await pubsub.get_message(timeout=_PING_EVERY)
                if message is None:
                    if asked:
                        return
                    asked = True
                    await pubsub.ping()
                    continue
                asked = False
                if message["type"] == "subscribe":
                    self.listening.set()
                elif message["type"] == "message":
                    yield message["data"].decode()
