"""Writes what attempts found, those of a moment together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.strategies import backoff
from trunkline_server.domain.webhooks.ports import Outcome, Relaying

_log = structlog.get_logger(__name__)
_BATCH = 200


class Recorder:
    """Outcomes wait for the store here, as long as it is away; as many as there are places for deliveries."""

    def __init__(self, store: Relaying) -> None:
        self._store = store
        self._waiting: list[tuple[Outcome, asyncio.Future[bool]]] = []
        self._filled = asyncio.Event()

    async def record(self, outcome: Outcome) -> bool:
        """Returns when the outcome is written; False where the store refuses it."""
        written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((outcome, written))
        self._filled.set()
        return await written

    async def run(self) -> None:
        """Write what comes, until cancelled."""
        while True:
            await self._filled.wait()
            batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
            if not self._waiting:
                self._filled.clear()
            if not await self._write([outcome for outcome, _ in batch]):
                # One of them is at fault: it alone is given up.
                for outcome, written in batch:
                    _settle(written, await self._write([outcome]))
                continue
            for _, written in batch:
                _settle(written, True)

    async def _write(self, outcomes: Sequence[Outcome]) -> bool:
        attempt = 0
        while True:
            try:
                await self._store.record(outcomes)
            except TrunklineError as error:
                if error.reason != Reason.ERROR_REASON_STORE_UNAVAILABLE:
                    _log.error("webhook_outcome_refused", reason=error.reason_name, outcomes=len(outcomes))
                    return False
                attempt = min(attempt + 1, 6)
                _log.warning("webhook_outcomes_wait", reason=error.reason_name, outcomes=len(outcomes))
                await asyncio.sleep(backoff(attempt))
                continue
            return True


def _settle(written: asyncio.Future[bool], fine: bool) -> None:
    if not written.done():
        written.set_result(fine)
