"""All executions of a worker that calls share."""

from __future__ import annotations

import asyncio

from trunkline_server.domain.call import Call
from trunkline_server.domain.errors import Reason
from trunkline_server.domain.replays import ReplayStore
from trunkline_server.domain.signals import Signals, Silent
from trunkline_server.transport import refusals
from trunkline_server.transport.chain import Sink
from trunkline_server.transport.shared import Kind, Shared, Work

_CALLER = frozenset(
    (Reason.ERROR_REASON_CALLER_DEADLINE, Reason.ERROR_REASON_CALLER_CANCELLED, Reason.ERROR_REASON_DRAINING)
)
# Repetitions of a `request_id` are one call.
KEYED = Kind("request_id", kept=True, alone=_CALLER)
# Others differ in who calls, and so in what they may spend.
COALESCED = Kind(
    "coalesce",
    kept=False,
    alone=_CALLER
    | {Reason.ERROR_REASON_BUDGET_EXCEEDED, Reason.ERROR_REASON_RATE_LIMITED, Reason.ERROR_REASON_OVERLOADED},
)
# How long an execution that was cut off has to end, in seconds.
_END_SECONDS = 5.0


class Executions:
    """Joins calls to executions, by what they share."""

    def __init__(self, store: ReplayStore, signals: Signals | None = None) -> None:
        self._store = store
        self._signals = signals or Silent()
        self._shared: dict[tuple[str, str, bytes], Shared] = {}
        self._claims: dict[str, Shared] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    async def join(self, work: Work, call: Call, sink: Sink, after: int = 0, window: float = 0.0) -> None:
        """Execute, attach to who does, or get what was kept: the answers from index `after` on.

        Without a reader the execution goes on for `window` seconds. Raises what it ends with, CALLER_DEADLINE,
        IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_IN_FLIGHT, NOTHING_TO_RESUME, STREAM_TRUNCATED, STORE_UNAVAILABLE.
        """
        shared = self._shared.get(_name(work))
        if shared is None:
            shared = self._start(work)
        elif after >= shared.log.first:
            self._signals.decided("attached", reason=work.kind.name)
        elif work.kind.kept:
            raise refusals.in_flight(call.request_id)
        else:
            await work.proceed(call, sink)
            return
        reader = shared.attach(call, after, window)
        try:
            await shared.read(reader, sink)
        finally:
            if not reader.leads:
                call.facts["trunkline.shared"] = True
            shared.detach(reader)

    async def run(self) -> None:
        """Renew the claims and hear followers, until cancelled."""
        await asyncio.gather(self._store.run(), self._hear())

    async def drain(self, seconds: float) -> int:
        """Let executions end, those without a reader too; cut off what is left after `seconds`. Returns how many."""
        left = await self._wait(seconds)
        for task in left:
            task.cancel()
        await self._wait(_END_SECONDS)
        return len(left)

    async def _wait(self, seconds: float) -> set[asyncio.Task[None]]:
        return (await asyncio.wait(self._tasks, timeout=seconds))[1] if self._tasks else set()

    async def _hear(self) -> None:
        async for follow in self._store.follows():
            if shared := self._claims.get(follow.claim):
                shared.heard(follow)

    def _start(self, work: Work) -> Shared:
        shared = self._shared[_name(work)] = Shared(work, self._store, self._signals, self._claims, self._forget)
        shared.task = asyncio.create_task(shared.run())
        self._tasks.add(shared.task)
        shared.task.add_done_callback(self._tasks.discard)
        return shared

    def _forget(self, shared: Shared) -> None:
        if self._shared.get(_name(shared.work)) is shared:
            del self._shared[_name(shared.work)]


def _name(work: Work) -> tuple[str, str, bytes]:
    return work.tenant_id, work.key, work.digest
