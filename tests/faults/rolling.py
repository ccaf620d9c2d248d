"""Servers that take each other's place: the next one listens on the same ports before the one before it goes."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from pathlib import Path

from faults.observe import until
from harness import Stack, bare_environment


async def start(running: Stack, log_path: Path, workers: int, environment: Mapping[str, str] | None = None) -> Process:
    """Another server with the same settings but those of `environment`; returns once all of its workers serve."""
    with log_path.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "trunkline_server.main"),
            env=bare_environment() | running.environment | dict(environment or {}),
            stdout=log,
            stderr=log,
        )

    async def serves() -> bool:
        return log_path.read_text().count('"serving"') >= workers

    assert await until(serves, 90) is not None, log_path.read_text()
    return process


async def end(process: Process, seconds: float) -> None:
    """SIGTERM, and a clean end within so long."""
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), seconds) == 0
