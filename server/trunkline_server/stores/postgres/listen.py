"""Postgres tells every worker of changed tenants, beside Redis: in the transaction of the change, so that none is
forgotten, and without Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

import asyncpg
import structlog

from trunkline_server.domain.strategies import backoff
from trunkline_server.stores.postgres.pool import APP_ROLE

_log = structlog.get_logger(__name__)

CHANNEL = "trunkline_changed"
# A silent connection is asked for a sign of life so often, and given up when none comes in time. In seconds.
_PING_EVERY = 10.0
_ANSWER_SECONDS = 3.0
_CLOSE_SECONDS = 1.0
_BROKEN = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


async def notify(connection: Any, tenant_id: str) -> None:
    """Tell every listener of a changed tenant when the transaction is committed; once, however often it is called."""
    await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, tenant_id)


class PgChanges:
    """Changed tenants, heard on a connection of its own. What is said while it is cut off is lost to it: Redis tells it
    too, and caches expire by themselves."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self.listening = asyncio.Event()

    async def changes(self) -> AsyncGenerator[str, None]:
        """Ids as they are told, for ever; connects again whenever the connection breaks."""
        attempt = 0
        while True:
            try:
                async with aclosing(self._listen()) as heard:
                    async for tenant_id in heard:
                        attempt = 0
                        yield tenant_id
            except _BROKEN as error:
                _log.warning("changes_not_heard", store="postgres", error=type(error).__name__, attempt=attempt + 1)
            finally:
                self.listening.clear()
            attempt += 1
            await asyncio.sleep(backoff(min(attempt, 6)))

    async def _listen(self) -> AsyncGenerator[str, None]:
        """Ends or raises when the connection does."""
        heard: asyncio.Queue[str | None] = asyncio.Queue()
        connection = await asyncpg.connect(
            self._dsn,
            timeout=_ANSWER_SECONDS,
            command_timeout=_ANSWER_SECONDS,
            server_settings={"role": APP_ROLE, "application_name": "trunkline changes"},
        )
        try:
            connection.add_termination_listener(lambda _: heard.put_nowait(None))
            await connection.add_listener(CHANNEL, lambda *told: heard.put_nowait(told[-1]))
            self.listening.set()
            while True:
                try:
                    tenant_id = await asyncio.wait_for(heard.get(), _PING_EVERY)
                except TimeoutError:
                    await connection.execute("SELECT 1")
                    continue
                if tenant_id is None:
                    return
                yield tenant_id
        finally:
            with suppress(*_BROKEN):
                await connection.close(timeout=_CLOSE_SECONDS)
