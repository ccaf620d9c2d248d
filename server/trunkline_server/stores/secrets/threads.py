"""Threads for clients that block: few, and not those that others wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
_THREADS = 4


class Threads:
    """Runs blocking work. A source that hangs holds up its own threads only."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix=name)

    async def run(self, work: Callable[[str], T], argument: str) -> T:
        """The result of `work(argument)`. A caller that leaves does not stop it: the work bounds itself."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, argument)
