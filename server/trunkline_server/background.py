"""The jobs that run beside the calls of a worker."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from typing import Any

import structlog

from trunkline_server.domain.errors import TrunklineError
from trunkline_server.stores.postgres import PgChanges, PgDirectory, PgLedger
from trunkline_server.stores.redis.pubsub import Changes

Ping = Callable[[], Awaitable[object]]

_log = structlog.get_logger("trunkline.background")
_PARTITION_CHECK_SECONDS = 6 * 3600.0
_READY_TIMEOUT = 2.0


def start(stack: AsyncExitStack, *jobs: Coroutine[Any, Any, None]) -> None:
    """Run the jobs until the stack is closed."""
    for job in jobs:
        stack.push_async_callback(_stop, asyncio.create_task(_guard(job)))


async def _guard(job: Coroutine[Any, Any, None]) -> None:
    """A job that fails takes the worker down: the supervisor starts a sound one."""
    try:
        await job
    except Exception as error:
        _log.critical("background job failed", error=type(error).__name__, exc_info=error)
        os.kill(os.getpid(), signal.SIGTERM)


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task], timeout=5)


async def follow(changes: Changes | PgChanges, directory: PgDirectory) -> None:
    """Learn of tenants that another worker changed."""
    async for tenant_id in changes.changes():
        directory.renew(tenant_id)


async def partitions(ledger: PgLedger) -> None:
    """Keep the partitions of the coming months made."""
    while True:
        try:
            await ledger.create_partitions(2)
        except TrunklineError as error:
            _log.warning("partitions not created", reason=error.reason_name)
        await asyncio.sleep(_PARTITION_CHECK_SECONDS)


async def repeat(turn: Callable[[], Awaitable[object]], seconds: float) -> None:
    """Do something again and again, with a pause of so many seconds. What a store fails is tried at the next turn."""
    while True:
        try:
            await turn()
        except TrunklineError as error:
            _log.warning("turn failed", what=getattr(turn, "__qualname__", ""), reason=error.reason_name)
        await asyncio.sleep(seconds)


async def findings(stores: Mapping[str, Ping]) -> Mapping[str, bool]:
    """Which of the stores answer within two seconds."""
    answers = await asyncio.gather(*(_answers(ping) for ping in stores.values()))
    return dict(zip(stores, answers, strict=True))


async def all_answer(stores: Mapping[str, Ping]) -> bool:
    """Whether every store answers."""
    return all((await findings(stores)).values())


async def _answers(ping: Ping) -> bool:
    try:
        async with asyncio.timeout(_READY_TIMEOUT):
            await ping()
    except (TrunklineError, TimeoutError):
        return False
    return True
