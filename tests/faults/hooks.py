"""Endpoints of webhooks and relays of their own, for the rows about deliveries."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import grpc
from harness import Stack, bare_environment
from trunkline.v1 import webhook_pb2_grpc
from trunkline.v1.webhook_pb2 import (
    CreateWebhookEndpointRequest,
    VerifyWebhookEndpointRequest,
    WebhookEndpoint,
)
from webhook_parts import Receiver

_RELAYS = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'trunkline relay %'"


async def endpoint(running: Stack, there: Receiver, name: str, **fields: Any) -> None:
    """A verified endpoint."""
    async with grpc.aio.insecure_channel(running.target) as channel:
        stub: Any = webhook_pb2_grpc.WebhookServiceStub(channel)
        request = CreateWebhookEndpointRequest(endpoint=WebhookEndpoint(endpoint_id=name, url=there.url, **fields))
        made = await stub.CreateWebhookEndpoint(request, metadata=running.metadata(), timeout=30)
        there.secrets.append(made.secret)
        verify = VerifyWebhookEndpointRequest(endpoint_id=name)
        await stub.VerifyWebhookEndpoint(verify, metadata=running.metadata(), timeout=60)


@asynccontextmanager
async def relays(running: Stack, count: int) -> AsyncIterator[list[Process]]:
    """Relays beside the server's own; those that are killed are not started again but by `start`."""
    found = [await start(running) for _ in range(count)]
    try:
        yield found
    finally:
        for process in found:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def start(running: Stack) -> Process:
    """One more relay."""
    with running.log_path.open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "trunkline_server.main", "relay"),
            env=bare_environment() | running.environment,
            stdout=log,
            stderr=log,
        )


async def active(connection: asyncpg.Connection) -> int | None:
    """The process id of the relay that is active; None while none is."""
    name = await connection.fetchval(
        "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
        "WHERE l.locktype = 'advisory' AND l.granted AND a.application_name LIKE 'trunkline relay %' LIMIT 1"
    )
    return int(name.rpartition(" ")[2]) if name else None


async def kill_active(connection: asyncpg.Connection, seconds: float = 60.0) -> int:
    """Kill the active relay with SIGKILL, once there is one and another stands by; returns its process id."""
    async with asyncio.timeout(seconds):
        while (pid := await active(connection)) is None or await connection.fetchval(_RELAYS) < 2:
            await asyncio.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    return pid
