"""Work that must reach a database though the call that asks for it is being cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

# The loop holds tasks weakly.
_running: set[asyncio.Task[None]] = set()


async def completed(work: Coroutine[Any, Any, None]) -> None:
    """Wait for `work`, which bounds itself and never raises. Cancelled meanwhile, it goes on by itself."""
    task = asyncio.create_task(work)
    _running.add(task)
    task.add_done_callback(_running.discard)
    await asyncio.shield(task)
