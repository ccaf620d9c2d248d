"""Which relay of an installation is active: the one that holds a session-level advisory lock."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import structlog

from trunkline_server.stores.postgres.pool import APP_ROLE

_log = structlog.get_logger("trunkline.relay")

# Any number, the same in every version: "trunkrel" as ASCII.
_LOCK = int.from_bytes(b"trunkrel", "big")
# Who stands by asks so often; who holds the lock asks so often whether its connection lives. In seconds.
_ASK_SECONDS, _CHECK_SECONDS = 0.5, 2.0
_ANSWER_SECONDS, _CLOSE_SECONDS = 3.0, 1.0
_BROKEN = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


class RelayLock:
    """The lock, on a connection of its own: when the process dies, Postgres gives it to another. Behind a pooler it
    needs one that pools sessions."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    @asynccontextmanager
    async def held(self) -> AsyncIterator[asyncio.Event]:
        """Waits, for ever, until this process holds the lock; the event is set when it is lost."""
        connection = await self._acquired()
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        watch = asyncio.create_task(_watch(connection, lost))
        try:
            yield lost
        finally:
            watch.cancel()
            await asyncio.wait([watch])
            await _close(connection)

    async def _acquired(self) -> Any:
        waiting = False
        while True:
            connection = None
            try:
                connection = await asyncpg.connect(
                    self._dsn, timeout=_ANSWER_SECONDS, command_timeout=_ANSWER_SECONDS, server_settings=_settings()
                )
                while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
                    if not waiting:
                        _log.info("relay_stands_by", pid=os.getpid())
                    waiting = True
                    await asyncio.sleep(_ASK_SECONDS)
                return connection
            except _BROKEN as error:
                _log.warning("relay_lock_unknown", error=type(error).__name__)
                if connection is not None:
                    await _close(connection)
                await asyncio.sleep(_ASK_SECONDS)
            except BaseException:
                if connection is not None:
                    connection.terminate()
                raise


def _settings() -> dict[str, str]:
    """`application_name` tells an operator which process it is; dead peers are noticed within half a minute."""
    return {
        "role": APP_ROLE,
        "application_name": f"trunkline relay {os.getpid()}",
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
    }


async def _watch(connection: Any, lost: asyncio.Event) -> None:
    try:
        while True:
            await asyncio.sleep(_CHECK_SECONDS)
            await connection.execute("SELECT 1")
    except _BROKEN:
        lost.set()


async def _close(connection: Any) -> None:
    with suppress(*_BROKEN):
        await connection.close(timeout=_CLOSE_SECONDS)
