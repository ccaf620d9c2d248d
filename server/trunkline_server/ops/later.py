"""Work that waits a moment, so that much of it is done in one go: of many calls together it costs a fraction."""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Callable

import structlog

# Work waits at most so long, in seconds.
DELAY = 0.05

_log = structlog.get_logger("trunkline.later")
_due: dict[Callable[[], None], None] = {}
_loop: asyncio.AbstractEventLoop | None = None


def later(work: Callable[[], None]) -> None:
    """Do `work` within DELAY, once however often it is asked for until then; at once where no loop runs."""
    global _loop
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # Before the loop runs, and after.
        work()
        return
    if not _due or loop is not _loop:
        _loop = loop
        loop.call_later(DELAY, _do)
    _due[work] = None


def _do() -> None:
    # What work asks for itself is done in the same turn.
    while _due:
        work, _ = _due.popitem()
        try:
            work()
        except Exception as error:
            _log.error("work put off has failed", error=type(error).__name__, exc_info=error)


atexit.register(_do)
