"""Another server beside the one of a stack: the same stores, processes and ports of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from harness import Stack, ready
from trunkline_server.embedded.process import free_port


@asynccontextmanager
async def replica(running: Stack, **settings: str) -> AsyncIterator[Stack]:
    """A second server, ready to serve; `settings` are environment variables besides those of the first."""
    listen, admin = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    environment = {
        **running.environment,
        **settings,
        "TRUNKLINE__SERVER__LISTEN": listen,
        "TRUNKLINE__SERVER__ADMIN": admin,
    }
    log_path = running.log_path.with_name(f"replica-{listen.rpartition(':')[2]}.log")
    with log_path.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "trunkline_server.main", env={**os.environ, **environment}, stdout=log, stderr=log
        )
    second = replace(running, target=listen, admin=admin, process=process, log_path=log_path)
    try:
        await ready(second)
        yield second
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 45)
            except TimeoutError:
                process.kill()
