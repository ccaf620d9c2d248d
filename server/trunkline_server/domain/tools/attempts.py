"""The attempts of one call of a tool: its integration's breaker before them, and another one where that is safe."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

from trunkline.v1.common_pb2 import Attempt, AttemptOutcome

from trunkline_server.domain.breaker import Breaker
from trunkline_server.domain.connectors import ToolAnswer
from trunkline_server.domain.deadline import Deadline
from trunkline_server.domain.duration import duration
from trunkline_server.domain.errors import Reason, TrunklineError
from trunkline_server.domain.resilience import RetryBudget
from trunkline_server.domain.signals import Signals, Silent
from trunkline_server.domain.strategies import LEAST_TIME, MAX_ATTEMPTS, STRATEGIES, Verdict, delay, pause_of
from trunkline_server.domain.trial import note_error

# A credential may lack the right to one thing only: that says nothing against the system.
_OF_THE_CALL = frozenset((Reason.ERROR_REASON_UPSTREAM_AUTHENTICATION,))


class ToolAttempts:
    """Attempts of tools, within the retry budget of the worker. `sleep`, `clock` and `pick` are for tests."""

    def __init__(
        self,
        retries: RetryBudget,
        signals: Signals | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        pick: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._retries = retries
        self._signals = signals or Silent()
        self._clock = clock
        self._sleep = sleep
        self._pick = pick

    async def run(
        self,
        attempt: Callable[[int], Awaitable[ToolAnswer]],
        breaker: Breaker,
        repeatable: bool,
        end: Deadline,
        made: list[Attempt],
    ) -> ToolAnswer:
        """The answer of the first attempt that succeeds; `attempt` takes its number, from 1. Another one follows only
        where the call is `repeatable`, its error passes, and the wait ends before `end`. `made` gets a record of each.
        Raises INTEGRATION_UNAVAILABLE while the breaker is open, else what the last attempt raised."""
        self._retries.earn()
        waited = 0.0
        while True:
            number = len(made) + 1
            try:
                answer = await self._once(attempt, number, breaker, end, made, waited)
            except TrunklineError as error:
                wait = self._wait(error, number, end) if repeatable and number < MAX_ATTEMPTS else None
                if wait is None or not breaker.allows() or not self._retries.spend():
                    raise
                self._signals.decided("tool_retry", reason=error.reason_name)
                waited = wait
            else:
                return answer
            await self._sleep(waited)

    async def _once(
        self,
        attempt: Callable[[int], Awaitable[ToolAnswer]],
        number: int,
        breaker: Breaker,
        end: Deadline,
        made: list[Attempt],
        waited: float,
    ) -> ToolAnswer:
        if not (breaker.enter() or await breaker.claim(end)):
            self._signals.decided("tool_refused", reason="INTEGRATION_UNAVAILABLE")
            raise _left_alone(breaker)
        started = self._clock()
        note = Attempt(number=number, outcome=AttemptOutcome.ATTEMPT_OUTCOME_CANCELLED)
        if waited:
            note.waited.CopyFrom(duration(waited))
        made.append(note)
        judged = False
        try:
            answer = await attempt(number)
            breaker.succeeded(started)
            judged = True
            note.outcome, note.http_status = AttemptOutcome.ATTEMPT_OUTCOME_SUCCEEDED, answer.http_status
            note.quotas.extend(answer.quotas)
            return answer
        except TrunklineError as error:
            judged = _judge(breaker, error, started)
            _tell(note, error)
            raise
        finally:
            if not judged:
                breaker.gave_up(started)
            note.latency.CopyFrom(duration(self._clock() - started))

    def _wait(self, error: TrunklineError, failures: int, end: Deadline) -> float | None:
        """Seconds to wait before another attempt; None where none can help, or none is left."""
        pause = pause_of(error.reason, _http_status(error)) if error.reason in STRATEGIES else None
        if pause is None:
            return None
        wait = delay(pause, failures, error.retry_after, self._pick)
        return wait if self._clock() + wait + LEAST_TIME < end.at else None


def failed_later(note: Attempt, breaker: Breaker, error: TrunklineError, began: float) -> None:
    """An attempt that had begun to answer, and was noted as a success, failed after all."""
    _judge(breaker, error, began)
    _tell(note, error)


def _judge(breaker: Breaker, error: TrunklineError, began: float) -> bool:
    """Whether the error speaks against the integration; the breaker is told then. Pauses that it asks for are the
    connector's to keep."""
    strategy = STRATEGIES.get(error.reason)
    if strategy is None or strategy.verdict is not Verdict.FAILURE or error.reason in _OF_THE_CALL:
        return False
    if error.metadata.get("of") == "statement":
        # A database that ended a statement in time, or for the sake of another one, is well.
        return False
    breaker.failed(error.reason, began, answered=_http_status(error) is not None)
    return True


def _left_alone(breaker: Breaker) -> TrunklineError:
    return TrunklineError(
        Reason.ERROR_REASON_INTEGRATION_UNAVAILABLE,
        "the integration failed and is left alone for a while; try again later",
        metadata={"breaker": "open"},
        retry_after=breaker.opens_in() or None,
    )


def _http_status(error: TrunklineError) -> int | None:
    status = error.metadata.get("http_status", "")
    return int(status) if status.isdigit() else None


def _tell(note: Attempt, error: TrunklineError) -> None:
    note.outcome = AttemptOutcome.ATTEMPT_OUTCOME_FAILED
    note_error(note, error)
    if (status := _http_status(error)) is not None:
        note.http_status = status
