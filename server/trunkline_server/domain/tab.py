"""The money of one call: at most one hold, always settled or voided, whatever ends the call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

import structlog
from trunkline.v1.analytics_pb2 import RecordedRequest

from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.ports import Admission, Ask, BudgetLevel, RateLimit
from trunkline_server.domain.strategies import backoff

_log = structlog.get_logger("trunkline.settlement")

# What a call that ends now would be recorded as: status code and reason in, record out.
RecordBuilder = Callable[[int, str], RecordedRequest]

# A settlement that cannot reach Redis is kept in memory and tried again for this long, in seconds.
_SETTLE_PATIENCE = 900.0


class Settlements:
    """Settlements on their way, tracked so that a draining server waits for them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` to its end, whatever becomes of the call."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, seconds: float) -> int:
        """Wait for what is on its way; returns how many are left after `seconds`."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        return len(self._tasks)

    def __len__(self) -> int:
        return len(self._tasks)


class Tab:
    """Opened by the domain when the cost is known; closed by the budget interceptor."""

    __slots__ = ("_admission", "_ask", "_builder", "_levels", "_settlements")

    def __init__(self, admission: Admission, settlements: Settlements) -> None:
        self._admission = admission
        self._settlements = settlements
        self._ask: Ask | None = None
        self._builder: RecordBuilder | None = None
        self._levels: Sequence[BudgetLevel] = ()

    async def open(self, ask: Ask, builder: RecordBuilder) -> Sequence[BudgetLevel]:
        """Admit the call; returns the budgets as they are. From here on `builder` tells what to charge, whenever the
        call ends.

        Raises RATE_LIMITED, BUDGET_EXCEEDED, STORE_UNAVAILABLE.
        """
        try:
            self._levels = await self._admission.admit(ask)
        except asyncio.CancelledError:
            # The hold may have been taken while the caller left: void it.
            self._ask, self._builder = ask, None
            raise
        self._ask, self._builder = ask, builder
        return self._levels

    async def widen(self, rates: Sequence[RateLimit]) -> None:
        """Count the call against the limits of another choice too; those that it counts against already are left out.
        Settling releases all of them. Raises RATE_LIMITED."""
        ask = self._ask
        if ask is None or not rates:
            return
        known = {rate.subject for rate in ask.rates}
        fresh = tuple(rate for rate in rates if rate.subject not in known)
        if not fresh:
            return
        # Noted before the wait: another attempt of the call may widen meanwhile, and the caller may leave.
        self._ask = replace(ask, rates=(*ask.rates, *fresh))
        try:
            await self._admission.widen(ask, fresh)
        except TrunklineError:
            if self._ask is not None:
                left = tuple(rate for rate in self._ask.rates if rate not in fresh)
                self._ask = replace(self._ask, rates=left)
            raise

    async def settle(self, code: int = 0, reason: str = "") -> Sequence[BudgetLevel]:
        """Charge what the builder says and release the hold. Returns the budgets afterwards; none when Redis is away,
        the settlement is then tried again in the background."""
        ask, builder = self._taken()
        return await self._settle(ask, builder, code, reason) if ask is not None else ()

    def settle_behind(self, spent: int) -> Sequence[BudgetLevel]:
        """Settle as soon as the caller's task waits: an answer that it has at hand leaves before. Returns the budgets
        as they were at the admission, with the `spent` nano-USD of this call."""
        ask, builder = self._taken()
        if ask is not None:
            self._settlements.start(_told(self._settle(ask, builder, 0, "")))
        return [BudgetLevel(one.budget_id, one.limit, one.spent + spent, one.held) for one in self._levels]

    async def close(self, code: int, reason: str) -> None:
        """Settle unless that is done."""
        if self._ask is not None:
            await self.settle(code, reason)

    def _taken(self) -> tuple[Ask | None, RecordBuilder | None]:
        # The builder holds the call, and the call its tab: let go, none of them waits for the collector.
        taken = self._ask, self._builder
        self._ask = self._builder = None
        return taken

    async def _settle(self, ask: Ask, builder: RecordBuilder | None, code: int, reason: str) -> Sequence[BudgetLevel]:
        record = builder(code, reason) if builder else None
        spent = record.cost_details.nano_usd if record else 0
        payload = record.SerializeToString() if record else b""
        tokens = tokens_used(record) if record else 0
        try:
            return await self._admission.settle(ask, spent, payload, tokens)
        except asyncio.CancelledError:
            # It may be on its way; settling twice charges once.
            self._settlements.start(self._settle_later(ask, spent, payload, tokens))
            raise
        except TrunklineError as error:
            if error.reason != Reason.ERROR_REASON_STORE_UNAVAILABLE:
                raise
            self._settlements.start(self._settle_later(ask, spent, payload, tokens))
            return ()

    async def _settle_later(self, ask: Ask, spent: int, payload: bytes, tokens: int) -> None:
        failures, give_up = 0, asyncio.get_running_loop().time() + _SETTLE_PATIENCE
        while True:
            try:
                await self._admission.settle(ask, spent, payload, tokens)
                return
            except TrunklineError:
                if asyncio.get_running_loop().time() > give_up:
                    raise
            failures += 1
            await asyncio.sleep(max(0.05, backoff(min(failures, 6))))


async def _told(settling: Coroutine[Any, Any, object]) -> None:
    try:
        await settling
    except TrunklineError as error:
        _log.error("not settled", reason=error.reason_name)


def tokens_used(record: RecordedRequest) -> int:
    """Tokens of all attempts, input and output together."""
    usages = [attempt.usage for attempt in record.attempts]
    return sum([usage.input_tokens + usage.output_tokens for usage in usages])
